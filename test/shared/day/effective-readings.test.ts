/** Which readings count: examples of each sentence of the rule, a second computation, order of arrival. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import { listEffective, type Reading } from "../../../shared/day/effective-readings.ts";

const DAY = 86_400;

function day(position: number, date: number, more: Partial<Reading> = {}): Reading {
  return {
    typ: "day",
    leaf: `d${position}`,
    position,
    from: date * DAY,
    to: (date + 1) * DAY,
    isUsable: true,
    isVoid: false,
    ...more,
  };
}

function correction(position: number, of: Reading, more: Partial<Reading> = {}): Reading {
  const { from, to, leaf } = of;
  return {
    ...day(position, 0),
    typ: "correction",
    leaf: `c${position}`,
    from,
    to,
    of: leaf,
    ...more,
  };
}

function fill(position: number, date: number, more: Partial<Reading> = {}): Reading {
  return { ...day(position, date), typ: "correction", leaf: `f${position}`, ...more };
}

const leaves = (readings: readonly Reading[]) => listEffective(readings).map(({ leaf }) => leaf);

describe("readings that count", () => {
  it("are all days, by from, where nothing was corrected", () => {
    assert.deepEqual(leaves([day(5, 2), day(3, 1), day(9, 0)]), ["d9", "d3", "d5"]);
  });

  it("are the latest of a root, also through a correction of a correction", () => {
    const first = day(1, 0);
    const second = correction(2, first);
    const third = correction(3, first);
    const fourth = correction(4, second);
    assert.deepEqual(leaves([first, second]), ["c2"]);
    assert.deepEqual(leaves([first, second, third]), ["c3"]);
    assert.deepEqual(leaves([first, second, third, fourth]), ["c4"]);
  });

  it("leave out what is unusable, and fall back on what was there before it", () => {
    const first = day(1, 0);
    assert.deepEqual(leaves([first, correction(2, first, { isUsable: false })]), ["d1"]);
    const lost = day(1, 0, { isUsable: false });
    assert.deepEqual(leaves([lost]), []);
    const unread = correction(2, lost, { isUsable: false });
    assert.deepEqual(leaves([lost, unread, correction(3, unread)]), ["c3"]);
  });

  it("leave out what is void, and all corrections of a void day", () => {
    const first = day(1, 0, { isVoid: true });
    assert.deepEqual(leaves([first, day(2, 1)]), ["d2"]);
    assert.deepEqual(leaves([first, correction(2, first)]), []);
    const kept = day(1, 0);
    assert.deepEqual(leaves([kept, correction(2, kept, { isVoid: true })]), ["d1"]);
  });

  it("replace a fill by a late day, whole and with its corrections", () => {
    const filled = fill(1, 0);
    assert.deepEqual(leaves([filled]), ["f1"]);
    assert.deepEqual(leaves([filled, correction(2, filled)]), ["c2"]);
    const late = day(3, 0, { to: 12 * 3600 });
    assert.deepEqual(leaves([filled, late]), ["d3"]);
    assert.deepEqual(leaves([filled, late, correction(4, filled)]), ["d3"]);
    assert.deepEqual(leaves([filled, day(3, 1)]), ["f1", "d3"]);
  });

  it("keep a fill where the late day cannot be read or is void, until that one is corrected", () => {
    const filled = fill(1, 0);
    const lost = day(2, 0, { isUsable: false });
    assert.deepEqual(leaves([filled, lost]), ["f1"]);
    assert.deepEqual(leaves([filled, lost, correction(3, lost)]), ["c3"]);
    assert.deepEqual(leaves([filled, day(2, 0, { isVoid: true })]), ["f1"]);
    const unread = fill(1, 0, { isUsable: false });
    assert.deepEqual(leaves([unread, correction(2, unread)]), ["c2"]);
    assert.deepEqual(leaves([unread, correction(2, unread), day(3, 0)]), ["d3"]);
  });

  it("agree with a second computation and come in any order", () => {
    fc.assert(
      fc.property(anyLog, fc.infiniteStream(fc.nat()), (log, keys) => {
        const expected = countAgain(log);
        assert.deepEqual(leaves(log), expected);
        const shuffled = log
          .map((reading) => ({ reading, key: keys.next().value as number }))
          .sort((a, b) => a.key - b.key)
          .map(({ reading }) => reading);
        assert.deepEqual(leaves(shuffled), expected);
        for (const [i, reading] of listEffective(log).entries()) {
          const before = listEffective(log)[i - 1];
          assert.ok(before === undefined || before.to <= reading.from, "two of them overlap");
        }
      }),
      { seed: 14, numRuns: 2_000 },
    );
  });

  it("are the same for a window as for the whole", () => {
    fc.assert(
      fc.property(anyLog, fc.nat(8), fc.nat(8), (log, from, length) => {
        const window = { from: from * DAY, to: (from + length + 1) * DAY };
        const isWithin = (one: Reading) => window.from <= one.from && one.to <= window.to;
        const near = log.filter((one) => one.from < window.to && window.from < one.to);
        assert.deepEqual(listEffective(near).filter(isWithin), listEffective(log).filter(isWithin));
      }),
      { seed: 15, numRuns: 1_000 },
    );
  });
});

/** A log that the chain rules would accept, by dice. */
const anyLog: fc.Arbitrary<readonly Reading[]> = fc
  .array(
    fc.record({
      what: fc.constantFrom("day", "day", "fill", "correct", "correct"),
      date: fc.nat(9),
      pick: fc.nat(),
      isUsable: fc.integer({ min: 0, max: 4 }).map((n) => n > 0),
      isVoid: fc.integer({ min: 0, max: 6 }).map((n) => n === 0),
      half: fc.boolean(),
    }),
    { maxLength: 24 },
  )
  .map((steps) => {
    const log: Reading[] = [];
    for (const [position, { what, date, pick, isUsable, isVoid, half }] of steps.entries()) {
      const state = { isUsable, isVoid };
      if (what === "correct") {
        const of = log[pick % Math.max(1, log.length)];
        if (of !== undefined) log.push(correction(position, of, state));
        continue;
      }
      const from = date * DAY + (half ? DAY / 2 : 0);
      const to = half || pick % 3 > 0 ? (date + 1) * DAY : date * DAY + DAY / 3;
      const next = what === "day" ? day : fill;
      const made = next(position, date, { ...state, from, to });
      const isFree = log.every((other) => {
        if (other.to <= from || to <= other.from) return true;
        if (other.of !== undefined) return true;
        // A day stands where no other day does, a fill where no fill does either.
        return other.typ === "day" ? other.isVoid || isVoid : what === "day";
      });
      if (isFree) log.push(made);
    }
    return log;
  });

/** Instant by instant: who speaks for this hour? */
function countAgain(log: readonly Reading[]): readonly string[] {
  const rootOf = (reading: Reading): Reading => {
    const of = log.find(({ leaf }) => leaf === reading.of);
    return of === undefined ? reading : rootOf(of);
  };
  const winners = new Set<Reading>();
  for (let at = 0; at < 11 * DAY; at += 3600) {
    const voices = log.filter(
      (one) => one.from <= at && at < one.to && one.isUsable && !one.isVoid && !rootOf(one).isVoid,
    );
    const real = voices.filter((one) => rootOf(one).typ === "day");
    const speaking = (real.length > 0 ? real : voices).at(-1);
    if (speaking !== undefined) winners.add(speaking);
  }
  // A fill that loses an hour to a day is gone whole.
  const days = [...winners].filter((one) => rootOf(one).typ === "day");
  return [...winners]
    .filter((one) => days.includes(one) || days.every((d) => d.to <= one.from || one.to <= d.from))
    .sort((a, b) => a.from - b.from)
    .map(({ leaf }) => leaf);
}
