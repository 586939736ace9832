/** The sampler: which slot energy belongs to, what counts as measured, gaps, restarts, clock steps, rows. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import type { EnergyReading } from "../../../device/sampler/energy-part.ts";
import { Sampler } from "../../../device/sampler/sampler.ts";
import type { MeterSample, SamplerState } from "../../../device/sampler/sampler-types.ts";

const DAY = { from: 1_704_067_200, to: 1_704_153_600, step: 900 };
const dayOf = (instant: number) => {
  const days = Math.floor((instant - DAY.from) / 86_400);
  return { from: DAY.from + days * 86_400, to: DAY.to + days * 86_400, step: 900 };
};
const options = { dayOf, maxGapMs: 90_000, maxPowerW: 25_000 };
const T0 = DAY.from * 1000;
const MINUTE = 60_000;

function start(state?: SamplerState): Sampler {
  return new Sampler(options, state);
}

type Said = Partial<EnergyReading> & Pick<Partial<MeterSample>, "monotonicMs">;

/** One reading of the only part. */
function sample(at: number, { monotonicMs = at, ...said }: Said): MeterSample {
  const energy = said.register === undefined ? "power" : "register";
  return { at, monotonicMs, energies: [{ part: "pzem", sensor: "pzem", energy, ...said }] };
}

/** One reading a minute from minute `from` to minute `to`, one Wh each. */
function run(sampler: Sampler, from: number, to: number, shift = 0): void {
  for (let minute = from; minute <= to; minute++) {
    sampler.add(sample(T0 + minute * MINUTE, { register: 5000 + minute + shift }));
  }
}

const letters = (sampler: Sampler) =>
  sampler.take().slots.map(({ start: at, wh, quality }) => [(at - DAY.from) / 900, wh, quality]);

test("full slots are metered; a reading on the boundary ends the slot before it", () => {
  const sampler = start();
  run(sampler, 0, 31);
  assert.deepEqual(letters(sampler), [
    [0, 15, "M"],
    [1, 15, "M"],
  ]);
  assert.equal(sampler.register, 31);
});

test("a meter that starts within a slot has a partial first slot", () => {
  const sampler = start();
  run(sampler, 7, 16);
  assert.deepEqual(letters(sampler), [[0, 8, "m"]]);
});

test("one missed reading is a gap, and the counter's energy is kept", () => {
  const sampler = start();
  run(sampler, 0, 5);
  run(sampler, 8, 16);
  assert.deepEqual(letters(sampler), [[0, 15, "m"]]);
});

test("an outage over slots: partial, gaps, then the counter's delta as recovered", () => {
  const sampler = start();
  run(sampler, 0, 20);
  sampler.advance(T0 + 50 * MINUTE);
  run(sampler, 67, 76);
  assert.deepEqual(letters(sampler), [
    [0, 15, "M"],
    [1, 5, "m"],
    [4, 55, "R"],
  ]);
  assert.equal(sampler.register, 76);
});

test("a power source has nothing for a gap", () => {
  const sampler = start();
  for (const minute of [0, 1, 2, 40, 41, 46]) {
    sampler.add(sample(T0 + minute * MINUTE, { power: 6_000_000 }));
  }
  assert.deepEqual(letters(sampler), [
    [0, 200, "i"],
    [2, 100, "i"],
  ]);
});

test("an integrated slot is whole when nothing was missed", () => {
  const sampler = start();
  for (let minute = 0; minute <= 16; minute++) {
    sampler.add(sample(T0 + minute * MINUTE, { power: 1_000_000 }));
  }
  assert.deepEqual(letters(sampler), [[0, 250, "I"]]);
});

test("climate goes on while the energy sensor fails; the slot is a gap with no energy", () => {
  const sampler = start();
  for (let minute = 0; minute <= 16; minute++) {
    const at = T0 + minute * MINUTE;
    sampler.add({ at, monotonicMs: at, energies: [], temperature: 20_000 });
  }
  const [slot] = sampler.take().slots;
  assert.equal(slot?.quality, "G");
  assert.equal(slot?.wh, 0);
  assert.deepEqual(slot?.statistics.temperature, [[16, 320_000, 20_000, 20_000]]);
});

test("a slot in which nothing was read leaves no row", () => {
  const sampler = start();
  sampler.advance(T0);
  sampler.advance(T0 + 60 * MINUTE);
  assert.deepEqual(letters(sampler), []);
  assert.equal(sampler.finishedTo, DAY.from + 3 * 900);
});

test("a restart within a slot keeps what was committed and stays partial", () => {
  const before = start();
  run(before, 0, 5);
  const sampler = start(before.state);
  run(sampler, 9, 16);
  assert.deepEqual(letters(sampler), [[0, 15, "m"]]);
});

