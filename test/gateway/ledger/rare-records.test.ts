// Revocations, corrections and meter swaps in the ledger: held over held ones, mined in one block or behind a gap, on disk
// after a restart, taken back with their block and applied again, signed again where they lost their place.
import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { isCoded } from "../../../shared/base/error.ts";
import { foundHouse, START, TestLedger, type TestMeter } from "../../support/test-ledger.ts";

const DAY_S = 86_400;
let t: TestLedger;
beforeEach(() => {
  t = new TestLedger();
});
afterEach(() => t.close());

/** The period of a meter's day `n`, and its point. */
const span = (meter: TestMeter, n: number) => ({
  point: meter.point,
  from: START + n * DAY_S,
  to: START + (n + 1) * DAY_S,
});

/** Another device at the meter's point, not enrolled yet. */
function successorOf(ledger: TestLedger, meter: TestMeter, from: number): TestMeter {
  const next = ledger.addMeter(meter.id);
  Object.assign(next, { salt: meter.salt, point: meter.point, from });
  return next;
}

const statusOf = (meter: TestMeter) => t.ledger.state.get("device", meter.key.kid)?.status;

test("a day held, its corrections held, all in one block", () => {
  const meter = t.enrol();
  t.mine();
  const day = t.day(meter);
  assert.deepEqual(t.hold(day), ["held"]);
  const own = { ...span(meter, 0), of: day.record.leaf };
  const first = t.issueBlind(own);
  assert.deepEqual(t.hold(t.blind(meter, own)), ["held"]);
  t.issueBlind({ ...own, of: first });
  assert.throws(
    () => t.issueBlind(span(meter, 0)),
    (error) => isCoded(error, "overlap"),
  );
  t.reload();
  assert.equal(t.ledger.heldCount(), 4);
  assert.deepEqual(t.mine().dropped, []);
  assert.equal(t.ledger.heldCount(), 0);
  t.checkLedger();
  // The rows of the chain answer as the held ones did.
  t.issueBlind(own);
  assert.throws(
    () => t.issueBlind({ ...own, from: own.from + 1 }),
    (error) => isCoded(error, "reference"),
  );
  t.issueBlind(span(meter, 1));
  t.mine();
  t.checkLedger();
});

test("held records have their places in the log also after a restart", () => {
  const meter = t.enrol();
  const [one, two] = [1, 2].map((ver) => t.ledger.issue("tariff", { id: "flat", ver, body: {} }));
  t.reload();
  const hash = meter.point;
  const period = { point: meter.point, from: START, to: START + DAY_S };
  const facts = { ...period, tariffs: [one ?? "", two ?? ""], days: hash, n: 0 };
  t.ledger.issue("bill", { ct: hash, pt: hash, ...facts }, "nonsense");
  t.reload();
  assert.deepEqual(t.ledger.openingDropped, []);
  assert.deepEqual(t.mine().dropped, []);
});

test("a revoked key's meter hears so, and a successor seals the void days again", () => {
  const meter = t.enrol();
  for (let n = 0; n < 4; n++) t.hold(t.day(meter));
  t.mine();
  const { kid } = meter.key;
  const late = t.day(meter);
  t.ledger.issue("revoke", { kid, last: 2, reason: "tampered" });
  assert.deepEqual(t.hold(late), ["refused-inactive-key"]);
  assert.deepEqual(t.hold(t.day(meter)), ["refused-inactive-key"], "no resend is asked of it");
  const successor = t.enrol(successorOf(t, meter, START + 2 * DAY_S));
  // Over held records already: the overlay has the shrunk point.
  assert.deepEqual(t.hold(t.day(successor), t.day(successor)), ["held", "held"]);
  t.issueBlindExchange({ point: meter.point, old: kid, new: successor.key.kid, at: START });
  assert.deepEqual(t.mine().dropped, []);
  assert.equal(statusOf(meter), "revoked");
  t.checkLedger();
  t.reload();
  assert.deepEqual(t.hold(t.day(successor)), ["held"]);
  t.mine();
  assert.equal(t.ledger.state.get("point", meter.point)?.last_to, START + 5 * DAY_S);
  t.checkLedger();
});

