// The meter's unit as it is shipped, under systemd as the first process of a real kernel: closed as it is, the service
// reaches I2C, the GPIO chip and sysfs pins as its own user, says that it is ready, and is started again when it hangs.
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

const LIMIT_MS = 300_000;
const PULSES = 12;
const PIN = 2;
const LED = 4;
const CONFIG = {
  sources: [
    { kind: "s0", pin: PIN, pulses_per_kwh: 1000, active: "high", pull: "none" },
    { kind: "sht31", bus: 0 },
  ],
  pins: { led: LED },
};
const UNIT = "wattproof-meter.service";

/** Runs as a service of the guest, beside the meter's. */
const CHECK = `#!/bin/sh
show() { systemctl show ${UNIT} -P "$1"; }
until [ "$(systemctl is-active ${UNIT})" = active ]; do sleep 1; done
pid=$(show MainPID)
echo "ready $(show NRestarts) $(show StatusText)"
grep -E '^(Uid|Groups|CapEff|NoNewPrivs|Seccomp):' /proc/$pid/status | tr '\\t' ' '
touch /tmp/pulse-${PIN}
until [ -e /tmp/pulsed ]; do sleep 1; done
sleep 3
setpriv --reuid wattproof --regid wattproof --init-groups \\
  /opt/wattproof/deploy/bin/meter status --json --data /var/lib/wattproof/meter
kill -STOP $pid
until [ "$(show NRestarts)" = 1 ] && [ "$(systemctl is-active ${UNIT})" = active ]; do sleep 1; done
echo "again $(show NRestarts)"
systemctl stop ${UNIT}
echo "stopped $(show Result) $(show ExecMainStatus)"
journalctl -u ${UNIT} -o cat --no-pager | tail -n 40
echo "@@END 0"
systemctl poweroff -f -f
`;

/** Pins by sysfs belong to the group gpio, as on Raspberry Pi OS. */
const UDEV_RULES = `SUBSYSTEM=="gpio", ACTION=="add", PROGRAM="/bin/sh -c 'chgrp -R gpio /sys%p && chmod -R g=u /sys%p'"
`;

const JOB = `
  umount /house/etc && mount -t tmpfs tmpfs /house/etc && cp -a /lower/etc/. /house/etc/ || exit 1
  : > /house/etc/fstab
  rm -rf /house/etc/systemd/system /house/etc/systemd/user
  for folder in var opt; do mount -t tmpfs tmpfs /house/$folder; done
  mkdir -p /house/etc/udev/rules.d /house/var/lib/wattproof /house/var/tmp /house/opt/wattproof /house/run/systemd/system/${UNIT}.d
  mount -t ext4 /dev/vda /house/var/lib/wattproof || exit 1
  mount --bind /house/project /house/opt/wattproof
  mount --bind /house$BUILD /house/opt/wattproof/dist
  house systemd-sysusers /project/deploy/systemd/wattproof.sysusers || exit 1
  house chown -R wattproof:wattproof /var/lib/wattproof
  house $NODE $BUILD/test/kernel/guest/bridge.js ${PIN}:${PULSES}:2 > /house/tmp/bridge &
  until [ -e /dev/i2c-0 ] && [ -e /dev/gpiochip0 ]; do usleep 100000; done
  # As Raspberry Pi OS does it by udev.
  house chgrp i2c /dev/i2c-0; house chgrp gpio /dev/gpiochip0; chmod 660 /dev/i2c-0 /dev/gpiochip0
  house chgrp gpio /sys/class/gpio/export /sys/class/gpio/unexport; chmod 220 /sys/class/gpio/*export
  cp /udev.rules /house/etc/udev/rules.d/99-gpio.rules
  cp /check.sh /house/run/check.sh
  units=/house/run/systemd/system
  cp /house/project/deploy/systemd/${UNIT} $units/
  printf '[Service]\\nWatchdogSec=20\\n' > $units/${UNIT}.d/short.conf
  printf '[Unit]\\nWants=${UNIT} check.service\\nAfter=basic.target\\nRequires=basic.target\\n' > $units/house.target
  printf '[Unit]\\n[Service]\\nExecStart=/bin/sh /run/check.sh\\nStandardOutput=tty\\nStandardError=tty\\nTTYPath=/dev/hvc0\\n' > $units/check.service
  echo "systemd $(cat /proc/uptime)"
  exec switch_root /house /lib/systemd/systemd --unit=house.target --log-target=console --show-status=0`;

interface Status {
  readonly live?: {
    readonly parts: readonly { readonly reading?: { register?: number; temperature?: number } }[];
  };
}

test("the shipped unit under systemd", { timeout: 2 * LIMIT_MS }, async (t) => {
  if (!requireSystemPart(t, "emulator")) return;
  const rig = prepareRig((line) => t.diagnostic(line));
  const clock = simulatedClock(Math.floor(Date.now() / 1000) - 600, 1);
  const gatewayData = path.join(makeTestFolder(), "gateway");
  configureGateway(gatewayData);
  const gateway = await startGateway(t, gatewayData, clock);
  const folder = path.join(makeTestFolder(), "disk");
  const data = path.join(folder, "meter");
  const plan = { meter: "352300048", zone: "Europe/Berlin", label: "unit" };
  await addMeter(gateway, data, { ...plan, config: { sources: [{ kind: "bme280", bus: 250 }] } });
  const child = startMeter(t, data, clock);
  await waitFor("the enrolment", 30_000, () =>
    child.events.some(({ event }) => event === "enrolled"),
  );
  await child.stop();
  writeFileSync(path.join(data, "meter.json"), JSON.stringify(CONFIG));
  const disk = new VolatileDisk(makeImage(32, folder));
  const started = performance.now();
  const guest = await Guest.start(t, {
    rig,
    disk,
    job: JOB,
    files: { "check.sh": CHECK, "udev.rules": UDEV_RULES },
  });
  const lines = await guest.end(LIMIT_MS);
  t.diagnostic(`kernel ${rig.kernel.release}: ${Math.round(performance.now() - started)} ms`);
  const find = (pattern: RegExp): string => lines.find((line) => pattern.test(line)) ?? "";

  await t.test("it is ready at its first start, as its own user and without privileges", () => {
    assert.match(find(/^ready/), /^ready 0 /);
    assert.match(find(/^Uid:/), /^Uid: ([1-9]\d*) \1 \1 \1$/);
    assert.match(find(/^CapEff:/), /^CapEff: 0+$/);
    assert.equal(find(/^NoNewPrivs:/), "NoNewPrivs: 1");
    assert.equal(find(/^Seccomp:/), "Seccomp: 2");
  });
  await t.test("it counts pulses by gpiomon, reads I2C and drives its light by sysfs", () => {
    const { live } = JSON.parse(find(/^\{/)) as Status;
    const values = live?.parts.map(({ reading: r }) => r?.register ?? r?.temperature);
    assert.deepEqual(values?.sort(), [PULSES, 25_000].sort());
    assert.equal(find(/pin cannot be used/), "");
  });
  await t.test("it is started again when it hangs, and stops cleanly", () => {
    assert.equal(find(/^again/), "again 1");
    assert.equal(find(/^stopped/), "stopped success 0");
  });
});
