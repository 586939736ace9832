/** One civil day of one meter: its slots as bars and as a table, what else was sealed, and its proof. */
import type { DayDetail } from "../../projection/read-model-types.ts";
import { type Bar, barChart } from "../chart/bars.ts";
import { energyOf, kindOfLetter, kindOfSlots, usualWh } from "../history.ts";
import { checkRecord, type RecordCheck } from "../proof/check-record.ts";
import { type Html, html } from "../view/html.ts";
import { type Page, pageHead } from "../view/layout.ts";
import {
  CURRENT,
  ENERGY,
  formatMeterId,
  formatNumber,
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
  keys,
  shortHash,
  stat,
  statStrip,
  stepper,
} from "../view/parts.ts";
import { proofBehind } from "../view/proof.ts";
import { sealBadge, sealLegend } from "../view/seal.ts";
import {
  addDays,
  formatLongDate,
  formatShortDate,
  formatWeekday,
  type ZonedTime,
  zonedTime,
} from "../view/time.ts";
import { middleHalf, type Zoom, zoomable, zoomBar } from "../view/zoom.ts";
import { type PageContext, requireFound } from "./context.ts";
import { dayCorrection } from "./day-correction.ts";
import { viewSegments } from "./meter.ts";

const LETTERS: Readonly<Record<string, string>> = {
  M: "counted by the part",
  I: "measured as power over time",
  E: "estimated",
  R: "recovered from the register",
  S: "substituted",
  G: "no reading",
};

/** `slots`: the first and last slot that the chart shows; all without it. */
export function dayPage(
  context: PageContext,
  id: string,
  date: string,
  slots?: { readonly first: number; readonly last: number },
): Page {
  const { readModel } = context;
  const meter = requireFound(readModel.meter(id), `Meter ${id}`);
  const parts = readModel.day(id, date);
  const checks = parts.map((day) => checkDay(context, day));
  const { firstDate, lastDay } = meter;
  const to = (day: string): readonly [string, string] => [
    `/meters/${id}/days/${day}`,
    formatShortDate(day),
  ];
  const bar = html`<div class="bar">${viewSegments(meter, "day", { month: date.slice(0, 7), date })}${stepper(
    {
      previous: firstDate && date > firstDate ? to(addDays(date, -1)) : undefined,
      next: lastDay && date < lastDay.date ? to(addDays(date, 1)) : undefined,
    },
  )}</div>`;
  const head = pageHead({
    trail: [
      ["/", "Meters"],
      [`/meters/${id}`, `Meter ${formatMeterId(id)}`],
    ],
    title: formatLongDate(date),
    badge: parts[0] && sealBadge({ ...parts[0], state: checks[0]?.state ?? parts[0].state }),
  });
  const body =
    parts.length === 0
      ? html`${head}${bar}${emptyState("Nothing was sealed", "The chain holds no record of this meter for this day. It is a gap, not a zero.")}`
      : html`${head}${bar}${parts.map((day, i) => dayPart(context, day, checks[i], { index: i, slots, isPart: parts.length > 1 }))}${sealLegend()}`;
  const follows = ["day", `meter:${id}`];
  return { title: `${date} · meter ${id}`, section: "meters", body, follows };
}

function dayPart(
  context: PageContext,
  day: DayDetail,
  check: RecordCheck | undefined,
  shown: ShownSlots,
): Html {
  const time = zonedTime(day.zone);
  const proofId = shown.index === 0 ? "proof" : `proof-${shown.index}`;
  const ofPart = shown.isPart ? `, from ${time.clock(day.fromSeconds)}` : "";
  const proof = html`<div><h2>Proof of this ${shown.isPart ? "part" : "day"}</h2>${proofOf(day, check)}</div>`;
  if (day.unusable !== undefined) {
    return html`<p class="notice notice-bad">${unusableWords(day.unusable)}</p><section class="two" aria-label="Proof${ofPart}">${proof}</section>`;
  }
  return html`${check && check.failed > 0 && html`<p class="notice notice-bad"><strong>Do not rely on this day.</strong> Its record does not verify: <a href="#${proofId}">see which step fails</a>.</p>`}
<p class="lead sentence">${shown.isPart ? partSentence(day, time) : daySentence(context, day)}</p>
${statStrip([
  stat("Energy", measure(ENERGY, energyOf(day)), completeness(day.slots)),
  ...conditionStats(day),
])}
${dayCorrection(day, time)}
${chartOf(day, shown, time)}
<section class="two" id="${proofId}" aria-label="Proof and facts${ofPart}">${proof}<div>${facts(day, time)}</div></section>`;
}

function unusableWords(code: string): Html {
  return code === "void"
    ? html`The key that signed this record was revoked, and this record came after its last one that counts: it is void. Its slots count as missing until a reading stands in its place.`
    : html`This record is signed and in the chain, but what it holds cannot be used (<code>${code}</code>). Its slots count as missing until a correction.`;
}

function checkDay({ readModel, suite }: PageContext, day: DayDetail): RecordCheck | undefined {
  const record = day.position === undefined ? undefined : readModel.record(day.position);
  return record && checkRecord({ suite, origin: readModel.overview().tip.origin }, record);
}