test("a revoked key that signed twice is frozen as well", () => {
  const meter = t.enrol();
  const { seq, prev } = meter;
  const day = t.day(meter);
  t.hold(day);
  t.mine();
  t.ledger.issue("revoke", { kid: meter.key.kid, last: 1, reason: "lost" });
  t.mine();
  assert.deepEqual(t.hold(day), ["duplicate"]);
  Object.assign(meter, { seq, prev });
  assert.deepEqual(t.hold(t.event(meter, "tamper")), ["frozen"]);
  assert.equal(t.mine().added[0]?.records[0]?.typ, "evidence");
  const device = t.ledger.state.get("device", meter.key.kid);
  assert.deepEqual([device?.status, device?.revoked], ["frozen", { last: 1 }]);
  t.checkLedger();
});

test("a point whose new key has no day yet loses void days of the old one, also on disk", () => {
  const meter = t.enrol();
  for (let n = 0; n < 4; n++) t.hold(t.day(meter));
  t.mine();
  meter.from -= DAY_S;
  const rival = t.day(meter, { seq: 4, keepPlace: true, wh: Array.from({ length: 96 }, () => 1) });
  assert.deepEqual(t.hold({ ...rival }), ["refused-prev"]);
  freeze(meter);
  const successor = t.enrol(successorOf(t, meter, START + DAY_S));
  t.mine();
  assert.equal(t.ledger.state.get("point", meter.point)?.last_to, START + 4 * DAY_S);
  t.ledger.issue("revoke", { kid: meter.key.kid, last: 1, reason: "tampered" });
  t.mine();
  assert.equal(t.ledger.state.get("point", meter.point)?.last_to, START + DAY_S);
  t.checkLedger();
  t.reload();
  assert.deepEqual(t.hold(t.day(successor)), ["held"]);
  t.mine();
  t.checkLedger();
});

/** Two records of the meter for one place. */
function freeze(meter: TestMeter): void {
  const { seq, prev } = meter;
  assert.deepEqual(t.hold(t.event(meter, "tamper")), ["held"]);
  Object.assign(meter, { seq, prev });
  assert.deepEqual(t.hold(t.event(meter, "tamper", { after: "x" })), ["frozen"]);
  Object.assign(meter, { seq: seq + 1 });
}

test("what names records behind 64 others of their key waits with them", () => {
  const meter = t.enrol();
  const neighbour = t.enrol();
  t.mine();
  const days = Array.from({ length: 70 }, () => t.day(meter));
  t.hold(...days);
  const of = days[68]?.record.leaf ?? "";
  t.issueBlind({ point: meter.point, ...periodOf(days[68]), of });
  t.ledger.issue("revoke", { kid: meter.key.kid, last: 69, reason: "swap" });
  const successor = t.enrol(successorOf(t, meter, periodOf(days[68]).to));
  t.hold(t.day(successor), t.day(neighbour));
  const { added, dropped } = t.mine();
  assert.deepEqual(dropped, []);
  // The neighbour's day goes with the 64; all of the registrar waits, and so does whom it enrolled.
  assert.equal(added[0]?.records.length, 65);
  assert.equal(t.ledger.heldCount(), 10);
  t.checkLedger();
  assert.deepEqual(t.mine().dropped, []);
  assert.equal(t.ledger.heldCount(), 0);
  assert.equal(statusOf(meter), "revoked");
  t.checkLedger();
});

test("what names a day that is not over yet by a clock that went back waits with it", () => {
  const meter = t.enrol();
  const neighbour = t.enrol();
  t.mine();
  const now = t.clock.wallMs();
  const day = t.day(meter);
  assert.deepEqual(t.hold(day), ["held"]);
  t.issueBlind({ ...span(meter, 0), of: day.record.leaf });
  t.ledger.issue("tariff", { id: "flat", ver: 1, body: {} });
  const late = t.clock.wallMs();
  t.clock.setWall(now);
  assert.deepEqual(t.hold(t.event(neighbour, "tamper")), ["held"]);
  assert.equal(t.mine().added[0]?.records.length, 1, "the neighbour's alone");
  t.checkLedger();
  t.clock.setWall(late);
  assert.equal(t.mine().added[0]?.records.length, 3);
  t.checkLedger();
});

function periodOf(candidate: { record: { payload: object } } | undefined): {
  from: number;
  to: number;
} {
  const { from, to } = (candidate?.record.payload ?? {}) as { from: number; to: number };
  return { from, to };
}

