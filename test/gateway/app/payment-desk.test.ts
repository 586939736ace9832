/** Payments: from an order to a record, a paid bill and a balance; and what is refused. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { after, before, describe, it } from "node:test";
import type { OfficeOptions } from "../../../gateway/app/office.ts";
import { orderPayment } from "../../../gateway/app/payment-desk.ts";
import { decodeConfig } from "../../../gateway/config.ts";
import { dumpChain } from "../../../gateway/dump/chain-dump.ts";
import { openReadOnly } from "../../../gateway/ledger/database.ts";
import { createReadModel } from "../../../gateway/projection/read-model.ts";
import { openDumpSource } from "../../../gateway/verify/dump-source.ts";
import { openStoreSource } from "../../../gateway/verify/store-source.ts";
import { verify } from "../../../gateway/verify/verify.ts";
import type { Json } from "../../../shared/base/canonical-json.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { type BilledHouse, makeBilledHouse } from "../../support/billed-house.ts";
import { codeOf } from "../../support/code-of.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

let house: BilledHouse;
let office: OfficeOptions;
before(() => {
  house = makeBilledHouse();
  const { ledger, keys, clock } = house.ledger;
  const randomBytes = seededBytes("payments");
  const config = decodeConfig({});
  office = { ledger, suite: nodeSuite, keys, clock, randomBytes, config, brokerUrl: "" };
});
after(() => house.ledger.close());

const store = (): string => path.join(house.ledger.folder, "gateway.db");
const pay = (order: Json): string => orderPayment(office, order);

function readModel<T>(work: (model: ReturnType<typeof createReadModel>) => T): T {
  const db = openReadOnly(store());
  try {
    return work(createReadModel(db, { suite: nodeSuite }));
  } finally {
    db.close();
  }
}

describe("payments of a bill", () => {
  it("mark it paid when they reach its total, and run down the balance", async () => {
    const { no, meter } = house;
    const total = readModel((model) => model.bill(no)?.totalMinor ?? 0);
    const whole = `${Math.floor((total - 1) / 100)}.${String((total - 1) % 100).padStart(2, "0")}`;
    pay({ no, amount: whole, ref: "bank 1", at: 1_706_800_000 });
    house.ledger.mine();
    assert.equal(
      readModel((model) => model.bill(no)?.paidAtSeconds),
      undefined,
    );
    pay({ no, amount: "0.01", ref: "cash", at: 1_706_900_000 });
    pay({ meter: meter.id, amount: "5", ref: "on account", at: 1_706_950_000 });
    house.ledger.mine();
    // The same order given twice pays once, unless it is said to have come twice.
    const twice = { no, amount: "0.01", ref: "cash", at: 1_706_990_000 };
    assert.equal(
      codeOf(() => pay(twice)),
      "payment-known",
    );
    assert.equal(
      readModel((model) => model.bill(no)?.paidAtSeconds),
      1_706_900_000,
    );
    const { entries } = readModel((model) => model.account(meter.id));
    assert.deepEqual(
      entries.map(({ kind, text, amountMinor, balanceMinor, billNo }) => [
        kind,
        text,
        amountMinor,
        balanceMinor,
        billNo,
      ]),
      [
        ["bill", no, total, total, undefined],
        ["payment", "bank 1", 1 - total, 1, no],
        ["payment", "cash", -1, 0, no],
        ["payment", "on account", -500, -500, undefined],
      ],
    );
    const neighbour = house.ledger.meters[1]?.id ?? "";
    assert.equal(readModel((model) => model.account(neighbour)).entries.length, 1);
    house.ledger.checkLedger();
  });

  it("are in the dump, sealed, and with keys opened", async () => {
    const db = openReadOnly(store());
    const file = path.join(house.ledger.folder, "opened.jsonl");
    const lines = [...dumpChain(db, { suite: nodeSuite, utility: house.ledger.keys.utility })];
    db.close();
    writeFileSync(file, lines.map((line) => `${line}\n`).join(""));
    const fromDump = await verify(openDumpSource(file), { workers: 1 });
    const fromStore = await verify(openStoreSource(store()), { workers: 1 });
    assert.equal(fromDump.records, fromStore.records);
    assert.equal(lines.filter((line) => line.includes('"ref":"on account"')).length, 1);
    assert.equal(fromDump.unusable, 0);
  });

  it("are refused with a code, and nothing is held", () => {
    const held = house.ledger.ledger.pending.get("member", house.ledger.keys.signing.kid)?.seq;
    const { no } = house;
    const cases: [string, Json][] = [
      ["bill-none", { no: "352000001-1999-01", amount: "1", ref: "x" }],
      ["usage", { no, amount: "1.001", ref: "x" }],
      ["usage", { no, amount: "0", ref: "x" }],
      ["usage", { no, amount: "much", ref: "x" }],
      ["schema", { amount: "1", ref: "x" }],
      ["schema", { no, amount: "1" }],
      ["bill-none", { meter: "111111111", amount: "1", ref: "x" }],
    ];
    for (const [code, order] of cases)
      assert.equal(
        codeOf(() => pay(order)),
        code,
      );
    const after = house.ledger.ledger.pending.get("member", house.ledger.keys.signing.kid)?.seq;
    assert.equal(after, held);
  });

  it("for another point's bill are refused by the chain", () => {
    const { ledger } = house.ledger;
    const neighbour = house.ledger.meters[1];
    const bill = readModel((model) => model.bill(house.no)?.leaf ?? "");
    const payload = { point: neighbour?.point ?? "", bill, ct: bill, pt: bill };
    assert.equal(
      codeOf(() => ledger.issue("payment", payload, "{}")),
      "reference",
    );
    assert.equal(
      codeOf(() => ledger.issue("payment", { ...payload, point: bill }, "{}")),
      "point",
    );
  });
});
