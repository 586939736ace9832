/** One meter: what it measures now, and its history by month, year or any days (figure 9 of the paper): sentence, charts, table. */
import type { MeterSummary } from "../../projection/read-model-types.ts";
import { addSlots, type Column, energyOf, measuredColumns } from "../history.ts";
import { type Html, html } from "../view/html.ts";
import { type Page, pageHead } from "../view/layout.ts";
import {
  CURRENT,
  count,
  ENERGY,
  formatMeterId,
  HUMIDITY,
  measure,
  type Quantity,
  speak,
  TEMPERATURE,
  VOLTAGE,
} from "../view/number.ts";
import {
  completeness,
  emptyState,
  formatPlace,
  meterStateWords,
  ownWords,
  segments,
  stat,
  statStrip,
} from "../view/parts.ts";
import { seal, sealBadge, sealLegend } from "../view/seal.ts";
import { formatDate, formatLongDate, formatMonth, formatShortDate } from "../view/time.ts";
import { zoomable, zoomBar } from "../view/zoom.ts";
import { type PageContext, requireFound } from "./context.ts";
import { liveStrip } from "./live-strip.ts";
import { historyCharts } from "./meter-charts.ts";
import { meterEvents } from "./meter-events.ts";
import { meterExchanges } from "./meter-exchanges.ts";
import {
  type AskedPeriod,
  periodStepper,
  readColumns,
  type ShownPeriod,
  shownPeriod,
  zoomColumns,
  zoomOf,
} from "./meter-period.ts";
import { type CostWords, monthCost } from "./month-cost.ts";

/** A month ("YYYY-MM"), a year ("YYYY") or days; the month of the newest day when none is asked for. */
export function meterPage(context: PageContext, id: string, asked: AskedPeriod): Page {
  const { readModel } = context;
  const meter = requireFound(readModel.meter(id), `Meter ${id}`);
  const follows = ["day", "meters", `meter:${id}`];
  if (meter.lastDay === undefined) return { ...waitingPage(context, meter), follows };
  const newest = meter.lastDay.date;
  const shown = shownPeriod(asked, newest);
  const columns = readColumns(readModel, meter, shown);
  const { yearly } = shown;
  const cost =
    shown.kind === "month"
      ? monthCost(readModel, readModel.statements(id, shown.month))
      : undefined;
  const body = html`${meterHead(meter)}
${liveStrip(context, meter)}
${lastDayStrip(meter)}
<section class="history" aria-label="History">
<div class="bar">${viewSegments(meter, shown.kind, { month: shown.month, date: newest })}${periodStepper(meter, shown)}${downloads(id, shown)}</div>
${
  columns.every((column) => column.kind === "none")
    ? emptyState("No readings", `${shown.name} lies outside the days that this meter has sealed.`)
    : html`<div class="summary-line">${sentenceFor(columns, yearly, cost)}${zoomBar(zoomOf(meter, shown, columns))}</div>
${zoomable(
  zoomColumns(id, shown, columns),
  historyCharts(columns, (column) => hrefOf(id, column, yearly), yearly),
)}`
}
${yearly ? monthTable(id, columns) : dayTable(id, columns)}
</section>
${meterExchanges(readModel, id, meter.zone)}
${meterEvents(readModel, id, meter.zone)}
${sealLegend()}`;
  return { title: `Meter ${id}`, section: "meters", body, follows };
}

/** From a month to its days, from a day to its page; a day that was never sealed leads nowhere. */
function hrefOf(id: string, column: Column, yearly: boolean): string | undefined {
  if (yearly) return `/meters/${id}?month=${column.key}`;
  return column.days.length > 0 ? `/meters/${id}/days/${column.key}` : undefined;
}

function waitingPage(context: PageContext, meter: MeterSummary): Page {
  const events = meterEvents(context.readModel, meter.meter, meter.zone);
  return {
    title: `Meter ${meter.meter}`,
    section: "meters",
    body: html`${meterHead(meter)}${liveStrip(context, meter)}${emptyState(
      "Waiting for the first day",
      html`This meter was enrolled by <a href="/records/${meter.enrolPosition}">record ${meter.enrolPosition}</a>. Its first sealed day appears here after midnight in ${meter.zone}.`,
    )}${events}`,
  };
}

