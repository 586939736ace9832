// Orders of a registrar: swaps, revocations and corrections, right and wrong; what is refused changes nothing.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { orderExchange, orderRevoke } from "../../../gateway/app/exchange-desk.ts";
import { beginEnrolment, finishEnrolment } from "../../../gateway/app/office.ts";
import { codeOf } from "../../support/code-of.ts";
import { TestLedger, type TestMeter } from "../../support/test-ledger.ts";
import {
  correct,
  makeSuccessor,
  meterCorrection,
  officeOf,
  requestOf,
  swap,
} from "../../support/test-readings.ts";

const FLAT = Array.from({ length: 96 }, () => 10);
let t: TestLedger;
let meter: TestMeter;
beforeEach(() => {
  t = new TestLedger();
  meter = t.enrol();
  t.hold(t.day(meter), t.day(meter), t.day(meter));
  t.mine();
});
afterEach(() => t.close());

/** The code with which an order is refused; nothing is held by it. */
function refusal(order: () => unknown): string | undefined {
  const held = t.ledger.heldCount();
  const code = codeOf(order);
  assert.equal(t.ledger.heldCount(), held);
  return code;
}

function types(): string[] {
  return [...t.ledger.heldOthers()].map(({ typ }) => typ);
}

function alarms(): unknown[] {
  return t.ledger.db.prepare("SELECT code FROM alarm ORDER BY pos").pluck().all();
}

test("a swap is three records or none", () => {
  const office = officeOf(t);
  const order = { meter: meter.id, final: meter.register, first: 0 };
  assert.equal(
    refusal(() => orderExchange(office, { ...order, meter: "352999999" })),
    "unknown-meter",
  );
  assert.equal(
    refusal(() => orderExchange(office, order)),
    "exchange",
    "one device only",
  );
  const stranger = t.addMeter();
  const request = requestOf(t, stranger);
  assert.equal(
    refusal(() => orderExchange(office, { ...order, request })),
    "enrolment",
  );
  const next = makeSuccessor(meter, "next");
  const own = requestOf(t, next);
  assert.equal(
    refusal(() => finishEnrolment(office, own)),
    "enrolment",
    "the old one is there",
  );
  assert.equal(
    refusal(() => orderExchange(office, { ...order, request: own, last: 9 })),
    "reference",
    "a seq that the old key never had",
  );
  orderExchange(officeOf(t), { ...order, request: own, at: meter.from });
  assert.deepEqual(types(), ["revoke", "enrol", "exchange"]);
  assert.equal(
    refusal(() => orderExchange(office, { ...order, request: own })),
    "enrolment",
  );
  assert.equal(
    refusal(() => orderExchange(office, order)),
    "exchange",
    "logged already",
  );
  t.mine();
  t.checkLedger();
});

test("a device that was revoked is followed by another: by one order, or step by step", () => {
  orderRevoke(officeOf(t), { meter: meter.id, reason: "defect" });
  assert.equal(
    refusal(() => orderRevoke(officeOf(t), { meter: meter.id, reason: "again" })),
    "unknown-meter",
  );
  assert.equal(
    refusal(() => orderRevoke(officeOf(t), { kid: meter.key.kid, reason: "again" })),
    "inactive-key",
  );
  t.mine();
  const second = makeSuccessor(meter, "second");
  finishEnrolment(officeOf(t), requestOf(t, second));
  t.mine();
  const order = { meter: meter.id, final: meter.register, first: 0, at: meter.from };
  const logged = orderExchange(officeOf(t, "late"), order);
  assert.deepEqual([logged.old, logged.new], [meter.key.kid, second.key.kid]);
  t.mine();
  orderRevoke(officeOf(t), { meter: meter.id, reason: "stolen" });
  t.mine();
  const third = makeSuccessor(meter, "third");
  const request = requestOf(t, third);
  assert.equal(
    refusal(() => orderExchange(officeOf(t), { ...order, request, last: 0 })),
    "exchange",
  );
  orderExchange(officeOf(t, "third"), { ...order, final: 0, request });
  assert.deepEqual(types(), ["enrol", "exchange"]);
  t.mine();
  assert.deepEqual(alarms(), ["revoked", "revoked"]);
  t.checkLedger();
});

test("a correction that breaks a rule is refused before it is signed", () => {
  const date = "2024-01-02";
  assert.equal(
    refusal(() => correct(t, meter, { date, wh: FLAT.slice(1) })),
    "day-slots",
  );
  assert.equal(
    refusal(() => correct(t, meter, { date, wh: FLAT, quality: "X".repeat(96) })),
    "day-quality",
  );
  assert.equal(
    refusal(() => correct(t, meter, { date, wh: [-1] })),
    "schema",
  );
  assert.equal(
    refusal(() => correct(t, meter, { wh: FLAT })),
    "usage",
  );
  assert.equal(
    refusal(() => correct(t, meter, { date: "2024-02-30", wh: FLAT })),
    "calendar",
  );
  const from = meter.from - 86_400;
  const part = { from, to: from + 43_200, wh: FLAT.slice(48) };
  assert.equal(
    refusal(() => correct(t, meter, part)),
    "overlap",
    "that morning has a day",
  );
  t.hold(t.day(meter));
  assert.equal(
    refusal(() => correct(t, meter, { date: "2024-01-04", wh: FLAT })),
    "overlap",
    "a day that waits for its block is there already",
  );
});

