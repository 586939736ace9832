/**
 * INA219 and INA226 on I2C: v in mV, i in mA, w in mW, of direct current, from the shunt's and the bus's voltage. Settings
 * and ranges are those of the meter's own drivers (hardware/driver), the averages shorter: 68 and 282 ms. A part that lost its
 * settings was without power: it is set up, which is an error once, and answers from the next frame on.
 */
import {
  FAULT,
  type HeadSensor,
  readRegister,
  refuse,
  requireRange,
  signed,
  type Wiring,
  wordAt,
} from "./sensor.ts";

interface Monitor {
  /** Register, value. */
  readonly settings: readonly (readonly [number, number])[];
  readonly shuntNanovolt: number;
  /** From this count on the shunt's voltage is out of scale. */
  readonly end: number;
  readonly mostMillivolt: number;
  /** The bus's voltage in its register, in mV. */
  readonly millivolt: (word: number) => number;
}

const INA219: Monitor = {
  settings: [
    [0, 0x3fff],
    [5, 4096],
  ],
  shuntNanovolt: 10000,
  end: 32000,
  mostMillivolt: 27300,
  millivolt: (word) => (word >> 3) * 4,
};

const INA226: Monitor = {
  settings: [
    [0, 0x4927],
    [5, 2048],
  ],
  shuntNanovolt: 2500,
  end: 32767,
  mostMillivolt: 37800,
  millivolt: (word) => (word * 5) / 4,
};

export function createIna(
  wiring: Wiring,
  part: "ina219" | "ina226",
  shuntMicroohm: number,
): HeadSensor {
  const monitor = part === "ina219" ? INA219 : INA226;
  return {
    waitMs: 0,
    begin: () => {
      if (isSetUp(wiring, monitor)) return;
      for (const setting of monitor.settings) {
        const value = setting[1];
        wiring.i2c.writeTo(wiring.address, [setting[0], value >> 8, value & 255]);
      }
      refuse(FAULT.reset);
    },
    fetch: () => {
      const count = signed(wordAt(readRegister(wiring, 1, 2), 0), 16);
      const bus = wordAt(readRegister(wiring, 2, 2), 0);
      if (Math.abs(count) >= monitor.end) refuse(FAULT.range);
      if (part === "ina219" && (bus & 1) !== 0) refuse(FAULT.range);
      const millivolt = requireRange(monitor.millivolt(bus), 0, monitor.mostMillivolt);
      const milliamp = (count * monitor.shuntNanovolt) / shuntMicroohm;
      return [
        { name: `v${wiring.number}`, value: Math.round(millivolt) },
        { name: `i${wiring.number}`, value: Math.round(milliamp) },
        // Of the exact current: a rounded one would cost much of a small power.
        { name: `w${wiring.number}`, value: Math.round((millivolt * milliamp) / 1000) },
      ];
    },
  };
}

function isSetUp(wiring: Wiring, monitor: Monitor): boolean {
  for (const setting of monitor.settings) {
    if (wordAt(readRegister(wiring, setting[0], 2), 0) !== setting[1]) return false;
  }
  return true;
}