/** All days as one table, and what is shown slot by slot. */
function downloads(id: string, { from, to, name: period }: ShownPeriod): Html {
  const link = (file: string, label: string): Html =>
    html`<a class="button" href="/meters/${id}/${file}?from=${from}&amp;to=${to}">${label}<span class="vh"> of ${period}</span></a>`;
  return html`<div class="actions"><a class="button" href="/meters/${id}/days.csv">CSV<span class="vh"> of all days of this meter</span></a>${link("readings.csv", "Slots")}${link("green-button.xml", "Green Button")}</div>`;
}

function meterHead(meter: MeterSummary): Html {
  const place = formatPlace(meter);
  const presence = meter.online === undefined ? undefined : meter.online ? "online" : "offline";
  const tariff = meter.tariff && `tariff ${meter.tariff}`;
  const facts = [meter.label, place, meter.zone, tariff, presence].filter(
    (fact) => fact !== undefined,
  );
  const unusual = meter.state === "frozen" || meter.state === "revoked";
  return pageHead({
    trail: [["/", "Meters"]],
    title: html`Meter <span class="num">${formatMeterId(meter.meter)}</span>`,
    badge: unusual
      ? html`<span class="flag flag-bad">${meterStateWords(meter.state)}</span>`
      : meter.lastDay && sealBadge(meter.lastDay),
    lead: html`${facts.map((fact, i) => html`${i > 0 && " · "}${ownWords(fact)}`)}`,
    actions: html`<a class="button" href="/compare?meter=${meter.meter}">Compare</a><a class="button" href="/bills?meter=${meter.meter}">Bills</a>`,
  });
}

function lastDayStrip(meter: MeterSummary): Html | undefined {
  const day = meter.lastDay;
  if (day === undefined) return undefined;
  if (day.unusable !== undefined) {
    return html`<p class="notice notice-bad">The newest day, ${formatDate(day.date)}, cannot be used (<code>${day.unusable}</code>). It stays in the chain, and its slots count as missing.</p>`;
  }
  const volts = day.voltageMilliVolt?.[0];
  const range = (quantity: Quantity, spread: { min: number; max: number } | undefined) =>
    spread && spread.min !== spread.max
      ? `${speak({ ...quantity, unit: "" }, spread.min).trim()} to ${speak(quantity, spread.max)}`
      : undefined;
  return statStrip([
    stat(
      formatDate(day.date),
      html`${measure(ENERGY, energyOf(day))} ${seal(day)}`,
      completeness(day.slots),
    ),
    stat("Voltage", measure(VOLTAGE, volts?.mean), range(VOLTAGE, volts)),
    stat(
      "Current",
      measure(CURRENT, day.currentMilliAmp?.[0]?.mean),
      range(CURRENT, day.currentMilliAmp?.[0]),
    ),
    stat(
      "Temperature",
      measure(TEMPERATURE, day.temperatureMilliCelsius?.mean),
      range(TEMPERATURE, day.temperatureMilliCelsius),
    ),
    stat(
      "Humidity",
      measure(HUMIDITY, day.humidityCentiPercent?.mean),
      range(HUMIDITY, day.humidityCentiPercent),
    ),
  ]);
}

/** Day, month, year of one meter; each keeps the moment that is being looked at. */
export function viewSegments(
  meter: MeterSummary,
  current: "day" | "month" | "year" | "days",
  at: { readonly month: string; readonly date: string },
): Html {
  const base = `/meters/${meter.meter}`;
  return segments("Show by", [
    { label: "Day", href: `${base}/days/${at.date}`, current: current === "day" },
    { label: "Month", href: `${base}?month=${at.month}`, current: current === "month" },
    { label: "Year", href: `${base}?year=${at.month.slice(0, 4)}`, current: current === "year" },
  ]);
}

