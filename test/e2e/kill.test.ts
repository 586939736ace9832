// Kill loop: the meters, the gateway and the broker (Mosquitto, outside) are killed with SIGKILL again and again,
// at times drawn from a seed. Every day that a meter has sealed ends in the chain exactly once, and the gateway's
// store verifies after each restart.
import assert from "node:assert/strict";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import Database from "better-sqlite3";

import type { MeterPlan } from "../../deploy/demo/enrol.ts";
import {
  addMeter,
  configureGateway,
  dumpChain,
  type GatewayHandle,
  readRecords,
  simulatedClock,
  startGateway,
  startMeter,
  verify,
} from "../support/e2e-house.ts";
import { type Mosquitto, startMosquitto } from "../support/mosquitto.ts";
import { makeTestFolder, type TrackedChild, waitFor } from "../support/process.ts";
import { requireSystemPart } from "../support/system-part.ts";

const KILLS = 54;
const METERS = ["352300017", "352300024"];
const MIDNIGHT_S = 1_704_063_600;
/** A simulated day in 2 s: several days are sealed between two kills of the same meter. */
const RATE = 43_200;
const SEED = 20_240_101;
/** A minute of an ordinary meter's patience in a second. */
const PATIENCE = {
  retry_ms: 500,
  retry_most_ms: 2000,
  held_retry_ms: 2000,
  rejoin_ms: 500,
  connect_timeout_ms: 2000,
  publish_timeout_ms: 2000,
  reconnect_first_ms: 50,
  reconnect_most_ms: 500,
};
const PAUSE_MS = { least: 300, spread: 1500 };

/** mulberry32: a small seeded generator, so that a failing run can be run again. */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface World {
  readonly t: TestContext;
  readonly clock: string;
  readonly broker: Mosquitto;
  readonly gatewayData: string;
  readonly meterFolders: readonly string[];
  gateway: GatewayHandle;
  readonly meters: TrackedChild[];
}

async function buildWorld(t: TestContext): Promise<World> {
  const folder = makeTestFolder();
  const broker = await startMosquitto(t, path.join(folder, "mosquitto"));
  const gatewayData = path.join(folder, "gateway");
  configureGateway(gatewayData, { broker_url: broker.url });
  const clock = simulatedClock(MIDNIGHT_S, RATE);
  const gateway = await startGateway(t, gatewayData, clock);
  const meterFolders = METERS.map((meter) => path.join(folder, `meter-${meter}`));
  for (const [i, meterFolder] of meterFolders.entries()) {
    const plan: MeterPlan = {
      meter: METERS[i] ?? "",
      zone: "Europe/Berlin",
      label: "kill loop",
      config: { ...PATIENCE, sources: [{ kind: "mock", seed: i + 1 }] },
    };
    await addMeter(gateway, meterFolder, plan);
  }
  const meters = meterFolders.map((meterFolder) => startMeter(t, meterFolder, clock));
  return { t, clock, broker, gatewayData, meterFolders, gateway, meters };
}

/** Kills one part, chosen by lot, and starts it again after a moment. */
async function killOne(world: World, random: () => number): Promise<string> {
  const lot = Math.floor(random() * (world.meters.length + 2));
  const downMs = random() * 400;
  if (lot === 0) {
    await world.gateway.process.kill();
    await sleep(downMs);
    world.gateway = await startGateway(world.t, world.gatewayData, world.clock);
    return "gateway";
  }
  if (lot === 1) {
    await world.broker.kill();
    await sleep(downMs);
    await world.broker.start();
    return "broker";
  }
  const i = lot - 2;
  await world.meters[i]?.kill();
  await sleep(downMs);
  world.meters[i] = startMeter(world.t, world.meterFolders[i] ?? "", world.clock);
  return "meter";
}

interface SealedDay {
  readonly date: string;
  readonly seq: number;
}

/** What a meter's journal says of its sealed days, and how many envelopes it still holds. */
function readJournal(meterFolder: string): { sealed: SealedDay[]; waiting: number } {
  const db = new Database(path.join(meterFolder, "meter.db"), { readonly: true });
  try {
    const sealed = db
      .prepare("SELECT date, seq FROM day WHERE seq IS NOT NULL ORDER BY seq")
      .all() as SealedDay[];
    const { n } = db.prepare("SELECT count(*) AS n FROM outbox").get() as { n: number };
    return { sealed, waiting: n };
  } finally {
    db.close();
  }
}

test("no sealed day is lost or counted twice over kill -9", { timeout: 400_000 }, async (t) => {
  if (!requireSystemPart(t, "mosquitto")) return;
  const world = await buildWorld(t);
  const random = createRandom(SEED);
  const kills: Record<string, number> = {};
  for (let i = 0; i < KILLS; i += 1) {
    await sleep(PAUSE_MS.least + random() * PAUSE_MS.spread);
    const part = await killOne(world, random);
    await verify("--data", world.gatewayData);
    kills[part] = (kills[part] ?? 0) + 1;
  }
  t.diagnostic(`kills: ${JSON.stringify(kills)}`);
  for (const part of ["gateway", "broker", "meter"]) assert.ok((kills[part] ?? 0) > 0, part);

  for (const meter of world.meters) await meter.stop();
  // A stopped meter seals no more; started again with its clock standing still it only delivers.
  const last = Date.now();
  const stillClock = `simulated:${last}:${MIDNIGHT_S + Math.floor(((last - originOf(world.clock)) * RATE) / 1000)}:1`;
  const delivering = world.meterFolders.map((folder) => startMeter(t, folder, stillClock));
  await waitFor(
    "the outboxes to be empty",
    60_000,
    () => world.meterFolders.every((folder) => readJournal(folder).waiting === 0),
    () => delivering.flatMap((meter) => meter.text).join("\n"),
  );
  for (const meter of delivering) await meter.stop();
  await world.gateway.process.stop();
  await verify("--data", world.gatewayData);

  const days = readRecords(await dumpChain(world.gatewayData)).filter(({ typ }) => typ === "day");
  assert.equal(new Set(days.map(({ leaf }) => leaf)).size, days.length, "a day is there twice");
  const kids = [...new Set(days.map(({ kid }) => kid))];
  assert.equal(kids.length, METERS.length);
  const chained = kids.map((kid) => days.filter((day) => day.kid === kid).map(({ seq }) => seq));
  const sealed = world.meterFolders.map((folder) => readJournal(folder).sealed);
  t.diagnostic(`sealed days: ${sealed.map((list) => list.length).join(", ")}`);
  for (const list of sealed) {
    assert.ok(list.length > 10, `only ${list.length} days were sealed`);
    assert.equal(new Set(list.map(({ date }) => date)).size, list.length);
    const seqs = list.map(({ seq }) => seq);
    assert.deepEqual(
      seqs,
      seqs.map((_, i) => i + 1),
    );
  }
  assert.deepEqual(
    chained.map((seqs) => seqs.length).sort((a, b) => a - b),
    sealed.map((list) => list.length).sort((a, b) => a - b),
  );
  for (const seqs of chained) {
    assert.deepEqual(
      seqs,
      seqs.map((_, i) => i + 1),
    );
  }
});

/** The real milliseconds with which a simulated clock begins. */
function originOf(clock: string): number {
  return Number(clock.split(":")[1]);
}
