/** Day close: whole days of every length, first days, outages, a changed step; once each, in order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { createCalendar } from "../../../device/day-close/calendar.ts";
import { BOOT_EVENT } from "../../../device/day-close/day-body.ts";
import { instant, MeterBench } from "../../support/meter-bench.ts";

const HOUR = 3600;

/** One row an hour of 100 Wh from `from` to `to`. */
function rows(bench: MeterBench, from: number, to: number): void {
  for (let at = from; at < to; at += HOUR) bench.addRow({ from: at, to: at + HOUR, wh: 100 });
}

function closeDay(zone: string, date: string, from: string, to: string, step = 3600) {
  const bench = new MeterBench({ zone, step });
  const [start, end] = [instant(from), instant(to)];
  if (step === 3600) rows(bench, start, end);
  else for (let at = start; at < end; at += 1800) bench.addRow({ from: at, to: at + 1800, wh: 50 });
  bench.sampler.advance(end * 1000, 0);
  const closed = bench.close();
  assert.deepEqual(
    closed.map((day) => [day.date, day.from, day.to]),
    [[date, start, end]],
  );
  bench.check();
  return bench.days()[0];
}

test("a day of 24, 23 and 25 hours in Berlin has one slot an hour", () => {
  const zone = "Europe/Berlin";
  const usual = closeDay(zone, "2024-01-10", "2024-01-10T00:00+01:00", "2024-01-11T00:00+01:00");
  assert.equal(usual?.wh.length, 24);
  const spring = closeDay(zone, "2024-03-31", "2024-03-31T00:00+01:00", "2024-04-01T00:00+02:00");
  assert.equal(spring?.quality, "M".repeat(23));
  const autumn = closeDay(zone, "2024-10-27", "2024-10-27T00:00+02:00", "2024-10-28T00:00+01:00");
  assert.deepEqual(autumn?.register, [0, 2500]);
});

test("a day of 24.5 hours on Lord Howe keeps half-hour slots", () => {
  const zone = "Australia/Lord_Howe";
  const autumn = closeDay(
    zone,
    "2024-04-07",
    "2024-04-07T00:00+11:00",
    "2024-04-08T00:00+10:30",
    1800,
  );
  assert.equal(autumn?.wh.length, 49);
});

test("where hours do not divide the day, that day has the next smaller step", () => {
  const kathmandu = createCalendar("Asia/Kathmandu", 3600)(instant("2024-01-10T12:00Z"));
  assert.equal(kathmandu.step, 900);
  assert.equal(createCalendar("Europe/Berlin", 3600)(instant("2024-01-10T12:00Z")).step, 3600);
});

test("no slot is shorter than a recorded row: where hours do not divide the day, it is one slot", () => {
  const at = instant("2024-01-10T12:00Z");
  const stepIn = (zone: string, row: number) => createCalendar(zone, 3600, undefined, row)(at).step;
  assert.equal(stepIn("Asia/Kolkata", 3600), 0);
  assert.equal(stepIn("Asia/Kolkata", 1800), 1800);
  assert.equal(stepIn("Asia/Kolkata", 600), 1800);
  assert.equal(stepIn("Asia/Kathmandu", 600), 0);
  assert.equal(stepIn("Europe/Berlin", 3600), 3600);
});

test("starts with a clock that is behind stand in the order in which they were", () => {
  const bench = new MeterBench({ step: 3600 });
  const start = instant("2024-01-10T00:00+01:00");
  rows(bench, start, start + 24 * HOUR);
  for (const [boot, at] of [
    [2, start + 10 * HOUR],
    [3, start + 8 * HOUR],
    [4, 60],
    [5, start + 12 * HOUR],
  ] as const) {
    bench.sampler.note(at * 1000, BOOT_EVENT, `${boot} unchecked`);
  }
  bench.sampler.advance((start + 24 * HOUR) * 1000, 0);
  bench.close();
  assert.deepEqual(bench.days()[0]?.clock, [
    [0, 1, "test", 0],
    [10, 2, "unchecked", 0],
    [10, 3, "unchecked", 0],
    [10, 4, "unchecked", 0],
    [12, 5, "unchecked", 0],
  ]);
  bench.check();
});

test("Apia has no 2011-12-30: the day after the 29th is the 31st", () => {
  const bench = new MeterBench({ zone: "Pacific/Apia", step: 3600 });
  const start = instant("2011-12-29T00:00-10:00");
  rows(bench, start, start + 48 * HOUR);
  bench.sampler.advance((start + 48 * HOUR) * 1000, 0);
  assert.deepEqual(
    bench.close().map(({ date }) => date),
    ["2011-12-29", "2011-12-31"],
  );
  bench.check();
});

test("the first day begins with the slot in which the meter started", () => {
  const bench = new MeterBench();
  const start = instant("2024-01-10T14:07+01:00");
  const midnight = instant("2024-01-11T00:00+01:00");
  for (let at = start; at <= midnight; at += 60) {
    bench.add({ at: at * 1000, register: 1000 + (at - start) / 60 });
  }
  bench.sampler.advance(midnight * 1000 + 5000);
  assert.equal(bench.close().length, 1);
  const [day] = bench.days();
  assert.equal(day?.from, instant("2024-01-10T14:00+01:00"));
  assert.equal(day?.wh.length, 40);
  bench.check();
});

