/** Days and months for readers: rows of the projection → the shapes of read-model-types.ts. */
import type { Db, Statement } from "../ledger/database.ts";
import type { ChainReader } from "./chain-reader.ts";
import { type DayRow, dateNumber, dateText, shiftDate } from "./day-table.ts";
import { meterText } from "./meter-text.ts";
import { type UnpackedDay, unpackDay } from "./packed-day.ts";
import type {
  Conditions,
  DayDetail,
  DaySummary,
  MonthSummary,
  SlotCounts,
  Spread,
} from "./read-model-types.ts";

type Triple = readonly [mean: number, min: number, max: number];

export interface MonthRow {
  readonly month: number;
  readonly records: number;
  readonly days: number;
  readonly first: number;
  readonly last: number;
  readonly wh: number;
  readonly measured: number;
  readonly partial: number;
  readonly recovered: number;
  readonly substituted: number;
  readonly gap: number;
}

const NO_SLOTS: SlotCounts = countsOf({
  measured: 0,
  partial: 0,
  recovered: 0,
  substituted: 0,
  gap: 0,
});
/** Longest range of dates that one call reads. */
const MAX_DATES = 4_000;

export class DayReader {
  readonly #chain: ChainReader;
  readonly #ofDate: Statement<[number, number], DayRow>;
  readonly #month: Statement<[number, number], MonthRow>;
  readonly #firstMonth: Statement<[], { month: number }>;
  readonly #lastMonth: Statement<[], { month: number }>;
  readonly #zone: Statement<[number], { zone: string | null }>;

  constructor(db: Db, chain: ChainReader) {
    this.#chain = chain;
    this.#ofDate = db.prepare("SELECT * FROM day WHERE date = ? AND meter = ? ORDER BY pos");
    this.#month = db.prepare("SELECT * FROM month WHERE month = ? AND meter = ?");
    this.#firstMonth = db.prepare("SELECT month FROM month ORDER BY month LIMIT 1");
    this.#lastMonth = db.prepare("SELECT month FROM month ORDER BY month DESC LIMIT 1");
    this.#zone = db.prepare(
      `SELECT v.zone FROM meter m JOIN enrolment e ON e.pos = m.pos
       LEFT JOIN vault_point v ON v.point = e.point WHERE m.meter = ?`,
    );
  }

  days(meter: number, fromDate: string, toDate: string, final: number): DaySummary[] {
    const summaries: DaySummary[] = [];
    const to = dateNumber(toDate);
    let date = dateNumber(fromDate);
    // No row lies outside of the months that have any.
    const first = (this.#firstMonth.get()?.month ?? 0) * 100;
    const last = (this.#lastMonth.get()?.month ?? 0) * 100 + 31;
    if (date < first) date = first + 1;
    for (let count = 0; date <= Math.min(to, last) && count < MAX_DATES; count++) {
      for (const row of this.#ofDate.all(date, meter)) {
        summaries.push(this.#summarise(row, unpackBody(row), final));
      }
      date = shiftDate(date, 1);
    }
    return summaries.sort((a, b) => a.fromSeconds - b.fromSeconds);
  }

  day(meter: number, date: string, final: number): DayDetail[] {
    return this.#ofDate
      .all(dateNumber(date), meter)
      .map((row) => this.#detail(row, final))
      .sort((a, b) => a.fromSeconds - b.fromSeconds);
  }

  /** The latest record of a date. */
  last(meter: number, date: number, final: number): DaySummary | undefined {
    const row = this.#ofDate.all(date, meter).at(-1);
    return row === undefined ? undefined : this.#summarise(row, unpackBody(row), final);
  }

  /** Date (D) and code of a day record, found near the day on which it begins. */
  find(
    meter: number,
    fromSeconds: number,
    position: number,
  ): { readonly date: string; readonly code: string | null } | undefined {
    const utc = dateNumber(new Date(fromSeconds * 1000).toISOString().slice(0, 10));
    for (const near of [utc, shiftDate(utc, 1), shiftDate(utc, -1)]) {
      const row = this.#ofDate.all(near, meter).find(({ pos }) => pos === position);
      if (row !== undefined) return { date: dateText(row.date), code: row.code };
    }
    return undefined;
  }

  /** The month rows of a meter, ascending. */
  monthRows(meter: number): MonthRow[] {
    const rows: MonthRow[] = [];
    const first = this.#firstMonth.get()?.month ?? 1;
    const last = this.#lastMonth.get()?.month ?? 0;
    for (let month = first; month <= last; month += month % 100 === 12 ? 89 : 1) {
      const row = this.#month.get(month, meter);
      if (row !== undefined) rows.push(row);
    }
    return rows;
  }

  months(meter: number): MonthSummary[] {
    return this.monthRows(meter).map((row) => ({
      meter: meterText(meter),
      month: dateText(row.month * 100 + 1).slice(0, 7),
      wh: row.wh,
      days: row.days,
      slots: countsOf(row),
      ...this.#conditionsOfMonth(row, meter),
    }));
  }

  #conditionsOfMonth(row: MonthRow, meter: number): Conditions {
    const days: UnpackedDay[] = [];
    for (let date = row.first; date <= row.last; date++) {
      for (const dayRow of this.#ofDate.all(date, meter)) {
        const day = dayRow.code === null ? unpackBody(dayRow) : undefined;
        if (day !== undefined) days.push(day);
      }
    }
    return mergeConditions(days.map(conditionsOf));
  }

  #summarise(row: DayRow, day: UnpackedDay | undefined, final: number): DaySummary {
    const { pos, code } = row;
    const facts = this.#chain.record(pos);
    const payload = facts?.record.typ === "day" ? facts.record.payload : undefined;
    const height = this.#chain.heightOf(pos);
    return {
      state: height <= final ? "final" : "block",
      leaf: facts?.record.leaf ?? "",
      position: pos,
      height,
      meter: meterText(row.meter),
      date: dateText(row.date),
      zone: day?.zone ?? this.#zone.get(row.meter)?.zone ?? "UTC",
      fromSeconds: payload?.from ?? day?.from ?? 0,
      toSeconds: payload?.to ?? day?.to ?? 0,
      stepSeconds: day?.step ?? 0,
      wh: code === null ? (day?.wh ?? 0) : 0,
      ...(day?.out === undefined || code !== null ? {} : { exportWh: day.out.wh }),
      slots: code === null && day !== undefined ? countsOf(day.counts) : NO_SLOTS,
      ...(day === undefined || code !== null ? {} : conditionsOf(day)),
      ...(code === null ? {} : { unusable: code }),
    };
  }

  #detail(row: DayRow, final: number): DayDetail {
    const day = unpackBody(row);
    const usable = row.code === null ? day : undefined;
    const record = this.#chain.record(row.pos)?.record;
    return {
      ...this.#summarise(row, day, final),
      slotWh: usable?.slotWh ?? [],
      ...(usable?.slotExportWh === undefined ? {} : { slotExportWh: usable.slotExportWh }),
      quality: usable?.quality ?? "",
      registerFirstWh: day?.register[0] ?? 0,
      registerLastWh: day?.register[1] ?? 0,
      seq: record?.seq ?? 0,
      kid: record?.kid ?? "",
      tzdata: day?.tz ?? "",
      firmware: day?.fw ?? "",
      ...(day?.location === undefined
        ? {}
        : { latitudeE7: day.location[0], longitudeE7: day.location[1] }),
      events: (day?.events ?? []).map(([atSeconds, code, note]) =>
        note === undefined ? { atSeconds, code } : { atSeconds, code, note },
      ),
      corrections: [],
    };
  }
}

