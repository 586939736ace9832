/** A driver of a part that speaks by itself, from how its frames are cut and read. */
import type { SerialLine } from "../port/serial-line.ts";
import type { Timing } from "../port/timing.ts";
import type { Driver, Reading } from "./driver.ts";
import { type Framer, PushReader } from "./push-reader.ts";

export interface PushDriverOptions {
  readonly sensor: string;
  readonly line: SerialLine;
  readonly timing: Timing;
  /** How old a reading may be. */
  readonly maxAgeMs: number;
  /** How long who only looks for the part waits, a little longer than its pauses; default as for a reading. */
  readonly probeMs?: number;
  readonly framer: Framer;
  /** A frame's reading, undefined if it is not meant to have one. Throws `sensor-crc`, `sensor-range`. */
  readonly parse: (frame: Uint8Array) => Reading | undefined;
  /** What identifies the part, for people. */
  readonly describe: (reading: Reading) => string;
}

export function createPushDriver(options: PushDriverOptions): Driver {
  const { sensor, line, timing, maxAgeMs, probeMs, framer, parse, describe } = options;
  const accept = (frame: Uint8Array): boolean => parse(frame) !== undefined;
  const reader = new PushReader({ line, framer, timing, maxAgeMs, accept });
  const read = async (waitMs?: number): Promise<Reading> => {
    const { frame, takenMs } = await reader.newest(waitMs);
    const reading = parse(frame);
    if (reading === undefined) throw new Error("a frame that was taken has no reading");
    return { ...reading, takenMs: Math.round(takenMs) };
  };
  return {
    sensor,
    read: () => read(),
    probe: async () => describe(await read(probeMs)),
    close: () => reader.close(),
  };
}
