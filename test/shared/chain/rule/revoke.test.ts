/** Rule C6 of `revoke`: each refusal by its code, and what is left of a key's days. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { isVoid } from "../../../../shared/chain/place.ts";
import { SUITES } from "../../../support/crypto-suites.ts";
import { H, instant, RuleBench } from "../../../support/rule-bench.ts";
import { DAY_S } from "../../../support/sample-chain.ts";

for (const suite of SUITES) {
  describe(`revoke (${suite.name})`, () => {
    test("refused: a key that is no meter's, a last beyond its seq, a second time, another signer", () => {
      const b = new RuleBench(suite, "revoke-refused", [
        { name: "gw-1", roles: ["authority", "gateway", "registrar"] },
        { name: "bill", roles: ["biller"] },
      ]);
      const meter = b.enrol();
      b.days(meter, 0, 3);
      const { kid } = meter.key;
      const revoke = { kid, last: 3, reason: "lost" };
      assert.equal(b.refusal(b.operator, "revoke", { ...revoke, kid: H(7) }), "reference");
      assert.equal(
        b.refusal(b.operator, "revoke", { ...revoke, kid: b.operator.kid }),
        "reference",
      );
      assert.equal(b.refusal(b.operator, "revoke", { ...revoke, last: 4 }), "reference");
      assert.equal(b.refusal(b.chain.member(1).key, "revoke", revoke), "role");
      assert.equal(b.refusal(meter.key, "revoke", revoke), "role");
      b.take(b.operator, "revoke", revoke);
      assert.equal(b.refusal(b.operator, "revoke", { ...revoke, last: 1 }), "inactive-key");
    });

    test("the key signs nothing more and its point is free", () => {
      const b = new RuleBench(suite, "revoke-free");
      const meter = b.enrol();
      b.days(meter, 0, 3);
      b.take(b.operator, "revoke", { kid: meter.key.kid, last: 3, reason: "lost" });
      assert.equal(b.state.get("point", meter.point)?.kid, undefined);
      const next = { from: instant(3), to: instant(4) };
      assert.equal(b.refusal(meter.key, "day", next as never), "inactive-key");
      const { key, point } = meter;
      const to = [{ key: b.chain.utility.jwk, use: "utility" as const }];
      assert.equal(b.refusal(b.operator, "enrol", { key: key.jwk, point, to }), "known-key");
      const successor = b.enrol("352522395", meter);
      assert.equal(b.state.get("point", meter.point)?.kid, successor.key.kid);
      // Nothing was void, so the successor begins where the old key ended.
      assert.equal(b.state.get("point", meter.point)?.last_to, instant(3));
      const early = { from: instant(2), to: instant(3) };
      assert.equal(b.refusal(successor.key, "day", early as never), "overlap");
      b.day(successor, 3);
    });

    test("days after last are void: the successor seals that span again", () => {
      const b = new RuleBench(suite, "revoke-void");
      const meter = b.enrol();
      b.days(meter, 0, 2);
      b.take(meter.key, "event", { at: instant(2) });
      b.days(meter, 2, 5);
      const { kid } = meter.key;
      // seq 3 is the event, so day 2 has seq 4.
      b.take(b.operator, "revoke", { kid, last: 4, reason: "tampered" });
      assert.equal(b.state.get("point", meter.point)?.last_to, instant(3));
      assert.deepEqual([isVoid(b.state, kid, 4), isVoid(b.state, kid, 5)], [false, true]);
      const successor = b.enrol("352522395", meter);
      const early = { from: instant(3) - 1, to: instant(4) };
      assert.equal(b.refusal(successor.key, "day", early as never), "overlap");
      b.days(successor, 3, 7);
      assert.equal(b.state.get("point", meter.point)?.last_to, instant(7));
    });

    test("last 0 leaves no day at all", () => {
      const b = new RuleBench(suite, "revoke-all");
      const meter = b.enrol();
      b.days(meter, 0, 2);
      b.take(b.operator, "revoke", { kid: meter.key.kid, last: 0, reason: "forged" });
      assert.equal(b.state.get("point", meter.point)?.last_to, 0);
      b.day(b.enrol("352522395", meter), 0);
    });

    test("a frozen key is revoked too; days of the key that came after it stay", () => {
      const b = new RuleBench(suite, "revoke-frozen");
      const meter = b.enrol();
      b.days(meter, 0, 4);
      const [one, other] = [1, 2].map((n) =>
        b.conflict(meter.key, "event", { at: instant(n) }),
      ) as [string, string];
      b.take(b.operator, "evidence", { a: one, b: other });
      const successor = b.enrol("352522395", meter);
      b.days(successor, 6, 8);
      b.take(b.operator, "revoke", { kid: meter.key.kid, last: 1, reason: "tampered" });
      assert.deepEqual(b.state.get("device", meter.key.kid)?.status, "frozen");
      const point = b.state.get("point", meter.point);
      assert.deepEqual([point?.kid, point?.last_to], [successor.key.kid, instant(8)]);
      assert.equal(b.refusal(b.operator, "evidence", { a: one, b: other }), "evidence");
    });

    test("evidence freezes a revoked key, once", () => {
      const b = new RuleBench(suite, "revoke-evidence");
      const meter = b.enrol();
      b.day(meter, 0);
      const [one, other] = [1, 2].map((n) =>
        b.conflict(meter.key, "event", { at: instant(n) }),
      ) as [string, string];
      b.take(b.operator, "revoke", { kid: meter.key.kid, last: 1, reason: "lost" });
      b.take(b.operator, "evidence", { a: one, b: other });
      const device = b.state.get("device", meter.key.kid);
      assert.deepEqual([device?.status, device?.revoked], ["frozen", { last: 1 }]);
      assert.equal(b.refusal(b.operator, "evidence", { a: other, b: one }), "evidence");
    });

    test("a key that moved loses days at each of its points", () => {
      const b = new RuleBench(suite, "revoke-moved");
      const meter = b.enrol();
      const away = b.chain.createMeter("352522396").point;
      b.days(meter, 0, 3);
      const moved = b.move(meter, away);
      b.days(moved, 3, 6);
      const back = b.move(moved, meter.point);
      b.days(back, 6, 9);
      b.take(b.operator, "revoke", { kid: meter.key.kid, last: 2, reason: "tampered" });
      assert.equal(b.state.get("point", meter.point)?.last_to, instant(2));
      assert.equal(b.state.get("point", away)?.last_to, 0);
    });

    test("a day that is void ends no short day's last", () => {
      const b = new RuleBench(suite, "revoke-noon");
      const meter = b.enrol();
      b.day(meter, 0);
      b.day(meter, 1, 0, 0.5);
      b.take(b.operator, "revoke", { kid: meter.key.kid, last: 2, reason: "swap" });
      const successor = b.enrol("352522395", meter);
      b.day(successor, 1, 0.5, 1);
      b.day(successor, 2);
      assert.equal(b.state.get("point", meter.point)?.last_to, instant(2) + DAY_S);
    });
  });
}
