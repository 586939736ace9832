/**
 * Looks for parts: asks every sensor of the registry under each configuration that may find it at a place.
 *
 * In: places, a way to open ports anew. Out: what answered as what it should be, with a reading; and what was there but
 * not understood. Nothing is ever written to a part that would change it: a driver's `probe` only asks. Each try has its
 * own ports, because settings differ, and a bound, because parts that speak by themselves are waited for.
 */
import { isCoded } from "../shared/base/error.ts";
import type { ErrorCode } from "../shared/base/error-code.ts";
import type { Place, Reading, Sensor } from "./driver/driver.ts";
import { SENSORS } from "./driver/registry.ts";
import { withTimeLimit } from "./linux/time-limit.ts";
import type { Ports } from "./port/ports.ts";
import type { SensorConfig } from "./source-config.ts";

export interface FoundPart {
  readonly config: SensorConfig;
  /** What the part says that it is. */
  readonly description: string;
  /** Absent when the part answers to its name but cannot measure now. */
  readonly reading?: Reading;
  readonly code?: ErrorCode;
}

export interface PlaceReport {
  readonly place: Place;
  readonly found: readonly FoundPart[];
  /** Tries that found something that could not be understood, or a port that is in use. */
  readonly hints: readonly { readonly config: SensorConfig; readonly code: ErrorCode }[];
  readonly tries: number;
}

export interface ProbeOptions {
  /** Fresh ones for each try; they are closed after it. */
  readonly openPorts: () => Ports;
  /** Called before each try. */
  readonly onTry?: (config: SensorConfig) => void;
  /** Slave addresses that are looked at when one part of a kind was found on a line. */
  readonly addresses?: readonly number[];
  readonly sensors?: readonly Sensor<SensorConfig>[];
}

/** Parts that speak by themselves do so at least every ten seconds. */
const TRY_MS = 25_000;
/** Errors that say that there is something, or that nothing can be said of the place. */
const TELLING: readonly ErrorCode[] = [
  "sensor-crc",
  "sensor-busy",
  "sensor-range",
  "hardware-module",
];

export async function probePlace(place: Place, options: ProbeOptions): Promise<PlaceReport> {
  const sensors = options.sensors ?? (SENSORS as readonly Sensor<SensorConfig>[]);
  const found: FoundPart[] = [];
  const hints: { config: SensorConfig; code: ErrorCode }[] = [];
  let tries = 0;
  const attempt = async (sensor: Sensor<SensorConfig>, config: SensorConfig): Promise<boolean> => {
    tries += 1;
    options.onTry?.(config);
    const result = await tryPart(sensor, config, options);
    if (typeof result === "string") {
      if (TELLING.includes(result)) hints.push({ config, code: result });
      return false;
    }
    found.push(result);
    return true;
  };
  for (const sensor of sensors) {
    for (const config of sensor.candidates(place)) {
      if (isTaken(place, config, found)) continue;
      if (!(await attempt(sensor, config)) || place.kind !== "serial") continue;
      for (const other of neighbours(sensor, config, options.addresses ?? [])) {
        await attempt(sensor, other);
      }
      // One line has one speed, and parts of another kind that speak at it would have to share it.
      break;
    }
    if (place.kind === "serial" && found.length > 0) break;
  }
  return { place, found, hints: found.length > 0 ? [] : hints, tries };
}

/** On I2C another kind may use an address where a part was found: who answered first to its own name has it. */
function isTaken(place: Place, config: SensorConfig, found: readonly FoundPart[]): boolean {
  if (place.kind !== "i2c") return false;
  const addressOf = (one: SensorConfig): unknown => ("address" in one ? one.address : undefined);
  const address = addressOf(config);
  return address !== undefined && found.some((part) => addressOf(part.config) === address);
}

/** The same settings at other slave addresses, where the sensor knows of such. */
function neighbours(
  { decode }: Sensor<SensorConfig>,
  config: SensorConfig,
  addresses: readonly number[],
): SensorConfig[] {
  const own = "address" in config ? config.address : undefined;
  return addresses.flatMap((address) => {
    // Address 1 is where a part without one was just found.
    if (address === (own ?? 1)) return [];
    try {
      return [decode({ ...config, address } as Parameters<typeof decode>[0], "probe")];
    } catch (error) {
      if (isCoded(error, "schema")) return [];
      throw error;
    }
  });
}

/** What was found, or the code of why not. Throws what is no sensor's error. */
async function tryPart(
  sensor: Sensor<SensorConfig>,
  config: SensorConfig,
  { openPorts }: ProbeOptions,
): Promise<FoundPart | ErrorCode> {
  const ports = openPorts();
  const what = `probing for ${config.kind}`;
  try {
    const driver = await withTimeLimit(sensor.open(config, ports), TRY_MS, what);
    try {
      const description = await withTimeLimit(driver.probe(), TRY_MS, what);
      return { config, description, ...(await readOnce(driver)) };
    } finally {
      await driver.close();
    }
  } catch (error) {
    if (isCoded(error)) return error.code;
    throw error;
  } finally {
    await ports.close();
  }
}

async function readOnce(driver: {
  read(): Promise<Reading>;
}): Promise<Pick<FoundPart, "reading" | "code">> {
  try {
    return { reading: await withTimeLimit(driver.read(), TRY_MS, "reading") };
  } catch (error) {
    if (isCoded(error)) return { code: error.code };
    throw error;
  }
}

/**
 * The configuration of what was found: the first part that measures energy counts, others are watched until somebody
 * says what they are for; numbered names are left to the meter.
 */
export function suggestSources(found: readonly FoundPart[]): readonly SensorConfig[] {
  let counts = false;
  return found.map(({ config }) => {
    const meters = SENSORS.some(({ kind, metersEnergy }) => kind === config.kind && metersEnergy);
    if (!meters) return config;
    if (counts) return { ...config, use: "watch" as const };
    counts = true;
    return config;
  });
}
