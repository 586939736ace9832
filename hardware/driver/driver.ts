/**
 * The one contract that every sensor driver keeps: probe, read, close.
 *
 * A driver turns register bytes of one part into integers with units, and keeps those bytes. It holds no
 * state between reads but its port and what the part cannot keep (that it was set up, counts since then), judges
 * only what the part can do (checksum, ranges of the data sheet), and throws one of `sensor-nack, sensor-timeout,
 * sensor-crc, sensor-range, sensor-busy, sensor-gone`. What a value means for a day (deltas, resets, gaps, averages)
 * is the meter's business.
 */
import type { Decoder } from "../../shared/base/decoder.ts";
import type { ErrorCode } from "../../shared/base/error-code.ts";
import type {
  CentiPercent,
  MilliAmp,
  MilliCelsius,
  MilliHertz,
  MilliVolt,
  MilliWatt,
  WattHour,
} from "../../shared/base/units.ts";
import type { Ports } from "../port/ports.ts";

/**
 * Where energy comes from: `register`, the part counts it (quality M); `power`, the meter has to
 * integrate `power` over time (quality I); `estimate`, the same with a `power` that the part did not measure but
 * computed from an assumed voltage or power factor (quality E); `none`, the part measures none (climate sensors).
 */
export type EnergyKind = "register" | "power" | "estimate" | "none";

/** What one read of one part gave. A quantity that the part does not measure is absent, never zero. */
export interface Reading {
  readonly energy: EnergyKind;
  /** Imported energy as the part counts it; with energy `register`. */
  readonly register?: WattHour;
  /** The register runs from 0 to `registerSpan` - 1 and starts again at 0. */
  readonly registerSpan?: WattHour;
  /** The register shows multiples of this; default 1 Wh. A step at once is no sign of an error. */
  readonly registerStep?: WattHour;
  /** Exported energy as the part counts it, with the same span; absent where it counts none. */
  readonly exported?: WattHour;
  /** The part's own serial number, where it states one: another number is another register. */
  readonly identity?: string;
  /** Where the part states it: another one says that its counters began again at 0, in the same part. */
  readonly epoch?: string;
  /** Of a part that numbers what it says: how many of its telegrams have not arrived since the driver was opened. */
  readonly lost?: number;
  /** What else went wrong since the reading before, although this one is good: lost telegrams, parts of a part. */
  readonly troubles?: readonly ErrorCode[];
  /** Of a part that speaks by itself: when its telegram was complete, by the ports' monotonic time. */
  readonly takenMs?: number;
  /** Active power, negative for export. */
  readonly power?: MilliWatt;
  /** One value a phase, 1 to 3. */
  readonly voltage?: readonly MilliVolt[];
  /** One value a phase, 1 to 3. */
  readonly current?: readonly MilliAmp[];
  readonly frequency?: MilliHertz;
  /** Thousandths, 0 to 1000. */
  readonly powerFactor?: number;
  readonly temperature?: MilliCelsius;
  readonly humidity?: CentiPercent;
  /** The reply as it came over the wire, checksums included: evidence. */
  readonly raw: Uint8Array;
}

export interface Driver {
  /** The name of the part in configurations and in evidence. */
  readonly sensor: string;
  /** Asks the part whether it is there and is what it should be; returns what identifies it, for people. */
  probe(): Promise<string>;
  /** One complete measurement; tries again by itself only where the part's data sheet makes that normal. */
  read(): Promise<Reading>;
  /** Idempotent. Leaves the port open: ports belong to whoever opened them. */
  close(): Promise<void>;
}

/** A place where a part may be wired to; `meter probe` looks there. */
export type Place =
  | { readonly kind: "i2c"; readonly bus: number }
  | { readonly kind: "serial"; readonly port: string };

/** One entry of the registry: how to decode a part's configuration and how to open it. */
export interface Sensor<C extends { readonly kind: string }> {
  readonly kind: C["kind"];
  /** Whether the part measures energy, by register or power. */
  readonly metersEnergy: boolean;
  readonly decode: Decoder<C>;
  /**
   * Configurations under which the part may be found at a place, the likeliest first; none where it cannot be.
   * Each is opened and asked by `probe`, so a candidate must never do more than ask.
   */
  candidates(place: Place): readonly C[];
  open(config: C, ports: Ports): Promise<Driver>;
}
