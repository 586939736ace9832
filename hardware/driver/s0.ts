/**
 * Meters with a pulse output (S0, IEC 62053-31 class A or DIN 43864) on a GPIO pin: so many pulses a kWh, each 30 ms or
 * longer, with as long a pause. The output is a transistor behind an optocoupler, at most 27 V and 27 mA: between the
 * pin and ground with a pull-up to 3.3 V it pulls the pin low.
 *
 *   register = ⌊pulses × 1000 / pulses per kWh⌋ Wh, exactly      power = 3.6 MJ / (pulses per kWh × interval)
 *
 * The register is that of the count, which the port keeps (port/pulse-counter.ts), not the one on the meter's display.
 */
import { encodeUtf8 } from "../../shared/base/bytes.ts";
import { type Decoded, integer, literal, object } from "../../shared/base/decoder.ts";
import type { PulseCount } from "../port/pulse-counter.ts";
import type { Reading, Sensor } from "./driver.ts";

const DEBOUNCE_MS = 30;
const SAVE_S = 60;
/** 1 kWh in mW × ms: 10^6 mW for 3.6 × 10^6 ms. */
const KWH = 3_600_000_000_000;

const decode = object(
  {
    kind: literal("s0"),
    /** BCM number, as in "GPIO17". */
    pin: integer(0, 53),
    /** Printed on the meter, as imp/kWh. */
    pulses_per_kwh: integer(1, 1_000_000),
  },
  {
    /** The level of a pulse, default low. */
    active: literal("low", "high"),
    /** Default up where a pulse is low, down where it is high. */
    pull: literal("up", "down", "none"),
    /** Default 30; less only for outputs faster than the standard. */
    debounce_ms: integer(0, 1_000),
    /** Seconds between two savings of the count, default 60: what a power cut can cost. */
    save_s: integer(1, 3_600),
    /** Default gpiomon. */
    via: literal("gpiomon", "onoff"),
  },
);

export type S0Config = Decoded<typeof decode>;

export const s0: Sensor<S0Config> = {
  kind: "s0",
  metersEnergy: true,
  decode,
  /** Nobody can ask an output that only pulses. */
  candidates: () => [],
  async open(config, ports) {
    const { pin, active = "low", pulses_per_kwh: perKwh } = config;
    const counter = await ports.pulseCounter({
      pin,
      active,
      pull: config.pull ?? (active === "low" ? "up" : "down"),
      debounceMs: config.debounce_ms ?? DEBOUNCE_MS,
      saveMs: (config.save_s ?? SAVE_S) * 1000,
      via: config.via ?? "gpiomon",
    });
    return {
      sensor: "s0",
      read: async () => ({
        ...readingOf(await counter.read(), perKwh),
        // Another pin or another constant is another register.
        identity: `GPIO${pin} ${perKwh}/kWh`,
      }),
      async probe() {
        const { pulses } = await counter.read();
        return `S0 input on GPIO${pin}: ${pulses} pulses, ${perKwh} a kWh`;
      },
      async close() {},
    };
  },
};

export function readingOf(count: PulseCount, perKwh: number): Reading {
  const { pulses, intervalMs, agoMs } = count;
  const power = intervalMs === undefined ? undefined : powerOf(intervalMs, agoMs ?? 0, perKwh);
  return {
    energy: "register",
    register: Number((BigInt(pulses) * 1000n) / BigInt(perKwh)),
    ...(power === undefined ? {} : { power }),
    raw: encodeUtf8(`pulses ${pulses}`),
  };
}

/** The power of the last interval, in mW; less when the next pulse is overdue, for then it would have come already. */
function powerOf(intervalMs: number, agoMs: number, perKwh: number): number | undefined {
  const ms = Math.max(intervalMs, agoMs);
  return ms > 0 ? Math.round(KWH / (perKwh * ms)) : undefined;
}
