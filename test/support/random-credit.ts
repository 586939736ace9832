/**
 * Histories of a bill by dice: some days there when it is issued, then late ones, corrections, fills and days that turn out to
 * be void. in: dice, a bill's input → out: the readings of the point in log order, and where the bill and credits stand.
 */
import type { Reading } from "../../shared/day/effective-readings.ts";
import type { BillableDay, BillInput } from "../../shared/money/bill.ts";
import { leafOf } from "./bill-case.ts";
import type { Dice } from "./random-tariff.ts";

export interface LoggedReading extends Omit<Reading, "isVoid"> {
  readonly day: BillableDay;
  /** Void for what stands at or above this position. */
  readonly voidFrom: number;
}

export interface History {
  readonly readings: readonly LoggedReading[];
  /** Position of the bill, and of each of its credits. */
  readonly bill: number;
  readonly credits: readonly number[];
}

const NEVER = Number.MAX_SAFE_INTEGER;

export function makeHistory(dice: Dice, { days }: Pick<BillInput, "days">): History {
  const readings: LoggedReading[] = [];
  let position = 2_000;
  const log = (typ: Reading["typ"], day: BillableDay, of?: string): void => {
    position += 1 + dice.roll(3);
    const leaf = typ === "day" ? day.leaf : leafOf(`${typ} ${position} ${day.from}`);
    readings.push({
      typ,
      leaf,
      position,
      from: day.from,
      to: day.to,
      ...(of === undefined ? {} : { of }),
      isUsable: dice.roll(10) > 0,
      day: { ...day, leaf },
      voidFrom: NEVER,
    });
  };
  const late: BillableDay[] = [];
  for (const day of days) {
    if (dice.roll(3) === 0) late.push(day);
    else log("day", day);
  }
  position += 1;
  const bill = position;
  const credits: number[] = [];
  for (let rounds = 1 + dice.roll(3); rounds > 0; rounds--) {
    for (let steps = 1 + dice.roll(2); steps > 0; steps--) step();
    position += 1;
    credits.push(position);
  }
  return { readings, bill, credits };

  function step(): void {
    const day = dice.roll(3) === 0 ? late.at(0) : undefined;
    if (day !== undefined) {
      // Sometimes the registrar fills what is missing before the day comes after all.
      const isFilled = readings.some(({ typ, from }) => typ === "correction" && from === day.from);
      if (!isFilled && dice.roll(2) === 0) log("correction", change(dice, day));
      else {
        late.shift();
        log("day", day);
      }
      return;
    }
    const one = dice.roll(readings.length);
    const reading = readings[one];
    if (reading === undefined) return;
    if (dice.roll(6) === 0) readings[one] = { ...reading, voidFrom: position + 1 };
    else if (reading.voidFrom === NEVER) log("correction", change(dice, reading.day), reading.leaf);
  }
}

/** Other energy in some slots, substituted. */
function change(dice: Dice, day: BillableDay): BillableDay {
  const at = dice.roll(day.wh.length);
  const wh = day.wh.map((value, i) => (i === at ? dice.roll(5_000) : value));
  const quality = [...day.quality].map((letter, i) => (i === at ? "S" : letter)).join("");
  return { ...day, wh, quality };
}

/** The readings below a position, with their verdicts as of it. */
export function readingsBelow(
  { readings }: History,
  position: number,
): readonly (Reading & Pick<LoggedReading, "day">)[] {
  return readings
    .filter((reading) => reading.position < position)
    .map(({ voidFrom, ...reading }) => ({ ...reading, isVoid: voidFrom <= position }));
}