/** What the charts say, in words. */
function sentenceFor(
  columns: readonly Column[],
  yearly: boolean,
  cost: CostWords | undefined,
): Html {
  const measured = measuredColumns(columns);
  if (measured.length === 0) {
    return html`<p class="lead sentence">No readings: ${count(columns.filter((column) => column.kind === "gap").length, yearly ? "month" : "day")} in a gap. Nothing is shown in their place.</p>`;
  }
  const total = measured.reduce((sum, column) => sum + column.wh, 0);
  const most = measured.reduce((a, b) => (b.wh > a.wh ? b : a));
  const unit = yearly ? "month" : "day";
  const slots = columns.map((column) => column.slots).reduce(addSlots);
  const gaps = columns.filter((column) => column.kind === "gap").length;
  const when = yearly
    ? `in ${formatMonth(most.key)}`
    : `on ${formatLongDate(most.key).replace(/ \d{4}$/, "")}`;
  const peak = measured.length > 1 && `; the most ${when} with ${speak(ENERGY, most.wh)}`;
  return html`<div><p class="lead sentence">${speak(ENERGY, total)} in ${count(measured.length, unit)}, ${speak(ENERGY, total / measured.length)} a ${unit}${peak}.${cost?.sentence}</p>
<p class="note">${gaps > 0 && `${count(gaps, unit)} without readings. `}${completeness(slots)}.${cost?.note}</p></div>`;
}

function dayTable(meter: string, columns: readonly Column[]): Html {
  const rows = columns
    .filter((column) => column.kind !== "none" || column.days.length > 0)
    .reverse()
    .map((column) => {
      const day = column.days[0];
      const { voltageMilliVolt, currentMilliAmp, temperatureMilliCelsius, humidityCentiPercent } =
        column.conditions;
      const empty = column.kind === "gap";
      return html`<tr${empty && html` class="row-gap"`}><th scope="row">${day ? html`<a href="/meters/${meter}/days/${column.key}">${formatShortDate(column.key)}</a>` : formatShortDate(column.key)}</th>
<td class="n">${measure(ENERGY, empty ? undefined : column.wh)}</td><td class="n">${measure(CURRENT, currentMilliAmp?.[0]?.mean)}</td><td class="n">${measure(VOLTAGE, voltageMilliVolt?.[0]?.mean)}</td><td class="n">${measure(TEMPERATURE, temperatureMilliCelsius?.mean)}</td><td class="n">${measure(HUMIDITY, humidityCentiPercent?.mean)}</td>
<td>${statusOf(column)}</td><td class="n">${column.days.map((one) => seal(one))}</td></tr>`;
    });
  return tableBehind(
    "The days as a table",
    "Days",
    ["Day", "Energy", "Current", "Voltage", "Temperature", "Humidity", "Slots", "Seal"],
    rows,
  );
}

function statusOf(column: Column): Html | string {
  const unusable = column.days.find((day) => day.unusable !== undefined)?.unusable;
  if (unusable !== undefined) return html`cannot be used: <code>${unusable}</code>`;
  if (column.days.length === 0) return "nothing was sealed";
  const reason = column.days.find((day) => day.reason !== undefined)?.reason;
  const slots = completeness(column.slots);
  return reason === undefined ? slots : html`${slots}; corrected: <code>${reason}</code>`;
}

function monthTable(meter: string, columns: readonly Column[]): Html {
  const rows = columns
    .filter((column) => column.kind !== "none")
    .map(
      (column) =>
        html`<tr><th scope="row"><a href="/meters/${meter}?month=${column.key}">${formatMonth(column.key)}</a></th><td class="n">${measure(ENERGY, column.kind === "gap" ? undefined : column.wh)}</td><td class="n">${measure(VOLTAGE, column.conditions.voltageMilliVolt?.[0]?.mean)}</td><td class="n">${measure(TEMPERATURE, column.conditions.temperatureMilliCelsius?.mean)}</td><td>${completeness(column.slots)}</td></tr>`,
    );
  return tableBehind(
    "The months as a table",
    "Months",
    ["Month", "Energy", "Voltage", "Temperature", "Slots"],
    rows,
  );
}

function tableBehind(
  summary: string,
  label: string,
  heads: readonly string[],
  rows: readonly Html[],
): Html {
  const words = new Set(["Day", "Month", "Slots"]);
  return html`<details class="behind"><summary>${summary}</summary><div class="scroll" tabindex="0" role="region" aria-label="${label}"><table><thead><tr>${heads.map((head) => html`<th scope="col"${!words.has(head) && html` class="n"`}>${head}</th>`)}</tr></thead><tbody>${rows}</tbody></table></div></details>`;
}