/** Two gateways of one chain that know the same meter with four days. */
function inVillage(
  work: (a: TestLedger, b: TestLedger, meter: TestMeter, twin: TestLedger) => void,
): void {
  const house = foundHouse(2);
  const a = new TestLedger(house, 0);
  const b = new TestLedger(house, 1);
  // The key of `a` at work elsewhere, as after a restore from a backup.
  const twin = new TestLedger(house, 0);
  try {
    const meter = a.addMeter("352000001");
    b.open(meter);
    a.enrol(meter);
    for (let n = 0; n < 4; n++) a.hold(a.day(meter));
    a.mine();
    deliver(a, b);
    deliver(a, twin);
    for (const other of [b, twin]) other.clock.setWall(a.clock.wallMs());
    work(a, b, meter, twin);
  } finally {
    for (const each of [a, b, twin]) each.close();
  }
}

function deliver(from: TestLedger, to: TestLedger): readonly string[] {
  const codes: string[] = [];
  for (let height = 1; height <= from.ledger.tip().height; height++) {
    const block = from.ledger.block(height);
    assert.ok(block);
    const { dropped } = to.ledger.append(block, from.lines2(height));
    codes.push(...dropped.map(({ code }) => code));
  }
  return codes;
}

test("a branch with a revocation is taken back and applied again; what no longer fits is refused", () => {
  inVillage((a, b, meter) => {
    a.ledger.issue("revoke", { kid: meter.key.kid, last: 2, reason: "tampered" });
    const successor = successorOf(a, meter, START + 2 * DAY_S);
    b.open(successor);
    a.enrol(successor);
    a.hold(a.day(successor));
    a.mine();
    a.checkLedger();
    // The other gateway takes the old key's next day, and mines more.
    assert.deepEqual(b.hold(b.day(meter)), ["held"]);
    b.mine();
    b.mine();
    assert.deepEqual(deliver(b, a), []);
    a.checkLedger();
    assert.equal(a.ledger.heldCount(), 3, "the revocation, the enrolment and the day are back");
    assert.equal(a.ledger.state.get("point", meter.point)?.kid, meter.key.kid);
    assert.equal(a.ledger.pending.get("point", meter.point)?.kid, successor.key.kid);
    a.reload();
    assert.deepEqual(b.hold(b.day(meter)), ["held"]);
    assert.equal(a.mine().kind, "extended");
    a.checkLedger();
    assert.deepEqual(deliver(a, b), ["refused-inactive-key"]);
    b.checkLedger();
    assert.equal(b.ledger.heldCount(), 0);
  });
});

test("own corrections that lost their place are signed again and still name each other", () => {
  inVillage((a, _, meter, twin) => {
    const fill = a.issueBlind(span(meter, 9));
    const again = a.issueBlind({ ...span(meter, 9), of: fill });
    a.issueBlind({ ...span(meter, 9), of: again });
    twin.ledger.issue("tariff", { id: "flat", ver: 1, body: {} });
    twin.mine();
    assert.deepEqual(deliver(twin, a), []);
    assert.equal(a.ledger.heldCount(), 3);
    assert.equal(a.ledger.pending.get("logged", fill), undefined);
    a.checkLedger();
    a.mine();
    a.checkLedger();
    assert.equal(a.ledger.heldCount(), 0);
    assert.deepEqual(a.ledger.state.get("place", meter.point)?.fills, [
      [START + 9 * DAY_S, START + 10 * DAY_S],
    ]);
  });
});

test("a bill over a correction that was signed again is not signed again", () => {
  inVillage((a, _, meter, twin) => {
    const period = { from: START, to: START + 20 * DAY_S };
    a.issueBlind(span(meter, 9));
    const hash = meter.point;
    const facts = { point: meter.point, ...period, tariffs: [], days: hash, n: 1 };
    const { ct, pt } = { ct: hash, pt: hash };
    const bill = a.ledger.issue("bill", { ct, pt, ...facts }, "nonsense");
    a.ledger.issue("payment", { ct, pt, point: meter.point, bill }, "nonsense");
    twin.ledger.issue("tariff", { id: "flat", ver: 1, body: {} });
    twin.mine();
    assert.deepEqual(deliver(twin, a), ["refused-bill-differs", "refused-reference"]);
    assert.equal(a.ledger.heldCount(), 1);
    a.mine();
    a.checkLedger();
  });
});
