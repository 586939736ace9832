/**
 * The days of a bill: what each used and cost, its record, and why the rounded amounts of the days and the
 * rounded lines of the bill may differ in the last digit.
 */
import { roundPico } from "../../../shared/money/amount.ts";
import type { BillDetail, DayStatement } from "../../projection/read-model-types.ts";
import { exactLines, sumDaily } from "../daily-sum.ts";
import { isWithin, joinRanges } from "../time-range.ts";
import { type Html, html } from "../view/html.ts";
import {
  count,
  ENERGY,
  formatMinor,
  formatNumber,
  formatQuantity,
  measure,
} from "../view/number.ts";
import { formatShortDate } from "../view/time.ts";

/** A row: a day with its amount, or one of its records where no amount can be computed. */
interface DayRow {
  readonly date: string;
  /** Undefined, never zero, for a day without any reading. */
  readonly wh: number | undefined;
  readonly position: number;
  readonly amountMinor?: number;
}

export function billDays(bill: BillDetail): Html {
  const sum = sumDaily(bill.daily);
  const gaps = joinRanges(bill.missing);
  const rows = (sum === undefined ? bill.used : bill.daily).map(
    (day): DayRow => ({ ...day, wh: isWithin(gaps, bill.zone, day.date) ? undefined : day.wh }),
  );
  if (rows.length === 0) {
    return html`<h2>Day by day</h2><p>No day of this period could be used.</p>`;
  }
  const csv = `/meters/${bill.meter}/statements.csv?month=${bill.month}`;
  return html`<section class="days" aria-labelledby="days-title"><div class="bar"><h2 id="days-title">Day by day</h2>${sum && html`<a class="button" href="${csv}">CSV<span class="vh"> of the days of this month</span></a>`}</div>
<p class="note">${sum === undefined ? `The energy is the sum of ${count(bill.used.length, "sealed day")}.` : rounding(bill, bill.daily)}</p>
<table class="ledger"><caption class="vh">Days of this bill</caption><thead><tr><th scope="col">Day</th><th scope="col" class="n">${ENERGY.unit}</th>${sum && html`<th scope="col" class="n">${sum.currency}</th>`}<th scope="col" class="n">Record</th></tr></thead>
<tbody>${rows.map((row) => dayRow(bill, row))}</tbody>${sum && footer(bill, sum.pico, sum.wh)}</table></section>`;
}

function dayRow(bill: BillDetail, { date, wh, position, amountMinor }: DayRow): Html {
  return html`<tr><th scope="row"><a href="/meters/${bill.meter}/days/${date}">${formatShortDate(date)}</a></th><td class="n">${energy(wh)}</td>${amountMinor !== undefined && html`<td class="n"><span class="num">${formatMinor(amountMinor, bill.minorDigits)}</span></td>`}<td class="n"><a href="/records/${position}">${formatNumber(position)}</a></td></tr>`;
}

function energy(wh: number | undefined): Html {
  if (wh === undefined) return measure(ENERGY, wh);
  return html`<span class="num">${formatQuantity(ENERGY, wh)}</span>`;
}

/** The exact sum, rounded once; what belongs to no shown day has a row of its own. */
function footer(bill: BillDetail, days: bigint, wh: number): Html {
  const lines = exactLines(bill);
  const amount = (pico: bigint): Html =>
    html`<td class="n"><span class="num">${formatMinor(roundPico(pico, bill.minorDigits), bill.minorDigits)}</span></td><td></td>`;
  const taxed = bill.lines.some(({ unit }) => unit === "tax");
  return html`<tfoot>${
    lines !== days &&
    html`<tr class="rest"><th scope="row">${restWords(bill)}</th><td></td>${amount(lines - days)}</tr>`
  }<tr><th scope="row">Together${taxed && ", before tax"}</th><td class="n">${energy(wh)}</td>${amount(lines)}</tr></tfoot>`;
}

/** Why the days do not add up to the bill: days that are missing, or charges that no single day has by itself. */
function restWords({ complete }: BillDetail): string {
  return complete
    ? "Of the whole period: its steps, one peak, its minimum"
    : "Days without a usable record";
}

function rounding(bill: BillDetail, daily: readonly DayStatement[]): string {
  const sum = sumDaily(daily);
  const digits = (minor: number): string => formatMinor(minor, bill.minorDigits);
  const monthly = bill.lines.some(({ unit }) => unit === "month")
    ? " A charge by the month falls on its first day."
    : "";
  const byHand =
    sum === undefined || sum.shownMinor === sum.amountMinor
      ? ""
      : `: as printed they add up to ${digits(sum.shownMinor)}, exactly to ${digits(sum.amountMinor)}`;
  return `Each day is exact, and its amount is rounded only to be shown${byHand}. The bill rounds each of its lines once instead.${monthly}`;
}