test("a week's outage becomes days of gaps, and the counter's delta the slot after them", () => {
  const bench = new MeterBench({ maxGapMs: 90_000 });
  const start = instant("2024-01-10T00:00+01:00");
  const read = (at: number, register: number) => bench.add({ at: at * 1000, register });
  for (let minute = 0; minute <= 600; minute++) read(start + minute * 60, minute);
  bench.commit();
  bench.reload();
  const back = start + 7 * 86_400 + 6 * HOUR + 60;
  for (let minute = 0; minute <= 30; minute++) read(back + minute * 60, 20_000 + minute);
  bench.sampler.advance((start + 8 * 86_400) * 1000 + 90_000);
  const closed = bench.close();
  assert.equal(closed.length, 8);
  assert.deepEqual(
    closed.map(({ wh }) => wh),
    [600, 0, 0, 0, 0, 0, 0, 19_430],
  );
  bench.check();
  const days = bench.days();
  assert.equal(days[0]?.quality, `${"M".repeat(40)}${"G".repeat(56)}`);
  assert.equal(days[3]?.quality, "G".repeat(96));
  assert.deepEqual(days[3]?.register, [600, 600]);
  assert.equal(days[7]?.quality, `${"G".repeat(24)}RMm${"G".repeat(69)}`);
  assert.deepEqual(days[7]?.clock, [[0, 1, "test", 0]]);
});

test("closing again closes nothing, and a restart in between neither", () => {
  const bench = new MeterBench({ step: 3600 });
  const start = instant("2024-01-10T00:00+01:00");
  rows(bench, start, start + 30 * HOUR);
  assert.equal(bench.close().length, 1);
  assert.equal(bench.close().length, 0);
  bench.reload();
  assert.equal(bench.close().length, 0);
  assert.equal(bench.days().length, 1);
});

test("a day keeps the step that it was begun with; the next one has the new", () => {
  const bench = new MeterBench({ step: 3600 });
  const start = instant("2024-01-10T00:00+01:00");
  rows(bench, start, start + 10 * HOUR);
  bench.commit();
  bench.reload({ step: 1800 });
  rows(bench, start + 10 * HOUR, start + 24 * HOUR);
  for (let at = start + 24 * HOUR; at < start + 48 * HOUR; at += 1800) {
    bench.addRow({ from: at, to: at + 1800, wh: 1 });
  }
  bench.sampler.advance((start + 48 * HOUR) * 1000, 0);
  bench.close();
  assert.deepEqual(
    bench.days().map(({ step, wh }) => [step, wh.length]),
    [
      [3600, 24],
      [1800, 48],
    ],
  );
  bench.check();
});

test("whole-day rows make one day each, with one slot", () => {
  const bench = new MeterBench({ step: 0 });
  const start = instant("2024-03-30T00:00+01:00");
  const bounds = [
    start,
    start + 86_400,
    start + 86_400 + 23 * HOUR,
    start + 2 * 86_400 + 23 * HOUR,
  ];
  for (const i of [0, 1, 2]) {
    const [from, to] = [bounds[i] ?? 0, bounds[i + 1] ?? 0];
    bench.addRow({ from, to, wh: 10_470 + i, voltage: [194_900], humidity: 2852 });
  }
  bench.sampler.advance((bounds[3] ?? 0) * 1000, 0);
  bench.close();
  const days = bench.days();
  assert.deepEqual(
    days.map(({ day, wh, quality }) => [day, wh, quality]),
    [
      ["2024-03-30", [10_470], "M"],
      ["2024-03-31", [10_471], "M"],
      ["2024-04-01", [10_472], "M"],
    ],
  );
  assert.deepEqual(days[0]?.voltage, [[194_900, 194_900, 194_900]]);
  bench.check();
});

test("a hundred events of a day are cut to a number that fits into line 2", () => {
  const bench = new MeterBench({ step: 3600 });
  const start = instant("2024-01-10T00:00+01:00");
  for (let i = 0; i < 100; i++)
    bench.sampler.note((start + i) * 1000, "clock-step", "x".repeat(200));
  rows(bench, start, start + 24 * HOUR);
  bench.sampler.advance((start + 24 * HOUR) * 1000, 0);
  bench.close();
  assert.equal(bench.days()[0]?.events.length, 48);
  bench.check();
});

test("exported energy has a register of its own from the day on in which a part counts it", () => {
  const bench = new MeterBench({ zone: "Etc/UTC", maxGapMs: 60_000 });
  const start = instant("2024-01-01T00:00Z");
  for (let minute = 0; minute <= 3 * 1440 + 2; minute++) {
    const exported = minute < 1440 + 600 ? {} : { exported: 7_000 + minute };
    bench.add({ at: (start + 60 * minute) * 1000, register: 5 + minute, ...exported });
  }
  bench.sampler.advance((start + 3 * 86_400 + 600) * 1000);
  assert.equal(bench.close().length, 3);
  bench.check();
  const outs = bench.days().map(({ out }) => out);
  assert.equal(outs[0], undefined);
  assert.deepEqual(outs[1]?.register, [0, 840]);
  assert.deepEqual(outs[1]?.wh.slice(39, 42), [0, 15, 15]);
  assert.deepEqual(outs[2]?.register, [840, 840 + 1440]);
});
