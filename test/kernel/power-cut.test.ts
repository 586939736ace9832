// Power cuts: a real `meter run` on a real kernel and a real ext4, and the emulator killed again and again at times drawn
// from a seed. The disk forgets, by lot, what was not flushed. What the meter has said stays true: a sealed day
// stays sealed under its number with its bytes, no number is used twice or left out, the register never goes back.
// In the end the meter goes on where it was, everything it sealed reaches a real gateway, and the chain verifies.
import assert from "node:assert/strict";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

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
import { makeTestFolder, waitFor } from "../support/process.ts";
import { requireSystemPart } from "../support/system-part.ts";
import { Guest, prepareRig, type Rig } from "./rig/guest.ts";
import { makeHouseImage } from "./rig/house-image.ts";
import { copyFromImage, makeImage } from "./rig/image.ts";
import { createRandom } from "./rig/random.ts";
import { VolatileDisk } from "./rig/volatile-disk.ts";

const CUTS = Number(process.env["WATTPROOF_POWER_CUTS"] ?? 50);
const METER = "352300017";
const MIDNIGHT_S = 1_704_063_600;
/** A simulated day in 2 s, a slot in 21 ms. */
const RATE = 43_200;
const SEED = 20_240_102;
const BOOT_LIMIT_MS = 90_000;
/** When the power goes: after what the meter has said, and at most how long after that. */
const MOMENTS = [
  { after: undefined, withinMs: 2_000 },
  { after: /"event":"started"/, withinMs: 2_000 },
  { after: /"event":"day-sealed"/, withinMs: 30 },
  { after: /"event":"day-sealed"/, withinMs: 2_000 },
  { after: /"event":"day-sealed"/, withinMs: 2_000 },
] as const;
const DRAIN_LIMIT_MS = 300_000;
const DISK_MEBIBYTES = 32;

interface Sealed {
  readonly seq: number;
  readonly leaf: string;
}

interface JournalContent {
  readonly integrity: string;
  readonly boots: number;
  readonly register: number;
  readonly days: readonly {
    readonly date: string;
    readonly wh: number;
    readonly seq: number | null;
  }[];
  readonly sealed: readonly Sealed[];
}

/** What has been said or seen so far and must stay true. */
interface Promises {
  readonly dateBySeq: Map<number, string>;
  readonly leafBySeq: Map<number, string>;
  register: number;
}

const MOUNT = "mount -t ext4 /dev/vdb /house/data";
const READER = "$BUILD/test/kernel/guest/read-journal.js";

/** What the journal holds is told in the process of the meter, before the meter itself is loaded: one start less. */
function runJob(clock: string): string {
  const options = `--data /data/meter --log json --clock ${clock}`;
  return `${MOUNT} || exit 1
    house JOURNAL=/data/meter/meter.db $NODE --import ${READER} $BUILD/device/cli.js run ${options}`;
}

/** An enrolled meter's data folder, made by the real gateway. */
async function enrol(t: TestContext, gateway: GatewayHandle, clock: string): Promise<string> {
  const folder = path.join(makeTestFolder(), "disk");
  const meter = path.join(folder, "meter");
  const config = { sources: [{ kind: "mock", seed: 3 }] };
  await addMeter(gateway, meter, {
    meter: METER,
    zone: "Europe/Berlin",
    label: "power cuts",
    config,
  });
  const child = startMeter(t, meter, clock);
  await waitFor("the enrolment", 30_000, () =>
    child.events.some(({ event }) => event === "enrolled"),
  );
  await child.stop();
  return folder;
}

const isEvent = (line: string): boolean => line.startsWith('{"event":');

/** Takes in what the meter said before the cut. */
function heed(promises: Promises, lines: readonly string[]): void {
  // The last line may be cut.
  for (const line of lines.filter(isEvent)) {
    if (!line.endsWith("}")) continue;
    const event = JSON.parse(line) as { event: string; seq?: number; date?: string };
    if (event.event !== "day-sealed") continue;
    promises.dateBySeq.set(event.seq ?? 0, event.date ?? "");
  }
}

/** What is on the disk after a cut keeps every promise; it becomes one itself. */
function check(promises: Promises, journal: JournalContent): void {
  assert.equal(journal.integrity, "ok");
  assert.ok(journal.register >= promises.register, "the register went back");
  promises.register = journal.register;
  const leafBySeq = new Map(journal.sealed.map(({ seq, leaf }) => [seq, leaf]));
  assert.deepEqual(
    [...leafBySeq.keys()],
    [...leafBySeq.keys()].map((_, i) => i + 1),
  );
  for (const [seq, leaf] of promises.leafBySeq) assert.equal(leafBySeq.get(seq), leaf);
  for (const [seq, leaf] of leafBySeq) promises.leafBySeq.set(seq, leaf);
  const dateBySeq = new Map(journal.days.map(({ seq, date }) => [seq, date]));
  for (const [seq, date] of promises.dateBySeq) assert.equal(dateBySeq.get(seq), date);
}

