/** The order of a bill for some days, over a real ledger: the record is held, mined and stands. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createBillingDesk } from "../../../gateway/app/billing-desk.ts";
import { decodeConfig } from "../../../gateway/config.ts";
import { createReadModel } from "../../../gateway/projection/read-model.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { codeOf } from "../../support/code-of.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";
import { assignFlatTariff } from "../../support/test-bill.ts";
import { TestLedger } from "../../support/test-ledger.ts";

test("days in the middle of a month are billed once, before the month is over", (context) => {
  const t = new TestLedger();
  context.after(() => t.close());
  const meter = t.enrol();
  assignFlatTariff(t, meter);
  t.mine();
  for (let day = 1; day <= 20; day++) t.hold(t.day(meter));
  t.mine();
  const { ledger, keys, clock } = t;
  const desk = createBillingDesk(
    {
      ...{ ledger, suite: nodeSuite, keys, clock, config: decodeConfig({}) },
      ...{ randomBytes: seededBytes("desk"), brokerUrl: "" },
    },
    () => {},
    () => 0,
  );
  const order = { meter: meter.id, from: "2024-01-05", to: "2024-01-11" };
  const [issued] = desk.order(order).issued;
  // Held, not mined: the order again must not bill the days twice.
  assert.equal(
    codeOf(() => desk.order(order)),
    "overlap",
  );
  t.mine();
  const model = createReadModel(ledger.db, { suite: nodeSuite });
  const bill = model.bill(issued?.no ?? "");
  // Seven days of 6.24 kWh at 0.30, and 0.10 a day.
  assert.deepEqual(
    bill?.lines.map(({ qty, amountMinor }) => [qty, amountMinor]),
    [
      [43_680, 1310],
      [7, 70],
    ],
  );
  const { from, to } = order;
  const statement = model.periodStatement({ meter: meter.id, from, to });
  assert.deepEqual([statement?.totalMinor, statement?.provisional], [1380, false]);
  assert.equal(
    codeOf(() => desk.order({ ...order, from: "2024-01-11", to: "2024-01-12" })),
    "overlap",
  );
  t.checkLedger();
});
