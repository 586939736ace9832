/** Several parts of one meter: each its own baseline and pace, slots no better than the least of them, export. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { EnergyReading } from "../../../device/sampler/energy-part.ts";
import { Sampler } from "../../../device/sampler/sampler.ts";
import type { SamplerState } from "../../../device/sampler/sampler-types.ts";

const DAY = { from: 1_704_067_200, to: 1_704_153_600, step: 900 };
const T0 = DAY.from * 1000;

function start(parts: readonly string[] | undefined, state?: SamplerState): Sampler {
  return new Sampler(
    {
      dayOf: () => DAY,
      maxGapMs: 5_000,
      maxSilenceMs: 35_000,
      maxPowerW: 100_000,
      ...(parts === undefined ? {} : { parts }),
    },
    state,
  );
}

const counter = (part: string, register: number, more: Partial<EnergyReading> = {}) =>
  ({ part, sensor: part, energy: "register", register, ...more }) as const;

/** One sample a second; the meter's monotonic clock began at 0. */
function add(sampler: Sampler, second: number, energies: readonly EnergyReading[]): void {
  sampler.add({ at: T0 + second * 1000, monotonicMs: second * 1000, energies });
}

const letters = (sampler: Sampler) =>
  sampler.take().slots.map(({ start: at, wh, quality }) => [(at - DAY.from) / 900, wh, quality]);

test("two counters add up, whatever each of them began with", () => {
  const sampler = start(["a", "b"]);
  for (let s = 0; s <= 901; s++) {
    add(sampler, s, [counter("a", 1_000 + s), counter("b", 77_000 + 2 * s)]);
  }
  assert.deepEqual(letters(sampler), [[0, 2_700, "M"]]);
  assert.equal(sampler.register, 2_703);
});

test("a part that is silent costs its own energy only, and makes the slot a partial one", () => {
  const sampler = start(["a", "b"]);
  for (let s = 0; s <= 2 * 900 + 1; s++) {
    const b = s < 300 || s > 600 ? [counter("b", 2 * s)] : [];
    add(sampler, s, [counter("a", s), ...b]);
  }
  // What b counted meanwhile is in its next delta, within the same slot.
  assert.deepEqual(letters(sampler), [
    [0, 2_700, "m"],
    [1, 2_700, "M"],
  ]);
});

test("a part that has never answered leaves no slot whole", () => {
  const sampler = start(["a", "b"]);
  for (let s = 0; s <= 901; s++) add(sampler, s, [counter("a", s)]);
  assert.deepEqual(letters(sampler), [[0, 900, "m"]]);
});

test("a telegram every ten seconds and a counter every second: slots are whole, and wait for the slower", () => {
  const sampler = start(["p1", "pzem"]);
  let telegram = 0;
  for (let s = 0; s <= 930; s++) {
    if (s % 10 === 7) telegram = s;
    const p1 = s < 7 ? [] : [counter("p1", 5_000 + telegram, { takenMs: telegram * 1000 })];
    add(sampler, s, [...p1, counter("pzem", s)]);
    sampler.advance(T0 + s * 1000);
    // The slot ended at 900; the telegram that reaches over its end comes at 907.
    if (s === 905) {
      assert.deepEqual(sampler.take().slots, []);
      assert.equal(sampler.finishedTo, DAY.from);
    }
  }
  // The first telegram came at 7 s: the slot is not whole for that reason only.
  assert.deepEqual(letters(sampler), [[0, 900 + 890, "m"]]);
  for (let s = 931; s <= 1830; s++) {
    if (s % 10 === 7) telegram = s;
    const p1 = counter("p1", 5_000 + telegram, { takenMs: telegram * 1000 });
    add(sampler, s, [p1, counter("pzem", s)]);
    sampler.advance(T0 + s * 1000);
  }
  assert.deepEqual(letters(sampler), [[1, 900 + 900, "M"]]);
});

test("the same telegram again adds nothing and covers no time", () => {
  const sampler = start(["p1"]);
  for (let s = 0; s <= 2_000; s++) {
    // The meter fell silent at 300 s; its last telegram is read again and again.
    const taken = Math.min(s, 300);
    const power = { part: "p1", sensor: "p1", energy: "power", power: 3_600_000 } as const;
    add(sampler, s, [{ ...power, takenMs: taken * 1000 }]);
    sampler.advance(T0 + s * 1000);
  }
  assert.deepEqual(letters(sampler), [[0, 300, "i"]]);
});

