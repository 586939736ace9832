/**
 * What a meter's month costs, in words: of a billed one its bills with their credits, of one that runs the exact sum of its days so far.
 */
import type { DayStatement, ReadModel } from "../../projection/read-model-types.ts";
import { sumDaily } from "../daily-sum.ts";
import { type Html, html } from "../view/html.ts";
import { count, formatMinor } from "../view/number.ts";

export interface CostWords {
  /** Ends the sentence about the month. */
  readonly sentence: Html;
  readonly note?: Html;
}

/** Undefined where no tariff is in force. */
export function monthCost(
  readModel: Pick<ReadModel, "bill">,
  days: readonly DayStatement[],
): CostWords | undefined {
  const open = days.filter(({ provisional }) => provisional);
  const sum = sumDaily(open);
  const nos = [...new Set(days.flatMap(({ billNo }) => billNo ?? []))];
  const bills = nos.flatMap((no) => readModel.bill(no) ?? []);
  if (bills.length === 0 && sum === undefined) return undefined;
  const billed = bills.map(
    ({ no, billNo, inForceMinor, minorDigits, currency }) =>
      html` <a href="/bills/${encodeURIComponent(billNo ?? no)}">Billed</a> with ${formatMinor(inForceMinor, minorDigits)}\u00a0${currency}${billNo !== undefined && ", credits included"}.`,
  );
  return {
    sentence: html`${billed}${sum && html` <strong>${formatMinor(sum.amountMinor, sum.minorDigits)}\u00a0${sum.currency}</strong> so far.`}`,
    ...(sum && {
      note: html` The cost is provisional: ${count(open.length, "day")} by the tariff assigned now, in no bill yet. <a href="${csvHref(open)}">Day by day as CSV</a>`,
    }),
  };
}

function csvHref([day]: readonly DayStatement[]): string {
  return `/meters/${day?.meter}/statements.csv?month=${day?.date.slice(0, 7)}`;
}
