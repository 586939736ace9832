/**
 * A household as its meter sees it: mains, energy register and indoor climate as a pure function of (seed, instant).
 *
 * Power is constant within a minute, so energy is an exact integer sum of 0.1 W·s from a fixed epoch: a process
 * that starts at any instant computes the same register as one that has run for years. The days already summed
 * up are remembered, which makes steps forward cheap.
 */
import type { CentiPercent, MilliCelsius, UnixMillis } from "../../shared/base/units.ts";
import { PZEM_REGISTER_SPAN } from "../driver/pzem-004t.ts";
import { type DayPlan, MINUTES_A_DAY, planDay } from "./day-plan.ts";
import { mixBits, mixUnit, wander } from "./noise.ts";
import type { PzemValues } from "./pzem-slave.ts";
import { outdoorTemperature } from "./season.ts";

const MS_A_MINUTE = 60_000;
const MS_A_DAY = MINUTES_A_DAY * MS_A_MINUTE;
/** 2020-01-01, where the register was at the house's initial value. */
const EPOCH_DAY = 18_262;
/** 0.1 W·s in a Wh. */
const UNITS_A_WH = 36_000;
/** Of the supply up to the meter: 0.22 V less for each ampere. */
const SUPPLY_OHM = 0.22;

export class Household {
  readonly #seed: number;
  readonly #offsetMs: number;
  readonly #initialWh: number;
  // Owned by #moveTo: the plan of one day, and the energy from the epoch to its beginning.
  #day = EPOCH_DAY;
  #before = 0;
  #plan: DayPlan;

  /** `offsetMinutes`: the household's clock against UTC, by which people get up and go to bed. */
  constructor(seed: number, offsetMinutes: number) {
    this.#seed = seed;
    this.#offsetMs = offsetMinutes * MS_A_MINUTE;
    this.#initialWh = mixBits(seed, 9, 31) % 2_000_000;
    this.#plan = planDay(seed, EPOCH_DAY);
  }

  /** What a PZEM-004T in this house has in its registers. */
  mainsAt(at: UnixMillis): PzemValues {
    const local = at + this.#offsetMs;
    const minute = Math.floor(local / MS_A_MINUTE);
    const { active, reactive } = this.#moveTo(Math.floor(local / MS_A_DAY));
    const power = active[minute - this.#day * MINUTES_A_DAY] ?? 0;
    const apparent = Math.hypot(power, reactive[minute - this.#day * MINUTES_A_DAY] ?? 0);
    const idle = this.#idleVoltage(at);
    // Solved once for the current at the idle voltage; the second-order term is below the register's step.
    const voltage = Math.round(10 * (idle - (SUPPLY_OHM * apparent) / 10 / idle));
    return {
      voltage,
      current: Math.round((1000 * apparent) / voltage),
      power,
      energy: this.#registerAt(local),
      frequency: Math.round(500 + 0.6 * wander(this.#seed, at / 20_000, 41)),
      powerFactor: apparent === 0 ? 100 : Math.round((100 * power) / apparent),
    };
  }

  /** Indoor temperature and humidity where the sensor hangs. */
  climateAt(at: UnixMillis): {
    readonly temperature: MilliCelsius;
    readonly humidity: CentiPercent;
  } {
    const minute = (at + this.#offsetMs) / MS_A_MINUTE;
    const outside = outdoorTemperature(this.#seed, minute - 180);
    // Night set-back as a smooth course, lowest at 4; in summer the house follows the outside, damped.
    const heated = 20.2 + 0.9 * Math.cos((2 * Math.PI * (minute / 60 - 16)) / 24);
    const free = 17 + 0.38 * outside;
    const inside = Math.max(heated, free) + 0.3 * wander(this.#seed, minute / 45, 51);
    const moisture = 0.74 * saturation(outside) + 2.6 + 0.7 * wander(this.#seed, minute / 90, 52);
    const humidity = (100 * moisture) / saturation(inside);
    return {
      temperature: Math.round(1000 * inside),
      humidity: Math.round(100 * Math.min(85, Math.max(18, humidity))),
    };
  }

  #idleVoltage(at: UnixMillis): number {
    const slow = 2.6 * wander(this.#seed, at / 5_400_000, 42);
    const quick = 0.9 * wander(this.#seed, at / 40_000, 43);
    return 231.5 + slow + quick + 1.2 * (2 * mixUnit(this.#seed, 8, 31) - 1);
  }

  #registerAt(local: number): number {
    const within = local - this.#day * MS_A_DAY;
    const minute = Math.floor(within / MS_A_MINUTE);
    const { active } = this.#plan;
    let units = this.#before;
    for (let i = 0; i < minute; i++) units += 60 * (active[i] ?? 0);
    units += Math.floor(((within - minute * MS_A_MINUTE) * (active[minute] ?? 0)) / 1000);
    const wh = this.#initialWh + Math.floor(units / UNITS_A_WH);
    return ((wh % PZEM_REGISTER_SPAN) + PZEM_REGISTER_SPAN) % PZEM_REGISTER_SPAN;
  }

  #moveTo(day: number): DayPlan {
    while (this.#day < day) {
      this.#before += this.#plan.energy;
      this.#day++;
      this.#plan = planDay(this.#seed, this.#day);
    }
    while (this.#day > day) {
      this.#day--;
      this.#plan = planDay(this.#seed, this.#day);
      this.#before -= this.#plan.energy;
    }
    return this.#plan;
  }
}

/** Saturation pressure of water vapour in hPa (Magnus), temperature in °C. */
function saturation(celsius: number): number {
  return 6.112 * Math.exp((17.62 * celsius) / (243.12 + celsius));
}
