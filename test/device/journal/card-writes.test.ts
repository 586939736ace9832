/** What a day at default settings writes to the card: 86,400 readings, five-minute savings, slots, close and seal. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { test } from "node:test";
import { ClockBench } from "../../support/clock-bench.ts";
import { instant } from "../../support/meter-bench.ts";

const MOST_BYTES = 20_000_000;

/** Bytes that this process has handed to write calls; what SQLite shares in memory is not among them. */
function written(): number {
  return Number(/^wchar: (\d+)$/m.exec(readFileSync("/proc/self/io", "utf8"))?.[1]);
}

test("a day at default settings writes less than 20 MB", async (t) => {
  const bench = new ClockBench(instant("2024-01-10T00:00:00+01:00") * 1000, "Europe/Berlin", 1000);
  bench.synchronise();
  bench.enrol();
  await bench.run(3_600_000);
  const before = written();
  await bench.run(86_400_000);
  const bytes = written() - before;
  t.diagnostic(`${(bytes / 1e6).toFixed(1)} MB a day`);
  assert.equal(bench.bodies().length + bench.sealed, 1);
  assert.ok(bytes > 1_000_000, "it is counted");
  assert.ok(bytes < MOST_BYTES, `${bytes} bytes`);
});
