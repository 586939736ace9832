import assert from "node:assert/strict";
import { test } from "node:test";
import { createEventLog } from "../../../gateway/app/event-log.ts";
import { ManualClock } from "../../../shared/base/clock.ts";

test("JSON: one object a line, sums once a flush", () => {
  const lines: string[] = [];
  const log = createEventLog("json", new ManualClock(0), (line) => lines.push(line));
  log.write({ event: "block", height: 1 });
  log.count("refused", { code: "seq" }, 2);
  log.count("refused", { code: "ct" }, 1);
  log.count("refused", { code: "seq" }, 3);
  assert.equal(lines.length, 1);
  log.flush();
  log.flush();
  assert.deepEqual(
    lines.map((line) => JSON.parse(line)),
    [
      { event: "block", height: 1 },
      { event: "refused", code: "seq", count: 5 },
      { event: "refused", code: "ct", count: 1 },
    ],
  );
});

test("text: civil time, name, fields", () => {
  const lines: string[] = [];
  const log = createEventLog("text", new ManualClock(1_704_067_200_000), (line) =>
    lines.push(line),
  );
  log.write({ event: "block", height: 1, hash: "abc" });
  assert.deepEqual(lines, ["2024-01-01T00:00:00 block      height=1 hash=abc"]);
});