function proofOf(day: DayDetail, check: RecordCheck | undefined): Html {
  return check === undefined || day.position === undefined
    ? html`<p class="notice">Received and stored safely. The proof appears when the next block is mined.</p>`
    : proofBehind(check, day.position);
}

/** A day of two devices, or one that was put in later: a part is not compared with whole days. */
function partSentence(day: DayDetail, time: ZonedTime): string {
  const end = time.isoDate(day.toSeconds) === day.date ? time.clock(day.toSeconds) : "midnight";
  const span = `from ${time.clock(day.fromSeconds)} to ${end}`;
  return kindOfSlots(day.slots) === "gap"
    ? `No readings ${span}. It is a gap, not a zero.`
    : `${speak(ENERGY, day.wh)} ${span}.`;
}

function daySentence({ readModel }: PageContext, day: DayDetail): string {
  const amount = `${speak(ENERGY, day.wh)} on this ${formatWeekday(day.date)}`;
  const before = readModel.days(day.meter, addDays(day.date, -28), addDays(day.date, -1));
  const usual = usualWh(day.date, before);
  const kind = kindOfSlots(day.slots);
  if (kind === "gap") return "No readings on this day. It is a gap, not a zero.";
  if (kind === "partial") return `${amount}; a part of the day was not measured.`;
  if (usual === undefined || usual === 0) return `${amount}.`;
  const percent = Math.round((day.wh / usual - 1) * 100);
  const weekday = `the usual ${formatWeekday(day.date)}`;
  if (percent === 0) return `${amount}, just like ${weekday}.`;
  return `${amount}, ${formatNumber(Math.abs(percent))} % ${percent < 0 ? "under" : "over"} ${weekday}.`;
}

function conditionStats(day: DayDetail): Html[] {
  const volts = day.voltageMilliVolt?.[0];
  const amps = day.currentMilliAmp?.[0];
  const range = (quantity: Quantity, spread: { min: number; max: number } | undefined) =>
    spread && spread.min !== spread.max
      ? `${speak({ ...quantity, unit: "" }, spread.min).trim()} to ${speak(quantity, spread.max)}`
      : undefined;
  const { temperatureMilliCelsius: warm, humidityCentiPercent: damp } = day;
  return [
    stat("Voltage", measure(VOLTAGE, volts?.mean), range(VOLTAGE, volts)),
    stat("Current", measure(CURRENT, amps?.mean), range(CURRENT, amps)),
    stat("Temperature", measure(TEMPERATURE, warm?.mean), range(TEMPERATURE, warm)),
    stat("Humidity", measure(HUMIDITY, damp?.mean), range(HUMIDITY, damp)),
  ];
}

function slotTimes(day: DayDetail): { readonly from: number; readonly to: number }[] {
  return day.slotWh.map((_, i) => ({
    from: day.fromSeconds + i * day.stepSeconds,
    to: day.stepSeconds === 0 ? day.toSeconds : day.fromSeconds + (i + 1) * day.stepSeconds,
  }));
}

function slotWords(day: DayDetail, i: number): string {
  const letter = day.quality[i] ?? "G";
  const words = LETTERS[letter.toUpperCase()] ?? "measured";
  return letter === letter.toUpperCase() ? words : `${words}, part of the slot`;
}

/** A day in one slot has no course to draw. */
/** Which part of a day it is, when the meter was swapped, and which of its slots are shown. */
interface ShownSlots {
  readonly index: number;
  readonly slots: { readonly first: number; readonly last: number } | undefined;
  /** The date has other readings beside this one. */
  readonly isPart: boolean;
}

/** Fewer slots fill no chart. */
const LEAST_SLOTS = 4;

