/**
 * Overview: all meters with their last sealed day (table 4 of the paper), the newest day's total, the chain's
 * tip and open alarms.
 */
import type { LiveValue } from "../../live/live-values.ts";
import type { MeterSummary, Overview } from "../../projection/read-model-types.ts";
import { type Bar, barChart, padBars } from "../chart/bars.ts";
import { energyOf } from "../history.ts";
import { type Html, html } from "../view/html.ts";
import { type Page, pageHead } from "../view/layout.ts";
import {
  CURRENT,
  count,
  ENERGY,
  formatMeterId,
  formatNumber,
  formatQuantity,
  HUMIDITY,
  measure,
  POWER,
  speak,
  TEMPERATURE,
  VOLTAGE,
} from "../view/number.ts";
import {
  emptyState,
  keys,
  meterPlace,
  meterStateWords,
  pager,
  stat,
  statStrip,
} from "../view/parts.ts";
import { seal, sealLegend, sealShape } from "../view/seal.ts";
import { formatDate, formatLongDate, formatShortDate } from "../view/time.ts";
import type { PageContext } from "./context.ts";

const PAGE_SIZE = 50;
/** A meter that has sealed nothing for so long is pointed out; a late night is not. */
const SILENT_DAYS = 3;

export function overviewPage(
  context: PageContext,
  query: { readonly search?: string | undefined; readonly page: number },
): Page {
  const { readModel } = context;
  const overview = readModel.overview();
  if (overview.meters === 0) return emptyOverview();
  const { rows, total } = readModel.meters({
    offset: (query.page - 1) * PAGE_SIZE,
    limit: PAGE_SIZE,
    ...(query.search !== undefined && { search: query.search }),
  });
  const newest = overview.recentDays.at(-1);
  const lead = newest
    ? html`${formatLongDate(newest.date)} is sealed by ${formatNumber(newest.meters)} of ${count(overview.meters, "meter")}. Every number with a seal can be followed back to the meter that signed it.`
    : html`No day has been sealed yet. The first appears here shortly after the first midnight.`;
  const body = html`${pageHead({ title: "Meters", lead })}
${stats(overview, total === rows.length ? powerNow(rows, context) : undefined)}
${recentDays(overview)}
<section aria-labelledby="all-meters">
<div class="section-head"><h2 id="all-meters">${query.search === undefined ? "All meters" : `Meters matching “${query.search}”`}</h2>${search(overview, query.search)}</div>
${rows.length > 0 ? meterTable(rows, context) : emptyState("No meter matches", html`Nothing begins with or contains “${query.search ?? ""}”. <a href="/">Show all meters</a>.`)}
${pager({
  page: query.page,
  pages: Math.ceil(total / PAGE_SIZE),
  href: (page) =>
    `/?${new URLSearchParams({ ...(query.search && { q: query.search }), page: String(page) })}`,
})}
</section>
${sealLegend()}`;
  const shown = rows.map(({ meter }) => `meter:${meter}`);
  return { title: "Meters", section: "meters", body, follows: [...FOLLOWS, ...shown] };
}

/** Besides the meters that are shown. */
const FOLLOWS = ["block", "day", "alarm", "meters"];

function emptyOverview(): Page {
  return {
    title: "Meters",
    section: "meters",
    body: html`${pageHead({ title: "Meters" })}${emptyState(
      "No meter yet",
      html`Enrol the first one with <code>gateway enrol --meter 352522395 --out join.json</code> and start it with that file. Its first sealed day appears here after midnight.`,
    )}`,
  };
}

/** Power of all meters that say it; undefined where none does. */
interface PowerNow {
  readonly milliWatt: number;
  readonly meters: number;
}

function powerNow(
  rows: readonly MeterSummary[],
  { live }: Pick<PageContext, "live">,
): PowerNow | undefined {
  const values = rows.flatMap(({ meter }) => live?.newest(meter)?.powerMilliWatt ?? []);
  if (values.length === 0) return undefined;
  return { milliWatt: values.reduce((sum, value) => sum + value, 0), meters: values.length };
}

