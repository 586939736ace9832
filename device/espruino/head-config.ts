/**
 * The settings of a sensor head, and what is wrong with them. Used twice: on the board, where a head with wrong settings says
 * so on its console and sends nothing, and by the command that writes them into the file for the board.
 */
import type { I2cPort, PinName, SerialPort } from "./board.ts";

export type SensorPart = "sht3x" | "sht4x" | "bme280" | "ina219" | "ina226";

export interface SensorSettings {
  readonly part: SensorPart;
  /** Default 0x44 for an SHT, 0x76 for a BME280, 0x40 for an INA. */
  readonly address?: number;
  /** Of an INA: the resistance of its shunt in µΩ. R100 is 100000. */
  readonly shunt_uohm?: number;
}

export interface PulseSettings {
  readonly pin: PinName;
  /** The level of a pulse, default "low". */
  readonly active?: "low" | "high";
  /** Default "input_pullup" for low pulses, "input_pulldown" for high ones; "input" where the wiring has a resistor. */
  readonly mode?: string;
  /** Default 30. */
  readonly debounce_ms?: number;
}

/** What stands as JSON in a settings file. `port` and `i2c` name what the board calls them. */
export interface HeadSettings {
  /** Tells heads apart: 1 to 16 letters, digits, - and _. */
  readonly head: string;
  /** Default 115200; means nothing on USB. */
  readonly baud?: number;
  readonly tx?: PinName;
  readonly rx?: PinName;
  readonly sda?: PinName;
  readonly scl?: PinName;
  /** Between two frames, default 10. */
  readonly interval_s?: number;
  /** 32 bytes in hex, the same as in meter.json; without one frames have a checksum only. */
  readonly key?: string;
  readonly sensors?: readonly SensorSettings[];
  readonly pulses?: readonly PulseSettings[];
}

export interface HeadConfig extends HeadSettings {
  readonly port: SerialPort;
  readonly i2c?: I2cPort;
}

const PARTS = ["sht3x", "sht4x", "bme280", "ina219", "ina226"];
const LETTERS = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz";
const DIGITS = "0123456789";
const HEX = "0123456789abcdef";
/** One digit numbers a sensor or a pulse input in a frame. */
const MOST = 8;

/** What is wrong with these settings; an empty text if nothing is. */
export function findFault(config: HeadSettings): string {
  if (!consistsOf(config.head, `${LETTERS + DIGITS}-_`) || config.head.length > 16) {
    return "head: 1 to 16 letters, digits, - and _";
  }
  if (config.baud !== undefined && !isWhole(config.baud, 9600, 230400))
    return "baud: 9600 to 230400";
  if (config.interval_s !== undefined && !isWhole(config.interval_s, 1, 60)) {
    return "interval_s: 1 to 60";
  }
  if (config.key !== undefined && !(consistsOf(config.key, HEX) && config.key.length === 64)) {
    return "key: 64 digits of hex, in small letters";
  }
  const sensors = config.sensors === undefined ? [] : config.sensors;
  const pulses = config.pulses === undefined ? [] : config.pulses;
  if (sensors.length + pulses.length === 0) return "neither sensors nor pulses";
  if (sensors.length > MOST || pulses.length > MOST) return "at most 8 sensors and 8 pulse inputs";
  for (const sensor of sensors) {
    const fault = findSensorFault(sensor);
    if (fault !== "") return fault;
  }
  for (const input of pulses) {
    if (!consistsOf(input.pin, LETTERS + DIGITS)) return "pulses: a pin is called A5 or D21";
    if (input.debounce_ms !== undefined && !isWhole(input.debounce_ms, 0, 1000)) {
      return "pulses: debounce_ms is 0 to 1000";
    }
    if (input.active !== undefined && input.active !== "low" && input.active !== "high") {
      return "pulses: active is low or high";
    }
  }
  return "";
}

function findSensorFault(sensor: SensorSettings): string {
  if (PARTS.indexOf(sensor.part) < 0) return `sensors: part is one of ${PARTS.join(", ")}`;
  if (sensor.address !== undefined && !isWhole(sensor.address, 8, 119)) {
    return "sensors: address is 8 to 119";
  }
  const isMonitor = sensor.part === "ina219" || sensor.part === "ina226";
  if (isMonitor && !isWhole(sensor.shunt_uohm, 100, 10000000)) {
    return `sensors: ${sensor.part} needs shunt_uohm, 100 to 10000000`;
  }
  return "";
}

/** At least one character, and only these. Espruino's regular expressions are not those of other JavaScript. */
function consistsOf(text: string, allowed: string): boolean {
  for (let i = 0; i < text.length; i++) {
    if (allowed.indexOf(text.charAt(i)) < 0) return false;
  }
  return text.length > 0;
}

function isWhole(value: number | undefined, min: number, max: number): boolean {
  return value !== undefined && Math.floor(value) === value && value >= min && value <= max;
}
