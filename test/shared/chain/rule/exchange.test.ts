/** Rules C6 of `exchange` and `credit`: each refusal by its code. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SUITES } from "../../../support/crypto-suites.ts";
import { H, instant, RuleBench } from "../../../support/rule-bench.ts";

for (const suite of SUITES) {
  describe(`exchange and credit (${suite.name})`, () => {
    test("exchange: two keys that followed each other at the point, once", () => {
      const b = new RuleBench(suite, "exchange");
      const meters = [b.enrol()];
      const [first] = meters as [(typeof meters)[number]];
      for (const last of [1, 1]) {
        const current = meters.at(-1) as typeof first;
        b.day(current, meters.length);
        b.take(b.operator, "revoke", { kid: current.key.kid, last, reason: "swap" });
        meters.push(b.enrol("352522395", first));
      }
      const [one, two, three] = meters.map(({ key }) => key.kid) as [string, string, string];
      const neighbour = b.enrol("352522396");
      const swap = { point: first.point, old: one, new: two, at: instant(2) };
      const refused = (change: object) => b.refusal(b.operator, "exchange", { ...swap, ...change });
      assert.equal(refused({ point: H(9) }), "point");
      assert.equal(refused({ point: neighbour.point }), "exchange");
      assert.equal(refused({ old: two, new: one }), "exchange");
      assert.equal(refused({ new: three }), "exchange", "not directly");
      assert.equal(refused({ new: one }), "exchange");
      assert.equal(refused({ new: neighbour.key.kid }), "exchange");
      assert.equal(b.refusal(neighbour.key, "exchange", swap), "role");
      b.take(b.operator, "exchange", swap);
      assert.equal(refused({}), "exchange", "once a pair");
      assert.equal(refused({ at: instant(5) }), "exchange");
      b.take(b.operator, "exchange", { ...swap, old: two, new: three });
    });

    test("credit: of a bill, by a biller", () => {
      const b = new RuleBench(suite, "credit");
      const meter = b.enrol();
      const { point } = meter;
      const own = { days: H(3), n: 0 };
      const bill = b.take(b.operator, "bill", {
        ...{ point, from: instant(0), to: instant(1), tariffs: [] },
        ...own,
      });
      assert.equal(b.refusal(b.operator, "credit", { ...own, bill: H(9) }), "reference");
      assert.equal(b.refusal(b.operator, "credit", { ...own, bill: b.chain.chainId }), "reference");
      assert.equal(b.refusal(meter.key, "credit", { ...own, bill }), "role");
      const credit = b.take(b.operator, "credit", { ...own, bill });
      assert.equal(b.refusal(b.operator, "credit", { ...own, bill: credit }), "reference");
      b.take(b.operator, "credit", { ...own, bill });
      assert.equal(b.refusal(b.operator, "payment", { point, bill: credit }), "reference");
    });
  });
}
