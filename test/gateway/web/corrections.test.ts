// Corrected days, swapped devices, credits: what pages and interface say of a real store, and to whom.
import assert from "node:assert/strict";
import path from "node:path";
import { after, describe, test } from "node:test";
import { openReadOnly } from "../../../gateway/ledger/database.ts";
import type { MeterAccount } from "../../../gateway/projection/account-types.ts";
import { createReadModel } from "../../../gateway/projection/read-model.ts";
import type {
  BillDetail,
  BillPage,
  DayDetail,
  MeterExchange,
} from "../../../gateway/projection/read-model-types.ts";
import { scopeReadModel, withoutReadings } from "../../../gateway/web/access/scoped-model.ts";
import { createPortal } from "../../../gateway/web/portal.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { makeCorrectedHouse } from "../../support/corrected-house.ts";

describe("corrections in the portal", () => {
  const house = makeCorrectedHouse();
  const { t, old, meter, no } = house;
  const db = openReadOnly(path.join(t.folder, "gateway.db"));
  const readModel = createReadModel(db, { suite: nodeSuite });
  const app = createPortal({ readModel, clock: t.clock, suite: nodeSuite });
  after(() => {
    db.close();
    t.close();
  });
  const page = async (route: string): Promise<string> => {
    const answer = await app.request(route);
    assert.equal(answer.status, 200, route);
    return (await answer.text()).replace(/<[^>]+>/g, " ").replace(/\s+/g, " ");
  };
  const ask = async <T>(route: string): Promise<T> => {
    const answer = await app.request(`/api/v1${route}`);
    assert.equal(answer.status, 200, route);
    return (await answer.json()) as T;
  };

  test("a corrected day counts as corrected, with what it replaced beside it", async () => {
    const { rows } = await ask<{ rows: DayDetail[] }>(`/meters/${old.id}/days/2024-01-09`);
    const [day] = rows;
    assert.ok(day && rows.length === 1);
    const [before] = day.replaced;
    assert.ok(before && day.replaced.length === 1);
    assert.deepEqual(
      [day.reason, day.signedBy, before.signedBy],
      ["wrong-clamp", "registrar", "meter"],
    );
    assert.equal(before.wh - day.wh, 25 * 210);
    assert.equal(day.slots.substituted, 25);
    assert.equal(day.registerLastWh - day.registerFirstWh, before.wh, "the register is as it was");
    const text = await page(`/meters/${old.id}/days/2024-01-09`);
    assert.match(
      text,
      /The registrar has signed another reading for this time\. Reason: wrong-clamp/,
    );
    assert.match(text, /25 slots of 96 changed/);
    const month = await page(`/meters/${old.id}?month=2024-01`);
    assert.match(month, /corrected: wrong-clamp/);
    assert.match(month, /Billed with \d+\.\d\d.EUR, credits included\./);
  });

  test("a swap: two readings of one date, and the registers on the meter's page", async () => {
    const { rows } = await ask<{ rows: DayDetail[] }>(`/meters/${old.id}/days/2024-01-15`);
    assert.deepEqual(
      rows.map(({ kid }) => kid),
      [old.key.kid, meter.key.kid],
    );
    const { rows: exchanges } = await ask<{ rows: MeterExchange[] }>(`/meters/${old.id}/exchanges`);
    assert.deepEqual(
      exchanges.map(({ finalWh, firstWh, oldKid, newKid }) => [finalWh, firstWh, oldKid, newKid]),
      [[old.register, 250, old.key.kid, meter.key.kid]],
    );
    assert.match(await page(`/meters/${old.id}`), /Swapped devices/);
    const text = await page(`/meters/${old.id}/days/2024-01-15`);
    assert.match(text, /kWh from 00:00 to 12:00\..* kWh from 12:00 to midnight\./);
  });

  test("bill, credits and account say what is in force and what is due", async () => {
    const bill = await ask<BillDetail>(`/bills/${no}`);
    const credits = await Promise.all(
      bill.credits.map((credit) => ask<BillDetail>(`/bills/${credit.no}`)),
    );
    assert.deepEqual(
      credits.map((credit) => [credit.no, credit.kind, credit.billNo]),
      [
        [`${no}-c1`, "credit", no],
        [`${no}-c2`, "credit", no],
      ],
    );
    const sums = credits.map(({ inForceMinor }) => inForceMinor);
    const total = bill.totalMinor + credits.reduce((sum, { totalMinor }) => sum + totalMinor, 0);
    assert.deepEqual(
      [bill.complete, bill.inForceComplete, bill.inForceMinor],
      [false, true, total],
    );
    assert.deepEqual([sums[1], bill.dueMinor], [total, total]);
    const last = credits[1];
    const fresh = last?.lines
      .slice(last.takenBack)
      .reduce((sum, line) => sum + line.amountMinor, 0);
    assert.equal(fresh, total, "the lines that a credit sets are what is in force");
    assert.equal(last?.daily.length, 31);
    const { rows } = await ask<BillPage>(`/bills?meter=${old.id}`);
    assert.deepEqual(
      rows.map((row) => [row.no, row.credits.length]),
      [[no, 2]],
    );
    const { entries } = await ask<MeterAccount>(`/meters/${old.id}/account`);
    assert.deepEqual(
      entries.map(({ kind }) => kind),
      ["bill", "credit", "credit"],
    );
    assert.equal(entries.at(-1)?.balanceMinor, total);
    assert.match(await page(`/bills/${no}`), /each credit takes back the lines before it/);
    const credit = await page(`/bills/${no}-c2`);
    assert.match(credit, /Taken back, as it was in force before/);
    assert.match(credit, /As it is now/);
    assert.match(await page(`/bills?meter=${old.id}`), /credit 1 credit 2/);
  });

  test("statements of the month are those of the newest credit", async () => {
    const { rows } = await ask<{ rows: { date: string; billNo?: string }[] }>(
      `/meters/${old.id}/statements?month=2024-01`,
    );
    assert.equal(rows.length, 31);
    assert.ok(rows.every(({ billNo }) => billNo === `${no}-c2`));
  });

  test("a customer sees the own ones; an auditor sees credits and no readings", () => {
    const own = scopeReadModel(readModel, [old.id]);
    const other = scopeReadModel(readModel, ["352000009"]);
    assert.equal(own.bill(`${no}-c1`)?.kind, "credit");
    assert.equal(own.exchanges(old.id).length, 1);
    assert.deepEqual([other.bill(`${no}-c1`), other.exchanges(old.id)], [undefined, []]);
    const named = readModel.records(0, 500).filter(({ meter: id }) => id === old.id);
    for (const typ of ["correction", "exchange", "revoke", "credit"]) {
      assert.ok(
        named.some((record) => record.typ === typ),
        typ,
      );
    }
    for (const { position } of named) assert.equal(other.record(position)?.meter, undefined);
    const audited = withoutReadings(readModel).bill(`${no}-c2`);
    assert.deepEqual([audited?.daily, audited?.used, audited?.lines.length], [[], [], 4]);
  });
});