async function readContent(guest: Guest): Promise<JournalContent> {
  const [line] = await guest.waitFor(/^\{"integrity".*\}$/, BOOT_LIMIT_MS);
  return JSON.parse(line) as JournalContent;
}

/** One life of the machine: boot, check, measure, cut. Returns how many sectors the disk forgot. */
async function live(
  t: TestContext,
  options: { rig: Rig; house: string; disk: VolatileDisk; clock: string; random: () => number },
  promises: Promises,
): Promise<number> {
  const { rig, house, disk, clock, random } = options;
  const guest = await Guest.start(t, { rig, house, disk, job: runJob(clock) });
  check(promises, await readContent(guest));
  const moment = MOMENTS[Math.floor(random() * MOMENTS.length)] ?? MOMENTS[0];
  if (moment.after !== undefined) await guest.waitFor(moment.after, BOOT_LIMIT_MS);
  await sleep(random() * moment.withinMs);
  await guest.kill();
  heed(promises, guest.lines);
  // From a card that loses everything since its last flush to one that loses nothing.
  return disk.cutPower(random, Math.min(1, random() * 1.5));
}

/** The meter goes on at this machine, and all that it had sealed is in the chain, once each and in order. */
async function drain(t: TestContext, gateway: GatewayHandle, folder: string, promises: Promises) {
  const meter = startMeter(t, path.join(folder, "meter"), gateway.clock);
  const last = Math.max(0, ...promises.leafBySeq.keys());
  await waitFor(
    `the receipt of record ${last}`,
    DRAIN_LIMIT_MS,
    () => last === 0 || meter.events.some(({ event, seq }) => event === "receipt" && seq === last),
    () =>
      [...meter.text, ...meter.events.slice(-5).map((event) => JSON.stringify(event))].join("\n"),
  );
  await meter.stop();
  await verify("--data", gateway.data);
  const records = readRecords(await dumpChain(gateway.data));
  const sealedLeafs = new Set(promises.leafBySeq.values());
  const leafs = records.map(({ leaf }) => leaf).filter((leaf) => sealedLeafs.has(leaf));
  assert.deepEqual(leafs, [...sealedLeafs]);
}

/** From so many on, luck cannot keep a cut from losing something. */
const ENOUGH_CUTS = 20;

test(`nothing durable is lost over ${CUTS} power cuts`, { timeout: 2_400_000 }, async (t) => {
  if (!requireSystemPart(t, "emulator")) return;
  const started = performance.now();
  const rig = prepareRig((line) => t.diagnostic(line));
  const clock = simulatedClock(MIDNIGHT_S, RATE);
  const gatewayData = path.join(makeTestFolder(), "gateway");
  configureGateway(gatewayData);
  const gateway = await startGateway(t, gatewayData, clock);
  const disk = new VolatileDisk(makeImage(DISK_MEBIBYTES, await enrol(t, gateway, clock)));
  const house = makeHouseImage();
  const random = createRandom(SEED);
  const promises: Promises = { dateBySeq: new Map(), leafBySeq: new Map(), register: 0 };
  let forgotten = 0;
  const cutting = performance.now();
  for (let cut = 0; cut < CUTS; cut++) {
    forgotten += await live(t, { rig, house, disk, clock, random }, promises);
  }
  const cutMs = (performance.now() - cutting) / CUTS;
  const job = `${MOUNT} && house JOURNAL=/data/meter/meter.db $NODE ${READER} && umount /house/data`;
  const last = await Guest.start(t, { rig, house, disk, job });
  check(promises, await readContent(last));
  await last.end(BOOT_LIMIT_MS);
  // Of a few cuts none may fall between a write and its flush, or after a midnight; disk.test.ts shows that the disk forgets.
  if (CUTS >= ENOUGH_CUTS) {
    assert.ok(forgotten > 0, "no cut lost anything: the disk does not forget");
    assert.ok(promises.leafBySeq.size >= CUTS / 3, "hardly a day was sealed");
  }
  t.diagnostic(
    `kernel ${rig.kernel.release}: ${CUTS} cuts of ${Math.round(cutMs)} ms each, ${forgotten} unflushed sectors ` +
      `lost, ${promises.leafBySeq.size} days sealed, ${Math.round((performance.now() - started) / 1000)} s in all`,
  );
  const folder = makeTestFolder();
  copyFromImage(disk.image, "/meter", folder);
  await drain(t, gateway, folder, promises);
});
