// A wrong clock: the machine wakes up in 1980 without a battery clock, as a Pi may, and the meter measures pulses and
// climate on real interfaces. No day is closed by a time that nobody vouches for. When a time service sets the clock,
// shortly before a midnight, what was measured before gets its true time, and the day is closed with every pulse.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";

import {
  addMeter,
  configureGateway,
  simulatedClock,
  startGateway,
  startMeter,
} from "../support/e2e-house.ts";
import { makeTestFolder, waitFor } from "../support/process.ts";
import { requireSystemPart } from "../support/system-part.ts";
import { Guest, prepareRig } from "./rig/guest.ts";
import { makeImage } from "./rig/image.ts";
import { VolatileDisk } from "./rig/volatile-disk.ts";

/** 2024-03-05 in Berlin, twenty minutes before its end. */
const ENROLLED_S = 1_709_678_400;
const MIDNIGHT_S = 1_709_679_600;
/** What the time service sets the clock to. */
const SET_BEFORE_MIDNIGHT_S = 15;
const METER = "352300024";
const PULSES = 25;
const PIN = 2;
const LIMIT_MS = 240_000;
const SOURCES = [
  { kind: "s0", pin: PIN, pulses_per_kwh: 1000, active: "high", pull: "none" },
  { kind: "bme280", bus: 0 },
];

interface Said {
  readonly event?: string;
  readonly code?: string;
  readonly date?: string;
  readonly wh?: number;
  readonly seq?: number;
  readonly register?: number;
  readonly integrity?: string;
  readonly days?: readonly object[];
  readonly sealed?: readonly object[];
  readonly notices?: readonly string[];
  readonly live?: {
    readonly clock: { readonly sync: string };
    readonly parts: readonly { readonly reading?: { register?: number; temperature?: number } }[];
  };
}

const JOB = `
  meter_pid() { ps | grep '[c]li.js run' | while read pid rest; do echo "$pid"; done; }
  mount -t ext4 /dev/vda /house/data || exit 1
  mkdir -p /house/run/systemd/timesync
  echo "year $(date +%Y) rtc $(ls /sys/class/rtc | wc -l)"
  house $NODE $BUILD/test/kernel/guest/bridge.js ${PIN}:${PULSES}:2 > /house/tmp/bridge &
  until [ -e /dev/i2c-0 ] && [ -e /dev/gpiochip0 ]; do usleep 100000; done
  house $NODE $BUILD/device/cli.js run --data /data/meter --log json > /house/tmp/meter &
  until grep -q started /house/tmp/meter; do sleep 1; done
  sleep 8
  touch /house/tmp/pulse-${PIN}
  until grep -q pulsed /house/tmp/bridge; do usleep 500000; done
  sleep 3
  house $NODE $BUILD/device/cli.js status --data /data/meter --json
  date -s @${MIDNIGHT_S - SET_BEFORE_MIDNIGHT_S} >/dev/null
  touch /house/run/systemd/timesync/synchronized
  for i in $(seq 150); do grep -q day-closed /house/tmp/meter && break; sleep 1; done
  kill -TERM $(meter_pid)
  while [ -n "$(meter_pid)" ]; do usleep 200000; done
  cat /house/tmp/meter
  house JOURNAL=/data/meter/meter.db $NODE $BUILD/test/kernel/guest/read-journal.js
  umount /house/data`;

test("a wrong clock seals nothing wrong", { timeout: LIMIT_MS * 2 }, async (t) => {
  if (!requireSystemPart(t, "emulator")) return;
  const rig = prepareRig((line) => t.diagnostic(line));
  const clock = simulatedClock(ENROLLED_S, 1);
  const gatewayData = path.join(makeTestFolder(), "gateway");
  configureGateway(gatewayData);
  const gateway = await startGateway(t, gatewayData, clock);
  const folder = path.join(makeTestFolder(), "disk");
  const data = path.join(folder, "meter");
  const plan = { meter: METER, zone: "Europe/Berlin", label: "wrong clock" };
  // At this machine, which has neither pins nor bus, the meter is enrolled with a part that does not answer.
  await addMeter(gateway, data, { ...plan, config: { sources: [{ kind: "bme280", bus: 250 }] } });
  const child = startMeter(t, data, clock);
  await waitFor(
    "the enrolment",
    30_000,
    () => child.events.some(({ event }) => event === "enrolled"),
    () => [...child.text, ...child.events.map((event) => JSON.stringify(event))].join("\n"),
  );
  await child.stop();
  writeFileSync(path.join(data, "meter.json"), JSON.stringify({ sources: SOURCES }));
  const disk = new VolatileDisk(makeImage(32, folder));
  const started = performance.now();
  const guest = await Guest.start(t, {
    rig,
    disk,
    rtc: "1980-01-01T00:00:00",
    battery: false,
    job: JOB,
  });
  const lines = await guest.end(LIMIT_MS);
  t.diagnostic(`kernel ${rig.kernel.release}: ${Math.round(performance.now() - started)} ms`);
  assert.ok(lines.includes("year 1980 rtc 0"));
  const said = lines.filter((line) => line.startsWith("{")).map((line) => JSON.parse(line) as Said);
  const [status] = said;
  const journal = said.at(-1);

  await t.test("while nobody knows the time, readings are shown and wait", () => {
    assert.equal(status?.live?.clock.sync, "unset");
    assert.deepEqual(
      status?.live?.parts.map(({ reading }) => reading?.register ?? reading?.temperature),
      [PULSES, 25_080],
    );
    assert.equal(status?.register, 0);
    assert.equal(status?.seq, 0);
  });
  await t.test(
    "then they get their time by an event to be signed, and the day has every pulse",
    () => {
      const day = { date: "2024-03-05", wh: PULSES };
      const closed = said.filter(({ event }) => event === "day-closed");
      assert.deepEqual(closed, [{ event: "day-closed", meter: METER, ...day }]);
      assert.deepEqual(journal?.notices, ["retime"]);
      assert.deepEqual(journal?.days, [{ ...day, seq: null }]);
      assert.equal(journal?.integrity, "ok");
    },
  );
  await t.test("nothing is sealed before the broker has been heard", () => {
    assert.deepEqual(journal?.sealed, []);
  });
});
