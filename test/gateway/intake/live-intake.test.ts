/** Live messages on the main thread: bounds before any cryptography, and one count for each message. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { LiveIntake, type LiveIntakeOptions } from "../../../gateway/intake/live-intake.ts";
import { MAX_LIVE } from "../../../shared/message/live.ts";
import { LIVE_METER, LIVE_READING } from "../../support/live-meter.ts";

function makeIntake(changes: Partial<LiveIntakeOptions> = {}) {
  const judged: string[] = [];
  const readings: string[] = [];
  let now = 0;
  const intake = new LiveIntake({
    ...{ perMinute: 60, perSecond: 100, monotonicMs: () => now },
    knows: (meter) => meter === LIVE_METER,
    judge: (meter) => judged.push(meter) > 0,
    onReading: (meter) => readings.push(meter),
    ...changes,
  });
  const send = (n: number, meter = LIVE_METER, payload = new Uint8Array(10), retain = false) => {
    for (let i = 0; i < n; i++) intake.receive(meter, { payload, retain });
  };
  const counts = () => Object.fromEntries(intake.takeCounts().map((one) => [one.code, one.count]));
  return {
    ...{ intake, judged, readings, send, counts },
    wait: (ms: number) => {
      now += ms;
    },
  };
}

test("what no worker needs to see is refused and counted by its code", () => {
  const { send, counts, judged } = makeIntake();
  send(1, LIVE_METER, new Uint8Array(MAX_LIVE + 1));
  send(1, "352522396");
  send(1, LIVE_METER, new Uint8Array(10), true);
  assert.deepEqual(counts(), {
    "live-refused-size": 1,
    "live-refused-unknown-meter": 1,
    "live-refused-retained": 1,
  });
  assert.deepEqual(judged, []);
  assert.deepEqual(counts(), {}, "told once");
});

test("a meter that sends too much is refused, and only for as long as it does", () => {
  const { send, counts, judged, wait } = makeIntake();
  send(15);
  assert.equal(judged.length, 10);
  assert.deepEqual(counts(), { "live-refused-live-rate": 5 });
  wait(2_500);
  send(3);
  assert.equal(judged.length, 12);
});

test("all meters together are bounded too, and so are the workers", () => {
  const many = makeIntake({ perSecond: 20, knows: () => true });
  for (let i = 0; i < 30; i++) many.send(1, String(352_000_000 + i));
  assert.equal(many.judged.length, 20);
  const busy = makeIntake({ judge: () => false });
  busy.send(1);
  assert.deepEqual(busy.counts(), { "live-refused-live-rate": 1 });
});

test("a verdict is counted, and only a reading is handed on", () => {
  const { intake, counts, readings } = makeIntake();
  intake.judged(LIVE_METER, { refused: "signature" });
  intake.judged(LIVE_METER, { reading: LIVE_READING });
  assert.deepEqual(readings, [LIVE_METER]);
  assert.deepEqual(counts(), { "live-refused-signature": 1, "live-taken": 1 });
});
