/** A meter's account: what is open now, and each bill, credit and payment with the balance after it, the newest first. */
import type { AccountEntry } from "../../projection/account-types.ts";
import { type Html, html } from "../view/html.ts";
import { formatMinor, formatNumber, money } from "../view/number.ts";
import { ownWords } from "../view/parts.ts";
import { zonedTime } from "../view/time.ts";

/** Rows that are shown; the JSON interface has all. */
const SHOWN = 60;

/** Nothing for an account on which nothing has happened. */
export function accountSection(entries: readonly AccountEntry[], zone: string): Html | undefined {
  if (entries.length === 0) return undefined;
  const newest = entries.slice(-SHOWN).reverse();
  const time = zonedTime(zone);
  return html`<section aria-labelledby="account"><h2 id="account">Account</h2><p class="lead">${balanceWords(entries)}</p>
<div class="scroll" tabindex="0" role="region" aria-label="Bills, credits and payments"><table><thead><tr><th scope="col">Date</th><th scope="col">What</th><th scope="col" class="n">Amount</th><th scope="col" class="n">Balance</th></tr></thead><tbody>${newest.map(
    (entry) =>
      html`<tr><th scope="row">${time.date(entry.atSeconds)}</th><td>${whatWords(entry)}</td><td class="n">${money(entry.amountMinor, entry.minorDigits, entry.currency)}</td><td class="n">${money(entry.balanceMinor, entry.minorDigits, entry.currency)}</td></tr>`,
  )}</tbody></table></div>
<p class="note">Each row is a record of the chain. A credit says what other readings change about a bill; a payment is taken off; a negative balance is to be given back.${entries.length > SHOWN && ` The newest ${formatNumber(SHOWN)} of ${formatNumber(entries.length)} rows.`}</p></section>`;
}

/** The newest balance of each currency. */
function balanceWords(entries: readonly AccountEntry[]): string {
  const newest = new Map(entries.map((entry) => [entry.currency, entry]));
  return [...newest.values()]
    .map(({ balanceMinor, minorDigits, currency }) => {
      const amount = `${formatMinor(Math.abs(balanceMinor), minorDigits)}\u00a0${currency}`;
      if (balanceMinor === 0) return `Nothing is open in ${currency}.`;
      return balanceMinor > 0 ? `${amount} to be paid.` : `${amount} to be given back.`;
    })
    .join(" ");
}

function whatWords({ kind, text, billNo, position }: AccountEntry): Html {
  if (kind === "bill") {
    return html`<a href="/bills/${encodeURIComponent(text)}">Bill ${text}</a>`;
  }
  if (kind === "credit") {
    return html`<a href="/bills/${encodeURIComponent(text)}">Credit ${text}</a>`;
  }
  const forBill =
    billNo !== undefined &&
    html` for <a href="/bills/${encodeURIComponent(billNo)}">bill ${billNo}</a>`;
  return html`<a href="/records/${position}">Payment</a> ${ownWords(text)}${forBill}`;
}
