/**
 * Test only: a process that opens sensors over the real `i2c-bus` module and reads them on request.
 *
 * in: a line of JSON a request → out: a line of JSON each: what the sensor gave, or the error's code.
 */
import { createInterface } from "node:readline";
import type { Driver, Sensor } from "../../hardware/driver/driver.ts";
import { SENSORS } from "../../hardware/driver/registry.ts";
import { openLinuxPorts } from "../../hardware/linux/linux-ports.ts";
import { encodeHex } from "../../shared/base/bytes.ts";
import { isCoded } from "../../shared/base/error.ts";

type Config = { readonly kind: string };
export type ChildRequest =
  | { readonly ask: "read" | "probe"; readonly config: Config }
  | { readonly ask: "scan"; readonly bus: number };

const sensors = SENSORS as readonly unknown[] as readonly Sensor<Config>[];
const ports = openLinuxPorts();
const driverByConfig = new Map<string, Driver>();

async function open(config: Config): Promise<Driver> {
  const key = JSON.stringify(config);
  const known = driverByConfig.get(key);
  if (known !== undefined) return known;
  const sensor = sensors.find(({ kind }) => kind === config.kind);
  if (sensor === undefined) throw new Error(`no sensor ${config.kind}`);
  const driver = await sensor.open(config, ports);
  driverByConfig.set(key, driver);
  return driver;
}

async function scan(bus: number): Promise<unknown> {
  const found: unknown[] = [];
  for (const sensor of sensors) {
    for (const config of sensor.candidates({ kind: "i2c", bus })) {
      const driver = await open(config);
      try {
        found.push({ config, text: await driver.probe() });
      } catch (error) {
        if (!isCoded(error)) throw error;
      }
    }
  }
  return { found };
}

async function answer(request: ChildRequest): Promise<unknown> {
  try {
    if (request.ask === "scan") return await scan(request.bus);
    const driver = await open(request.config);
    if (request.ask === "probe") return { text: await driver.probe() };
    const { raw, ...reading } = await driver.read();
    return { ...reading, raw: encodeHex(raw) };
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { code: error.code, message: error.message, detail: error.detail };
  }
}

for await (const line of createInterface({ input: process.stdin })) {
  const request: ChildRequest = JSON.parse(line);
  process.stdout.write(`${JSON.stringify(await answer(request))}\n`);
}
await ports.close();
