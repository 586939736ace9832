// The disk that the power cuts are made on: it keeps what was flushed, and forgets the rest. By itself, and under ext4.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import { makeTestFolder } from "../support/process.ts";
import { requireSystemPart } from "../support/system-part.ts";
import { Guest, prepareRig } from "./rig/guest.ts";
import { makeImage } from "./rig/image.ts";
import { createRandom } from "./rig/random.ts";
import { VolatileDisk } from "./rig/volatile-disk.ts";

const SECTOR = 512;
const LIMIT_MS = 90_000;
const sectors = (disk: VolatileDisk, count: number): number[] =>
  Array.from({ length: count }, (_, i) => disk.read(i * SECTOR, 1)[0] ?? 0);
const filled = (count: number, value: number): Buffer => Buffer.alloc(count * SECTOR, value);

test("what was flushed, or written through, outlives every cut", () => {
  const disk = new VolatileDisk(Buffer.alloc(8 * SECTOR));
  disk.write(0, filled(2, 1));
  disk.flush();
  disk.write(2 * SECTOR, filled(1, 2), true);
  assert.equal(disk.cutPower(Math.random, 1), 0);
  assert.deepEqual(sectors(disk, 4), [1, 1, 2, 0]);
});

test("what was not flushed is there until the cut, and then as it was before", () => {
  const disk = new VolatileDisk(filled(8, 7));
  disk.write(SECTOR, filled(3, 1));
  assert.deepEqual(sectors(disk, 5), [7, 1, 1, 1, 7]);
  assert.equal(disk.image[SECTOR], 7);
  assert.equal(
    disk.cutPower(() => 0, 1),
    3,
  );
  assert.deepEqual(sectors(disk, 5), [7, 7, 7, 7, 7]);
});

test("a cut tears a write between its sectors", () => {
  const disk = new VolatileDisk(Buffer.alloc(64 * SECTOR));
  disk.write(0, filled(64, 1));
  const lost = disk.cutPower(createRandom(1), 0.5);
  assert.ok(lost > 10 && lost < 54);
  assert.equal(sectors(disk, 64).filter((value) => value === 0).length, lost);
});

test("under ext4: synced content is there after a cut, unflushed content is the old one", async (t) => {
  if (!requireSystemPart(t, "emulator")) return;
  const rig = prepareRig((line) => t.diagnostic(line));
  const folder = path.join(makeTestFolder(), "empty");
  mkdirSync(folder);
  const disk = new VolatileDisk(makeImage(32, folder));
  const mount = "mkdir -p /data && mount -t ext4 /dev/vda /data || exit 1";
  const block = "dd bs=4096 count=1 conv=notrunc";
  const guest = await Guest.start(t, {
    rig,
    disk,
    job: `${mount}
      yes old | ${block} of=/data/file iflag=fullblock 2>/dev/null; echo kept > /data/kept; sync
      yes new | ${block} of=/new iflag=fullblock 2>/dev/null
      ${block} if=/new of=/data/file oflag=direct 2>/dev/null
      head -n 1 /data/file; sleep 1000`,
  });
  await guest.waitFor(/^new$/, LIMIT_MS);
  await guest.kill();
  assert.ok(disk.cutPower(() => 0, 1) > 0);
  const job = `${mount}\ncat /data/kept; head -n 1 /data/file; umount /data`;
  const after = await (await Guest.start(t, { rig, disk, job })).end(LIMIT_MS);
  assert.deepEqual(after.slice(1, 3), ["kept", "old"]);
});
