/**
 * Green Button "Download My Data": a meter's slots and bills as an Atom feed of ESPI resources (NAESB REQ.21, 3.3).
 *
 * In:  a read model and a period. Out: the feed, piece by piece; the same bytes for the same chain. One MeterReading for each
 *      direction and length of slot, one IntervalBlock for each day record. A gap has no reading, because a reading of zero would
 *      say that nothing was used.
 *
 * ids are UUIDs of version 5 over `wattproof:<chain>/<meter>/…`, so two exports of one thing agree.
 */
import type { DayDetail, ReadModel } from "../projection/read-model-types.ts";
import { AtomFeed, RESOURCE } from "./atom-feed.ts";
import { FIRST_YEAR, readLocalTime } from "./dst-rule.ts";
import { listMeasures, type Period, readDays } from "./slots.ts";
import { listBills, usageSummary, WATT_HOUR, withCredits } from "./usage-summary.ts";
import { formatXml, type ReadyXml, type XmlElement } from "./xml.ts";

const DELIVERED = 1;
const RECEIVED = 19;
/** Slots of a whole day have no step of their own. */
const DAY_S = 86_400;

/**
 * QualityOfReading: 0 valid, 7 manually edited, 10 questionable, 11 derived. A slot that was measured in part only is
 * questionable; one whose energy follows from power or from the register over a gap is derived.
 */
const QUALITIES: Readonly<Record<string, readonly number[]>> = {
  M: [0],
  m: [10],
  I: [11],
  i: [11, 10],
  E: [11, 10],
  e: [11, 10],
  R: [11],
  S: [7],
};

/** By letter, what stands before a reading. */
const QUALITY_XML = new Map(
  Object.entries(QUALITIES).map(([letter, codes]) => [
    letter,
    formatXml(codes.map((code) => ["ReadingQuality", [["quality", code]]] as const)),
  ]),
);

/** What all slots of one MeterReading have in common. */
interface Series {
  readonly flow: typeof DELIVERED | typeof RECEIVED;
  readonly stepSeconds: number;
}

export function* greenButton(model: ReadModel, period: Period): Generator<string> {
  const { chainId, origin } = model.overview().tip;
  const { meter } = period;
  const series: Series[] = [];
  let last: DayDetail | undefined;
  for (const day of readDays(model, period)) {
    for (const found of seriesOf(day)) {
      if (!series.some((known) => isSame(known, found))) series.push(found);
    }
    last = day;
    // Nothing to write yet, but whoever writes may look after something else.
    yield "";
  }
  const feed = new AtomFeed(`wattproof:${chainId}/${meter}`, last?.toSeconds ?? 0);
  const zone = last?.zone ?? model.meter(meter)?.zone ?? "UTC";
  yield feed.head(`${origin}: meter ${meter}, ${period.from} to ${period.to}`, period);
  const point = `${RESOURCE}/UsagePoint/${feed.id("point")}`;
  const time = `${RESOURCE}/LocalTimeParameters/${feed.id("time")}`;
  const bills = listBills(model, period);
  const readingOf = (one: Series): string => `${point}/MeterReading/${feed.id(nameOf(one))}`;
  const typeOf = (one: Series): string =>
    `${RESOURCE}/ReadingType/${feed.id(`${nameOf(one)}/type`)}`;

  yield feed.entry({
    name: "point",
    title: `Meter ${meter}`,
    self: point,
    up: `${RESOURCE}/UsagePoint`,
    related: [
      time,
      ...(series.length > 0 ? [`${point}/MeterReading`] : []),
      ...(bills.length > 0 ? [`${point}/UsageSummary`] : []),
    ],
    content: ["UsagePoint", [["ServiceCategory", [["kind", 0]]]]],
  });
  yield feed.entry({
    name: "time",
    title: zone,
    self: time,
    up: `${RESOURCE}/LocalTimeParameters`,
    content: ["LocalTimeParameters", localTime(zone, last?.date ?? period.to)],
  });
  for (const one of series) {
    yield feed.entry({
      name: nameOf(one),
      title: titleOf(one),
      self: readingOf(one),
      up: `${point}/MeterReading`,
      related: [typeOf(one), `${readingOf(one)}/IntervalBlock`],
      content: ["MeterReading", []],
    });
    yield feed.entry({
      name: `${nameOf(one)}/type`,
      title: titleOf(one),
      self: typeOf(one),
      up: `${RESOURCE}/ReadingType`,
      content: ["ReadingType", readingType(one)],
    });
  }
  for (const day of readDays(model, period)) {
    for (const one of seriesOf(day)) {
      const name = `${nameOf(one)}/${day.leaf}`;
      yield feed.entry({
        name,
        title: day.date,
        self: `${readingOf(one)}/IntervalBlock/${feed.id(name)}`,
        up: `${readingOf(one)}/IntervalBlock`,
        content: ["IntervalBlock", intervalBlock(day, one.flow)],
        at: day.toSeconds,
      });
    }
  }
  for (const { no } of bills) {
    const issued = model.bill(no);
    if (issued === undefined) continue;
    const bill = withCredits(model, issued);
    const name = `bill/${bill.leaf}`;
    yield feed.entry({
      name,
      title: `Bill ${bill.no}`,
      self: `${point}/UsageSummary/${feed.id(name)}`,
      up: `${point}/UsageSummary`,
      content: ["UsageSummary", usageSummary(bill)],
      at: bill.issuedAtSeconds,
    });
  }
  yield "</feed>\n";
}

