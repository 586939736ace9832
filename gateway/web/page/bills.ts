/** The list of bills (figure 10 of the paper): month, amount, bill date, each with its seal. */
import type { BillSummary } from "../../projection/read-model-types.ts";
import { type Bar, barChart, padBars } from "../chart/bars.ts";
import { type Html, html } from "../view/html.ts";
import { type Page, pageHead } from "../view/layout.ts";
import { count, ENERGY, formatMeterId, formatMinor, measure, money } from "../view/number.ts";
import { emptyState, keys, pager } from "../view/parts.ts";
import { seal, sealLegend } from "../view/seal.ts";
import { formatMonth, formatShortMonth, zonedTimes } from "../view/time.ts";
import { accountSection } from "./account.ts";
import { type PageContext, requireFound } from "./context.ts";
import { defaultPeriod, statementSection } from "./statement.ts";

const PAGE_SIZE = 60;

export function billsPage(
  { readModel, maySeeReadings }: PageContext,
  query: { readonly meter?: string | undefined; readonly page: number },
): Page {
  const { meter } = query;
  const of =
    meter === undefined ? undefined : requireFound(readModel.meter(meter), `Meter ${meter}`);
  const { rows, total } = readModel.bills({
    offset: (query.page - 1) * PAGE_SIZE,
    limit: PAGE_SIZE,
    ...(meter !== undefined && { meter }),
  });
  const head =
    meter === undefined
      ? pageHead({ title: "Bills", lead: leadFor(total) })
      : pageHead({
          trail: [
            ["/", "Meters"],
            [`/meters/${meter}`, `Meter ${formatMeterId(meter)}`],
          ],
          title: html`Bills of <span class="num">${formatMeterId(meter)}</span>`,
          lead: leadFor(total),
        });
  const body = html`${head}
${
  rows.length === 0
    ? emptyState(
        "No bill yet",
        "The first is made when the first month has ended and all its days are in the chain.",
      )
    : html`${meter !== undefined && monthsChart(rows)}${billTable(rows)}`
}
${pager({
  page: query.page,
  pages: Math.ceil(total / PAGE_SIZE),
  href: (page) => `/bills?${new URLSearchParams({ ...(meter && { meter }), page: String(page) })}`,
})}
${rows.length > 0 && sealLegend()}
${of && accountSection(readModel.account(of.meter).entries, of.zone)}
${of && maySeeReadings && statementSection(defaultPeriod(of))}`;
  return { title: "Bills", section: "bills", body, follows: ["bill"] };
}

function leadFor(total: number): string | undefined {
  if (total === 0) return undefined;
  return `${count(total, "bill")}, computed from sealed days and sealed themselves. An issued bill never changes: where other readings count later, a credit says so.`;
}

function monthsChart(rows: readonly BillSummary[]): Html | undefined {
  const bills = rows
    .filter((bill) => bill.kind === "bill")
    .slice(0, 12)
    .reverse();
  const first = bills[0];
  if (bills.length < 2 || first === undefined) return undefined;
  const bars = bills.map(
    (bill, i): Bar => ({
      kind: bill.inForceComplete ? "solid" : "partial",
      value: bill.inForceMinor / 10 ** bill.minorDigits,
      title: `${formatMonth(bill.month)}: ${formatMinor(bill.inForceMinor, bill.minorDigits)} ${bill.currency}`,
      tick: formatShortMonth(bill.month),
      minorTick: i % 3 !== 0,
      href: billHref(bill),
    }),
  );
  const chart = barChart({ id: "bills", size: "short", bars: padBars(bars, 12) });
  const incomplete = bills.some((bill) => !bill.inForceComplete);
  const mean = bills.reduce((sum, bill) => sum + bill.inForceMinor, 0) / bills.length;
  return html`<figure class="figure"><figcaption><p>The last ${bills.length} months: ${formatMinor(Math.round(mean), first.minorDigits)} ${first.currency} a month on average${incomplete && keys([["partial", "incomplete"]])}</p></figcaption>${chart}</figure>`;
}

function billHref(bill: BillSummary): string {
  return `/bills/${encodeURIComponent(bill.no)}`;
}

function billTable(rows: readonly BillSummary[]): Html {
  const timeOf = zonedTimes();
  return html`<table class="cards" role="table"><caption class="vh">Bills, the newest first</caption>
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Month</th><th role="columnheader" scope="col">Meter</th><th role="columnheader" scope="col" class="n">Energy</th><th role="columnheader" scope="col" class="n">Amount</th><th role="columnheader" scope="col">State</th><th role="columnheader" scope="col" class="n">Bill date</th></tr></thead>
<tbody role="rowgroup">${rows.map((bill) => {
    const time = timeOf(bill.zone);
    return html`<tr role="row"><th role="rowheader" scope="row"><a href="${billHref(bill)}">${formatMonth(bill.month)}</a>${bill.credits.map((credit, i) => html`<br><a class="quiet-link" href="/bills/${encodeURIComponent(credit.no)}">credit ${i + 1}</a>`)}</th>
<td role="cell" class="where"><a href="/meters/${bill.meter}" class="num quiet-link">${formatMeterId(bill.meter)}</a></td>
<td role="cell" class="n" data-label="Energy">${measure(ENERGY, bill.inForceWh)}</td>
<td role="cell" class="n main" data-label="Amount">${money(bill.inForceMinor, bill.minorDigits, bill.currency)}${bill.credits.length > 0 && html`<br><span class="quiet">billed ${formatMinor(bill.totalMinor, bill.minorDigits)}</span>`}</td>
<td role="cell" data-label="State">${billState(bill)}</td>
<td role="cell" class="n last">${time.date(bill.toSeconds - 1)} ${seal(bill)}</td></tr>`;
  })}</tbody></table>`;
}

function billState(bill: BillSummary): Html | string {
  if (bill.dueMinor < 0) {
    return html`<span class="flag">${formatMinor(-bill.dueMinor, bill.minorDigits)} to give back</span>`;
  }
  if (bill.paidAtSeconds !== undefined) return "paid";
  return bill.inForceComplete
    ? bill.credits.length > 0
      ? "credited"
      : "issued"
    : html`<span class="flag flag-warn">incomplete</span>`;
}
