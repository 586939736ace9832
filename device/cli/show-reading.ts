/** A reading as one line for people. In: integers with units. Out: `230.1 V, 1.250 A, 288 W, 100.000 kWh, 21.4 °C`. */
import type { Reading } from "../../hardware/driver/driver.ts";
import { formatKwh } from "../meter-event.ts";

export function showReading(reading: Partial<Reading>): string {
  const { voltage, current, power, frequency, temperature, humidity, register, exported } = reading;
  const list = (values: readonly number[], digits: number): string =>
    values.map((value) => (value / 1000).toFixed(digits)).join("/");
  const words = [
    ...(voltage === undefined ? [] : [`${list(voltage, 1)} V`]),
    ...(current === undefined ? [] : [`${list(current, 3)} A`]),
    ...(power === undefined ? [] : [`${(power / 1000).toFixed(1)} W`]),
    ...(frequency === undefined ? [] : [`${(frequency / 1000).toFixed(2)} Hz`]),
    ...(register === undefined ? [] : [formatKwh(register)]),
    ...(exported === undefined ? [] : [`${formatKwh(exported)} out`]),
    ...(temperature === undefined ? [] : [`${(temperature / 1000).toFixed(1)} °C`]),
    ...(humidity === undefined ? [] : [`${(humidity / 100).toFixed(1)} %RH`]),
  ];
  return words.join(", ") || "nothing measured yet";
}