function seriesOf(day: DayDetail): readonly Series[] {
  if (!/[^G]/.test(day.quality)) return [];
  const stepSeconds = day.stepSeconds === 0 ? DAY_S : day.stepSeconds;
  const delivered: Series = { flow: DELIVERED, stepSeconds };
  return day.slotExportWh === undefined
    ? [delivered]
    : [delivered, { flow: RECEIVED, stepSeconds }];
}

function isSame(a: Series, b: Series): boolean {
  return a.flow === b.flow && a.stepSeconds === b.stepSeconds;
}

function nameOf({ flow, stepSeconds }: Series): string {
  return `${flow}/${stepSeconds}`;
}

function titleOf({ flow, stepSeconds }: Series): string {
  const direction = flow === DELIVERED ? "Energy taken from the grid" : "Energy fed into the grid";
  return `${direction}, every ${stepSeconds} s`;
}

function localTime(zone: string, date: string): XmlElement[] {
  const year = Math.max(FIRST_YEAR, Number(date.slice(0, 4)));
  const { dstStartRule, dstEndRule, dstOffset, tzOffset } = readLocalTime(zone, year);
  return [
    ["dstEndRule", dstEndRule],
    ["dstOffset", dstOffset],
    ["dstStartRule", dstStartRule],
    ["tzOffset", tzOffset],
  ];
}

function readingType({ flow, stepSeconds }: Series): XmlElement[] {
  return [
    // Energy of each interval, not a running total.
    ["accumulationBehaviour", 4],
    ["commodity", 1],
    ["dataQualifier", 12],
    ["flowDirection", flow],
    ["intervalLength", stepSeconds],
    ["kind", 12],
    ["powerOfTenMultiplier", 0],
    ["uom", WATT_HOUR],
  ];
}

/** The span of a day record, and its readings. */
function intervalBlock(day: DayDetail, flow: Series["flow"]): ReadyXml {
  const parts = [spanXml("interval", day.fromSeconds, day.toSeconds - day.fromSeconds)];
  for (const { startSeconds, seconds, wh, exportWh, quality } of listMeasures(day)) {
    const value = flow === DELIVERED ? wh : exportWh;
    if (value === undefined) continue;
    const time = spanXml("timePeriod", startSeconds, seconds);
    const qualities = QUALITY_XML.get(quality) ?? "";
    parts.push(`<IntervalReading>${qualities}${time}<value>${value}</value></IntervalReading>`);
  }
  return { xml: parts.join("") };
}

/** A DateTimeInterval. */
function spanXml(name: string, start: number, duration: number): string {
  return `<${name}><duration>${duration}</duration><start>${start}</start></${name}>`;
}
