// Random days, corrections, fills, revocations and successors at two gateways that mine apart and meet again: what waits
// shows what the chain will be, the state is always the fold of the winning branch, and both end with the same.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { isCoded } from "../../../shared/base/error.ts";
import { ChainState } from "../../../shared/chain/chain-state.ts";
import type { ParsedRecord } from "../../../shared/record/record.ts";
import {
  foundHouse,
  START,
  sortedState,
  TestLedger,
  type TestMeter,
} from "../../support/test-ledger.ts";

const DAY_S = 86_400;

const step = fc.record({
  op: fc.constantFrom(
    ...["day", "day", "day", "day", "mine", "mine", "deliver", "correct", "correct", "fill"],
    ...["by-meter", "revoke", "exchange", "reload"],
  ),
  who: fc.boolean(),
  pick: fc.nat(12),
});

type Reading = ParsedRecord<"day" | "correction">;

class Village {
  readonly a: TestLedger;
  readonly b: TestLedger;
  /** The newest device of each point last. */
  readonly meters: TestMeter[] = [];
  readonly readings: Reading[] = [];
  readonly counts = new Map<string, number>();

  constructor() {
    const house = foundHouse(2);
    this.a = new TestLedger(house, 0);
    this.b = new TestLedger(house, 1);
    for (const id of ["352000001", "352000002"]) {
      const meter = this.a.addMeter(id);
      this.b.open(meter);
      this.meters.push(this.a.enrol(meter));
    }
    this.mine(this.a);
    this.deliver(this.a, this.b);
  }

  /** The meter's next record reaches both gateways; if none takes it, it was never made. */
  send(meter: TestMeter, make: () => ReturnType<TestLedger["day"]>): void {
    const before = { ...meter };
    const candidate = make();
    const now = Math.max(this.a.clock.wallMs(), this.b.clock.wallMs());
    let isTaken = false;
    for (const t of [this.a, this.b]) {
      t.clock.setWall(now);
      const [code = ""] = t.hold(candidate);
      this.count(`${candidate.record.typ} ${code}`);
      isTaken ||= code === "held" || code === "duplicate";
    }
    if (isTaken) this.readings.push(candidate.record as Reading);
    else Object.assign(meter, before);
  }

  count(what: string): void {
    this.counts.set(what, (this.counts.get(what) ?? 0) + 1);
  }

  /** An own record of a gateway; a refusal is counted. */
  issue(what: string, work: () => unknown): boolean {
    try {
      work();
      this.count(what);
      return true;
    } catch (error) {
      if (!isCoded(error)) throw error;
      this.count(`${what} ${error.code}`);
      return false;
    }
  }

  /** Checks before that what waits shows what the chain will be. */
  mine(t: TestLedger): void {
    const expected = new ChainState();
    expected.load(t.ledger.state.entries());
    expected.load(t.ledger.pending.entries());
    const { dropped } = t.mine();
    assert.deepEqual(dropped, []);
    assert.deepEqual(sortedState(t.ledger.state), sortedState(expected));
  }

  deliver(from: TestLedger, to: TestLedger): void {
    for (let height = 1; height <= from.ledger.tip().height; height++) {
      const block = from.ledger.block(height);
      assert.ok(block);
      const { kind } = to.ledger.append(block, from.lines2(height));
      if (kind === "reorganised") this.count(kind);
    }
  }

  take(t: TestLedger, op: string, pick: number): void {
    const meter = this.meters[pick % this.meters.length] as TestMeter;
    const reading = this.readings.at(-1 - (pick % Math.max(1, this.readings.length)));
    const { point } = meter;
    if (op === "day") this.send(meter, () => this.a.day(meter));
    else if (op === "mine") this.mine(t);
    else if (op === "reload") t.reload();
    else if (op === "revoke") this.#revoke(t, meter, pick);
    else if (op === "fill") {
      const from = START + pick * DAY_S;
      this.issue("fill", () => t.issueBlind({ point, from, to: from + DAY_S }));
    } else if (op === "exchange") {
      const kids = this.meters.filter((one) => one.point === point).map(({ key }) => key.kid);
      const [old = "", next = old] = kids.slice(pick % 2);
      const swap = { point, old, new: next, at: START };
      this.issue("exchange", () => t.issueBlindExchange(swap));
    } else if (reading !== undefined) {
      const signer = this.meters.find(({ key }) => key.kid === reading.kid) ?? meter;
      const { from, to } = reading.payload;
      const own = { point: signer.point, from, to, of: reading.leaf };
      if (op === "correct") this.issue("correct", () => t.issueBlind(own));
      else this.send(signer, () => t.blind(signer, own));
    }
  }

  /** Revokes a key and puts another device at its point. */
  #revoke(t: TestLedger, meter: TestMeter, pick: number): void {
    const { kid } = meter.key;
    const last = Math.max(0, (t.ledger.pending.get("device", kid)?.seq ?? 0) - (pick % 3));
    if (!this.issue("revoke", () => t.ledger.issue("revoke", { kid, last, reason: "test" })))
      return;
    const next = t.addMeter(meter.id);
    const from = t.ledger.pending.get("point", meter.point)?.last_to ?? 0;
    Object.assign(next, { salt: meter.salt, point: meter.point, from: Math.max(START, from) });
    if (this.issue("enrol", () => t.enrol(next))) this.meters.push(next);
  }

  check(): void {
    this.a.checkLedger();
    this.b.checkLedger();
  }
}

test("any script of days and rare records at two gateways", () => {
  const seen = new Map<string, number>();
  fc.assert(
    fc.property(fc.array(step, { minLength: 20, maxLength: 40 }), (script) => {
      const village = new Village();
      const { a, b } = village;
      try {
        for (const { op, who, pick } of script) {
          const [one, other] = who ? [a, b] : [b, a];
          if (op === "deliver") village.deliver(one, other);
          else village.take(one, op, pick);
        }
        village.check();
        for (let round = 0; round < 4; round++) {
          for (const [one, other] of [
            [a, b],
            [b, a],
          ] as const) {
            village.deliver(other, one);
            village.mine(one);
            village.mine(one);
            village.deliver(one, other);
            assert.deepEqual(one.ledger.tip().hash, other.ledger.tip().hash);
          }
        }
        assert.deepEqual([a.ledger.heldCount(), b.ledger.heldCount()], [0, 0]);
        village.check();
        assert.deepEqual(sortedState(a.ledger.state), sortedState(b.ledger.state));
        for (const [what, n] of village.counts) seen.set(what, (seen.get(what) ?? 0) + n);
      } finally {
        a.close();
        b.close();
      }
    }),
    { numRuns: 8, seed: 20240102 },
  );
  const wanted = ["day held", "correction held", "correct", "fill", "revoke", "enrol", "exchange"];
  for (const what of [...wanted, "reorganised", "fill overlap", "day refused-inactive-key"]) {
    assert.ok((seen.get(what) ?? 0) > 1, `${what}: ${seen.get(what)}`);
  }
});
