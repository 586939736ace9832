/** Alarms, newest first, and how often intake gave each answer. */

import { ERROR_CODES } from "../../../shared/base/error-code.ts";
import { meaningOf } from "../../../shared/event/event-code.ts";
import type { AlarmRow, CounterRow } from "../../projection/read-model-types.ts";
import { type Html, html } from "../view/html.ts";
import { type Page, pageHead } from "../view/layout.ts";
import { count, formatMeterId, formatNumber } from "../view/number.ts";
import { emptyState } from "../view/parts.ts";
import { zonedTime } from "../view/time.ts";
import type { PageContext } from "./context.ts";

const LIMIT = 200;

export function alarmsPage({ readModel }: PageContext): Page {
  const alarms = readModel.alarms(LIMIT);
  const open = alarms.filter((alarm) => alarm.open).length;
  const body = html`${pageHead({
    title: "Alarms",
    lead:
      open === 0
        ? "Nothing needs attention."
        : `${count(open, "alarm")} need${open === 1 ? "s" : ""} a look.`,
  })}
${alarms.length === 0 ? emptyState("All quiet", "No meter has sent anything that raised an alarm.", "calm") : alarmList(alarms)}
<section aria-labelledby="answers"><h2 id="answers">Answers of intake</h2><p class="note">Every message gets one answer. A refused one changes nothing.</p>${counterTable(readModel.counters())}</section>`;
  return { title: "Alarms", section: "alarms", body };
}

function alarmList(alarms: readonly AlarmRow[]): Html {
  const time = zonedTime("UTC");
  return html`<ol class="alarms">${alarms.map(
    (
      alarm,
    ) => html`<li class="alarm${alarm.open && " alarm-open"}"><div><strong>${meaning(alarm.code)}</strong> <code class="flag${alarm.open && " flag-warn"}">${alarm.code}</code></div>
<p>${time.stamp(alarm.atSeconds)} UTC${alarm.meter !== undefined && html` · meter <a href="/meters/${alarm.meter}" class="num">${formatMeterId(alarm.meter)}</a>`}${alarm.position !== undefined && html` · <a href="/records/${alarm.position}">record ${formatNumber(alarm.position)}</a>`}</p>
${alarm.detail !== undefined && html`<p class="quiet">${alarm.detail}</p>`}</li>`,
  )}</ol>`;
}

function counterTable(rows: readonly CounterRow[]): Html {
  if (rows.length === 0) return html`<p class="quiet">No message yet.</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Answers"><table><thead><tr><th scope="col">Answer</th><th scope="col">Meaning</th><th scope="col" class="n">Count</th></tr></thead><tbody>${rows.map(
    (row) =>
      html`<tr><th scope="row"><code>${row.code}</code></th><td>${meaning(row.code)}</td><td class="n">${formatNumber(row.count)}</td></tr>`,
  )}</tbody></table></div>`;
}

const ANSWERS: Readonly<Record<string, string>> = {
  held: "Received and stored safely",
  duplicate: "Known already, answered again",
  resend: "One before it is missing, asked for",
  frozen: "The key is frozen",
};

/** A sentence for a code: of an answer, or of the error table. */
function meaning(code: string): string {
  const bare = code.replace(/^refused-/, "");
  const known =
    ANSWERS[code] ?? meaningOf(code) ?? (ERROR_CODES as Readonly<Record<string, string>>)[bare];
  if (known === undefined) return "No description";
  return known.charAt(0).toUpperCase() + known.slice(1);
}
