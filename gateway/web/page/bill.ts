/**
 * One bill, read top to bottom like a till receipt: quantity × rate = amount, each line rounded once; what it is
 * complete in or what is missing; the days it used; its proof.
 */
import type { BillDetail, BillLine } from "../../projection/read-model-types.ts";
import { checkRecord } from "../proof/check-record.ts";
import { joinRanges } from "../time-range.ts";
import { type Html, html } from "../view/html.ts";
import { type Page, pageHead } from "../view/layout.ts";
import {
  count,
  formatMeterId,
  formatMinor,
  formatNano,
  formatNumber,
  money,
} from "../view/number.ts";
import { completeness, ownWords } from "../view/parts.ts";
import { proofBehind } from "../view/proof.ts";
import { sealBadge } from "../view/seal.ts";
import { addDays, formatDate, formatMonth, zonedTime } from "../view/time.ts";
import { billCredits, creditNote } from "./bill-credits.ts";
import { billDays } from "./bill-days.ts";
import { type PageContext, requireFound } from "./context.ts";

export function billPage(context: PageContext, no: string): Page {
  const { readModel, suite } = context;
  const bill = requireFound(readModel.bill(no), `Bill ${no}`);
  const time = zonedTime(bill.zone);
  const record = bill.position === undefined ? undefined : readModel.record(bill.position);
  const origin = readModel.overview().tip.origin;
  const check = record && checkRecord({ suite, origin }, record);
  const from = time.isoDate(bill.fromSeconds);
  const lastDay = addDays(time.isoDate(bill.toSeconds - 1), 0);
  const body = html`${pageHead({
    trail: [
      ["/bills", "Bills"],
      [`/meters/${bill.meter}`, `Meter ${formatMeterId(bill.meter)}`],
    ],
    title: `${bill.kind === "credit" ? "Credit" : "Bill"} for ${formatMonth(bill.month)}`,
    badge: sealBadge(check ? { ...bill, state: check.state } : bill),
    actions: billActions(bill.no, context.exportBundle !== undefined),
  })}
${creditNote(bill)}
<div class="two two-receipt"><article class="receipt" aria-labelledby="receipt-title">
<header><h2 id="receipt-title">${bill.no}</h2><p>Meter <span class="num">${formatMeterId(bill.meter)}</span><br>${formatDate(from)} to ${formatDate(lastDay)}<br>${bill.kind === "credit" ? html`Issued ${time.date(bill.issuedAtSeconds)}` : html`Billed ${time.date(bill.toSeconds - 1)}`}${bill.paidAtSeconds !== undefined && html`, paid ${time.date(bill.paidAtSeconds)}`}</p></header>
<table><caption class="vh">Lines of this ${bill.kind}</caption><thead class="vh"><tr><th scope="col">Item</th><th scope="col">Amount in ${bill.currency}</th></tr></thead>${receiptLines(bill)}
<tfoot><tr><th scope="row">Total</th><td class="n">${money(bill.totalMinor, bill.minorDigits, bill.currency)}</td></tr></tfoot></table>
${complete(bill)}
</article>
<div>${billCredits(bill)}<h2>Proof of this ${bill.kind}</h2>${check && bill.position !== undefined ? proofBehind(check, bill.position) : html`<p class="notice">Received and stored safely. The proof appears when the next block is mined.</p>`}
${tariffs(bill)}
${context.maySeeReadings ? billDays(bill) : html`<p class="note">The readings behind this bill belong to the household. Its customer and the operator see them; every proof on this page holds without.</p>`}</div></div>`;
  return {
    title: `${bill.kind === "credit" ? "Credit" : "Bill"} ${bill.no}`,
    section: "bills",
    body,
  };
}

/** The browser's own menu prints the page; a bill that is printed often is better as a PDF. */
function billActions(no: string, hasBundle: boolean): Html {
  const path = `/bills/${encodeURIComponent(no)}`;
  return html`${hasBundle && html`<a class="button" href="${path}.bundle.json" download>Download bundle</a>`}<a class="button" href="/verify-bill.html" target="_blank">Check it offline</a><a class="button" href="${path}.pdf">PDF</a>`;
}

/** A credit's lines in two parts: what it takes back, and what it sets. */
function receiptLines(bill: BillDetail): Html {
  const { lines, takenBack, kind } = bill;
  const part = (title: string, own: readonly BillLine[]): Html =>
    html`<tbody><tr><th scope="rowgroup" colspan="2" class="quiet">${title}</th></tr>${own.map((line) => receiptLine(line, bill))}</tbody>`;
  if (kind === "bill") return html`<tbody>${lines.map((line) => receiptLine(line, bill))}</tbody>`;
  return html`${part("Taken back, as it was in force before", lines.slice(0, takenBack))}${part("As it is now", lines.slice(takenBack))}`;
}

function receiptLine(line: BillLine, bill: BillDetail): Html {
  return html`<tr><th scope="row">${ownWords(line.label)}<span class="how">${quantityWords(line, bill)} × ${rateWords(line, bill)}</span></th><td class="n"><span class="num">${formatMinor(line.amountMinor, bill.minorDigits)}</span></td></tr>`;
}

/** "312.400 kWh", "31 days", "20.11 EUR" for a tax. */
function quantityWords(line: BillLine, bill: BillDetail): string {
  switch (line.unit) {
    case "wh":
    case "wh-mean":
      return `${formatNumber(line.qty / 1000, 3)} kWh`;
    case "w":
      return `${formatNumber(line.qty / 1000, 3)} kW`;
    case "day":
      return count(line.qty, "day");
    case "month":
      return count(line.qty, "month");
    case "tax":
      return `${formatMinor(line.qty, bill.minorDigits)} ${bill.currency}`;
    default:
      return formatNumber(line.qty);
  }
}

function rateWords(line: BillLine, bill: BillDetail): string {
  if (line.unit === "tax") return `${formatNano(line.nano * 100).replace(/\.?0+$/, "")} %`;
  const per: Readonly<Record<string, string>> = {
    wh: "kWh",
    "wh-mean": "kWh on average",
    w: "kW",
    day: "day",
    month: "month",
  };
  return `${formatNano(line.nano)} ${bill.currency}/${per[line.unit] ?? "piece"}`;
}

function complete(bill: BillDetail): Html {
  const time = zonedTime(bill.zone);
  if (bill.complete) {
    return html`<p class="receipt-foot">Complete: ${completeness(bill.slots)}. Each line is exact and rounded once; the total is the sum of the lines.</p>`;
  }
  const gaps = joinRanges(bill.missing);
  const shown = gaps.slice(0, 40);
  return html`<div class="receipt-foot"><p><strong>Not complete:</strong> ${completeness(bill.slots)}. What is missing costs nothing here and is listed:</p><ul class="missing">${shown.map(
    (gap) => html`<li>${time.stamp(gap.fromSeconds)} to ${time.stamp(gap.toSeconds)}</li>`,
  )}</ul>${gaps.length > shown.length && html`<p>and ${formatNumber(gaps.length - shown.length)} more.</p>`}</div>`;
}

function tariffs(bill: BillDetail): Html {
  return html`<h2>Rates</h2><ul class="plain">${bill.tariffs.map((tariff) => html`<li>Tariff <strong>${tariff.id}</strong>, version ${tariff.version}: <a href="/records/${tariff.position}">record ${tariff.position}</a></li>`)}</ul>`;
}