function unpackBody(row: DayRow): UnpackedDay | undefined {
  return row.body === null ? undefined : unpackDay(row.body);
}

function countsOf(counts: Omit<SlotCounts, "total" | "missing">): SlotCounts {
  const { measured, partial, recovered, substituted, gap } = counts;
  const total = measured + partial + recovered + substituted + gap;
  return { total, measured, partial, recovered, substituted, gap, missing: 0 };
}

function toSpread([mean, min, max]: Triple): Spread {
  return { mean, min, max };
}

function conditionsOf(day: UnpackedDay): Conditions {
  const { voltage, current, temperature, humidity } = day;
  return {
    ...(voltage === undefined ? {} : { voltageMilliVolt: voltage.map(toSpread) }),
    ...(current === undefined ? {} : { currentMilliAmp: current.map(toSpread) }),
    ...(temperature === undefined ? {} : { temperatureMilliCelsius: toSpread(temperature) }),
    ...(humidity === undefined ? {} : { humidityCentiPercent: toSpread(humidity) }),
  };
}

/** Mean of means, least and greatest over days; a quantity that no day has is absent. */
function mergeConditions(days: readonly Conditions[]): Conditions {
  const phases = (
    pick: (day: Conditions) => readonly Spread[] | undefined,
  ): Spread[] | undefined => {
    const lists = days.map(pick).filter((list) => list !== undefined);
    const count = Math.max(0, ...lists.map((list) => list.length));
    const merged = Array.from({ length: count }, (_, phase) =>
      mergeSpreads(lists.map((list) => list[phase]).filter((spread) => spread !== undefined)),
    ).filter((spread) => spread !== undefined);
    return merged.length === 0 ? undefined : merged;
  };
  const one = (pick: (day: Conditions) => Spread | undefined): Spread | undefined =>
    mergeSpreads(days.map(pick).filter((spread) => spread !== undefined));
  const voltageMilliVolt = phases((day) => day.voltageMilliVolt);
  const currentMilliAmp = phases((day) => day.currentMilliAmp);
  const temperatureMilliCelsius = one((day) => day.temperatureMilliCelsius);
  const humidityCentiPercent = one((day) => day.humidityCentiPercent);
  return {
    ...(voltageMilliVolt === undefined ? {} : { voltageMilliVolt }),
    ...(currentMilliAmp === undefined ? {} : { currentMilliAmp }),
    ...(temperatureMilliCelsius === undefined ? {} : { temperatureMilliCelsius }),
    ...(humidityCentiPercent === undefined ? {} : { humidityCentiPercent }),
  };
}

function mergeSpreads(spreads: readonly Spread[]): Spread | undefined {
  if (spreads.length === 0) return undefined;
  const sum = spreads.reduce((total, { mean }) => total + mean, 0);
  return {
    mean: Math.round(sum / spreads.length),
    min: Math.min(...spreads.map(({ min }) => min)),
    max: Math.max(...spreads.map(({ max }) => max)),
  };
}