function stats(overview: Overview, now: PowerNow | undefined): Html {
  const { tip } = overview;
  const newest = overview.recentDays.at(-1);
  const final = tip.finalHeight >= tip.height;
  return statStrip([
    stat("Meters", formatNumber(overview.meters), `${formatNumber(overview.online)} online`),
    ...(now === undefined ? [] : [nowStat(now, overview.meters)]),
    stat(
      newest ? formatDate(newest.date) : "Newest day",
      measure(ENERGY, newest?.wh),
      newest && "all meters together",
    ),
    stat(
      "Chain",
      html`<a href="/blocks/${tip.height}">${formatNumber(tip.height)}</a>`,
      html`${sealShape(final ? "final" : "block")} ${final ? "final" : `final to ${formatNumber(tip.finalHeight)}`} · ${count(tip.logSize, "record")}`,
    ),
    stat(
      "Waiting",
      formatNumber(overview.held),
      overview.held === 0 ? "nothing to be mined" : "for the next block",
    ),
    stat(
      "Alarms",
      html`<a href="/alarms">${formatNumber(overview.openAlarms)}</a>`,
      overview.openAlarms === 0 ? "all quiet" : "open",
    ),
  ]);
}

/** The script of the page goes on with it (browser/live-cells.ts). */
function nowStat({ milliWatt, meters }: PowerNow, all: number): Html {
  return stat(
    "Now",
    html`<span class="measure"><span class="num" id="live-sum">${formatQuantity(POWER, milliWatt)}</span> <span class="unit">${POWER.unit}</span></span>`,
    meters === all ? "all meters together" : `${formatNumber(meters)} of ${count(all, "meter")}`,
  );
}

function recentDays(overview: Overview): Html | undefined {
  const days = overview.recentDays;
  if (days.length < 3) return undefined;
  const mean = days.reduce((sum, day) => sum + day.wh, 0) / days.length;
  const sentence = `The last ${days.length} sealed days of all meters together: ${speak(ENERGY, mean)} a day on average`;
  // A meter that stopped for good is missed once; one that is late or was down is missed on that day.
  const fewer = days.map(
    (day, i) => day.meters < Math.max(days[i - 1]?.meters ?? 0, days[i + 1]?.meters ?? 0),
  );
  const bars = days.map(
    (day, i): Bar => ({
      kind: day.meters === 0 ? "gap" : fewer[i] === true ? "partial" : "solid",
      value: day.wh / 1000,
      title: `${formatDate(day.date)}: ${speak(ENERGY, day.wh)}, ${count(day.meters, "meter")}`,
      tick: (days.length - 1 - i) % 5 === 0 ? formatShortDate(day.date) : undefined,
      minorTick: (days.length - 1 - i) % 10 !== 0,
    }),
  );
  const chart = barChart({ id: "recent", size: "short", bars: padBars(bars, 14) });
  return html`<figure class="figure"><figcaption>${sentence}${fewer.includes(true) && keys([["partial", "fewer meters"]])}</figcaption>${chart}
<details class="behind"><summary>These days as a table</summary><div class="scroll" tabindex="0" role="region" aria-label="Recent days"><table><thead><tr><th scope="col">Day</th><th scope="col" class="n">Energy</th><th scope="col" class="n">Meters</th></tr></thead><tbody>${[
    ...days,
  ]
    .reverse()
    .map(
      (day) =>
        html`<tr><th scope="row">${formatDate(day.date)}</th><td class="n">${measure(ENERGY, day.wh)}</td><td class="n">${formatNumber(day.meters)}</td></tr>`,
    )}</tbody></table></div></details></figure>`;
}

function search(overview: Overview, value: string | undefined): Html | undefined {
  if (overview.meters <= 12 && value === undefined) return undefined;
  return html`<form class="search" action="/" method="get" role="search"><label class="vh" for="q">Find a meter by its number or name</label><input id="q" name="q" type="search" maxlength="100" value="${value ?? ""}" placeholder="Meter number or name" autocomplete="off"><button>Find</button></form>`;
}

