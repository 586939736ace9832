// The unmodified modules `onoff` and `i2c-bus`, `gpiomon`, and the project's ports and drivers on a real kernel: a CP2112
// in user space gives a real I2C adapter and a real GPIO chip (guest/bridge.ts). One boot for all.
import assert from "node:assert/strict";
import { test } from "node:test";

import { requireSystemPart } from "../support/system-part.ts";
import { Guest, prepareRig } from "./rig/guest.ts";

const MONITORED = { pin: 2, pulses: 30, polls: 2 };
/** onoff cannot queue edges: levels last three times as long. */
const WATCHED = { pin: 3, pulses: 10, polls: 6 };
const OUTPUT = 5;
const LIMIT_MS = 180_000;
const PARTS = [
  { kind: "sht31", bus: 0 },
  { kind: "sht31", bus: 0, address: 0x45 },
  { kind: "bme280", bus: 0 },
  { kind: "ina219", bus: 0, shunt_uohm: 100_000 },
];

const train = ({ pin, pulses, polls }: typeof MONITORED): string => `${pin}:${pulses}:${polls}`;

const JOB = `
  house $NODE $BUILD/test/kernel/guest/bridge.js ${train(MONITORED)} ${train(WATCHED)} &
  until [ -e /dev/i2c-0 ] && [ -e /dev/gpiochip0 ]; do usleep 100000; done
  echo "base $(cat /sys/class/gpio/gpiochip*/base)"
  house $NODE $BUILD/test/kernel/guest/use-bus.js 0
  house $NODE $BUILD/test/kernel/guest/read-sensors.js '${JSON.stringify(PARTS)}'
  house $NODE $BUILD/test/kernel/guest/use-pins.js /tmp ${train(MONITORED)} ${train(WATCHED)} ${OUTPUT}`;

type Found = Readonly<Record<string, unknown>>;

test("modules, ports and drivers on a real kernel", { timeout: LIMIT_MS * 2 }, async (t) => {
  if (!requireSystemPart(t, "emulator")) return;
  const rig = prepareRig((line) => t.diagnostic(line));
  const started = performance.now();
  const guest = await Guest.start(t, { rig, job: JOB });
  const lines = await guest.end(LIMIT_MS);
  t.diagnostic(`kernel ${rig.kernel.release}: ${Math.round(performance.now() - started)} ms`);
  const found = lines
    .filter((line) => line.startsWith("{"))
    .map((line) => JSON.parse(line) as Found);
  const [bus, sht31, absent, bme280, ina219, pins] = found;
  const base = Number(
    /^base (\d+)$/.exec(lines.find((line) => line.startsWith("base")) ?? "")?.[1],
  );

  await t.test("i2c-bus: plain transactions, repeated starts, byte order, nobody there", () => {
    assert.deepEqual(bus, {
      plain: true,
      serial: "beef92000081",
      identity: 0x60,
      calibration: "706b436718fc7d8e43d6d00b270b8c00f9ff8c3cf8c67017",
      swapped: 0x9f39,
      absent: "ETIMEDOUT",
    });
  });
  await t.test("drivers: what the parts hold, to the unit", () => {
    assert.equal(sht31?.["found"], "SHT3x at address 0x44: serial beef0000");
    assert.deepEqual(sht31?.["values"], { energy: "none", temperature: 25_000, humidity: 5_000 });
    assert.equal(sht31?.["raw"], "6666938000a2");
    const climate = bme280?.["values"] as { temperature: number; humidity: number };
    assert.deepEqual([climate.temperature, climate.humidity], [25_080, 3_756]);
    const direct = ina219?.["values"] as { voltage: number[]; current: number[] };
    assert.deepEqual([direct.voltage, direct.current], [[12_004], [400]]);
  });
  await t.test("drivers: an address without a part has a code", () => {
    assert.deepEqual(absent, { kind: "sht31", code: "sensor-timeout" });
  });
  await t.test("pins: the base is found by the chip's label, and plain numbers are wrong", () => {
    assert.equal(pins?.["number"], base + MONITORED.pin);
    assert.equal(pins?.["plainNumber"], base === 0 ? "taken" : "EINVAL");
    assert.equal(pins?.["beyond"], "gpio-chip");
    if (rig.kernel.release.startsWith("6.12.")) assert.equal(base, 512);
  });
  await t.test("pins: an output shows what was written, a counted pin is busy", () => {
    assert.deepEqual(pins?.["driven"], [1, 0, 1]);
    assert.equal(pins?.["busy"], "sensor-busy");
  });
  await t.test("pins: every pulse is counted, by gpiomon and by onoff", () => {
    assert.equal(pins?.["byGpiomon"], MONITORED.pulses);
    assert.equal(pins?.["byOnoff"], WATCHED.pulses);
  });
});
