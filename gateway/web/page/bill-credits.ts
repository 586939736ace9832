/** A bill's credits, and a credit's place among them: what each changed, and what bill and credits come to together. */
import type { BillDetail } from "../../projection/read-model-types.ts";
import { type Html, html } from "../view/html.ts";
import { money } from "../view/number.ts";
import { seal } from "../view/seal.ts";
import { zonedTime } from "../view/time.ts";

function href(no: string): string {
  return `/bills/${encodeURIComponent(no)}`;
}

/** Nothing for a bill that stands as it was issued. */
export function billCredits(bill: BillDetail): Html | undefined {
  if (bill.kind === "credit") return undefined;
  const amount = (minor: number): Html => money(minor, bill.minorDigits, bill.currency);
  const due = html`<tr><th scope="row">${bill.dueMinor < 0 ? "To be given back" : "Still to be paid"}</th><td class="n">${amount(Math.abs(bill.dueMinor))}</td></tr>`;
  if (bill.credits.length === 0) return undefined;
  const time = zonedTime(bill.zone);
  const issued = (one: Pick<BillDetail, "issuedAtSeconds" | "state" | "position">): Html =>
    html`<br><span class="quiet">${time.date(one.issuedAtSeconds)}</span> ${seal(one)}`;
  const rows = bill.credits.map(
    (one, i) =>
      html`<tr><th scope="row"><a href="${href(one.no)}">Credit ${i + 1}</a>${issued(one)}</th><td class="n">${amount(one.totalMinor)}</td></tr>`,
  );
  return html`<section class="credits" aria-labelledby="credits"><h2 id="credits">Credits</h2>
<p class="note">Other readings count now than when this bill was issued. A bill never changes: each credit takes back the lines before it and sets those of the readings that count.</p>
<div class="scroll" tabindex="0" role="region" aria-label="Bill and credits"><table><thead><tr><th scope="col">Issued</th><th scope="col" class="n">Amount</th></tr></thead><tbody><tr><th scope="row">This bill${issued(bill)}</th><td class="n">${amount(bill.totalMinor)}</td></tr>${rows}</tbody>
<tfoot><tr><th scope="row">Together</th><td class="n">${amount(bill.inForceMinor)}</td></tr>${due}</tfoot></table></div></section>`;
}

/** Above a credit: which bill it is of, and what that comes to with it. */
export function creditNote(credit: BillDetail): Html | undefined {
  if (credit.kind !== "credit" || credit.billNo === undefined) return undefined;
  const { inForceMinor, minorDigits, currency } = credit;
  return html`<p class="notice">A credit of <a href="${href(credit.billNo)}">bill ${credit.billNo}</a>: other readings count now. It takes back the lines that were in force before it and sets the new ones. Bill and credits together come to ${money(inForceMinor, minorDigits, currency)} with this one.</p>`;
}
