/** Clocks that lie: 1970, weeks behind, an hour, a day or years ahead; every slot still holds what was true then. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { ClockBench } from "../../support/clock-bench.ts";
import { instant } from "../../support/meter-bench.ts";

const HOUR = 3_600_000;
const DAY = 86_400_000;
const START = instant("2024-01-10T06:00:00+01:00") * 1000;
/** To 1970, or thereabouts. */
const toEpoch = (bench: ClockBench): number => 20_000 - bench.nowMs;

test("a meter that wakes up in 1970 measures; when the clock is known, every slot gets its time", async () => {
  const bench = new ClockBench(START);
  bench.errorMs = toEpoch(bench);
  await bench.run(2.5 * HOUR);
  assert.equal(bench.isKnown, false);
  assert.deepEqual([bench.slots().size, bench.notices().length], [0, 0]);
  assert.deepEqual(bench.alarms, ["clock"], "nobody vouches for the clock for ten minutes");
  bench.synchronise();
  await bench.run(2 * HOUR);
  // A boundary may cut a loose slot.
  bench.assertTrue(START + 900_000, bench.nowMs - 900_000, 1);
  const [retime, ...more] = bench.notices();
  assert.deepEqual([retime?.code, more.length], ["retime", 0]);
  assert.match(retime?.before ?? "", /^boot 1, 20\.0 s to 9020\.0 s after its start$/);
  assert.match(
    retime?.after ?? "",
    /^2024-01-10T05:00:00.000Z to 2024-01-10T07:30:00.000Z, \d+ Wh$/,
  );
  assert.equal(retime?.at, START / 1000 + 2.5 * 3600 + 10);
  const total = ClockBench.counter(bench.nowMs) - ClockBench.counter(START + 10_000);
  assert.equal(bench.register, total);
});

test("the same with the process killed again and again: only slots with a gap are partial, energy is whole", async () => {
  const bench = new ClockBench(START);
  bench.errorMs = toEpoch(bench);
  for (const minutes of [7, 31, 2, 64, 1]) {
    await bench.run(minutes * 60_000);
    bench.kill();
  }
  await bench.run(HOUR);
  assert.equal(bench.slots().size, 0);
  bench.synchronise();
  await bench.run(HOUR);
  const total = ClockBench.counter(bench.nowMs) - ClockBench.counter(START + 10_000);
  assert.equal(bench.register, total);
  assert.equal(bench.notices().filter(({ code }) => code === "retime").length, 1);
  // What was lost with a process is at most what was not saved: five minutes, made up for in the next slot.
  bench.assertTrue(START + 105 * 60_000 + 900_000, bench.nowMs - 900_000, 1);
  bench.kill();
  await bench.run(HOUR);
  assert.equal(bench.notices().filter(({ code }) => code === "retime").length, 1);
  assert.equal(
    bench.register,
    ClockBench.counter(bench.nowMs) - ClockBench.counter(START + 10_000),
  );
});

test("a power cut before the clock was ever known: the time is lost, the energy is recovered", async () => {
  const bench = new ClockBench(START);
  bench.errorMs = toEpoch(bench);
  await bench.run(HOUR);
  bench.boot(HOUR, -14 * DAY);
  await bench.run(20 * 60_000);
  bench.synchronise();
  await bench.run(HOUR);
  const slots = [...bench.slots().values()];
  assert.equal(slots[0]?.quality, "R");
  assert.equal(
    bench.register,
    ClockBench.counter(bench.nowMs) - ClockBench.counter(START + 10_000),
  );
  assert.match(bench.notices()[0]?.after ?? "", /Wh of earlier boots recovered$/);
});

