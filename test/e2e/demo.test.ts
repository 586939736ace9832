// `npm start` from a built tree: the first block within 30 s, a clean end, and a second start that goes on.
import assert from "node:assert/strict";
import { rmSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { fileURLToPath } from "node:url";

import { findFreePort } from "../../deploy/demo/port.ts";
import { dumpChain, readRecords, verify } from "../support/e2e-house.ts";
import { makeTestFolder, startScript, type TrackedChild, waitFor } from "../support/process.ts";

const DEMO = fileURLToPath(new URL("../../deploy/demo.js", import.meta.url));

async function startDemo(t: TestContext, folder: string, ...more: string[]): Promise<TrackedChild> {
  const ports = [
    ...["--portal-port", String(await findFreePort(0))],
    ...["--broker-port", String(await findFreePort(0))],
  ];
  return startScript(t, DEMO, ["--data", folder, ...ports, ...more]);
}

const heightsOf = (demo: TrackedChild): number[] =>
  demo.text.flatMap((line) => {
    const height = /\bblock\s+#(\d+)/.exec(line)?.[1];
    return height === undefined ? [] : [Number(height)];
  });

test("the demo mines, stops cleanly and goes on", { timeout: 120_000 }, async (t) => {
  const folder = path.join(makeTestFolder(), "demo");
  const first = await startDemo(t, folder);
  const said = () => first.text.join("\n");
  await waitFor("the first block", 30_000, () => heightsOf(first).some((n) => n > 0), said);
  await waitFor("a sealed day", 30_000, () => first.text.some((s) => /\bsealed\b/.test(s)), said);
  assert.match(said(), /Portal +http:\/\/127\.0\.0\.1:\d+\//);
  assert.match(said(), /mosquitto_sub -h 127\.0\.0\.1 -p \d+ -v -t 'wattproof\/[0-9a-f]{8}\/#'/);
  assert.ok(!said().includes("\u001b["), "colour where no terminal is");
  assert.deepEqual(await first.stop(20_000), { code: 0, signal: null });
  const gatewayData = path.join(folder, "gateway");
  await verify("--data", gatewayData);
  const before = readRecords(await dumpChain(gatewayData)).map(({ leaf }) => leaf);
  const reached = Math.max(...heightsOf(first));

  const second = await startDemo(t, folder, "--days", "2");
  assert.deepEqual(await second.exited, { code: 0, signal: null }, second.text.join("\n"));
  assert.ok(second.text.some((line) => line.includes("goes on where it stopped")));
  assert.ok(heightsOf(second).every((height) => height > reached - 1));
  const after = readRecords(await dumpChain(gatewayData)).map(({ leaf }) => leaf);
  assert.deepEqual(after.slice(0, before.length), before);
  assert.ok(after.length > before.length, "the second start added nothing");
  assert.equal(new Set(after).size, after.length);
  await verify("--data", gatewayData);
});

test("told to stop while it enrols, it does at once, and goes on there", {
  timeout: 120_000,
}, async (t) => {
  const folder = path.join(makeTestFolder(), "demo");
  const first = await startDemo(t, folder);
  const said = () => first.text.join("\n");
  const enrolling = () => first.text.filter((line) => line.startsWith("Enrolling")).length;
  await waitFor("the second enrolment", 30_000, () => enrolling() >= 2, said);
  const toldMs = performance.now();
  assert.deepEqual(await first.stop(20_000), { code: 0, signal: null }, said());
  assert.ok(performance.now() - toldMs < 8000, `it took ${performance.now() - toldMs} ms`);
  assert.ok(enrolling() < 6, said());
  assert.ok(!said().includes("Portal"), said());
  // As if the first one had been cut off just after its request was logged.
  rmSync(path.join(folder, "meter-352100017", "enrolled"));

  const second = await startDemo(t, folder, "--days", "2");
  assert.deepEqual(await second.exited, { code: 0, signal: null }, second.text.join("\n"));
  await verify("--data", path.join(folder, "gateway"));
});
