import assert from "node:assert/strict";
import { test } from "node:test";
import { createBillingDesk } from "../../../gateway/app/billing-desk.ts";
import { decodeConfig } from "../../../gateway/config.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";
import { assignFlatTariff } from "../../support/test-bill.ts";
import { TestLedger } from "../../support/test-ledger.ts";

function createDesk(t: TestLedger) {
  const bills: string[] = [];
  const time = { ms: 0 };
  const { ledger, keys, clock } = t;
  const config = decodeConfig({});
  const desk = createBillingDesk(
    {
      ...{ ledger, suite: nodeSuite, keys, clock, config },
      ...{ randomBytes: seededBytes("desk"), brokerUrl: "" },
    },
    (event) => bills.push(String(event["no"])),
    // Every look at the time costs more than a slice.
    () => {
      time.ms += 100;
      return time.ms;
    },
  );
  return { bills, desk };
}

/** Three meters with a whole January in blocks. */
function createTown(): TestLedger {
  const t = new TestLedger();
  const meters = [t.enrol(), t.enrol(), t.enrol()];
  for (const meter of meters) assignFlatTariff(t, meter);
  t.mine();
  for (let day = 1; day <= 31; day++) {
    assert.deepEqual(t.hold(...meters.map((meter) => t.day(meter))), ["held", "held", "held"]);
  }
  t.mine();
  return t;
}

test("a month is closed in slices, each bill once, and nothing is looked at without need", (context) => {
  const t = createTown();
  context.after(() => t.close());
  const { bills, desk } = createDesk(t);
  desk.pump(10);
  desk.close();
  assert.equal(bills.length, 0);
  for (let slice = 1; slice <= 3; slice++) {
    desk.pump(10);
    assert.equal(bills.length, slice);
    // Asked again in the middle, as by the next block.
    desk.close();
  }
  for (let i = 0; i < 5; i++) {
    desk.pump(10);
    desk.close();
  }
  assert.equal(new Set(bills).size, 3);
  assert.equal(bills.length, 3);
  t.mine();
  t.checkLedger();
});

test("a kill between two slices leaves the rest to the next start", (context) => {
  const t = createTown();
  context.after(() => t.close());
  const first = createDesk(t);
  first.desk.close();
  first.desk.pump(10);
  assert.equal(first.bills.length, 1);
  t.reload();
  const second = createDesk(t);
  second.desk.close();
  for (let i = 0; i < 5; i++) second.desk.pump(10);
  assert.equal(second.bills.length, 2);
  assert.equal(new Set([...first.bills, ...second.bills]).size, 3);
});

test("a tariff that waits for its block stops the close, which begins again after it", (context) => {
  const t = createTown();
  context.after(() => t.close());
  const { bills, desk } = createDesk(t);
  desk.close();
  desk.pump(10);
  assert.equal(bills.length, 1);
  const late = t.enrol();
  assignFlatTariff(t, late);
  for (let i = 0; i < 5; i++) desk.pump(10);
  assert.equal(bills.length, 1);
  t.mine();
  desk.close();
  for (let i = 0; i < 5; i++) desk.pump(10);
  assert.equal(bills.length, 3);
});
