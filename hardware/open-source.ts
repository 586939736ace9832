/** Opens what a configuration names: simulated, recorded or real. Only here the kinds of source meet. */
import { isCoded } from "../shared/base/error.ts";
import type { UnixSeconds } from "../shared/base/units.ts";
import { offsetAt } from "../shared/time/civil-day.ts";
import type { Driver, Sensor } from "./driver/driver.ts";
import { SENSORS } from "./driver/registry.ts";
import type { Ports } from "./port/ports.ts";
import { openReplay } from "./replay/open-replay.ts";
import { createSensorSource, type SourcePart } from "./sensor-source.ts";
import { Household } from "./simulated/household.ts";
import { openSimulatedMeter } from "./simulated/simulated-meter.ts";
import type { OpenedSource, Source } from "./source.ts";
import type { SensorConfig, SourceConfig } from "./source-config.ts";
import { type PartPlan, planParts } from "./source-plan.ts";

export interface SourceContext {
  /** The meter's IANA zone: the household's clock, and that of naive timestamps. */
  readonly zone: string;
  /** The folder of a recording's relative path. */
  readonly folder: string;
  /** Opens real sensors; they are read in a process of their own (host/sensor-host.ts). */
  readonly sensors: (configs: readonly SensorConfig[]) => Promise<Source>;
}

/** An instant by whose offset a simulated household lives: winter in the north, so standard time. */
const WINTER: UnixSeconds = 1_704_067_200;

/**
 * Sensors are opened, not asked: a part that is not there shows at the first read. Throws `sensor-gone`,
 * `sensor-busy`, `hardware-module`, `replay-file`, `replay-column`, `zone`.
 */
export async function openSources(
  configs: readonly SourceConfig[],
  context: SourceContext,
): Promise<OpenedSource> {
  const sensors: SensorConfig[] = [];
  for (const config of configs) {
    if (config.kind === "mock") {
      return { kind: "samples", source: await openHousehold(config.seed, context.zone) };
    }
    if (config.kind === "replay") return openReplay(config, context.zone, context.folder);
    sensors.push(config);
  }
  return { kind: "samples", source: await context.sensors(sensors) };
}

function openHousehold(seed: number, zone: string): Promise<Source> {
  const household = new Household(seed, offsetAt(zone, WINTER) / 60);
  return openSimulatedMeter({
    counter: `mock ${seed}`,
    mainsAt: (at) => household.mainsAt(at),
    climateAt: (at) => household.climateAt(at),
  });
}

export interface SensorOptions {
  /** A sample waits this long for its slowest part, by the ports' time; left out where that is not the real one. */
  readonly patienceMs?: number;
  /** A part that cannot be opened fails its reads, each of which tries again, and not the opening. */
  readonly reopen?: boolean;
}

/**
 * A source over real (or test) ports. Throws `schema` for uses that contradict each other, and else as the ports do;
 * what was opened before is closed again.
 */
export async function openSensors(
  configs: readonly SensorConfig[],
  ports: Ports,
  { patienceMs, reopen = false }: SensorOptions = {},
): Promise<Source> {
  try {
    const plans = planParts(configs);
    const parts: SourcePart[] = [];
    for (const [i, config] of configs.entries()) {
      const plan = plans[i] as PartPlan;
      const driver = await (reopen ? openPatiently : openSensor)(config, ports);
      parts.push({ ...plan, driver });
    }
    const patience = { timing: ports.timing, ms: patienceMs ?? 0 };
    return createSensorSource({
      parts,
      ...(patienceMs === undefined ? {} : { patience }),
      release: () => ports.close(),
    });
  } catch (error) {
    await ports.close();
    throw error;
  }
}

/** Opens the driver that a configuration names. Throws as the ports do. */
export function openSensor(config: SensorConfig, ports: Ports): Promise<Driver> {
  for (const sensor of SENSORS as readonly Sensor<SensorConfig>[]) {
    if (sensor.kind === config.kind) return sensor.open(config, ports);
  }
  throw new Error(`no sensor ${config.kind} in the registry`);
}

/** A driver that is opened when it can be. Throws only what no later try will change: `hardware-module`. */
async function openPatiently(config: SensorConfig, ports: Ports): Promise<Driver> {
  let driver: Driver | undefined;
  const opened = async (): Promise<Driver> => {
    driver ??= await openSensor(config, ports);
    return driver;
  };
  try {
    return await opened();
  } catch (error) {
    if (!isCoded(error) || !error.code.startsWith("sensor-")) throw error;
  }
  return {
    sensor: config.kind,
    probe: async () => (await opened()).probe(),
    read: async () => (await opened()).read(),
    close: async () => driver?.close(),
  };
}
