/** Alarms: those that want a look, those that somebody looks into, those that are over; and how intake answered. */
import type { AlarmLook, AlarmRow, AlarmState } from "../../projection/alarm-types.ts";
import type { CounterRow } from "../../projection/read-model-types.ts";
import { codeWords, kindOfAlarmWords } from "../view/alarm-words.ts";
import { type Html, html } from "../view/html.ts";
import { type Page, pageHead } from "../view/layout.ts";
import { count, formatMeterId, formatNumber } from "../view/number.ts";
import { emptyState, segments, way } from "../view/parts.ts";
import { type ZonedTime, zonedTime } from "../view/time.ts";
import type { PageContext } from "./context.ts";

const LIMIT = 50;

/** @param asked `closed`: those that are over; else those that are not */
export function alarmsPage(
  context: PageContext,
  asked: { readonly closed: boolean; readonly before?: number | undefined },
): Page {
  const { readModel } = context;
  const { openAlarms, acknowledgedAlarms } = readModel.overview();
  const body = html`${pageHead({ title: "Alarms", lead: leadFor(openAlarms, acknowledgedAlarms) })}
<div class="bar">${segments("Which alarms", [
    { label: "To look at", href: "/alarms", current: !asked.closed },
    { label: "Closed", href: "/alarms?state=closed", current: asked.closed },
  ])}</div>
${asked.closed ? closedSection(context, asked.before) : activeSection(context, asked.before)}
${context.mayOperate && html`<section aria-labelledby="answers"><h2 id="answers">Answers of intake</h2><p class="note">Every message gets one answer. A refused one changes nothing.</p>${counterTable(readModel.counters())}</section>`}`;
  return { title: "Alarms", section: "alarms", body, follows: ["alarm"] };
}

function leadFor(open: number, acknowledged: number): string {
  const looked = `${formatNumber(acknowledged)} ${acknowledged === 1 ? "is" : "are"} being looked into`;
  if (open > 0) {
    const need = `${count(open, "alarm")} need${open === 1 ? "s" : ""} a look`;
    return acknowledged > 0 ? `${need}, ${looked}.` : `${need}.`;
  }
  return acknowledged > 0 ? `Nothing new; ${looked}.` : "Nothing needs attention.";
}

function activeSection(context: PageContext, before: number | undefined): Html {
  const open = rowsOf(context, "open", before);
  const taken = before === undefined ? rowsOf(context, "acknowledged", undefined) : [];
  if (open.length + taken.length === 0) {
    return emptyState("All quiet", "Nothing has happened that somebody should look at.", "calm");
  }
  return html`${open.length > 0 && section(context, "Open", open)}${older(open, "/alarms?")}
${taken.length > 0 && section(context, "Being looked into", taken)}${taken.length === LIMIT && html`<p class="note">The newest ${formatNumber(LIMIT)} are shown.</p>`}`;
}

function closedSection(context: PageContext, before: number | undefined): Html {
  const closed = rowsOf(context, "closed", before);
  if (closed.length === 0) return emptyState("None", "No alarm has been closed yet.", "calm");
  return html`${section(context, "Closed", closed)}${older(closed, "/alarms?state=closed&")}`;
}

function rowsOf(
  { readModel }: PageContext,
  state: AlarmState,
  before: number | undefined,
): readonly AlarmRow[] {
  return readModel.alarms({ state, limit: LIMIT, ...(before === undefined ? {} : { before }) });
}

function older(rows: readonly AlarmRow[], href: string): Html | undefined {
  const last = rows.at(-1);
  if (rows.length < LIMIT || last === undefined) return undefined;
  return html`<nav class="pager" aria-label="Pages"><span></span><span></span><a href="${`${href}before=${last.id}`}" rel="next">Older ${way("on")}</a></nav>`;
}

function section(context: PageContext, title: string, rows: readonly AlarmRow[]): Html {
  const id = title.toLowerCase().replaceAll(" ", "-");
  const time = zonedTime("UTC");
  return html`<section aria-labelledby="${id}"><h2 id="${id}">${title}</h2><ol class="alarms">${rows.map((row) => alarmItem(context, row, time))}</ol></section>`;
}

function alarmItem(context: PageContext, alarm: AlarmRow, time: ZonedTime): Html {
  const { title, advice } = kindOfAlarmWords(alarm.kind);
  const { acknowledged, closed, state } = alarm;
  return html`<li class="alarm alarm-${state}" id="alarm-${alarm.id}"><div class="alarm-head"><h3>${title}</h3><code class="flag${state === "open" && " flag-warn"}">${alarm.code}</code></div>
<p>${time.stamp(alarm.atSeconds)} UTC${alarm.meter !== undefined && html` · meter <a href="/meters/${alarm.meter}" class="num">${formatMeterId(alarm.meter)}</a>`}${alarm.position !== undefined && html` · <a href="/records/${alarm.position}">record ${formatNumber(alarm.position)}</a>`}</p>
<p class="alarm-what">${codeWords(alarm.code)}${alarm.detail !== undefined && html`: <bdi>${alarm.detail}</bdi>`}</p>
${state !== "closed" && html`<p>${advice}</p>`}
${acknowledged && html`<p class="look">${look("Acknowledged", acknowledged, time)}</p>`}
${closed && html`<p class="look">${look(closed.by === undefined ? "Closed by itself" : "Closed", closed, time)}</p>`}
${context.formToken !== undefined && state !== "closed" && forms(alarm, context.formToken)}</li>`;
}

function look(what: string, { atSeconds, by, note }: AlarmLook, time: ZonedTime): Html {
  return html`${what}${by !== undefined && html` by <bdi>${by}</bdi>`}, ${time.stamp(atSeconds)} UTC${note !== undefined && html`: <bdi>${note}</bdi>`}`;
}

/** One note, two ways on; an alarm that is acknowledged can only be closed. */
function forms({ id, state }: AlarmRow, token: string): Html {
  const first = state === "open" ? "acknowledge" : "close";
  return html`<form class="alarm-form" method="post" action="/alarms/${id}/${first}"><input type="hidden" name="token" value="${token}"><label class="vh" for="note-${id}">Note on alarm ${id}</label><input id="note-${id}" name="note" type="text" maxlength="500" placeholder="Note (optional)" autocomplete="off">${state === "open" && html`<button class="button button-main" type="submit">Acknowledge</button>`}<button class="button" type="submit" formaction="/alarms/${id}/close">Close</button></form>`;
}

function counterTable(rows: readonly CounterRow[]): Html {
  if (rows.length === 0) return html`<p class="quiet">No message yet.</p>`;
  return html`<div class="scroll" tabindex="0" role="region" aria-label="Answers"><table class="plain-words"><thead><tr><th scope="col">Answer</th><th scope="col">Meaning</th><th scope="col" class="n">Count</th></tr></thead><tbody>${rows.map(
    (row) =>
      html`<tr><th scope="row"><code>${row.code}</code></th><td>${codeWords(row.code)}</td><td class="n">${formatNumber(row.count)}</td></tr>`,
  )}</tbody></table></div>`;
}
