/**
 * The edges of a pin over sysfs, each with the time at which this process heard of it: a process that is busy longer
 * than a pulse misses the pulse.
 */
import type { DigitalPin, PinSettings } from "../port/digital-pin.ts";
import type { Timing } from "../port/timing.ts";
import { openLinuxPin } from "./digital-pin.ts";
import type { EdgeListener, EdgeSource } from "./edge-source.ts";

/** Throws `hardware-module`, `gpio-chip`, `sensor-busy`, `sensor-gone`. */
export async function watchByOnoff(
  pin: number,
  listener: EdgeListener,
  timing: Timing,
  open: (settings: PinSettings) => Promise<DigitalPin> = openLinuxPin,
): Promise<EdgeSource> {
  const input = await open({ pin, direction: "in" });
  const leave = input.watch((level) => listener.onEdge({ level, atMs: timing.monotonicMs() }));
  return {
    failure: () => undefined,
    async close() {
      leave();
      await input.close();
    },
  };
}
