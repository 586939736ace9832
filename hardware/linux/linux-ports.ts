/** The machine's own ports, each opened once and shared by the drivers that name it. */
import { fail } from "../../shared/base/error.ts";
import type { I2cBus } from "../port/i2c-bus.ts";
import type { Ports } from "../port/ports.ts";
import type { SerialLine, SerialSettings } from "../port/serial-line.ts";
import { realTiming } from "../port/timing.ts";
import { openLinuxPin } from "./digital-pin.ts";
import { openLinuxI2cBus } from "./i2c-bus.ts";
import { type CountFolders, openLinuxPulseCounter } from "./pulse-counter.ts";
import { openLinuxSerialLine } from "./serial-line.ts";

/**
 * `folders`: where pulses are counted; without it there are no pulse counters. `onStuck`: a native call has not returned
 * for so long that only the end of the process helps.
 */
export function openLinuxPorts(folders?: CountFolders, onStuck?: (what: string) => void): Ports {
  const busByNumber = new Map<number, Promise<I2cBus>>();
  const lineByPort = new Map<string, { settings: SerialSettings; line: Promise<SerialLine> }>();
  const countedPins = new Set<number>();
  const closers: (() => Promise<void>)[] = [];
  const kept = async <T extends { close(): Promise<void> }>(opening: Promise<T>): Promise<T> => {
    const port = await opening;
    closers.push(() => port.close());
    return port;
  };
  return {
    timing: realTiming,
    i2cBus(bus) {
      const known = busByNumber.get(bus) ?? kept(openLinuxI2cBus(bus, onStuck && { onStuck }));
      busByNumber.set(bus, known);
      // A bus that is not there yet is looked for again.
      known.catch(() => busByNumber.delete(bus));
      return known;
    },
    async serialLine(settings) {
      const { port, baud, parity, dataBits = 8 } = settings;
      const known = lineByPort.get(port);
      if (known === undefined) {
        const line = kept(openLinuxSerialLine(settings));
        lineByPort.set(port, { settings, line });
        return line;
      }
      const { settings: asked } = known;
      const same = asked.baud === baud && asked.parity === parity;
      if (!same || (asked.dataBits ?? 8) !== dataBits) {
        fail("sensor-busy", `${port} is in use with other settings`, { port });
      }
      return known.line;
    },
    digitalPin: (settings) => kept(openLinuxPin(settings)),
    async pulseCounter(settings) {
      const { pin } = settings;
      if (folders === undefined) fail("sensor-gone", "there is no folder to count pulses in");
      // Two counters would overwrite each other's file.
      if (countedPins.has(pin)) fail("sensor-busy", `GPIO${pin} is counted already`, { pin });
      countedPins.add(pin);
      const opening = kept(openLinuxPulseCounter(settings, folders, realTiming));
      // What could not be opened may be asked for again.
      opening.catch(() => countedPins.delete(pin));
      return opening;
    },
    async close() {
      for (const close of closers.splice(0)) await close();
    },
  };
}
