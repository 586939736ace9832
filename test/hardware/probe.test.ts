/** Looking for parts: simulated ports, and PTYs with independent Modbus slaves at the other end. */
import assert from "node:assert/strict";
import { mkdirSync, symlinkSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import type { Sensor } from "../../hardware/driver/driver.ts";
import { pzem004t } from "../../hardware/driver/pzem-004t.ts";
import { SENSORS } from "../../hardware/driver/registry.ts";
import { sht31 } from "../../hardware/driver/sht31.ts";
import { openLinuxPorts } from "../../hardware/linux/linux-ports.ts";
import { listPlaces } from "../../hardware/linux/list-places.ts";
import { probePlace, suggestSources } from "../../hardware/probe.ts";
import { Sht31Device } from "../../hardware/simulated/sht31-device.ts";
import { createSimulatedPorts } from "../../hardware/simulated/simulated-ports.ts";
import { SimulatedTiming } from "../../hardware/simulated/simulated-timing.ts";
import { decodeSources, type SensorConfig } from "../../hardware/source-config.ts";
import type { Json } from "../../shared/base/canonical-json.ts";
import { makeTestFolder } from "../support/process.ts";
import { requireSystemPart } from "../support/system-part.ts";
import { createTtyPair, startPymodbusSlaves } from "../support/tty-pair.ts";

const sensors = (...kinds: readonly string[]) =>
  (SENSORS as readonly Sensor<SensorConfig>[]).filter(({ kind }) => kinds.includes(kind));

test("on a bus: what is there is named with its values, what is not leaves no trace", async () => {
  const opened: number[] = [];
  const openPorts = () => {
    const timing = new SimulatedTiming();
    const device = new Sht31Device(timing, 0x45, () => ({ temperature: 21_400, humidity: 4_500 }));
    opened.push(1);
    const ports = createSimulatedPorts(timing, () => [], new Map([[0x45, device]]));
    const close = async () => {
      opened.pop();
      await ports.close();
    };
    return { ...ports, close };
  };
  const report = await probePlace(
    { kind: "i2c", bus: 1 },
    { openPorts, sensors: sensors(sht31.kind, pzem004t.kind) },
  );
  assert.equal(report.tries, 2);
  assert.deepEqual(
    report.found.map(({ config }) => config),
    [{ kind: "sht31", bus: 1, address: 0x45 }],
  );
  const [found] = report.found;
  assert.match(found?.description ?? "", /SHT3x at address 0x45: serial/);
  assert.ok(Math.abs((found?.reading?.temperature ?? 0) - 21_400) <= 2);
  assert.deepEqual(report.hints, []);
  assert.deepEqual(opened, [], "ports were left open");
});

test("on a line: the slaves of an independent server are found by speed and address, and only asked", async (t) => {
  if (!requireSystemPart(t, "socat", "pymodbus")) return;
  const pair = await createTtyPair(t);
  const zeros = Object.fromEntries(Array.from({ length: 80 }, (_, i) => [i, 0]));
  const floats = { 0: 230.5, 6: 1.25, 12: 288, 30: 1, 70: 50, 72: 100, 74: 0.5, 342: 100.5 };
  await startPymodbusSlaves(t, pair.far, {
    1: { input: zeros, floats },
    3: { input: zeros, floats: { ...floats, 72: 300 } },
  });
  const report = await probePlace(
    { kind: "serial", port: pair.near },
    { openPorts: openLinuxPorts, addresses: [1, 2, 3], sensors: sensors("eastron-sdm") },
  );
  const found = report.found.map(({ reading }) => reading?.register);
  assert.deepEqual(found, [100_000, 300_000]);
  const sources = suggestSources(report.found);
  assert.deepEqual(
    sources.map(({ use }) => use),
    [undefined, "watch"],
  );
  // What is printed can be pasted.
  const pasted = JSON.parse(JSON.stringify(sources)) as Json;
  assert.deepEqual(decodeSources(pasted), sources);
});

test("silence is no part, nor is a port that is not there", async (t) => {
  if (!requireSystemPart(t, "socat")) return;
  const pair = await createTtyPair(t);
  const options = { openPorts: openLinuxPorts, sensors: sensors("pzem-004t") };
  const place = { kind: "serial", port: pair.near } as const;
  assert.deepEqual(await probePlace(place, options), { place, found: [], hints: [], tries: 1 });
  const port = "/dev/wattproof-absent";
  const absent = await probePlace({ kind: "serial", port }, options);
  assert.deepEqual(absent.found, []);
});

test("the places of a machine: by names that last, each device once, no buses of displays", () => {
  const folder = makeTestFolder();
  mkdirSync(path.join(folder, "serial", "by-id"), { recursive: true });
  for (const name of ["i2c-1", "i2c-20", "ttyUSB0", "ttyUSB1", "ttyAMA0", "tty1", "null"]) {
    writeFileSync(path.join(folder, name), "");
  }
  symlinkSync("../../ttyUSB0", path.join(folder, "serial", "by-id", "usb-FTDI"));
  symlinkSync("../../gone", path.join(folder, "serial", "by-id", "usb-gone"));
  symlinkSync("ttyAMA0", path.join(folder, "serial0"));
  const file = (name: string) => path.join(folder, name);
  assert.deepEqual(listPlaces(folder), [
    { kind: "i2c", bus: 1 },
    { kind: "serial", port: file("serial/by-id/usb-FTDI") },
    { kind: "serial", port: file("serial0") },
    { kind: "serial", port: file("ttyUSB1") },
  ]);
  assert.deepEqual(listPlaces(path.join(folder, "nowhere")), []);
});
