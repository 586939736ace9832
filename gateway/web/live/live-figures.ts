/** What of a live value is shown and how: the same for a page when it is made and for its script when a newer value comes. */
import type { LiveValue } from "../../live/live-values.ts";
import {
  CURRENT,
  ENERGY,
  formatQuantity,
  HUMIDITY,
  POWER,
  type Quantity,
  TEMPERATURE,
  VOLTAGE,
} from "../view/quantity.ts";

export interface LiveFigure {
  /** Names its place in the page. */
  readonly key: string;
  readonly quantity: Quantity;
  /** One number, or one a phase; undefined where the meter does not say it. */
  readonly read: (value: LiveValue) => readonly number[] | undefined;
}

const one = (value: number | undefined): readonly number[] | undefined =>
  value === undefined ? undefined : [value];

/** A glance needs fewer digits than a table. */
export const LIVE_FIGURES: readonly LiveFigure[] = [
  { key: "power", quantity: POWER, read: (value) => one(value.powerMilliWatt) },
  {
    key: "voltage",
    quantity: { ...VOLTAGE, digits: 1 },
    read: (value) => value.voltageMilliVolt,
  },
  { key: "current", quantity: CURRENT, read: (value) => value.currentMilliAmp },
  {
    key: "temperature",
    quantity: { ...TEMPERATURE, digits: 1 },
    read: (value) => one(value.temperatureMilliCelsius),
  },
  {
    key: "humidity",
    quantity: { ...HUMIDITY, digits: 0 },
    read: (value) => one(value.humidityCentiPercent),
  },
  {
    key: "register",
    quantity: { ...ENERGY, name: "Register" },
    read: (value) => one(value.registerWh),
  },
];

/** Digits without the unit, phase by phase: "230.4" or "230.4 / 231.0 / 229.9". */
export function formatLive(figure: LiveFigure, value: LiveValue): string | undefined {
  const numbers = figure.read(value);
  return numbers?.map((number) => formatQuantity(figure.quantity, number)).join(" / ");
}

/** "now", "8 s ago", "3 min ago". */
export function formatAge(ageMs: number): string {
  const seconds = Math.round(ageMs / 1000);
  if (seconds < 2) return "now";
  if (seconds < 60) return `${seconds} s ago`;
  return `${Math.floor(seconds / 60)} min ago`;
}

/** Energy since the last sealed day, Wh: what the register has gone on by. Undefined where that cannot be. */
export function unsealedWh(value: LiveValue, sealedWh: number | undefined): number | undefined {
  const { registerWh } = value;
  if (registerWh === undefined || sealedWh === undefined || registerWh < sealedWh) return undefined;
  return registerWh - sealedWh;
}
