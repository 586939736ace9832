/** A bill as Green Button's UsageSummary: its period, its total, what of it is no energy, and the energy. */
import { localDayOf } from "../../shared/time/civil-day.ts";
import type { BillDetail, BillSummary, ReadModel } from "../projection/read-model-types.ts";
import { currencyNumber } from "./currency-number.ts";
import type { Period } from "./slots.ts";
import type { XmlElement } from "./xml.ts";

export const WATT_HOUR = 72;
/** Of the currency, in amounts of a UsageSummary. */
const AMOUNT_DIGITS = 5;
const NOTE_LENGTH = 256;

/** ItemKind of a bill's line that is no energy: 4 administrative fee, 5 tax, 6 energy credit, 2 delivery fee. */
const ITEM_KINDS: Readonly<Record<string, number>> = { tax: 5, w: 2 };
const ADMINISTRATIVE = 4;

/** DateTimeInterval, in unix seconds. */
function interval(from: number, to: number): XmlElement[] {
  return [
    ["duration", to - from],
    ["start", from],
  ];
}

/**
 * Bills that lie in the period, at least in part, in the order of their own periods. Rows only: opening all of them at once would
 * take longer than whoever writes the file may keep others waiting.
 */
export function listBills(model: ReadModel, { meter, from, to }: Period): readonly BillSummary[] {
  return model
    .bills({ meter })
    .rows.filter(
      ({ zone, fromSeconds, toSeconds }) =>
        localDayOf(zone, toSeconds - 1) >= from && localDayOf(zone, fromSeconds) <= to,
    )
    .sort((a, b) => a.fromSeconds - b.fromSeconds || (a.no < b.no ? -1 : 1));
}

/** A bill as it is in force: what its newest credit has set, under the bill's own number and period. */
export function withCredits(model: ReadModel, bill: BillDetail): BillDetail {
  const newest = bill.credits.at(-1);
  const credit = newest === undefined ? undefined : model.bill(newest.no);
  if (credit === undefined) return bill;
  const { lines, takenBack, wh, issuedAtSeconds } = credit;
  const totalMinor = bill.inForceMinor;
  return { ...bill, lines: lines.slice(takenBack), totalMinor, wh, issuedAtSeconds };
}

/** Amounts only in a currency that has a number; without it nobody could tell what they mean. */
export function usageSummary(bill: BillDetail): XmlElement[] {
  const currency = currencyNumber(bill.currency);
  const amount = (minor: number): number | undefined =>
    currency === undefined ? undefined : minor * 10 ** (AMOUNT_DIGITS - bill.minorDigits);
  const others = bill.lines.filter(({ unit }) => unit !== "wh" && unit !== "wh-mean");
  const additional = others.reduce((sum, { amountMinor }) => sum + amountMinor, 0);
  const items = others.map(({ label, unit, amountMinor }): XmlElement => {
    const item: XmlElement[] = [
      ["amount", amount(amountMinor)],
      ["dateTime", bill.toSeconds],
      ["note", [...label].slice(0, NOTE_LENGTH).join("")],
      ["itemKind", ITEM_KINDS[unit] ?? ADMINISTRATIVE],
    ];
    return ["costAdditionalDetailLastPeriod", item];
  });
  return [
    ["billingPeriod", interval(bill.fromSeconds, bill.toSeconds)],
    ["billLastPeriod", amount(bill.totalMinor)],
    ["costAdditionalLastPeriod", amount(additional)],
    ...(currency === undefined ? [] : items),
    ["currency", currency],
    [
      "overallConsumptionLastPeriod",
      [
        ["powerOfTenMultiplier", 0],
        ["timeStamp", bill.toSeconds],
        ["uom", WATT_HOUR],
        ["value", bill.wh],
      ],
    ],
    ["statusTimeStamp", bill.issuedAtSeconds],
  ];
}
