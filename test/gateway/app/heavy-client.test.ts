/** Heavy work on a thread of its own: the same answers as without it, bounded, and never the end of the gateway. */
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { HeavyClient, type HeavyLimits } from "../../../gateway/app/heavy-client.ts";
import { exportBundle } from "../../../gateway/bundle/export-bundle.ts";
import { renderBillPdf } from "../../../gateway/export/bill-pdf.ts";
import { makeBillSheet } from "../../../gateway/export/bill-sheet.ts";
import { type Db, openReadOnly } from "../../../gateway/ledger/database.ts";
import { createReadModel } from "../../../gateway/projection/read-model.ts";
import type { ReadModel } from "../../../gateway/projection/read-model-types.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { type BilledHouse, makeBilledHouse } from "../../support/billed-house.ts";

let house: BilledHouse;
let db: Db;
let model: ReadModel;
before(() => {
  house = makeBilledHouse();
  db = openReadOnly(path.join(house.ledger.folder, "gateway.db"));
  model = createReadModel(db, { suite: nodeSuite });
});
after(() => {
  db.close();
  house.ledger.close();
});

async function withClient(
  work: (client: HeavyClient) => Promise<void>,
  limits: Partial<HeavyLimits> = {},
): Promise<void> {
  const { utility } = house.ledger.keys;
  const store = path.join(house.ledger.folder, "gateway.db");
  const client = new HeavyClient({ store, utility }, limits);
  try {
    await work(client);
  } finally {
    await client.close();
  }
}

const codeOf = async (promise: Promise<unknown>): Promise<string> =>
  promise.then(
    () => "none",
    (error: unknown) => (isCoded(error) ? error.code : String(error)),
  );
const january = () => ({ meter: house.meter.id, from: "2024-01-01", to: "2024-01-31" });

describe("heavy work", () => {
  test("gives the same bytes and rows as on the caller's thread, in any order of asking", async () => {
    await withClient(async (client) => {
      const sheet = makeBillSheet(model, house.no);
      assert.ok(sheet);
      const [pdf, text, statement] = await Promise.all([
        client.printSheet(sheet),
        client.exportBundle(house.no),
        client.periodStatement(january()),
      ]);
      assert.deepEqual(pdf, await renderBillPdf(sheet));
      const recipient = house.ledger.keys.utility;
      assert.equal(text, exportBundle(db, house.no, { suite: nodeSuite, recipient }));
      assert.deepEqual(statement, model.periodStatement(january()));
      assert.equal(await client.periodStatement({ ...january(), meter: "352999999" }), undefined);
    });
  });

  test("errors keep their code, and the thread goes on", async () => {
    await withClient(async (client) => {
      assert.equal(await codeOf(client.exportBundle("none")), "bill-none");
      const back = { ...january(), to: "2023-01-01" };
      assert.equal(await codeOf(client.periodStatement(back)), "bill-period");
      assert.equal((await client.periodStatement(january()))?.meter, house.meter.id);
    });
  });

  test("what does not fit into the queue is refused at once", async () => {
    await withClient(
      async (client) => {
        const asked = [0, 1, 2, 3].map(() => codeOf(client.periodStatement(january())));
        assert.deepEqual(await Promise.all(asked), ["none", "none", "none", "busy"]);
        assert.equal(await codeOf(client.periodStatement(january())), "none");
      },
      { waiting: 2 },
    );
  });

  test("an order over its time is ended, what waits behind it gets a new thread", async () => {
    await withClient(
      async (client) => {
        // No thread has started within a millisecond.
        const asked = [0, 1].map(() => codeOf(client.exportBundle(house.no)));
        assert.deepEqual(await Promise.all(asked), ["busy", "busy"]);
      },
      { orderMs: 1 },
    );
  });

  test("a thread without orders ends, and begins again", async () => {
    await withClient(
      async (client) => {
        assert.equal(await codeOf(client.periodStatement(january())), "none");
        await new Promise((resolve) => setTimeout(resolve, 100));
        assert.equal(await codeOf(client.periodStatement(january())), "none");
      },
      { idleMs: 1 },
    );
  });

  test("a store that cannot be read fails the order, not the gateway", async () => {
    const { utility } = house.ledger.keys;
    const client = new HeavyClient({ store: path.join(house.ledger.folder, "none.db"), utility });
    assert.equal(await codeOf(client.periodStatement(january())), "internal");
    assert.equal(await codeOf(client.periodStatement(january())), "internal");
    await client.close();
  });

  test("closing refuses what is under way, what waits and what comes", async () => {
    await withClient(async (client) => {
      const asked = [0, 1].map(() => codeOf(client.exportBundle(house.no)));
      await client.close();
      assert.deepEqual(await Promise.all(asked), ["stopping", "stopping"]);
      assert.equal(await codeOf(client.exportBundle(house.no)), "stopping");
    });
  });
});