test("a restart whose state is old counts each Wh once", () => {
  const before = start();
  run(before, 0, 5);
  const saved = before.state;
  run(before, 6, 12);
  const sampler = start(saved);
  run(sampler, 13, 16);
  assert.deepEqual(letters(sampler), [[0, 15, "m"]]);
});

test("a clock that steps back changes no finished slot; energy goes on into the open one", () => {
  const sampler = start();
  run(sampler, 0, 20);
  sampler.take();
  for (let i = 1; i <= 30; i++) {
    const monotonicMs = T0 + (20 + i) * MINUTE;
    sampler.add(sample(monotonicMs - 60 * MINUTE, { monotonicMs, register: 5020 + i }));
  }
  const { slots, events } = sampler.take();
  assert.deepEqual(slots, []);
  assert.deepEqual(
    events.map(({ code, note }) => [code, note]),
    [["clock-step", "-3600000 ms"]],
  );
  assert.equal(sampler.register, 50);
});

test("a clock that steps forward leaves gaps, and the reading after it is not recovered", () => {
  const sampler = start();
  run(sampler, 0, 20);
  for (let i = 1; i <= 20; i++) {
    const monotonicMs = T0 + (20 + i) * MINUTE;
    sampler.add(sample(monotonicMs + 60 * MINUTE, { monotonicMs, register: 5020 + i }));
  }
  assert.deepEqual(letters(sampler), [
    [0, 15, "M"],
    [1, 5, "m"],
    [5, 10, "m"],
  ]);
});

test("after a restart with a clock behind the last reading, the counter waits until it is set", () => {
  const before = start();
  run(before, 0, 20);
  const sampler = start(before.state);
  run(sampler, 2, 10, 300);
  assert.equal(sampler.register, 20);
  run(sampler, 21, 31, 300);
  assert.deepEqual(letters(sampler).at(-1), [1, 315, "m"]);
  assert.equal(sampler.register, 331);
});

test("rows fill their slot; a missing or partly recorded one leaves it partial", () => {
  const sampler = start();
  const row = (from: number, wh: number, partial = false) =>
    sampler.addRow({
      from: DAY.from + from * 300,
      to: DAY.from + (from + 1) * 300,
      wh,
      partial,
      measured: "M",
    });
  for (const i of [0, 1, 2, 3, 5]) row(i, 10);
  for (const i of [6, 7, 8]) row(i, 10, i === 7);
  row(12, 10);
  row(3, 99);
  assert.deepEqual(letters(sampler), [
    [0, 30, "M"],
    [1, 20, "m"],
    [2, 30, "m"],
  ]);
  assert.equal(sampler.register, 90);
});

test("whatever happens, slots and the open one add up to the register, which never goes back", () => {
  const step = fc.record({
    minutes: fc.integer({ min: 1, max: 200 }),
    wall: fc.oneof(fc.constant(0), fc.integer({ min: -180, max: 180 })),
    counter: fc.oneof(
      fc.record({ kind: fc.constant("count"), wh: fc.integer({ min: 0, max: 3000 }) }),
      fc.record({ kind: fc.constant("reset"), wh: fc.integer({ min: 0, max: 50 }) }),
      fc.record({ kind: fc.constant("swap"), wh: fc.integer({ min: 0, max: 9_999_999 }) }),
      fc.record({ kind: fc.constant("fail"), wh: fc.constant(0) }),
    ),
    restart: fc.boolean(),
    committed: fc.boolean(),
  });
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 60 }), (steps) => {
      let sampler = start();
      let saved = sampler.state;
      let sum = 0;
      let mono = 0;
      let wall = T0;
      let register = 9_999_000;
      let part = 0;
      let last = 0;
      for (const { minutes, wall: jump, counter, restart, committed } of steps) {
        mono += minutes * MINUTE;
        wall += (minutes + jump) * MINUTE;
        if (counter.kind === "count") register = (register + counter.wh) % 10_000_000;
        else if (counter.kind === "reset") register = counter.wh;
        else if (counter.kind === "swap") [register, part] = [counter.wh, part + 1];
        if (counter.kind === "fail") sampler.advance(wall);
        else {
          const sensor = `pzem ${part}`;
          const registerSpan = 10_000_000;
          sampler.add(sample(wall, { monotonicMs: mono, register, registerSpan, sensor }));
        }
        assert.ok(sampler.register >= last);
        if (committed) {
          for (const { wh, quality } of sampler.take().slots) {
            assert.ok(wh >= 0 && (quality !== "G" || wh === 0));
            sum += wh;
          }
          saved = sampler.state;
          assert.equal(sum, saved.register);
        }
        if (restart) sampler = start(saved);
        last = sampler.register;
        assert.equal(last, sampler.state.register + (sampler.state.open?.wh ?? 0));
      }
    }),
    { seed: 3, numRuns: 400 },
  );
});
