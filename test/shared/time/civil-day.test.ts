/** Local days and months: frozen vectors of another implementation, and scans of the clock itself. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import fc from "fast-check";
import {
  dayBounds,
  isZone,
  listOffsets,
  listSlotStarts,
  localDayOf,
  localMonthOf,
  monthBounds,
  nextLocalDay,
  offsetAt,
} from "../../../shared/time/civil-day.ts";
import { codeOf } from "../../support/code-of.ts";
import { readVectors } from "../../support/json-file.ts";

interface Vectors {
  readonly days: readonly {
    zone: string;
    date: string;
    from?: number;
    to?: number;
    next: string;
  }[];
  readonly months: readonly {
    zone: string;
    month: string;
    from: number;
    to: number;
    slots: number;
  }[];
}
const vectors = readVectors<Vectors>("civil-days.json");

const DAY = 86_400;
const ZONES = Intl.supportedValuesOf("timeZone");

/** What the zone's clock shows, read in another way than the source does. */
function createReader(zone: string): (instant: number) => string {
  const format = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone,
    dateStyle: "short",
    timeStyle: "medium",
  });
  return (instant) => format.format(instant * 1000).slice(0, 10);
}

/** First minute within [low, high) at which the clock shows the date or a later one. */
function scanStart(zone: string, date: string, low: number, high: number): number {
  const read = createReader(zone);
  for (let at = low; at < high; at += 60) if (read(at) >= date) return at;
  throw new Error("not within the scan");
}

describe("vectors of Python's zoneinfo", () => {
  for (const { zone, date, from, to, next } of vectors.days) {
    it(`${zone} ${date}`, () => {
      const bounds = from === undefined || to === undefined ? undefined : { from, to };
      assert.deepEqual(dayBounds(zone, date), bounds);
      assert.equal(nextLocalDay(zone, date), next);
      if (from === undefined || to === undefined) return;
      assert.equal(localDayOf(zone, from), date);
      assert.equal(localDayOf(zone, to - 1), date);
      assert.equal(localDayOf(zone, to), next);
    });
  }
  for (const { zone, month, from, to, slots } of vectors.months) {
    it(`${zone} ${month} has ${slots} quarters of an hour`, () => {
      assert.deepEqual(monthBounds(zone, month), { from, to });
      assert.equal(listSlotStarts({ from, to }, 900).length, slots);
      assert.equal(localMonthOf(zone, from), month);
      assert.notEqual(localMonthOf(zone, to), month);
    });
  }
});

describe("days of any zone", () => {
  it("begin where a scan of the clock by the minute says", () => {
    fc.assert(
      fc.property(fc.constantFrom(...ZONES), fc.integer({ min: 1, max: 68 }), (zone, years) => {
        const year = 1971 + years;
        const days = listDays(zone, `${year}-01-01`, 370);
        // Ordinary days are alike; the days of a clock change and the days beside them are what can go wrong.
        const odd = days.findIndex(({ from, to }) => to - from !== DAY);
        const { date, from } = days[Math.max(odd, 0)] as (typeof days)[number];
        const midnight = Date.parse(date) / 1000;
        assert.equal(from, scanStart(zone, date, midnight - 15 * 3600, midnight + 40 * 3600));
      }),
      { seed: 20240331, numRuns: 60 },
    );
  });

  it("follow each other without hole or overlap, each instant in its day", () => {
    fc.assert(
      fc.property(
        fc.constantFrom(...ZONES),
        fc.integer({ min: 2 * DAY, max: 4_000_000_000 }),
        (zone, instant) => {
          const date = localDayOf(zone, instant);
          const bounds = dayBounds(zone, date);
          assert.ok(bounds !== undefined && bounds.from <= instant && instant < bounds.to);
          const next = dayBounds(zone, nextLocalDay(zone, date));
          assert.equal(next?.from, bounds.to);
          assert.ok(Math.abs(offsetAt(zone, instant)) <= 14 * 3600);
        },
      ),
      { seed: 1, numRuns: 2_000 },
    );
  });
});

function listDays(zone: string, first: string, count: number) {
  const days: { date: string; from: number; to: number }[] = [];
  for (let date = first; days.length < count; date = nextLocalDay(zone, date)) {
    const bounds = dayBounds(zone, date);
    if (bounds !== undefined) days.push({ date, ...bounds });
  }
  return days;
}

describe("offsets of a bill", () => {
  it("begin a day before and list each change before the end", () => {
    const march = monthBounds("Europe/Berlin", "2024-03");
    assert.deepEqual(listOffsets("Europe/Berlin", march.from, march.to), [
      [march.from - DAY, 3600],
      [Date.UTC(2024, 2, 31, 1) / 1000, 7200],
    ]);
  });

  it("show a change at the very beginning, where midnight is skipped", () => {
    const { from, to } = monthBounds("America/Asuncion", "2023-10");
    assert.deepEqual(listOffsets("America/Asuncion", from, to), [
      [from - DAY, -14_400],
      [from, -10_800],
    ]);
  });

  it("leave out a change at the end", () => {
    const { from, to } = monthBounds("America/Asuncion", "2023-09");
    assert.equal(listOffsets("America/Asuncion", from, to).length, 1);
  });
});

describe("refusals", () => {
  it("a zone that is not a name of tzdata, also forms that only newer platforms know", () => {
    for (const zone of ["", "Mars/Olympus", "+01:00", "-0500", "Europe/Berlin ", "../etc/passwd"]) {
      assert.equal(
        codeOf(() => localDayOf(zone, 0)),
        "zone",
        zone,
      );
      assert.equal(isZone(zone), false);
    }
    assert.equal(isZone("Europe/Berlin"), true);
  });

  it("a date or month that does not exist", () => {
    for (const date of ["2023-02-29", "2024-13-01", "1969-12-31", "24-01-01", "2024-1-1", "x"]) {
      assert.equal(
        codeOf(() => dayBounds("UTC", date)),
        "calendar",
        date,
      );
    }
    for (const month of ["2024-00", "2024-13", "1969-12", "2024", "2024-01-01"]) {
      assert.equal(
        codeOf(() => monthBounds("UTC", month)),
        "calendar",
        month,
      );
    }
  });

  it("an instant outside of the years 1970 to 9999", () => {
    for (const instant of [-1, 1.5, 253_402_300_800, Number.MAX_SAFE_INTEGER]) {
      assert.equal(
        codeOf(() => localDayOf("UTC", instant)),
        "calendar",
        String(instant),
      );
    }
    assert.equal(localDayOf("UTC", 253_402_300_799), "9999-12-31");
  });

  it("a step that does not divide the span", () => {
    assert.equal(
      codeOf(() => listSlotStarts({ from: 0, to: 1000 }, 300)),
      "calendar",
    );
    assert.deepEqual(listSlotStarts({ from: 5, to: 1000 }, 0), [5]);
  });
});
