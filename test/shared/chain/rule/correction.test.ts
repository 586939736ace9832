/** Rule C6 of `correction`: each refusal by its code, for days, corrections of corrections, fills and void days. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { SUITES } from "../../../support/crypto-suites.ts";
import { H, instant, RuleBench } from "../../../support/rule-bench.ts";
import type { SampleMeter } from "../../../support/sample-chain.ts";

const span = (meter: SampleMeter, n: number, end = n + 1) => ({
  point: meter.point,
  from: instant(n),
  to: instant(end),
});

for (const suite of SUITES) {
  describe(`correction (${suite.name})`, () => {
    test("of a day: its point, its period, its key; again and again", () => {
      const b = new RuleBench(suite, "correction-of", [
        { name: "gw-1", roles: ["authority", "gateway", "registrar"] },
        { name: "bill", roles: ["biller"] },
      ]);
      const meter = b.enrol();
      const neighbour = b.enrol("352522396");
      const [, day = ""] = b.days(meter, 0, 4);
      b.days(neighbour, 0, 2);
      const good = { ...span(meter, 1), of: day };
      const refused = (change: object, key = b.operator) =>
        b.refusal(key, "correction", { ...good, ...change });
      assert.equal(refused({}, b.chain.member(1).key), "role");
      assert.equal(refused({}, neighbour.key), "reference");
      assert.equal(refused({ point: H(9) }), "point");
      assert.equal(refused({ point: neighbour.point }), "reference");
      assert.equal(refused({ of: H(9) }), "reference");
      assert.equal(refused({ of: b.chain.chainId }), "reference");
      assert.equal(refused(span(meter, 2)), "reference");
      assert.equal(refused({ to: good.to - 1 }), "reference");
      assert.equal(refused({ from: good.from - 1 }), "reference");
      assert.equal(refused({ to: good.from }), "period");
      assert.equal(refused({ to: good.from + 100_801 }), "period");
      const first = b.take(b.operator, "correction", good);
      const second = b.take(meter.key, "correction", good);
      b.take(b.operator, "correction", { ...good, of: first });
      b.take(meter.key, "correction", { ...good, of: second });
      assert.equal(
        refused({ of: first }, meter.key),
        "reference",
        "a registrar's is not the meter's",
      );
      assert.equal(refused({ of: first, ...span(meter, 2) }), "reference");
      assert.equal(refused({ of: first, point: neighbour.point }), "reference");
      // A correction is no day.
      b.day(meter, 4);
    });

    test("without of: a registrar fills what has no day and no other fill", () => {
      const b = new RuleBench(suite, "correction-fill");
      const meter = b.enrol();
      b.days(meter, 5, 8);
      const refused = (own: object, key = b.operator) =>
        b.refusal(key, "correction", { ...span(meter, 2), ...own });
      assert.equal(refused({}, meter.key), "role");
      assert.equal(refused(span(meter, 5)), "overlap");
      assert.equal(refused(span(meter, 7)), "overlap");
      assert.equal(refused({ from: instant(5) - 10, to: instant(5) + 1 }), "overlap");
      assert.equal(refused({ from: instant(8) - 1, to: instant(8) + 10 }), "overlap");
      assert.equal(refused({ from: instant(6) + 5, to: instant(6) + 10 }), "overlap");
      assert.equal(refused({ point: H(9) }), "point");
      assert.equal(refused({ from: instant(3) }), "period");
      assert.equal(refused({ to: instant(2) + 100_801 }), "period");
      const fill = b.take(b.operator, "correction", span(meter, 2));
      b.take(b.operator, "correction", span(meter, 4));
      b.take(b.operator, "correction", span(meter, 8));
      b.take(b.operator, "correction", span(meter, 1));
      assert.equal(refused({}), "overlap");
      assert.equal(refused({ from: instant(3) - 1, to: instant(3) + 1 }), "overlap");
      b.take(b.operator, "correction", { ...span(meter, 2), of: fill });
      assert.equal(refused({ of: fill }, meter.key), "reference");
      // A late day comes over the fill: the chain takes both, and bills take the day.
      b.day(meter, 8);
      assert.equal(refused(span(meter, 8)), "overlap");
    });

    test("an elder key's days, and those of a key that moved, are still the point's", () => {
      const b = new RuleBench(suite, "correction-stays");
      const meter = b.enrol();
      const [old = "", newest = ""] = b.days(meter, 0, 2);
      const away = b.chain.createMeter("352522396").point;
      const moved = b.move(meter, away);
      const [there = ""] = b.days(moved, 2, 4);
      const successor = b.enrol("352522395", meter);
      b.days(successor, 3, 5);
      b.take(b.operator, "correction", { ...span(meter, 0), of: old });
      b.take(meter.key, "correction", { ...span(meter, 0), of: old });
      b.take(meter.key, "correction", { ...span(moved, 2), of: there });
      const wrong = { ...span(meter, 2), of: there };
      assert.equal(b.refusal(b.operator, "correction", wrong), "reference");
      const before = { ...span(moved, 1), of: newest };
      assert.equal(b.refusal(b.operator, "correction", before), "reference");
      assert.equal(
        b.refusal(successor.key, "correction", { ...span(meter, 0), of: old }),
        "reference",
      );
      for (const n of [0, 1, 3, 4]) {
        assert.equal(b.refusal(b.operator, "correction", span(meter, n)), "overlap", `day ${n}`);
      }
      b.take(b.operator, "correction", span(meter, 2));
    });

    test("void readings are corrected no more; their span is free for a fill", () => {
      const b = new RuleBench(suite, "correction-void");
      const meter = b.enrol();
      const days = b.days(meter, 0, 4);
      const ofVoid = { ...span(meter, 3), of: days[3] ?? "" };
      const ofGood = { ...span(meter, 1), of: days[1] ?? "" };
      const voidRoot = b.take(b.operator, "correction", ofVoid);
      const goodRoot = b.take(b.operator, "correction", ofGood);
      const byMeter = b.take(meter.key, "correction", ofGood);
      const overMeter = b.take(b.operator, "correction", { ...ofGood, of: byMeter });
      b.take(b.operator, "revoke", { kid: meter.key.kid, last: 3, reason: "tampered" });
      const refused = (own: { point: string; from: number; to: number; of?: string }) =>
        b.refusal(b.operator, "correction", own);
      assert.equal(refused(ofVoid), "reference");
      assert.equal(refused({ ...ofVoid, of: voidRoot }), "reference", "its root is void");
      assert.equal(refused({ ...ofGood, of: byMeter }), "reference", "signed after last");
      assert.equal(refused(span(meter, 2)), "overlap");
      b.take(b.operator, "correction", { ...ofGood, of: goodRoot });
      b.take(b.operator, "correction", { ...ofGood, of: overMeter });
      b.take(b.operator, "correction", ofGood);
      b.take(b.operator, "correction", span(meter, 3));
    });

    test("a day and its correction in one block", () => {
      const b = new RuleBench(suite, "correction-block");
      const meter = b.enrol();
      const { chain } = b;
      const day = chain.day(meter, instant(0), instant(1));
      const of = b.leafOf(day);
      const correction = chain.sealed(b.operator, "correction", { ...span(meter, 0), of });
      chain.append([day, correction], b.time);
      assert.equal(b.state.get("logged", b.leafOf(correction))?.typ, "correction");
    });
  });
}
