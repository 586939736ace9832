/**
 * The weather around the simulated household: a temperate northern climate as a function of the instant. Times
 * are local minutes since 1970-01-01T00:00 of the household's own clock.
 */
import { wander } from "./noise.ts";

const MINUTES_A_DAY = 1440;
const DAYS_A_YEAR = 365.2425;

/** -1 in mid-January to 1 in mid-July. */
function summerness(day: number): number {
  return -Math.cos((2 * Math.PI * (day - 15)) / DAYS_A_YEAR);
}

/** Outdoor temperature in °C: the season, spells of some days, and the course of the day. */
export function outdoorTemperature(seed: number, localMinute: number): number {
  const day = localMinute / MINUTES_A_DAY;
  const hour = (day - Math.floor(day)) * 24;
  const daily = Math.cos((2 * Math.PI * (hour - 15)) / 24);
  const spell = 3 * wander(seed, day / 3, 71) + 2 * wander(seed, day, 72);
  return 10 + 9 * summerness(day) + spell + (2.5 + summerness(day)) * daily;
}

/** Minutes after midnight at which lamps go on in the evening and off in the morning. */
export function darkness(day: number): { readonly sunrise: number; readonly sunset: number } {
  const halfDay = 365 + 120 * summerness(day);
  return { sunrise: Math.round(745 - halfDay), sunset: Math.round(745 + halfDay) };
}
