/** A year without a connection: it fits on the card, and comes in order and at a bounded rate when there is one again. */
import assert from "node:assert/strict";
import { statSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { startMosquitto } from "../../support/mosquitto.ts";
import { makeTestFolder } from "../../support/process.ts";
import { requireSystemPart } from "../../support/system-part.ts";
import { UplinkBench } from "../../support/uplink-bench.ts";
import { waitFor } from "../../support/wait.ts";

const DAYS = 366;
/** Far below what broker and gateway could take, so that it is the meter that holds back. */
const PER_MINUTE = 3000;
const AT_ONCE = 16;
const MOST_BYTES = 8_000_000;

test("a leap year of days, sealed while nobody answered", async (t) => {
  if (!requireSystemPart(t, "mosquitto")) return;
  const mosquitto = await startMosquitto(t, makeTestFolder());
  const broker = { url: mosquitto.url, gateway: {} };
  const bench = await UplinkBench.start(
    t,
    broker,
    { perMinute: PER_MINUTE, unanswered: AT_ONCE },
    900,
  );
  const { gateway, meter } = bench;
  await bench.admit();
  bench.uplink.start();
  await waitFor("an enrolment", () => bench.count("enrolled") === 1);
  await bench.uplink.stop();
  bench.measure(DAYS);
  bench.sealAll();
  assert.equal(bench.waiting.length, DAYS);
  meter.check();
  meter.journal.get("PRAGMA wal_checkpoint(TRUNCATE)");
  const { size } = statSync(path.join(meter.folder, "meter.db"));
  t.diagnostic(`${(size / 1e6).toFixed(1)} MB on the card`);
  assert.ok(size < MOST_BYTES, `${size} bytes`);
  const begun = performance.now();
  const arrived: number[] = [];
  gateway.script = {
    verdict: (record) => {
      arrived[record.seq] ??= performance.now() - begun;
      return undefined;
    },
  };
  await bench.restart();
  // The gateway mines now and then, as a real one does.
  for (let round = 0; bench.waiting.length > 0 && round < 600; round++) {
    await sleep(100);
    await gateway.mine();
  }
  const first = gateway.received
    .map(({ seq }) => seq)
    .filter((seq, i, all) => all.indexOf(seq) === i);
  assert.deepEqual(
    first,
    Array.from({ length: DAYS }, (_, i) => i + 1),
    "in order",
  );
  for (let seq = 1; seq <= DAYS; seq++) {
    const most = AT_ONCE + ((arrived[seq] ?? 0) * PER_MINUTE) / 60_000;
    assert.ok(seq <= most + 1, `record ${seq} came after ${arrived[seq]} ms`);
  }
  assert.equal(bench.receipts.length, DAYS);
  assert.deepEqual(
    gateway.logged,
    Array.from({ length: DAYS }, (_, i) => i + 1),
  );
});
