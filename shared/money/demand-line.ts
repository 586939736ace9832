/**
 * The highest demand of each local month: mean power over fixed quarters of an hour, in W.
 *
 * In:  slots of the charge's tariff. Out: a line a month whose label names the quarter that proves it. Slots shorter than a
 *      quarter are added up, longer ones count with their mean power; a whole-day slot and an R slot set no peak.
 */
import type { UnixSeconds } from "../base/units.ts";
import { formatDate } from "../time/calendar-date.ts";
import type { ChargeLine } from "./charge-lines.ts";
import type { LocalClock, MeteredSlot } from "./slot-walk.ts";
import type { DemandCharge } from "./tariff-charge.ts";
import { BandSchedule } from "./tariff-when.ts";

const WINDOW_S = 900;
const WINDOWS_PER_HOUR = 4;

export class DemandTally {
  readonly #charge: DemandCharge;
  readonly #clock: LocalClock;
  readonly #schedule: BandSchedule;
  /** W by the window's first instant, by local month. */
  readonly #months = new Map<number, Map<UnixSeconds, number>>();

  constructor(charge: DemandCharge, holidays: readonly string[], clock: LocalClock) {
    this.#charge = charge;
    this.#clock = clock;
    this.#schedule = new BandSchedule([charge.when, undefined], holidays);
  }

  /** @param month local month of the slot: 12 × year + month */
  add({ at, step, wh, letter }: MeteredSlot, month: number): void {
    if (step === 0 || wh === 0 || letter === "R") return;
    let windows = this.#months.get(month);
    if (windows === undefined) {
      windows = new Map();
      this.#months.set(month, windows);
    }
    for (let start = at - (at % WINDOW_S); start < at + step; start += WINDOW_S) {
      const overlap = Math.min(start + WINDOW_S, at + step) - Math.max(start, at);
      // Whole for every step that a day may have: 60, 300, 600, 900, 1800 and 3600 s.
      const watts = (wh * WINDOWS_PER_HOUR * overlap) / step;
      windows.set(start, (windows.get(start) ?? 0) + watts);
    }
  }

  lines(): readonly ChargeLine[] {
    const { code, label, nano, when } = this.#charge;
    return [...this.#months]
      .sort(([a], [b]) => a - b)
      .flatMap(([, windows]) => {
        let peak: { start: UnixSeconds; watts: number } | undefined;
        for (const [start, watts] of windows) {
          if (watts <= (peak?.watts ?? 0)) continue;
          if (when === undefined || this.#isIn(start)) peak = { start, watts };
        }
        if (peak === undefined) return [];
        const time = this.#localText(peak.start);
        return [{ code, label: `${label}, ${time}`, qty: peak.watts, unit: "w" as const, nano }];
      });
  }

  #isIn(start: UnixSeconds): boolean {
    const { day, minute } = this.#clock.at(start);
    return this.#schedule.bandAt(day, minute) === 0;
  }

  #localText(start: UnixSeconds): string {
    const { day, minute } = this.#clock.at(start);
    const two = (value: number): string => String(value).padStart(2, "0");
    return `${formatDate(day)} ${two(Math.floor(minute / 60))}:${two(minute % 60)}`;
  }
}
