/**
 * SHT3x, SHT4x and BME280 on I2C: t in m°C, h in 0.01 %. Commands, formulas and ranges are those of the meter's own
 * drivers (hardware/driver), with the data sheet's formulas for floating point, because Espruino has no `Math.imul`.
 */
import {
  FAULT,
  type HeadSensor,
  readRegister,
  readStable,
  refuse,
  requireRange,
  signed,
  type Wiring,
  wordAt,
} from "./sensor.ts";

export function createSht(wiring: Wiring, family: "sht3x" | "sht4x"): HeadSensor {
  const isThird = family === "sht3x";
  const command = isThird ? [0x24, 0x00] : [0xfd];
  return {
    waitMs: isThird ? 20 : 12,
    begin: () => {
      wiring.i2c.writeTo(wiring.address, command);
    },
    fetch: () => {
      const reply = wiring.i2c.readFrom(wiring.address, 6);
      if (reply.length !== 6) refuse(FAULT.nack);
      if (crc8(reply, 0) !== reply[2] || crc8(reply, 3) !== reply[5]) refuse(FAULT.checksum);
      const temperature = Math.round(-45000 + (175000 * wordAt(reply, 0)) / 65535);
      const share = wordAt(reply, 3) / 65535;
      const humidity = isThird ? 10000 * share : -600 + 12500 * share;
      return [
        { name: `t${wiring.number}`, value: requireRange(temperature, -40000, 125000) },
        { name: `h${wiring.number}`, value: Math.round(Math.min(10000, Math.max(0, humidity))) },
      ];
    },
  };
}

/** Sensirion's CRC-8 of the two bytes from `at` on. */
function crc8(bytes: Uint8Array, at: number): number {
  let crc = 0xff;
  for (let i = 0; i < 2; i++) {
    crc ^= bytes[at + i] as number;
    for (let bit = 0; bit < 8; bit++)
      crc = (crc & 0x80) !== 0 ? ((crc << 1) ^ 0x131) & 255 : crc << 1;
  }
  return crc;
}

const BME280 = 0x60;

export function createBme280(wiring: Wiring): HeadSensor {
  return {
    waitMs: 12,
    begin: () => {
      wiring.i2c.writeTo(wiring.address, [0xf2, 0x01]);
      wiring.i2c.writeTo(wiring.address, [0xf4, 0x21]);
    },
    fetch: () => {
      const id = readStable(wiring, 0xd0, 1)[0] as number;
      if (id !== BME280 && !(id >= 0x56 && id <= 0x58)) refuse(FAULT.range);
      const status = readRegister(wiring, 0xf3, 1)[0] as number;
      if ((status & 0x09) !== 0) refuse(FAULT.reset);
      const calibration = readStable(wiring, 0x88, 26);
      const data = readStable(wiring, 0xf7, 8);
      const fine = fineTemperature(calibration, data);
      const temperature = Math.round((fine * 1000) / 5120);
      const fields = [
        { name: `t${wiring.number}`, value: requireRange(temperature, -40000, 85000) },
      ];
      if (id === BME280) {
        const humidity = humidityOf(calibration, readStable(wiring, 0xe1, 7), data, fine);
        fields.push({ name: `h${wiring.number}`, value: humidity });
      }
      return fields;
    },
  };
}

/** Low byte first. */
function littleWordAt(bytes: Uint8Array, at: number): number {
  return (bytes[at] as number) | ((bytes[at + 1] as number) << 8);
}

function fineTemperature(calibration: Uint8Array, data: Uint8Array): number {
  const adc = (wordAt(data, 3) << 4) | ((data[5] as number) >> 4);
  if (adc === 0x80000) refuse(FAULT.reset);
  const t1 = littleWordAt(calibration, 0);
  if (t1 === 0 || t1 === 0xffff) refuse(FAULT.range);
  const t2 = signed(littleWordAt(calibration, 2), 16);
  const t3 = signed(littleWordAt(calibration, 4), 16);
  const offset = adc / 131072 - t1 / 8192;
  return (adc / 16384 - t1 / 1024) * t2 + offset * offset * t3;
}

function humidityOf(
  calibration: Uint8Array,
  more: Uint8Array,
  data: Uint8Array,
  fine: number,
): number {
  const adc = wordAt(data, 6);
  if (adc === 0x8000) refuse(FAULT.reset);
  const h1 = calibration[25] as number;
  const h2 = signed(littleWordAt(more, 0), 16);
  const h3 = more[2] as number;
  const middle = more[4] as number;
  const h4 = signed(((more[3] as number) << 4) | (middle & 15), 12);
  const h5 = signed(((more[5] as number) << 4) | (middle >> 4), 12);
  const h6 = signed(more[6] as number, 8);
  const warmth = fine - 76800;
  const bend = 1 + (h6 / 67108864) * warmth * (1 + (h3 / 67108864) * warmth);
  const raw = (adc - (h4 * 64 + (h5 / 16384) * warmth)) * (h2 / 65536) * bend;
  const humidity = raw * (1 - (h1 * raw) / 524288);
  return Math.round(100 * Math.min(100, Math.max(0, humidity)));
}