function chartOf(day: DayDetail, { index, slots }: ShownSlots, time: ZonedTime): Html {
  const total = day.slotWh.length;
  if (total === 1) {
    return html`<p class="note">This meter seals the whole day as one number: there is no course of the day to draw.</p>`;
  }
  const first = Math.min(slots?.first ?? 0, total - 1);
  const last = Math.min(slots?.last ?? total - 1, total - 1);
  const times = slotTimes(day);
  const minutes = day.stepSeconds / 60;
  const isNear = (last - first + 1) * day.stepSeconds <= NEAR_S;
  const numbers = Array.from({ length: last - first + 1 }, (_, i) => first + i);
  const bars = numbers.map((i): Bar => {
    const wh = day.slotWh[i] ?? 0;
    const clock = time.clock(times[i]?.from ?? day.fromSeconds);
    const hour = Number(clock.slice(0, 2));
    const shown = clock.endsWith(":00") && (isNear || hour % 3 === 0);
    const kind = kindOfLetter(day.quality[i] ?? "G");
    return {
      kind,
      value: wh / 1000,
      title: `${clock}: ${kind === "gap" ? "no reading" : `${speak({ ...ENERGY, digits: 3 }, wh)}, ${slotWords(day, i)}`}${before(day, i) ?? ""}`,
      isCorrected: before(day, i) !== undefined,
      tick: shown ? clock : undefined,
      minorTick: hour % (isNear ? 2 : 6) !== 0,
    };
  });
  const rows = numbers.map(
    (i) =>
      html`<tr><th scope="row">${time.clock(times[i]?.from ?? 0)} – ${time.clock(times[i]?.to ?? 0)}</th><td class="n">${day.quality[i] === "G" ? measure(ENERGY, undefined) : measure({ ...ENERGY, digits: 3 }, day.slotWh[i])}</td><td>${slotWords(day, i)}${before(day, i)}</td></tr>`,
  );
  const address = `/meters/${day.meter}/days/${day.date}`;
  const chart = barChart({ id: `day${index}`, bars });
  const span = `${time.clock(times[first]?.from ?? 0)} to ${time.clock(times[last]?.to ?? 0)}`;
  return html`<figure class="figure history" id="chart-day${index > 0 && `-${index}`}"><figcaption class="figure-head"><div><h2>Energy through the day</h2><p>kWh, ${formatNumber(minutes)} minutes a bar; ${numbers.length < total && `${span}; `}times in ${time.zone}${slotKeys(day, numbers)}</p></div>${index === 0 && zoomBar(slotZoom(address, total, first, last))}</figcaption>${
    index === 0
      ? zoomable({ keys: numbers.map(String), address: `${address}?slots={from}-{to}` }, chart)
      : chart
  }
<details class="behind"><summary>The slots as a table</summary><div class="scroll" tabindex="0" role="region" aria-label="Slots"><table><thead><tr><th scope="col">Time</th><th scope="col" class="n">Energy</th><th scope="col">Quality</th></tr></thead><tbody>${rows}</tbody></table></div></details></figure>`;
}

/** So many seconds of slots have a label at each hour. */
const NEAR_S = 8 * 3600;

function slotZoom(address: string, total: number, first: number, last: number): Zoom {
  const shown = last - first + 1;
  const half = middleHalf(shown, LEAST_SLOTS);
  const room = Math.ceil(shown / 2);
  const [from, to] = [Math.max(0, first - room), Math.min(total - 1, last + room)];
  const isWhole = from === 0 && to === total - 1;
  return {
    nearer: half && `${address}?slots=${first + half.first}-${first + half.last}`,
    further: shown === total ? undefined : isWhole ? address : `${address}?slots=${from}-${to}`,
    ...(shown < total && { whole: [address, "Whole day"] as const }),
  };
}

/** ", was 0.123 kWh": what stood in a slot that a correction has changed. */
function before(day: DayDetail, i: number): string | undefined {
  const old = day.replaced.findLast(
    ({ fromSeconds, slotWh, unusable }) =>
      fromSeconds === day.fromSeconds &&
      slotWh.length === day.slotWh.length &&
      unusable === undefined,
  );
  if (old === undefined) return undefined;
  const wh = old.slotWh[i];
  if (wh === undefined || (wh === day.slotWh[i] && old.quality[i] === day.quality[i]))
    return undefined;
  return old.quality[i] === "G"
    ? ", had no reading"
    : `, was ${speak({ ...ENERGY, digits: 3 }, wh)}`;
}

/** What the patterns mean; only those that occur. */
function slotKeys(day: DayDetail, numbers: readonly number[]): Html | undefined {
  const kinds = new Set<string>(numbers.map((i) => kindOfLetter(day.quality[i] ?? "G")));
  if (numbers.some((i) => before(day, i) !== undefined)) kinds.add("corrected");
  const words = [
    ["partial", "partly measured or recovered"],
    ["substituted", "substituted"],
    ["gap", "no reading"],
    ["corrected", "corrected"],
  ] as const;
  return keys(words.filter(([kind]) => kinds.has(kind)));
}

function facts(day: DayDetail, time: ZonedTime): Html {
  const register = (wh: number): Html => measure({ ...ENERGY, digits: 3 }, wh);
  return html`<h2>Sealed with it</h2><dl class="facts">
<div><dt>Register at the start</dt><dd>${register(day.registerFirstWh)}</dd></div>
<div><dt>Register at the end</dt><dd>${register(day.registerLastWh)}</dd></div>
<div><dt>Record of its meter</dt><dd>number ${formatNumber(day.seq)}</dd></div>
<div><dt>From</dt><dd>${time.stamp(day.fromSeconds)}</dd></div>
<div><dt>To</dt><dd>${time.stamp(day.toSeconds)}</dd></div>
<div><dt>Time zone data</dt><dd>${day.tzdata}</dd></div>
<div><dt>Firmware</dt><dd>${shortHash(day.firmware)}</dd></div>
${day.exportWh !== undefined && html`<div><dt>Fed into the grid</dt><dd>${register(day.exportWh)}</dd></div>`}
</dl>
${
  day.events.length > 0 &&
  html`<h2>Events</h2><ul class="events">${day.events.map((event) => html`<li>${time.stamp(event.atSeconds)} <code>${event.code}</code>${event.note !== undefined && html` ${event.note}`}</li>`)}</ul>`
}`;
}
