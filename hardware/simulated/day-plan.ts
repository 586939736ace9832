/**
 * One day of a simulated household: active and reactive power of each minute, as integers.
 *
 * In: seed and local day number. Out: what runs when. The appliances are steps as a meter sees them: a fridge's
 * cycle, kettles, an oven with thermostat, washing machine, dishwasher, lamps by season, electronics, circulation
 * pump and an electric heater by the outdoor temperature, on some houses air conditioning.
 */
import { mixUnit } from "./noise.ts";
import { darkness, outdoorTemperature } from "./season.ts";

export const MINUTES_A_DAY = 1440;

export interface DayPlan {
  /** Active power of each minute in 0.1 W. */
  readonly active: Int32Array;
  /** Inductive reactive power of each minute in 0.1 var. */
  readonly reactive: Int32Array;
  /** Energy of the day in 0.1 W·s. */
  readonly energy: number;
}

/** What sets one house apart from the next. */
interface House {
  readonly scale: number;
  readonly base: number;
  readonly wake: number;
  readonly heater: number;
  readonly cooler: number;
}

function houseOf(seed: number): House {
  return {
    scale: 0.8 + 0.5 * mixUnit(seed, 1, 11),
    base: 55 + 60 * mixUnit(seed, 2, 11),
    wake: 360 + Math.floor(75 * mixUnit(seed, 3, 11)),
    heater: mixUnit(seed, 4, 11) < 0.4 ? 900 : 0,
    cooler: mixUnit(seed, 5, 11) < 0.3 ? 750 : 0,
  };
}

/** `day`: days since 1970-01-01 of the household's clock. */
export function planDay(seed: number, day: number): DayPlan {
  const house = houseOf(seed);
  const watts = new Float64Array(MINUTES_A_DAY);
  const motors = new Float64Array(MINUTES_A_DAY);
  addSteadyLoads(watts, motors, house, seed, day);
  addWeatherLoads(watts, motors, house, seed, day);
  addPeople(watts, motors, house, seed, day);
  const active = new Int32Array(MINUTES_A_DAY);
  const reactive = new Int32Array(MINUTES_A_DAY);
  let energy = 0;
  for (let minute = 0; minute < MINUTES_A_DAY; minute++) {
    const power = Math.round(10 * (watts[minute] ?? 0));
    active[minute] = power;
    reactive[minute] = Math.round(10 * (motors[minute] ?? 0));
    energy += 60 * power;
  }
  return { active, reactive, energy };
}

function addSteadyLoads(
  watts: Float64Array,
  motors: Float64Array,
  house: House,
  seed: number,
  day: number,
): void {
  const { sunrise, sunset } = darkness(day);
  const period = 42 + Math.floor(14 * mixUnit(seed, 6, 11));
  const summer = outdoorTemperature(seed, day * MINUTES_A_DAY + 720) > 18 ? 4 : 0;
  const lamps = (90 + 60 * mixUnit(seed, day, 12)) * house.scale;
  const bedtime = 1360 + Math.floor(45 * mixUnit(seed, day, 13));
  for (let minute = 0; minute < MINUTES_A_DAY; minute++) {
    let power = house.base * house.scale + 8 * mixUnit(seed, day, 14, minute);
    let motor = power * 0.45;
    // The fridge's phase runs on over midnight: it follows the minutes since 1970.
    if ((day * MINUTES_A_DAY + minute) % period < 14 + summer) {
      power += 88;
      motor += 66;
    }
    if ((minute >= house.wake && minute < sunrise) || (minute >= sunset && minute < bedtime)) {
      power += lamps;
    }
    if (minute >= 1120 && minute < bedtime) {
      power += 130 * house.scale;
      motor += 40;
    }
    watts[minute] = power;
    motors[minute] = motor;
  }
}

function addWeatherLoads(
  watts: Float64Array,
  motors: Float64Array,
  house: House,
  seed: number,
  day: number,
): void {
  for (let quarter = 0; quarter < 96; quarter++) {
    const minute = quarter * 15;
    const outside = outdoorTemperature(seed, day * MINUTES_A_DAY + minute);
    const awake = minute >= house.wake && minute < 1380;
    const pump = outside < 13 ? 40 : 0;
    const heating = awake && outside < 4 ? house.heater : 0;
    const cooling = minute >= 660 && outside > 22 ? house.cooler : 0;
    if (pump + heating + cooling === 0) continue;
    // The colder (or hotter) it is, the more minutes of each quarter the thermostat is closed.
    const closed = heating > 0 ? 3 + Math.min(8, 4 - outside) : 5 + Math.min(8, outside - 22);
    for (let i = 0; i < 15; i++) {
      const step = i < closed ? heating + cooling : 0;
      watts[minute + i] = (watts[minute + i] ?? 0) + pump + step;
      motors[minute + i] = (motors[minute + i] ?? 0) + 25 + (i < closed ? cooling * 0.5 : 0);
    }
  }
}

function addPeople(
  watts: Float64Array,
  motors: Float64Array,
  house: House,
  seed: number,
  day: number,
): void {
  const chance = (stream: number): number => mixUnit(seed, day, 20, stream);
  const around = (minute: number, spread: number, stream: number): number =>
    Math.round(minute + spread * (2 * chance(stream) - 1));
  const run = (start: number, minutes: number, power: number, motor: number, duty = 1): void => {
    for (let i = 0; i < minutes; i++) {
      const minute = start + i;
      if (minute < 0 || minute >= MINUTES_A_DAY || (i % 10) / 10 >= duty) continue;
      watts[minute] = (watts[minute] ?? 0) + power;
      motors[minute] = (motors[minute] ?? 0) + motor;
    }
  };
  // 1970-01-01 was a Thursday.
  const weekday = (((day + 4) % 7) + 7) % 7;
  const weekend = weekday === 6 || weekday === 0;
  const wake = house.wake + (weekend ? 90 : 0);
  const atHome = weekend || chance(1) < 0.25;

  run(around(wake + 12, 10, 2), 3, 2050, 0);
  run(around(wake + 25, 12, 3), 4, 1150, 0);
  if (chance(4) < 0.6) run(around(wake + 20, 8, 5), 8, 1500, 20);
  if (atHome) {
    run(around(660, 40, 6), 3, 2050, 0);
    run(around(735, 30, 7), 35, 1350 * house.scale, 0, 0.7);
    run(around(930, 45, 8), 3, 2050, 0);
    run(wake + 60, 1100 - wake, 70 * house.scale, 20);
  }
  run(around(1095, 35, 9), 40, 1750 * house.scale, 0, 0.6);
  if (chance(10) < 0.35) run(around(1090, 30, 11), 50, 2100, 0, 0.5);
  run(around(1230, 40, 12), 3, 2050, 0);
  if (chance(13) < (weekend ? 0.7 : 0.35)) {
    const start = around(weekend ? 620 : 1020, 90, 14);
    run(start + 6, 14, 2000, 0);
    run(start, 75, 130, 90);
    run(start + 66, 8, 330, 180);
  }
  if (chance(15) < 0.5 * house.scale) {
    const start = around(1215, 35, 16);
    run(start, 95, 60, 40);
    run(start + 8, 13, 1900, 0);
    run(start + 62, 12, 1900, 0);
  }
  if (weekend && chance(17) < 0.6) run(around(600, 40, 18), 22, 850, 250);
}
