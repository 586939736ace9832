/** What is recorded is in the journal at once, is bounded a day and code, and hides nothing of another code. */
import assert from "node:assert/strict";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { EventRecorder } from "../../../device/event/event-recorder.ts";
import { Journal } from "../../../device/journal/journal.ts";
import { makeTestFolder } from "../../support/process.ts";

const HOUR_MS = 3_600_000;

function start(t: TestContext) {
  const journal = new Journal(path.join(makeTestFolder(), "meter.db"));
  t.after(() => journal.close());
  const time = { boot: 1, monotonicMs: 0, at: 1_704_063_600 };
  const { record } = new EventRecorder({ journal, now: () => ({ ...time }), onRecorded: () => {} });
  const rows = () =>
    journal.all<{ code: string; before: string | null }>(
      "SELECT code, before FROM notice ORDER BY id",
    );
  return { time, record, rows };
}

test("texts are cleaned and cut, and there when the call returns", (t) => {
  const { record, rows } = start(t);
  record("tamper", "a\nb\u0000", "");
  record("calibration", "x".repeat(300));
  assert.deepEqual(rows(), [
    { code: "tamper", before: "a b " },
    { code: "calibration", before: "x".repeat(200) },
  ]);
});

test("a part that goes mad is cut off once a day, and the case is heard all the same", (t) => {
  const { time, record, rows } = start(t);
  for (let i = 0; i < 100; i++) record("sensor-restart");
  assert.equal(rows().length, 25);
  assert.deepEqual(rows().at(-1), { code: "overflow", before: "sensor-restart" });
  record("tamper", "closed");
  assert.deepEqual(rows().at(-1), { code: "tamper", before: "closed" });
  record("sensor-restart");
  assert.equal(rows().length, 26);
  time.monotonicMs += 25 * HOUR_MS;
  record("sensor-restart");
  assert.deepEqual(rows().at(-1), { code: "sensor-restart", before: null });
});