function meterTable(
  rows: readonly MeterSummary[],
  { live, nowSeconds }: Pick<PageContext, "live" | "nowSeconds">,
): Html {
  const values = new Map(rows.map(({ meter }) => [meter, live?.newest(meter)]));
  // Where no meter says what it measures now, there is no column of dashes.
  const isLive = [...values.values()].some((value) => value !== undefined);
  return html`<table class="cards${isLive && " cards-live"}" role="table">
<thead role="rowgroup"><tr role="row"><th role="columnheader" scope="col">Meter</th><th role="columnheader" scope="col">Where</th>${isLive && html`<th role="columnheader" scope="col" class="n">Now</th>`}<th role="columnheader" scope="col" class="n">Energy</th><th role="columnheader" scope="col" class="n">Current</th><th role="columnheader" scope="col" class="n">Voltage</th><th role="columnheader" scope="col" class="n spare">Temperature</th><th role="columnheader" scope="col" class="n spare">Humidity</th><th role="columnheader" scope="col" class="n">Last day</th></tr></thead>
<tbody role="rowgroup">${rows.map((meter) => meterRow(meter, nowSeconds, isLive && liveCell(values.get(meter.meter))))}</tbody></table>`;
}

/** The script of the page goes on with it (browser/live-cells.ts). */
function liveCell(value: LiveValue | undefined): Html {
  const { powerMilliWatt } = value ?? {};
  if (powerMilliWatt === undefined) {
    return html`<td role="cell" class="n" data-label="Now">${measure(POWER, undefined)}</td>`;
  }
  return html`<td role="cell" class="n" data-label="Now"><span class="measure"><span class="num live-value" data-milliwatt="${powerMilliWatt}">${formatQuantity(POWER, powerMilliWatt)}</span> <span class="unit">${POWER.unit}</span></span></td>`;
}

function meterRow(meter: MeterSummary, nowSeconds: number, now: Html | false): Html {
  const day = meter.lastDay;
  const usable = day?.unusable === undefined ? day : undefined;
  return html`<tr role="row" data-live-row="${meter.meter}"><th role="rowheader" scope="row"><a href="/meters/${meter.meter}" class="num">${formatMeterId(meter.meter)}</a>${presence(meter, nowSeconds)}</th>
<td role="cell" class="where">${meterPlace(meter)}</td>
${now}<td role="cell" class="n main" data-label="Energy">${measure(ENERGY, energyOf(day))}</td>
<td role="cell" class="n" data-label="Current">${measure(CURRENT, usable?.currentMilliAmp?.[0]?.mean)}</td>
<td role="cell" class="n" data-label="Voltage">${measure(VOLTAGE, usable?.voltageMilliVolt?.[0]?.mean)}</td>
<td role="cell" class="n spare" data-label="Temperature">${measure(TEMPERATURE, usable?.temperatureMilliCelsius?.mean)}</td>
<td role="cell" class="n spare" data-label="Humidity">${measure(HUMIDITY, usable?.humidityCentiPercent?.mean)}</td>
<td role="cell" class="n last">${day ? html`<a href="/meters/${meter.meter}/days/${day.date}">${formatDate(day.date)}</a> ${seal(day)}` : html`<span class="quiet">${meterStateWords(meter.state)}</span>`}</td></tr>`;
}

/** Only what is out of the ordinary is said. */
function presence(meter: MeterSummary, nowSeconds: number): Html | undefined {
  if (meter.state === "frozen" || meter.state === "revoked") {
    return html` <span class="flag flag-bad">${meterStateWords(meter.state)}</span>`;
  }
  if (meter.openAlarms > 0) {
    return html` <a class="flag flag-warn" href="/alarms">${count(meter.openAlarms, "alarm")}</a>`;
  }
  const silent = Math.floor((nowSeconds - (meter.lastDay?.toSeconds ?? nowSeconds)) / 86_400);
  if (silent >= SILENT_DAYS) {
    return html` <span class="flag flag-warn">silent for ${count(silent, "day")}</span>`;
  }
  return meter.online === false ? html` <span class="flag">offline</span>` : undefined;
}
