// Local rules as the projection applies them: what makes a day unusable, and that a rebuild says the same.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import type { Candidate, Opened } from "../../../gateway/ledger/candidate.ts";
import { openDay } from "../../../gateway/projection/open-day.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { TestLedger, type TestMeter } from "../../support/test-ledger.ts";

let t: TestLedger;
let meter: TestMeter;
beforeEach(() => {
  t = new TestLedger();
  meter = t.enrol();
  t.mine();
});
afterEach(() => t.close());

function codes(): (string | null)[] {
  const rows = t.ledger.db.prepare("SELECT code FROM day ORDER BY date, meter, pos").all();
  return (rows as { code: string | null }[]).map(({ code }) => code);
}

function verdict(day: Candidate, changes: { meter?: string; recipients?: string[] } = {}): string {
  const { record, line2 } = day;
  assert.ok(record.typ === "day" && line2 !== undefined);
  const opened: Opened = openDay(nodeSuite, t.keys.utility, record, line2, {
    meter: meter.id,
    recipients: [t.keys.utility.kid],
    ...changes,
  });
  return "unusable" in opened ? opened.unusable : "usable";
}

test("opening a day gives the code of the first local rule that it breaks", () => {
  const day = t.day(meter, { keepPlace: true });
  assert.equal(verdict(day), "usable");
  assert.equal(verdict(day, { meter: "352000009" }), "day-meter");
  assert.equal(verdict(day, { recipients: [] }), "recipients");
  assert.equal(verdict({ ...day, line2: "{}" }), "jwe-form");
  const garbage = t.day(meter, { keepPlace: true, garbage: true });
  assert.ok(["json", "utf8", "canonical"].includes(verdict(garbage)));
  const other = t.day(meter, { keepPlace: true });
  assert.equal(verdict({ ...day, line2: other.line2 as string }), "pt");
});

test("a register that does not go on makes the day unusable, the next one goes on from it", () => {
  t.hold(t.day(meter), t.day(meter, { register: 5 }), t.day(meter));
  t.mine();
  assert.deepEqual(codes(), [null, "day-register", null]);
  t.checkLedger();
});

test("continuity is known after a restart, from the store", () => {
  t.hold(t.day(meter));
  t.mine();
  t.reload();
  t.hold(t.day(meter, { register: 5 }));
  t.mine();
  assert.deepEqual(codes(), [null, "day-register"]);
  t.checkLedger();
});

test("after a day that did not open, the register may begin anywhere", () => {
  t.hold(t.day(meter), t.day(meter, { garbage: true }), t.day(meter, { register: 77_000 }));
  t.mine();
  assert.equal(codes()[2], null);
  assert.ok(codes()[1]);
  t.checkLedger();
});

test("a day that intake did not open is opened when it is projected", () => {
  const { opened: _, ...unopened } = t.day(meter);
  const { opened: __, ...garbage } = t.day(meter, { garbage: true });
  t.hold(unopened, garbage);
  t.reload();
  t.mine();
  assert.equal(codes()[0], null);
  assert.ok(codes()[1]);
  t.checkLedger();
});

test("a day without its line 2, or of a point that the vault cannot open, raises an alarm", () => {
  const { line2: _, opened: __, ...bare } = t.day(meter);
  t.hold(bare);
  t.mine();
  assert.deepEqual(codes(), ["line2-missing"]);
  const stranger = t.addMeter("352777777");
  t.ledger.db.prepare("DELETE FROM vault_point WHERE meter = '352777777'").run();
  t.enrol(stranger);
  t.hold(t.day(stranger));
  t.mine();
  const alarms = t.ledger.db.prepare("SELECT code FROM alarm ORDER BY pos").all();
  assert.deepEqual(alarms, [{ code: "line2-missing" }, { code: "unknown-point" }]);
  assert.equal(codes().length, 1);
  t.checkLedger();
});

test("a meter that is enrolled again is judged by its latest recipients, not by intake's", () => {
  const day = t.day(meter);
  t.ledger.issue("enrol", {
    key: meter.key.jwk,
    point: meter.point,
    to: [{ key: { crv: "X25519", kty: "OKP", x: meter.key.jwk.x }, use: "utility" }],
  });
  t.hold(day);
  t.mine();
  assert.deepEqual(codes(), ["recipients"]);
  t.checkLedger();
});
