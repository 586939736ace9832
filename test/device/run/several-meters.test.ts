/**
 * Three meters on one Pi: three SDM120 on one line, one process of ours, an independent Modbus server at the other
 * end. What happens when the process that reads the sensors, or its parent, is killed.
 */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import { type TestContext, test } from "node:test";
import { Journal } from "../../../device/journal/journal.ts";
import { loadSamplerState } from "../../../device/journal/sampler-store.ts";
import type { LiveStatus } from "../../../device/run/live-state.ts";
import { askStatus } from "../../../device/run/status-server.ts";
import { type MeterFolder, prepareMeterFolder } from "../../support/meter-folder.ts";
import { startCli, type TrackedChild } from "../../support/process.ts";
import { requireSystemPart } from "../../support/system-part.ts";
import { createTtyPair, startPymodbusSlaves } from "../../support/tty-pair.ts";
import { waitFor } from "../../support/wait.ts";

const METERS = ["352522395", "352522403", "352522411"];

/** An SDM120 that has counted so many kWh. */
const sdm = (kwh: number) => ({
  // All of the registers that are read at once, and the last one by itself.
  input: Object.fromEntries(Array.from({ length: 80 }, (_, i) => [i, 0])),
  floats: { 0: 230.5, 6: 1.25, 12: 288, 30: 1, 70: 50, 72: kwh, 74: 0.5, 342: kwh + 0.5 },
});

async function startThree(
  t: TestContext,
): Promise<{ child: TrackedChild; folders: MeterFolder[] }> {
  const pair = await createTtyPair(t);
  await startPymodbusSlaves(t, pair.far, { 1: sdm(100), 2: sdm(200), 3: sdm(300) });
  const folders = METERS.map((meter, i) =>
    prepareMeterFolder(meter, {
      interval_s: 1,
      save_every_s: 10,
      sources: [{ kind: "eastron-sdm", port: pair.near, baud: 9600, address: i + 1 }],
    }),
  );
  const data = folders.flatMap(({ folder }) => ["--data", folder]);
  const child = startCli(t, "device", ["run", ...data, "--log", "json"]);
  return { child, folders };
}

const registerOf = (status: LiveStatus | undefined): number | undefined =>
  status?.parts[0]?.reading?.register;

/** The child of `pid` that the kernel knows. */
function childOf(pid: number): number {
  const [child] = readFileSync(`/proc/${pid}/task/${pid}/children`, "utf8").trim().split(" ");
  return Number(child);
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

test("three meters share one line; the sensors' process is replaced, and dies with its parent", async (t) => {
  if (!requireSystemPart(t, "socat", "pymodbus")) return;
  const { child, folders } = await startThree(t);
  const ask = () => Promise.all(folders.map(({ socket }) => askStatus(socket)));
  await waitFor("a reading of each meter", async () =>
    (await ask()).every((status) => registerOf(status) !== undefined),
  );
  assert.deepEqual((await ask()).map(registerOf), [100_000, 200_000, 300_000]);
  const [status] = await ask();
  assert.ok(status !== undefined);
  const { pid } = status;
  assert.deepEqual(status.parts[0]?.reading?.voltage, [230_500]);
  assert.match(
    status.parts[0]?.raw ?? "",
    /^(?:[0-9a-f]{2}){5,}$/,
    "the reply that it was read from",
  );

  const sensors = childOf(pid);
  process.kill(sensors, "SIGKILL");
  const restarted = () => child.events.filter(({ event }) => event === "sensor-host");
  await waitFor("three meters to hear of it", () => restarted().length === 3);
  assert.deepEqual([...new Set(restarted().map(({ meter }) => meter))].sort(), METERS);
  await waitFor("readings after it", async () =>
    (await ask()).every((now) => now?.sensorRestarts === 1 && (now.parts[0]?.ageS ?? 99) <= 1),
  );

  const replaced = childOf(pid);
  assert.notEqual(replaced, sensors);
  process.kill(pid, "SIGKILL");
  await waitFor("the sensors' process to end with its parent", () => !isAlive(replaced));
  for (const { journal: file } of folders) {
    const journal = new Journal(file, { readOnly: true });
    const notices = journal.all<{ code: string }>("SELECT code FROM notice");
    assert.deepEqual(notices, [{ code: "sensor-restart" }]);
    assert.ok(loadSamplerState(journal) !== undefined);
    journal.close();
  }
});

test("of several meters, one that fails is started again and the others go on", async (t) => {
  const mock = { sources: [{ kind: "mock", seed: 1 }] };
  const [good, bad] = [
    prepareMeterFolder("352522395", mock),
    prepareMeterFolder("352522403", mock),
  ];
  // Somebody else's journal.
  const other = new Journal(bad.journal);
  other.transact("owner", () => other.writeState("owner", { meter: "352522411" }));
  other.close();
  const data = ["--data", good.folder, "--data", bad.folder];
  const child = startCli(t, "device", ["run", ...data, "--log", "json"]);
  await waitFor("the failure", () => child.events.some(({ event }) => event === "failed"));
  const failed = child.events.find(({ event }) => event === "failed");
  assert.equal(failed?.["code"], "join");
  assert.equal(failed?.["meter"], "352522403");
  await waitFor("a reading", async () => ((await askStatus(good.socket))?.parts.length ?? 0) > 0);
  const ended = child.events.some(
    ({ event, meter }) => event === "stopped" && meter === "352522395",
  );
  assert.equal(ended, false);
});
