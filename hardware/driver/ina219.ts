/**
 * INA219: direct current up to 26 V on I2C, address 0x40 to 0x4F; four of them with 0.1 Ω each, 0x40 to 0x43, on
 * Waveshare's Current/Power Monitor HAT. Not for mains, and not for 48 V systems: an INA226 with a divider is.
 *
 *   0 configuration: 0x3FFF = 32 V, shunt ±320 mV, 128 samples each of 532 µs, all the time · 1 shunt voltage s16, 10 µV ·
 *   2 bus voltage in bits 15 to 3, 4 mV, bit 1 measured, bit 0 overflow · 3 power · 4 current · 5 calibration
 *
 * Source: TI's data sheet INA219 (SBOS448G), sections 8.5 and 8.6. The part has no id register; `probe` judges by
 * bits that are always 0.
 */
import { type Decoded, integer, literal, object } from "../../shared/base/decoder.ts";
import { fail } from "../../shared/base/error.ts";
import type { Reading, Sensor } from "./driver.ts";
import { type RegisterPart, readWord, signed, wordAt } from "./i2c-registers.ts";
import {
  createInaMonitor,
  INA_ADDRESSES,
  inVolts,
  parseChannel,
  requireNoDie,
  requireUnsaturated,
} from "./ina-monitor.ts";

const REGISTER = { configuration: 0, shunt: 1, bus: 2, calibration: 5 } as const;
const SETTINGS = [
  [REGISTER.configuration, 0x3fff],
  [REGISTER.calibration, 4096],
] as const;
const SETTLING_MS = 145;

const SHUNT_NANOVOLT = 10_000;
/** 320 mV. */
const FULL_SCALE = 32_000;
const BUS_MILLIVOLT = 4;
/** 26 V of the data sheet, a twentieth wider. */
const VOLTAGE = [0, 27_300] as const;

const decode = object(
  {
    kind: literal("ina219"),
    bus: integer(0, 255),
    /** Resistance of the shunt in µΩ, as printed on it: R100 is 100000, R010 is 10000. */
    shunt_uohm: integer(100, 10_000_000),
  },
  {
    /** Default 0x40 (64). */
    address: integer(0x40, 0x4f),
    /** More is not believed, mA; default what the part can measure: 320 mV across the shunt. */
    max_current_ma: integer(1, 1_000_000),
  },
);

export type Ina219Config = Decoded<typeof decode>;

export const ina219: Sensor<Ina219Config> = {
  kind: "ina219",
  metersEnergy: true,
  decode,
  candidates: (place) =>
    place.kind === "i2c"
      ? INA_ADDRESSES.map((address) => ({
          kind: "ina219",
          bus: place.bus,
          address,
          shunt_uohm: 100_000,
        }))
      : [],
  async open(config, ports) {
    const { address = 0x40, bus, shunt_uohm } = config;
    const part = { sensor: "ina219", bus: await ports.i2cBus(bus), address };
    return createInaMonitor(
      {
        ...part,
        name: "INA219",
        settings: SETTINGS,
        settlingMs: SETTLING_MS,
        measured: [REGISTER.shunt, REGISTER.bus],
        parse: (raw) => parseIna219(raw, config),
        identify: () => identify(part),
        describe: (raw) => {
          const volts = inVolts((wordAt(raw, 2) >> 3) * BUS_MILLIVOLT);
          const across = ((signed(wordAt(raw, 0), 16) * SHUNT_NANOVOLT) / 1_000_000).toFixed(2);
          return `${volts}, ${across} mV across its shunt (taken for ${shunt_uohm} µΩ: read it off the board)`;
        },
      },
      ports.timing,
    );
  },
};

/** Throws `sensor-gone` unless all bits that an INA219 keeps at 0 are. */
async function identify(part: RegisterPart): Promise<void> {
  const configuration = await readWord(part, REGISTER.configuration);
  const calibration = await readWord(part, REGISTER.calibration);
  const bus = await readWord(part, REGISTER.bus);
  // Configuration: bit 15 resets, 14 is unused, bits 2 to 0 are the mode, 0 is off. Calibration: bit 0. Bus: bit 2.
  const plausible =
    (configuration & 0xc000) === 0 &&
    (configuration & 0x0007) !== 0 &&
    (calibration & 0x0001) === 0 &&
    (bus & 0x0004) === 0;
  if (!plausible) fail("sensor-gone", "ina219: another part", { configuration, calibration, bus });
  await requireNoDie(part);
}

/** The reading in registers 1 and 2. Throws `sensor-range`. */
export function parseIna219(
  raw: Uint8Array,
  { shunt_uohm, max_current_ma }: Pick<Ina219Config, "shunt_uohm" | "max_current_ma">,
): Reading {
  if (raw.length !== 4) fail("sensor-range", "ina219: not 4 bytes");
  const bus = wordAt(raw, 2);
  if ((bus & 1) !== 0) fail("sensor-range", "ina219: an overflow in its own arithmetic");
  const count = requireUnsaturated("ina219", signed(wordAt(raw, 0), 16), FULL_SCALE);
  // nV / µΩ is mA.
  const current = [count * SHUNT_NANOVOLT, shunt_uohm] as const;
  const limits = { voltage: VOLTAGE, current: max_current_ma ?? Number.MAX_SAFE_INTEGER };
  return parseChannel("ina219", (bus >> 3) * BUS_MILLIVOLT, current, limits, raw);
}
