/** What a Linux machine says of its clock, from files and programs as systemd, chrony and a battery clock leave them. */
import assert from "node:assert/strict";
import { mkdirSync, mkdtempSync, utimesSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import { createLinuxClock } from "../../../device/time/linux-clock.ts";
import { makeTestFolder } from "../../support/process.ts";

const FOLDER = makeTestFolder();
const WALL = 1_700_000_000_000;

function machine(files: Readonly<Record<string, string>>, programs: Record<string, string> = {}) {
  const root = mkdtempSync(path.join(FOLDER, "root-"));
  const write = (name: string, content: string): void => {
    mkdirSync(path.dirname(path.join(root, name)), { recursive: true });
    writeFileSync(path.join(root, name), content);
  };
  for (const [name, content] of Object.entries(files)) write(name, content);
  const world = { nowMs: 1000, asked: [] as string[], write, root };
  const clock = createLinuxClock({
    root,
    wallMs: () => WALL,
    monotonicMs: () => world.nowMs,
    run: (program) => {
      world.asked.push(program);
      const said = programs[program];
      return said === undefined ? Promise.reject(new Error("ENOENT")) : Promise.resolve(said);
    },
  });
  return { clock, world };
}

const codeOf = ({ clock }: ReturnType<typeof machine>): string | undefined => clock.sync?.().code;

test("boot id and monotonic time are the kernel's, the same for all processes of a boot", () => {
  const clock = createLinuxClock();
  assert.match(clock.bootId ?? "", /^[0-9a-f-]{36}$/);
  assert.equal(createLinuxClock().bootId, clock.bootId);
  assert.ok(clock.monotonicMs() > 1000, "since the machine's start, not the process'");
});

test("a machine without anything that could tell", () => {
  const bare = machine({ "/proc/sys/kernel/random/boot_id": "abc\n" });
  assert.deepEqual([bare.clock.bootId, codeOf(bare)], ["abc", "unchecked"]);
});

test("timesyncd: unset until its file is there; each touch is a new synchronisation", () => {
  const one = machine({ "/run/systemd/timesync/x": "" });
  assert.equal(codeOf(one), "unset");
  one.world.nowMs = 5000;
  one.world.write("/run/systemd/timesync/synchronized", "");
  assert.deepEqual(one.clock.sync?.(), { code: "ntp", asOfMs: 5000 });
  one.world.nowMs = 9000;
  assert.deepEqual(one.clock.sync?.(), { code: "ntp", asOfMs: 5000 });
  utimesSync(path.join(one.world.root, "/run/systemd/timesync/synchronized"), 77, 77);
  assert.deepEqual(one.clock.sync?.(), { code: "ntp", asOfMs: 9000 });
});

for (const [name, files, programs, code] of [
  [
    "chrony in step",
    { "/run/chrony/x": "" },
    { chronyc: "A,b,3,1700.1,0,0,0,0,0,0,0,0,64.0,Normal\n" },
    "ntp",
  ],
  [
    "chrony not yet",
    { "/run/chrony/x": "" },
    { chronyc: "0,,0,0.0,0,0,0,0,0,0,0,0,0,Not synchronised\n" },
    "unset",
  ],
  [
    "the kernel says yes",
    { "/run/systemd/system/x": "" },
    { timedatectl: "NTP=no\nNTPSynchronized=yes\n" },
    "ntp",
  ],
  [
    "a service that has not",
    { "/run/systemd/system/x": "" },
    { timedatectl: "NTP=yes\nNTPSynchronized=no\n" },
    "unset",
  ],
  [
    "no service",
    { "/run/systemd/system/x": "" },
    { timedatectl: "NTP=no\nNTPSynchronized=no\n" },
    "unchecked",
  ],
  ["no program", { "/run/systemd/system/x": "" }, {}, "unchecked"],
] as const) {
  test(`${name}: ${code}, once it has answered`, async () => {
    const one = machine(files, programs);
    assert.equal(codeOf(one), "unset", "not before");
    await setImmediate();
    await setImmediate();
    assert.equal(codeOf(one), code);
    const { length } = one.world.asked;
    one.world.nowMs += 59_000;
    codeOf(one);
    assert.equal(one.world.asked.length, length, "asked at most once a minute");
    one.world.nowMs += 1000;
    codeOf(one);
    assert.ok(one.world.asked.length > length);
  });
}

test("a battery clock counts while it and the machine agree", () => {
  const rtc = (seconds: number, hctosys = "1") =>
    codeOf(
      machine({
        "/sys/class/rtc/rtc0/hctosys": `${hctosys}\n`,
        "/sys/class/rtc/rtc0/since_epoch": `${seconds}\n`,
      }),
    );
  assert.equal(rtc(WALL / 1000), "rtc");
  assert.equal(rtc(12), "unchecked", "a Pi 5 without its battery");
  assert.equal(rtc(WALL / 1000, "0"), "unchecked");
});
