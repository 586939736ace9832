/**
 * INA260: direct current up to 15 A and 36 V with its shunt of 2 mΩ inside, on I2C, address 0x40 to 0x4F. For 48 V
 * systems as the INA226. Not for mains.
 *
 *   0 configuration: 0x6D27 = mean of 512 samples of 1.1 ms each for current and voltage, all the time · 1 current s16,
 *   1.25 mA · 2 bus voltage, 1.25 mV · 3 power · 0xFE maker 0x5449 · 0xFF die 0x2270
 *
 * Source: TI's data sheet INA260 (SBOS656C), sections 7.5 and 8.6; the Linux drivers hwmon/ina2xx.c and the proposed
 * iio ina260 for the same values.
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
} from "./ina-monitor.ts";

const REGISTER = { configuration: 0, current: 1, bus: 2 } as const;
const SETTINGS = [[REGISTER.configuration, 0x6d27]] as const;
const SETTLING_MS = 1_250;
/** Bits 14 to 12 of the configuration. */
const FIXED = 0x6000;
const DIE = 0x2270;
/** 36 V and 15 A of the data sheet, a twentieth wider. */
const LIMITS = { voltage: [0, 37_800], current: 15_750 } as const;

const decode = object(
  { kind: literal("ina260"), bus: integer(0, 255) },
  {
    /** Default 0x40 (64). */
    address: integer(0x40, 0x4f),
    /** More is not believed, mA; default 15750. */
    max_current_ma: integer(1, LIMITS.current),
  },
);

export type Ina260Config = Decoded<typeof decode>;

export const ina260: Sensor<Ina260Config> = {
  kind: "ina260",
  metersEnergy: true,
  decode,
  candidates: (place) =>
    place.kind === "i2c"
      ? INA_ADDRESSES.map((address) => ({ kind: "ina260", bus: place.bus, address }))
      : [],
  async open(config, ports) {
    const { address = 0x40, bus } = config;
    const part = { sensor: "ina260", bus: await ports.i2cBus(bus), address };
    return createInaMonitor(
      {
        ...part,
        name: "INA260",
        settings: SETTINGS,
        settlingMs: SETTLING_MS,
        measured: [REGISTER.current, REGISTER.bus],
        parse: (raw) => parseIna260(raw, config),
        identify: () => requireDie(part, DIE, FIXED),
        describe: (raw) => `${inVolts(quarters(wordAt(raw, 2)))}, ${quarters(current(raw))} mA`,
      },
      ports.timing,
    );
  },
};

function current(raw: Uint8Array): number {
  return signed(wordAt(raw, 0), 16);
}

/** Units of 1.25 in units of 1. */
function quarters(value: number): number {
  return Math.round((value * 5) / 4);
}

/** The reading in registers 1 and 2. Throws `sensor-range`. */
export function parseIna260(
  raw: Uint8Array,
  { max_current_ma }: Pick<Ina260Config, "max_current_ma">,
): Reading {
  if (raw.length !== 4) fail("sensor-range", "ina260: not 4 bytes");
  const limits = { ...LIMITS, current: max_current_ma ?? LIMITS.current };
  return parseChannel("ina260", quarters(wordAt(raw, 2)), [5 * current(raw), 4], limits, raw);
}