test("a date that is a slip of the pen is refused: what is logged stays", () => {
  const wh = [1];
  assert.equal(
    refusal(() => correct(t, meter, { date: "2025-01-02", wh })),
    "future",
  );
  assert.equal(
    refusal(() => correct(t, meter, { date: "2023-01-02", wh })),
    "period",
  );
  assert.equal(
    refusal(() => correct(t, meter, { from: 0, to: meter.from, wh })),
    "usage",
  );
  const order = { meter: meter.id, final: meter.register, first: 0, at: meter.from + 86_400 };
  const request = requestOf(t, makeSuccessor(meter, "next"));
  assert.equal(
    refusal(() => orderExchange(officeOf(t), { ...order, request })),
    "future",
  );
  assert.equal(
    refusal(() => beginEnrolment(officeOf(t), { meter: meter.id, zone: "Asia/Tokyo" })),
    "enrolment",
    "days and bills of one point have one zone",
  );
  correct(t, meter, { date: "2023-12-31", wh });
  t.mine();
  t.checkLedger();
});

test("an exchange with registers that no day shows raises an alarm, however late it is made", () => {
  t.clock.setWall((meter.from + 60 * 86_400) * 1000);
  const next = swap(t, meter, { final: meter.register + 1, first: 5, at: meter.from + 5_000_000 });
  t.mine();
  assert.deepEqual(alarms(), ["exchange-register"]);
  t.hold(t.event(next, "boot"));
  next.from = meter.from + 60 * 86_400;
  t.hold(t.day(next, { register: 7 }));
  t.mine();
  assert.deepEqual(alarms(), ["exchange-register", "exchange-register"]);
  t.hold(t.day(next));
  t.mine();
  assert.equal(alarms().length, 2);
  t.checkLedger();
});

test("a date with two devices: the reading is named by its time", () => {
  const noon = meter.from + 43_200;
  t.hold(t.day(meter, { until: noon }));
  t.mine();
  const next = swap(t, meter);
  t.mine();
  t.hold(t.day(next, { register: 0 }));
  t.mine();
  const wh = FLAT.slice(48);
  assert.equal(
    refusal(() => correct(t, meter, { date: "2024-01-04", wh })),
    "usage",
  );
  const { of } = correct(t, meter, { from: noon, to: noon + 43_200, wh });
  assert.equal(of, next.prev);
  t.mine();
  const rows = t.ledger.db
    .prepare("SELECT lost FROM day WHERE date = 20240104 ORDER BY pos")
    .pluck()
    .all();
  assert.deepEqual(rows, [null, t.ledger.tip().logSize - 1, null]);
  t.checkLedger();
});

test("a meter's correction with other registers, or that does not open, raises an alarm and changes nothing", () => {
  const day = t.day(meter);
  t.hold(day);
  t.mine();
  const wrong = meterCorrection(t, meter, day, { register: [1, 2] });
  assert.deepEqual(t.hold(wrong), ["held"]);
  t.mine();
  assert.deepEqual(alarms(), ["correction-register"]);
  meter.seq = wrong.record.seq;
  meter.prev = wrong.record.leaf;
  const { line2: _, ...bare } = meterCorrection(t, meter, day, {});
  assert.deepEqual(t.hold(bare), ["held"]);
  t.mine();
  assert.deepEqual(alarms(), ["correction-register", "line2-missing"]);
  const sum = t.ledger.db.prepare("SELECT wh FROM day_total WHERE date = 20240104").pluck().get();
  assert.equal(sum, 6240);
  t.checkLedger();
});

test("a meter's correction with the registers of its day counts, and somebody is told", () => {
  const first = meter.register;
  const day = t.day(meter);
  t.hold(day);
  t.mine();
  const right = meterCorrection(t, meter, day, { register: [first, meter.register] });
  assert.deepEqual(t.hold(right), ["held"]);
  t.mine();
  const sum = t.ledger.db.prepare("SELECT wh FROM day_total WHERE date = 20240104").pluck().get();
  assert.equal(sum, 96 * 11);
  assert.deepEqual(alarms(), ["meter-correction"]);
  // The register goes on from the day, not from its correction.
  meter.seq = right.record.seq;
  meter.prev = right.record.leaf;
  t.hold(t.day(meter));
  t.mine();
  assert.deepEqual(alarms(), ["meter-correction"]);
  t.checkLedger();
});