test("another serial number is another register: an event, and nothing of its past counts", () => {
  const sampler = start(["p1"]);
  add(sampler, 0, [counter("p1", 1_000, { sensor: "p1 E0001" })]);
  add(sampler, 1, [counter("p1", 1_001, { sensor: "p1 E0001" })]);
  add(sampler, 2, [counter("p1", 900_000, { sensor: "p1 E0002" })]);
  add(sampler, 3, [counter("p1", 900_002, { sensor: "p1 E0002" })]);
  assert.equal(sampler.register, 3);
  assert.deepEqual(sampler.take().events, [
    {
      at: DAY.from + 2,
      code: "counter-swap",
      note: "p1: p1 E0001 at 1001 Wh; now p1: p1 E0002 at 900000 Wh",
    },
  ]);
});

test("a part that is taken out of the configuration, and one that is put in, are told", () => {
  const before = start(["a", "b"]);
  for (let s = 0; s < 10; s++) add(before, s, [counter("a", s), counter("b", 50 + s)]);
  const sampler = start(["b", "c"], before.state);
  sampler.add({ at: T0 + 20_000, monotonicMs: 0, energies: [counter("b", 70), counter("c", 8)] });
  assert.deepEqual(
    sampler.take().events.map(({ code, note }) => [code, note]),
    [
      ["part-removed", "a: a at 9 Wh"],
      ["part-added", "c: c at 8 Wh"],
    ],
  );
  assert.equal(sampler.register, 9 + 20);
});

test("exported energy is counted by the same rules, beside what is taken", () => {
  const sampler = start(["a"]);
  for (let s = 0; s <= 901; s++) add(sampler, s, [counter("a", 10, { exported: 500 + s })]);
  const [slot] = sampler.take().slots;
  assert.deepEqual([slot?.wh, slot?.out, slot?.quality], [0, 900, "M"]);
  assert.equal(sampler.state.out, 900);
});

test("estimated is less than integrated, and integrated less than metered", () => {
  const sampler = start(["a", "b"]);
  const estimate = { part: "b", sensor: "b", energy: "estimate", power: 3_600_000 } as const;
  for (let s = 0; s <= 901; s++) add(sampler, s, [counter("a", s), estimate]);
  assert.deepEqual(letters(sampler), [[0, 1_800, "E"]]);
});

test("whatever the paces and restarts, no Wh of any counter is counted twice, and slots add up to the register", () => {
  const step = fc.record({
    seconds: fc.integer({ min: 1, max: 400 }),
    a: fc.boolean(),
    b: fc.boolean(),
    restart: fc.boolean(),
  });
  const property = fc.property(fc.array(step, { minLength: 1, maxLength: 80 }), (steps) => {
    let sampler = start(["a", "b"]);
    let second = 0;
    let sum = 0;
    const truth: { a?: [number, number]; b?: [number, number] } = {};
    for (const { seconds, restart, ...reads } of steps) {
      second += seconds;
      const energies: EnergyReading[] = [];
      for (const part of ["a", "b"] as const) {
        if (!reads[part]) continue;
        const register = part === "a" ? 1_000 + second : 9_000 + 3 * second;
        energies.push(counter(part, register));
        truth[part] = [truth[part]?.[0] ?? register, register];
      }
      add(sampler, second, energies);
      sampler.advance(T0 + second * 1000);
      for (const { wh } of sampler.take().slots) sum += wh;
      if (restart) sampler = start(["a", "b"], sampler.state);
      const { settling, open, register } = sampler.state;
      assert.equal(sum + (settling?.wh ?? 0), register);
      const counted = Object.values(truth).reduce((all, [first, last]) => all + last - first, 0);
      assert.equal(register + (open?.wh ?? 0), counted);
    }
  });
  fc.assert(property, { seed: 5, numRuns: 300 });
});

test("a coarse counter moves by much at once, and loses nothing: whole kWh, or steps of a transformer", () => {
  const sampler = start(["sml", "ct"]);
  for (let s = 0; s <= 901; s++) {
    const sml = counter("sml", 15_338_000 + (s >= 500 ? 1_000 : 0));
    const ct = counter("ct", 4_000 + 40 * Math.floor(s / 100), { registerStep: 40 });
    add(sampler, s, [sml, ct]);
  }
  assert.deepEqual(letters(sampler), [[0, 1_000 + 9 * 40, "M"]]);
  const { events } = sampler.take();
  assert.deepEqual(events, []);
});
