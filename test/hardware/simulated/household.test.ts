import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { PZEM_REGISTER_SPAN } from "../../../hardware/driver/pzem-004t.ts";
import { planDay } from "../../../hardware/simulated/day-plan.ts";
import { Household } from "../../../hardware/simulated/household.ts";

const DAY_MS = 86_400_000;
/** 2024-01-01T00:00 in UTC+1. */
const START = 1_704_063_600_000;
const START_DAY = 19_723;
const SEEDS = [1, 2, 3, 7, 42, 2 ** 40 + 5];

/** kWh of a span of days by plan. */
function kwhOf(seed: number, firstDay: number, days: number): number {
  let units = 0;
  for (let day = firstDay; day < firstDay + days; day++) units += planDay(seed, day).energy;
  return units / 36_000_000;
}

/** Mean power of each hour of the local day, in W, over the weeks from a day on. */
function hourlyWatts(seed: number, firstDay: number): number[] {
  const sums: number[] = new Array(24).fill(0);
  for (let day = firstDay; day < firstDay + 28; day++) {
    planDay(seed, day).active.forEach((power, minute) => {
      const hour = Math.floor(minute / 60);
      sums[hour] = (sums[hour] ?? 0) + power / 10 / 60 / 28;
    });
  }
  return sums;
}

describe("a simulated household", () => {
  test("uses 2,000 to 6,000 kWh a year, each house another amount", () => {
    const years = SEEDS.map((seed) => kwhOf(seed, START_DAY, 366));
    for (const kwh of years) assert.ok(kwh > 2_000 && kwh < 6_000, String(kwh));
    assert.equal(new Set(years.map(Math.round)).size, SEEDS.length);
  });

  test("uses more in winter than in May, most in the evening and least at night", () => {
    let winter = 0;
    let spring = 0;
    for (const seed of SEEDS) {
      winter += kwhOf(seed, START_DAY, 31);
      spring += kwhOf(seed, START_DAY + 121, 31);
      const hours = hourlyWatts(seed, START_DAY + 60);
      const night = Math.max(...hours.slice(1, 5));
      const evening = Math.max(...hours.slice(17, 22));
      const morning = Math.max(...hours.slice(6, 9));
      assert.ok(evening > 2 * night, `evening ${evening}, night ${night}`);
      assert.ok(morning > 1.3 * night, `morning ${morning}, night ${night}`);
    }
    assert.ok(winter > 1.1 * spring);
  });

  test("has steps: a fridge at night, kettles and an oven by day, never above a house's supply", () => {
    const { active } = planDay(3, START_DAY + 2);
    const night = active.subarray(60, 300);
    const fridgeStarts = night.filter((power, i) => i > 0 && power - (night[i - 1] ?? 0) > 600);
    assert.ok(fridgeStarts.length >= 3 && fridgeStarts.length <= 7);
    const peak = Math.max(...active);
    assert.ok(peak > 18_000 && peak < 110_000, String(peak));
    for (const power of active) assert.ok(power > 300);
  });

  test("weekends are not weekdays", () => {
    // 2024-01-06 was a Saturday, day 5 from the start.
    let weekend = 0;
    let week = 0;
    for (let i = 0; i < 52; i++) {
      weekend += kwhOf(5, START_DAY + 7 * i + 5, 2) / 2;
      week += kwhOf(5, START_DAY + 7 * i, 5) / 5;
    }
    assert.ok(weekend > 1.1 * week);
  });

  test("mains: 230 V within EN 50160, lower under load, 50 Hz, current that fits the power", () => {
    const house = new Household(11, 60);
    let idle = 0;
    let idleCount = 0;
    let loaded = 0;
    let loadedCount = 0;
    for (let minute = 0; minute < 7 * 1440; minute++) {
      const mains = house.mainsAt(START + minute * 60_000);
      assert.ok(mains.voltage >= 2_070 && mains.voltage <= 2_530, String(mains.voltage));
      assert.ok(mains.frequency >= 499 && mains.frequency <= 501);
      assert.ok(mains.powerFactor >= 60 && mains.powerFactor <= 100);
      const apparent = (mains.voltage * mains.current) / 1000;
      assert.ok(Math.abs(apparent * mains.powerFactor - 100 * mains.power) < 1.2 * apparent + 400);
      if (mains.power < 3_000) {
        idle += mains.voltage;
        idleCount++;
      } else if (mains.power > 20_000) {
        loaded += mains.voltage;
        loadedCount++;
      }
    }
    assert.ok(idle / idleCount - loaded / loadedCount > 10);
  });

  test("indoor climate follows the seasons within what people live in", () => {
    const house = new Household(4, 60);
    const mean = (from: number, quantity: "temperature" | "humidity"): number => {
      let sum = 0;
      for (let hour = 0; hour < 30 * 24; hour++) {
        const climate = house.climateAt(from + hour * 3_600_000);
        assert.ok(climate.temperature > 15_000 && climate.temperature < 32_000);
        assert.ok(climate.humidity >= 1_800 && climate.humidity <= 8_500);
        sum += climate[quantity];
      }
      return sum / (30 * 24);
    };
    const july = START + 182 * DAY_MS;
    assert.ok(mean(july, "temperature") > mean(START, "temperature") + 1_500);
    assert.ok(mean(july, "humidity") > mean(START, "humidity") + 800);
  });
});

describe("the register", () => {
  test("is the same in a process that starts now as in one that ran for months", () => {
    const running = new Household(9, 60);
    for (let day = 0; day < 120; day++) running.mainsAt(START + day * DAY_MS);
    for (const at of [START + 120 * DAY_MS, START + 120 * DAY_MS + 45_296_789]) {
      assert.deepEqual(new Household(9, 60).mainsAt(at), running.mainsAt(at));
      assert.deepEqual(new Household(9, 60).climateAt(at), running.climateAt(at));
    }
  });

  test("is a function of the instant, whatever was asked before, also before its epoch", () => {
    const asked = new Household(21, 345);
    fc.assert(
      fc.property(fc.integer({ min: -3000, max: 3000 }), fc.nat(DAY_MS), (day, ms) => {
        const at = 1_577_836_800_000 + day * DAY_MS + ms;
        assert.deepEqual(asked.mainsAt(at), new Household(21, 345).mainsAt(at));
      }),
      { seed: 7, numRuns: 6 },
    );
  });

  test("never goes back within its span, and starts again at 0 after it", () => {
    const house = new Household(2, 60);
    let previous = house.mainsAt(START).energy;
    let wraps = 0;
    let sum = 0;
    const days = 4 * 366;
    for (let half = 1; half <= 2 * days; half++) {
      const { energy } = house.mainsAt(START + (half * DAY_MS) / 2);
      assert.ok(energy >= 0 && energy < PZEM_REGISTER_SPAN);
      if (energy < previous) wraps++;
      sum += (energy - previous + PZEM_REGISTER_SPAN) % PZEM_REGISTER_SPAN;
      previous = energy;
    }
    assert.ok(wraps >= 1);
    assert.ok(Math.abs(sum / 1000 - kwhOf(2, START_DAY, days)) < 0.01);
  });

  test("counts exactly the plan's energy: a day's delta is the day's sum to the Wh", () => {
    const house = new Household(6, 60);
    for (let day = 0; day < 30; day++) {
      const from = house.mainsAt(START + day * DAY_MS).energy;
      const to = house.mainsAt(START + (day + 1) * DAY_MS).energy;
      const exact = planDay(6, START_DAY + day).energy / 36_000;
      assert.ok(Math.abs(to - from - exact) < 1, `${to - from} against ${exact}`);
    }
  });
});
