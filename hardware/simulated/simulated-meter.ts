/**
 * A `Source` whose sensors are simulated below the driver: the unchanged PZEM-004T and SHT31 drivers talk,
 * byte by byte, to devices that measure whatever the two given functions say.
 */
import type { UnixMillis } from "../../shared/base/units.ts";
import { pzem004t } from "../driver/pzem-004t.ts";
import { sht31 } from "../driver/sht31.ts";
import { createSensorSource, type SourcePart } from "../sensor-source.ts";
import type { Source } from "../source.ts";
import { answerPzem, type PzemValues } from "./pzem-slave.ts";
import { type Climate, Sht31Device } from "./sht31-device.ts";
import { createSimulatedPorts } from "./simulated-ports.ts";
import { SimulatedTiming } from "./simulated-timing.ts";

const PZEM_ADDRESS = 1;
const SHT31_ADDRESS = 0x44;

export interface SimulatedMeter {
  /** What identifies the energy counter: `mock 7`. Its part is called by the first word. */
  readonly counter: string;
  /** Undefined: no mains, the part keeps silent. */
  mainsAt(at: UnixMillis): PzemValues | undefined;
  /** Left out: no climate sensor is there. Undefined: it does not acknowledge. */
  climateAt?(at: UnixMillis): Climate | undefined;
}

export async function openSimulatedMeter(
  meter: SimulatedMeter,
  prepare: (at: UnixMillis) => void | Promise<void> = () => {},
): Promise<Source> {
  const timing = new SimulatedTiming();
  let now: UnixMillis = 0;
  const answer = (request: Uint8Array): readonly Uint8Array[] => {
    const reply = answerPzem(request, PZEM_ADDRESS, () => meter.mainsAt(now));
    return reply === undefined ? [] : [reply];
  };
  const climate = new Sht31Device(timing, SHT31_ADDRESS, () => meter.climateAt?.(now));
  const ports = createSimulatedPorts(timing, answer, new Map([[SHT31_ADDRESS, climate]]));
  const { counter } = meter;
  const pzem = { kind: "pzem-004t", port: "simulated", address: PZEM_ADDRESS } as const;
  const parts: SourcePart[] = [
    {
      name: counter.split(" ")[0] ?? counter,
      use: "energy",
      counter,
      driver: await pzem004t.open(pzem, ports),
    },
  ];
  if (meter.climateAt !== undefined) {
    const driver = await sht31.open({ kind: "sht31", bus: 1, address: SHT31_ADDRESS }, ports);
    parts.push({ name: "climate", use: "climate", counter: "sht31", driver });
  }
  return createSensorSource({
    parts,
    async moveTo(at) {
      await prepare(at);
      now = at;
      timing.moveTo(at);
    },
    release: () => ports.close(),
  });
}