for (const [name, errorMs] of [
  ["an hour ahead", HOUR],
  ["an hour behind", -HOUR],
  ["a day ahead", DAY],
  ["a day behind", -DAY],
  ["ten years ahead", 3650 * DAY],
  ["in 1970", -START],
] as const) {
  test(`a clock that jumps: ${name}, with nobody to vouch for it, moves no reading`, async () => {
    const bench = new ClockBench(START);
    bench.synchronise();
    await bench.run(2 * HOUR);
    bench.errorMs = errorMs;
    await bench.run(3 * HOUR);
    bench.kill();
    await bench.run(30 * 60_000);
    bench.errorMs = 0;
    await bench.run(HOUR);
    // But for the two slots that the kill has cut.
    bench.assertTrue(START + 900_000, START + 5 * HOUR - 900_000);
    bench.assertTrue(START + 5 * HOUR + 900_000, bench.nowMs - 900_000);
    assert.equal(bench.bodies().length, 0, "no day may be closed by a clock that is not believed");
    const codes = new Set(bench.notices().map(({ code }) => code));
    assert.deepEqual([...codes], ["clock-refused"]);
    assert.deepEqual(bench.alarms[0], "clock");
  });

  test(`a machine that wakes up ${name} is not believed until a time service has answered`, async () => {
    const bench = new ClockBench(START);
    bench.synchronise();
    await bench.run(2 * HOUR);
    bench.boot(10 * 60_000, errorMs);
    const booted = bench.nowMs;
    await bench.run(2 * HOUR);
    assert.equal(bench.isKnown, false);
    bench.synchronise();
    await bench.run(HOUR);
    bench.assertTrue(START + 900_000, START + 2 * HOUR - 900_000);
    bench.assertTrue(booted + 900_000, bench.nowMs - 900_000, 1);
    const total = ClockBench.counter(bench.nowMs) - ClockBench.counter(START + 10_000);
    assert.equal(bench.register, total);
    assert.equal(bench.bodies().length, 0);
  });
}

test("a step that a time service made is believed: back an hour goes on in the open slot until the clock has caught up", async () => {
  const bench = new ClockBench(START);
  bench.synchronise(HOUR);
  await bench.run(2 * HOUR);
  bench.synchronise(0);
  await bench.run(3 * HOUR);
  const steps = bench.notices().filter(({ code }) => code === "clock-step");
  assert.equal(steps.length, 1);
  assert.match(steps[0]?.before ?? "", /^2024-01-10T08:00/);
  assert.match(steps[0]?.after ?? "", /^2024-01-10T07:00/);
  // True time has passed what had been measured too early.
  bench.assertTrue(START + 3 * HOUR + 900_000, bench.nowMs - 900_000);
  const total = ClockBench.counter(bench.nowMs) - ClockBench.counter(START + 10_000);
  assert.equal(bench.register, total);
});

for (const [change, day, slots] of [
  ["spring", "2024-03-31", 92],
  ["autumn", "2024-10-27", 100],
] as const) {
  test(`the day of the ${change} clock change, half of it without a clock`, async () => {
    const begin = instant(`${day}T00:00:00${change === "spring" ? "+01:00" : "+02:00"}`) * 1000;
    const bench = new ClockBench(begin - HOUR);
    bench.synchronise();
    await bench.run(HOUR + 30 * 60_000);
    bench.boot(60_000, -14 * DAY);
    const booted = bench.nowMs;
    await bench.run(8 * HOUR);
    bench.synchronise();
    await bench.run(19 * HOUR);
    const body = bench.bodies().find((one) => one.day === day);
    assert.deepEqual([body?.wh.length, body?.from], [slots, begin / 1000]);
    bench.assertTrue(begin, begin + 15 * 60_000);
    bench.assertTrue(booted + 900_000, bench.nowMs - 900_000, 1);
    // From the first instant the clock of one boot, then that of the next.
    assert.deepEqual(body?.clock, [
      [0, 1, "ntp", 0],
      [2, 2, "ntp", 0],
    ]);
  });
}

test("a machine where nothing can vouch for the clock is believed while it is plausible, not in 2040", async () => {
  const bench = new ClockBench(START);
  bench.sync = "unchecked";
  await bench.run(HOUR);
  assert.equal(bench.isKnown, true);
  bench.boot(HOUR, 5840 * DAY);
  bench.sync = "unchecked";
  await bench.run(HOUR);
  assert.equal(bench.isKnown, false);
  bench.boot(HOUR, 0);
  bench.sync = "unchecked";
  await bench.run(HOUR);
  assert.equal(bench.isKnown, true);
  assert.equal(bench.bodies().length, 0);
  assert.equal(
    bench.register,
    ClockBench.counter(bench.nowMs) - ClockBench.counter(START + 10_000),
  );
});
