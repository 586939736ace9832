/**
 * Houses whose meters are swapped, by dice: late and unreadable days, corrections of corrections, fills that days overtake,
 * revocations that make days void, bills over all that and their credits. in: dice → out: a house, all of it in blocks.
 */
import { registersToRepeat } from "../../shared/day/check-correction.ts";
import { dayBounds, nextLocalDay } from "../../shared/time/civil-day.ts";
import { type Fault, type HouseReading, ZONE } from "./house-reading.ts";
import { type Dice, makeBody } from "./random-tariff.ts";
import { SwappedHouse } from "./swapped-house.ts";

const DATES = ["2024-03-28", "2024-02-26", "2024-10-25", "2024-06-03"];
const DAYS = 12;
const HOUR = 3_600;

export function playHouse(dice: Dice, seed: string): SwappedHouse {
  const bounds = listBounds(dice.pick(DATES));
  const from = bounds[0] as number;
  const house = new SwappedHouse(seed, from, makeBody(dice), dice.roll(2) === 0);
  const billed = { to: from };
  for (let steps = 18 + dice.roll(16); steps > 0; steps--) {
    if (house.device === undefined) replace(dice, house, bounds);
    else
      dice.pick([measure, measure, measure, measure, correct, correct, fill, remove])(
        dice,
        house,
        bounds,
      );
    if (dice.roll(6) === 0) issueBill(dice, house, bounds, billed);
    if (dice.roll(3) === 0) issueCredit(dice, house);
    if (dice.roll(3) === 0) house.mine();
  }
  if (house.bills.length === 0) issueBill(dice, house, bounds, billed);
  issueCredit(dice, house);
  house.mine();
  return house;
}

/** Local midnights. */
function listBounds(first: string): readonly number[] {
  const bounds: number[] = [];
  for (let date = first; bounds.length <= DAYS; date = nextLocalDay(ZONE, date)) {
    bounds.push(dayBounds(ZONE, date)?.from ?? 0);
  }
  return bounds;
}

const energy = (dice: Dice) => () => (dice.roll(9) === 0 ? 0 : 1 + dice.roll(3_000));
const fault = (dice: Dice): Fault =>
  dice.roll(4) > 0 ? "none" : dice.pick(["lost", "wrong", "jump"]);

type Step = (dice: Dice, house: SwappedHouse, bounds: readonly number[]) => void;

const measure: Step = (dice, house, bounds) => {
  const { next = 0 } = house.device ?? {};
  if (next < (bounds.at(-1) ?? 0)) house.day(energy(dice), fault(dice));
};

const correct: Step = (dice, house) => {
  const of = pickReading(dice, house);
  if (of === undefined) return;
  const byMeter = of.kid === house.device?.meter.key.kid && dice.roll(2) === 0;
  const other = energy(dice);
  const wh = (_: number, before: number) => (dice.roll(4) === 0 ? other() : before);
  house.correct(of, wh, repeatedRegisters(house, of), { fault: fault(dice), byMeter });
};

/** A reading that the chain lets be corrected. */
function pickReading(dice: Dice, house: SwappedHouse): HouseReading | undefined {
  const { readings } = house;
  const isOpen = (one: HouseReading): boolean => {
    const of = readings.find(({ leaf }) => leaf === one.of);
    return one.voidBy === undefined && (of === undefined || isOpen(of));
  };
  const open = readings.filter(isOpen);
  return open.length === 0 ? undefined : dice.pick(open);
}

function repeatedRegisters(
  house: SwappedHouse,
  of: HouseReading,
): ReturnType<typeof registersToRepeat> {
  return registersToRepeat(of.leaf, (leaf) => {
    const found = house.readings.find((one) => one.leaf === leaf);
    if (found === undefined) return undefined;
    const { typ, isUsable, registers, of: next, fault: own } = found;
    const plaintext = own === "none" || own === "jump" ? registers : undefined;
    return { typ, isUsable, plaintext, ...(next === undefined ? {} : { of: next }) };
  });
}

/** A day that is missing, or that has not come yet; sometimes only its morning. */
const fill: Step = (dice, house, bounds) => {
  const i = dice.roll(DAYS);
  const [from = 0, end = 0] = [bounds[i], bounds[i + 1]];
  const to = dice.roll(4) === 0 ? from + 8 * HOUR : end;
  const isFree = house.readings.every((one) => {
    if (one.to <= from || to <= one.from || one.of !== undefined) return true;
    return one.typ === "day" && one.voidBy !== undefined;
  });
  if (isFree) house.fill(from, to, energy(dice), fault(dice));
};

/** Revoked with its last seq, or so that its last records are void; sometimes after a day that ends at noon. */
const remove: Step = (dice, house, bounds) => {
  const { seq = 0, next = 0 } = house.device ?? {};
  if (dice.roll(3) > 0 || seq === 0) return;
  if (dice.roll(3) === 0 && bounds.includes(next) && next !== bounds.at(-1)) {
    house.day(energy(dice), "none", next + 12 * HOUR);
  }
  const { seq: last = 0 } = house.device ?? {};
  house.revoke(dice.roll(2) === 0 ? last : Math.max(0, last - 1 - dice.roll(3)));
};

const replace: Step = (dice, house, bounds) => {
  const days = house.readings.filter((one) => one.typ === "day" && one.voidBy === undefined);
  const free = Math.max(bounds[0] ?? 0, ...days.map(({ to }) => to));
  const later = bounds.find((bound) => bound > free) ?? free;
  house.swap(dice.roll(2) === 0 ? free : later, dice.roll(5_000), dice.roll(5) === 0);
};

/** For the days that follow the last bill, whether or not all of them are there. */
function issueBill(
  dice: Dice,
  house: SwappedHouse,
  bounds: readonly number[],
  billed: { to: number },
): void {
  const at = bounds.indexOf(billed.to);
  const to = bounds[at + 1 + dice.roll(4)] ?? bounds.at(-1) ?? 0;
  if (to <= billed.to) return;
  house.bill(billed.to, to);
  billed.to = to;
}

function issueCredit(dice: Dice, house: SwappedHouse): void {
  const overtaken = house.bills.filter((bill) => house.isOvertaken(bill));
  if (overtaken.length > 0) house.credit(dice.pick(overtaken));
}
