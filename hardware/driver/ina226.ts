/**
 * INA226: direct current up to 36 V on I2C, address 0x40 to 0x4F. For 48 V systems its bus pin gets a divider
 * (with `voltage_gain` for it) and the shunt sits in the negative line. Not for mains.
 *
 *   0 configuration: 0x4D27 = mean of 512 samples of 1.1 ms each for shunt and bus, all the time · 1 shunt voltage s16,
 *   2.5 µV · 2 bus voltage, 1.25 mV · 3 power · 4 current · 5 calibration · 0xFE maker 0x5449 · 0xFF die 0x2260
 *
 * Source: TI's data sheet INA226 (SBOS547B), sections 6.5 and 7.1. The bus pin loads a divider with 830 kΩ.
 */
import { type Decoded, integer, literal, object } from "../../shared/base/decoder.ts";
import { fail } from "../../shared/base/error.ts";
import type { Reading, Sensor } from "./driver.ts";
import { signed, wordAt } from "./i2c-registers.ts";
import {
  createInaMonitor,
  INA_ADDRESSES,
  inVolts,
  parseChannel,
  requireDie,
  requireUnsaturated,
} from "./ina-monitor.ts";

const REGISTER = { configuration: 0, shunt: 1, bus: 2, calibration: 5 } as const;
const SETTINGS = [
  [REGISTER.configuration, 0x4d27],
  [REGISTER.calibration, 2048],
] as const;
const SETTLING_MS = 1_250;
/** Bits 14 to 12 of the configuration. */
const FIXED = 0x4000;
const DIE = 0x2260;

const SHUNT_NANOVOLT = 2_500;
/** 81.92 mV. */
const FULL_SCALE = 32_767;
/** 36 V of the data sheet, a twentieth wider. */
const VOLTAGE = [0, 37_800] as const;

const decode = object(
  {
    kind: literal("ina226"),
    bus: integer(0, 255),
    /** Resistance of the shunt in µΩ, as printed on it: R100 is 100000, R002 is 2000. */
    shunt_uohm: integer(10, 10_000_000),
  },
  {
    /** Default 0x40 (64). */
    address: integer(0x40, 0x4f),
    /** More is not believed, mA; default what the part can measure: 81.92 mV across the shunt. */
    max_current_ma: integer(1, 1_000_000),
  },
);

export type Ina226Config = Decoded<typeof decode>;

export const ina226: Sensor<Ina226Config> = {
  kind: "ina226",
  metersEnergy: true,
  decode,
  candidates: (place) =>
    place.kind === "i2c"
      ? INA_ADDRESSES.map((address) => ({
          kind: "ina226",
          bus: place.bus,
          address,
          shunt_uohm: 100_000,
        }))
      : [],
  async open(config, ports) {
    const { address = 0x40, bus, shunt_uohm } = config;
    const part = { sensor: "ina226", bus: await ports.i2cBus(bus), address };
    return createInaMonitor(
      {
        ...part,
        name: "INA226",
        settings: SETTINGS,
        settlingMs: SETTLING_MS,
        measured: [REGISTER.shunt, REGISTER.bus],
        parse: (raw) => parseIna226(raw, config),
        identify: () => requireDie(part, DIE, FIXED),
        describe: (raw) => {
          const across = ((signed(wordAt(raw, 0), 16) * SHUNT_NANOVOLT) / 1_000_000).toFixed(3);
          return `${inVolts(busVoltage(raw))}, ${across} mV across its shunt (taken for ${shunt_uohm} µΩ: read it off the board)`;
        },
      },
      ports.timing,
    );
  },
};

/** mV */
function busVoltage(raw: Uint8Array): number {
  return Math.round((wordAt(raw, 2) * 5) / 4);
}

/** The reading in registers 1 and 2. Throws `sensor-range`. */
export function parseIna226(
  raw: Uint8Array,
  { shunt_uohm, max_current_ma }: Pick<Ina226Config, "shunt_uohm" | "max_current_ma">,
): Reading {
  if (raw.length !== 4) fail("sensor-range", "ina226: not 4 bytes");
  const count = requireUnsaturated("ina226", signed(wordAt(raw, 0), 16), FULL_SCALE);
  // nV / µΩ is mA.
  const current = [count * SHUNT_NANOVOLT, shunt_uohm] as const;
  const limits = { voltage: VOLTAGE, current: max_current_ma ?? Number.MAX_SAFE_INTEGER };
  return parseChannel("ina226", busVoltage(raw), current, limits, raw);
}
