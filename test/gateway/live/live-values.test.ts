/** The newest live values: one a meter, with an age in real time, and none when it is too old. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { type LiveValue, LiveValues } from "../../../gateway/live/live-values.ts";
import { ManualClock } from "../../../shared/base/clock.ts";
import { LIVE_AT, LIVE_METER, LIVE_READING } from "../../support/live-meter.ts";

function makeValues(rate: number) {
  const clock = new ManualClock(LIVE_AT * 1000);
  const told: LiveValue[] = [];
  const values = new LiveValues({
    ...{ clock, rate, windowMs: 300_000 },
    onValue: (value) => told.push(value),
  });
  return { clock, values, told };
}

test("a value has its age, and disappears when it is too old", () => {
  const { clock, values, told } = makeValues(1);
  assert.equal(values.newest(LIVE_METER), undefined);
  values.take(LIVE_METER, LIVE_READING);
  assert.deepEqual(values.newest(LIVE_METER), {
    meter: LIVE_METER,
    atSeconds: LIVE_AT,
    ageMs: 0,
    powerMilliWatt: 412_300,
    voltageMilliVolt: [231_400],
    currentMilliAmp: [1_780],
    temperatureMilliCelsius: 21_400,
    humidityCentiPercent: 4_400,
    registerWh: 123_456,
  });
  assert.equal(told.length, 1);
  clock.advance(300_000);
  assert.equal(values.newest(LIVE_METER)?.ageMs, 300_000);
  clock.advance(1);
  assert.equal(values.newest(LIVE_METER), undefined);
});

test("what a meter does not measure is not there; a clock that is ahead makes no negative age", () => {
  const { values } = makeValues(1);
  values.take(LIVE_METER, { at: LIVE_AT + 30 });
  const newest = { meter: LIVE_METER, atSeconds: LIVE_AT + 30, ageMs: 0 };
  assert.deepEqual(values.newest(LIVE_METER), newest);
});

test("a simulated hour is not an hour of age", () => {
  const { clock, values } = makeValues(3600);
  values.take(LIVE_METER, LIVE_READING);
  clock.advance(3_600_000);
  assert.equal(values.newest(LIVE_METER)?.ageMs, 1000);
});
