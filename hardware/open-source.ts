/** Opens what a configuration names: simulated, recorded or real. Only here the kinds of source meet. */
import type { UnixSeconds } from "../shared/base/units.ts";
import { offsetAt } from "../shared/time/civil-day.ts";
import type { Driver, Sensor } from "./driver/driver.ts";
import { SENSORS } from "./driver/registry.ts";
import { openLinuxPorts } from "./linux/linux-ports.ts";
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
  return { kind: "samples", source: await openSensors(sensors, openLinuxPorts()) };
}

function openHousehold(seed: number, zone: string): Promise<Source> {
  const household = new Household(seed, offsetAt(zone, WINTER) / 60);
  return openSimulatedMeter({
    counter: `mock ${seed}`,
    mainsAt: (at) => household.mainsAt(at),
    climateAt: (at) => household.climateAt(at),
  });
}

/**
 * A source over real (or test) ports; with `patienceMs` of the ports' time, a sample waits no longer for its slowest
 * part. Throws `schema` for uses that contradict each other, and else as the ports do; what was opened before is closed again. */
export async function openSensors(
  configs: readonly SensorConfig[],
  ports: Ports,
  patienceMs?: number,
): Promise<Source> {
  try {
    const plans = planParts(configs);
    const parts: SourcePart[] = [];
    for (const [i, config] of configs.entries()) {
      const plan = plans[i] as PartPlan;
      parts.push({ ...plan, driver: await openSensor(config, ports) });
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

function openSensor(config: SensorConfig, ports: Ports): Promise<Driver> {
  for (const sensor of SENSORS as readonly Sensor<SensorConfig>[]) {
    if (sensor.kind === config.kind) return sensor.open(config, ports);
  }
  throw new Error(`no sensor ${config.kind} in the registry`);
}
