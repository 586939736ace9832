/**
 * Reads sensors by the project's own drivers over the guest's real ports: one JSON line a sensor.
 *
 * usage: node read-sensors.js '[{"kind": "sht31", "bus": 0}, …]'
 */
import process from "node:process";

import type { Driver } from "../../../hardware/driver/driver.ts";
import { SENSORS } from "../../../hardware/driver/registry.ts";
import { openLinuxPorts } from "../../../hardware/linux/linux-ports.ts";
import type { Ports } from "../../../hardware/port/ports.ts";
import { isCoded } from "../../../shared/base/error.ts";

interface Entry {
  readonly kind: string;
}

async function readOne(entry: Entry, ports: Ports): Promise<object> {
  const sensor = SENSORS.find(({ kind }) => kind === entry.kind);
  if (sensor === undefined) return { kind: entry.kind, code: "no-driver" };
  try {
    const open: (config: never, ports: Ports) => Promise<Driver> = sensor.open;
    const driver = await open(sensor.decode({ ...entry }, "sensor") as never, ports);
    const found = await driver.probe();
    const { raw, ...values } = await driver.read();
    await driver.close();
    return { kind: entry.kind, found, values, raw: Buffer.from(raw).toString("hex") };
  } catch (error) {
    return { kind: entry.kind, code: isCoded(error) ? error.code : String(error) };
  }
}

const entries = JSON.parse(process.argv[2] ?? "[]") as readonly Entry[];
const ports = openLinuxPorts();
for (const entry of entries) {
  process.stdout.write(`${JSON.stringify(await readOne(entry, ports))}\n`);
}
await ports.close();
