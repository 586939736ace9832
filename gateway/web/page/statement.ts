/**
 * A statement of any period: quantity × rate, what that is exactly, and how it was rounded; what is missing; which bills there are.
 * Computed when it is asked for, by the engine of the bills; never a record.
 */
import type { LineUnit } from "../../../shared/money/bill-plaintext.ts";
import { formatQuantity, formatRate } from "../../../shared/money/bill-text.ts";
import { roundingWords, spanWords } from "../../export/statement-sheet.ts";
import type {
  PeriodStatement,
  StatementLine,
  StatementQuery,
} from "../../projection/period-statement-types.ts";
import type { MeterSummary } from "../../projection/read-model-types.ts";
import { type Html, html } from "../view/html.ts";
import { type Page, pageHead } from "../view/layout.ts";
import { count, formatMeterId, formatMinor, formatNumber, money } from "../view/number.ts";
import { completeness, ownWords } from "../view/parts.ts";
import { formatDate, zonedTime } from "../view/time.ts";

/** Stretches that are shown; the JSON has all. */
const SHOWN = 60;

/** The month of the newest day, as far as it has come. */
export function defaultPeriod({ meter, lastDay }: MeterSummary): StatementQuery {
  const to = lastDay?.date ?? "1970-01-01";
  return { meter, from: `${to.slice(0, 7)}-01`, to };
}

/** Asks for a period; it works without a script. */
function periodForm({ meter, from, to }: StatementQuery): Html {
  const field = (name: string, label: string, value: string): Html =>
    html`<p class="field"><label for="period-${name}">${label}</label><input id="period-${name}" name="${name}" type="date" required value="${value}"></p>`;
  return html`<form class="period" action="/meters/${meter}/statement" method="get">${field("from", "First day", from)}${field("to", "Last day", to)}<button>Compute</button></form>`;
}

/** On the page of a meter's bills: a way to the days that no bill is about. */
export function statementSection(query: StatementQuery): Html {
  return html`<section aria-labelledby="statement"><h2 id="statement">Statement of any days</h2><p class="note">Computed when you ask, as a bill is; nothing is due by it.</p>${periodForm(query)}</section>`;
}

/** @param refusal why there is no statement of this period, for people */
export function statementPage(
  query: StatementQuery,
  answer: PeriodStatement | { readonly refusal: string },
): Page {
  const { meter, from, to } = query;
  const isRefused = "refusal" in answer;
  const address = new URLSearchParams({ from, to }).toString();
  const body = html`${pageHead({
    trail: [
      ["/", "Meters"],
      [`/meters/${meter}`, `Meter ${formatMeterId(meter)}`],
      [`/bills?meter=${meter}`, "Bills"],
    ],
    title: "Statement",
    badge:
      !isRefused && answer.provisional
        ? html`<span class="flag flag-warn">provisional</span>`
        : undefined,
    lead: "What the energy of any days costs, computed as a bill is. It is no bill: nothing is due by it.",
    actions:
      !isRefused &&
      html`<a class="button" href="/meters/${meter}/statement.pdf?${address}">PDF</a><a class="button" href="/api/v1/meters/${meter}/statement?${address}">JSON</a>`,
  })}
${periodForm(query)}
${isRefused ? html`<p class="notice" role="status">${answer.refusal}</p>` : statementBody(answer)}`;
  return { title: `Statement of ${meter}`, section: "bills", body };
}

function statementBody(statement: PeriodStatement): Html {
  const { currency, minorDigits, lines, slots } = statement;
  return html`<div class="two two-receipt"><article class="receipt" aria-labelledby="receipt-title">
<header><h2 id="receipt-title">${formatDate(statement.from)} to ${formatDate(statement.to)}</h2><p>Meter <span class="num">${formatMeterId(statement.meter)}</span><br>both days included (${statement.zone})</p></header>
<table><caption class="vh">Lines of this statement</caption><thead class="vh"><tr><th scope="col">Item</th><th scope="col">Amount in ${currency}</th></tr></thead><tbody>${lines.map((line) => lineRow(line, minorDigits))}</tbody>
<tfoot><tr><th scope="row">Total</th><td class="n">${money(statement.totalMinor, minorDigits, currency)}</td></tr></tfoot></table>
<p class="receipt-foot">${completeness(slots)}. Each line is exact and rounded once, half away from zero; the total is the sum of the lines.</p>
</article>
<div>${known(statement)}${billsOf(statement)}${tariffsOf(statement)}</div></div>`;
}

function lineRow(line: StatementLine, minorDigits: number): Html {
  const sealed = { ...line, amount: line.amountMinor, unit: line.unit as LineUnit };
  const amount = formatMinor(line.amountMinor, minorDigits);
  return html`<tr><th scope="row">${ownWords(line.label)}<span class="how">${formatQuantity(sealed, minorDigits)} × ${formatRate(sealed)}</span><span class="how">${roundingWords(line.exact, amount)}</span></th><td class="n"><span class="num">${amount}</span></td></tr>`;
}

/** What the statement does not know, stretch by stretch. */
function known({ notMeasured, zone, provisional, unbilled, slots }: PeriodStatement): Html {
  const time = zonedTime(zone);
  const shown = notMeasured.slice(0, SHOWN);
  const more = notMeasured.length - shown.length;
  const lead = provisional
    ? `Provisional: ${[
        ...(slots.missing > 0 ? [`${count(slots.missing, "slot")} without a usable record`] : []),
        ...(unbilled.length > 0 ? ["not all of it is in a bill yet"] : []),
      ].join(", and ")}. Another statement of these days may differ.`
    : "Every part of these days is in a bill.";
  return html`<h2>How sure it is</h2><p>${lead}</p>${
    shown.length > 0 &&
    html`<ul class="missing">${shown.map(
      ({ fromSeconds, toSeconds, state }) =>
        html`<li>${time.stamp(fromSeconds)} to ${
          time.isoDate(fromSeconds) === time.isoDate(toSeconds)
            ? time.clock(toSeconds)
            : time.stamp(toSeconds)
        }: ${spanWords(state)}</li>`,
    )}</ul>`
  }${more > 0 && html`<p>and ${formatNumber(more)} more, all of them in the JSON.</p>`}`;
}

function billsOf({ bills, zone }: PeriodStatement): Html {
  if (bills.length === 0)
    return html`<h2>Bills</h2><p>No bill has been issued for any of these days.</p>`;
  const time = zonedTime(zone);
  return html`<h2>Bills</h2><p>Issued for some of these days. They stand as issued, whatever this statement says:</p><ul class="plain">${bills.map(
    ({ no, fromSeconds, toSeconds, totalMinor, inForceMinor, minorDigits, currency }) =>
      html`<li><a href="/bills/${encodeURIComponent(no)}">${no}</a>, ${time.date(fromSeconds)} to ${time.date(toSeconds - 1)}: ${money(totalMinor, minorDigits, currency)}${inForceMinor !== totalMinor && html`, with its credits ${money(inForceMinor, minorDigits, currency)}`}</li>`,
  )}</ul>`;
}

function tariffsOf({ tariffs }: PeriodStatement): Html {
  return html`<h2>Rates</h2><ul class="plain">${tariffs.map(({ id, version, position }) => html`<li>Tariff <strong>${id}</strong>, version ${version}: <a href="/records/${position}">record ${position}</a></li>`)}</ul>`;
}
