/** Which part of a meter's history is shown, and what is nearer, further, before and after. */
import assert from "node:assert/strict";
import { test } from "node:test";
import type { MeterSummary } from "../../../../gateway/projection/read-model-types.ts";
import {
  periodStepper,
  readColumns,
  shownPeriod,
  zoomColumns,
  zoomOf,
} from "../../../../gateway/web/page/meter-period.ts";
import { formatPeriod } from "../../../../gateway/web/view/time.ts";
import { middleHalf } from "../../../../gateway/web/view/zoom.ts";
import { createFakeReadModel } from "../../../support/fake-read-model.ts";
import { FIRST_METER } from "../../../support/test-portal.ts";

const model = createFakeReadModel({ meters: 1, days: 200 });
const meter = model.meter(FIRST_METER) as MeterSummary;
const NEWEST = meter.lastDay?.date ?? "";
const BASE = `/meters/${FIRST_METER}`;
const zoom = (from: string, to: string) => {
  const shown = shownPeriod({ days: { from, to } }, NEWEST);
  return zoomOf(meter, shown, readColumns(model, meter, shown));
};

test("the month of the newest day, a month, a year or any days", () => {
  assert.equal(NEWEST, "2024-07-18");
  assert.deepEqual(shownPeriod({}, NEWEST).name, "July 2024");
  assert.deepEqual(shownPeriod({ month: "2024-02" }, NEWEST), {
    ...{ kind: "month", month: "2024-02", from: "2024-02-01", to: "2024-02-29" },
    ...{ name: "February 2024", yearly: false },
  });
  assert.equal(shownPeriod({ year: "2024" }, NEWEST).to, "2024-12-31");
  assert.equal(
    shownPeriod({ days: { from: "2024-01-01", to: "2024-05-03" } }, NEWEST).yearly,
    false,
  );
  assert.equal(
    shownPeriod({ days: { from: "2024-01-01", to: "2024-05-04" } }, NEWEST).yearly,
    true,
  );
});

test("columns are days, or months of a long period", () => {
  const days = shownPeriod({ days: { from: "2024-01-30", to: "2024-02-02" } }, NEWEST);
  const columns = readColumns(model, meter, days);
  assert.deepEqual(
    columns.map(({ key }) => key),
    ["2024-01-30", "2024-01-31", "2024-02-01", "2024-02-02"],
  );
  assert.equal(zoomColumns(FIRST_METER, days, columns).address, `${BASE}?from={from}&to={to}`);
  const year = shownPeriod({ year: "2024" }, NEWEST);
  const months = readColumns(model, meter, year);
  assert.equal(months.length, 12);
  const { address } = zoomColumns(FIRST_METER, year, months);
  assert.equal(address, `${BASE}?from={from}-01&to={to}-31`);
});

test("nearer is the middle half and ends where a chart would be empty; further ends at what was sealed", () => {
  assert.equal(zoom("2024-03-01", "2024-03-31").nearer, `${BASE}?from=2024-03-08&to=2024-03-23`);
  assert.equal(zoom("2024-03-10", "2024-03-12").nearer, undefined);
  assert.equal(zoom("2024-03-10", "2024-03-12").further, `${BASE}?from=2024-03-08&to=2024-03-14`);
  assert.equal(zoom("2024-01-05", "2024-02-05").further, `${BASE}?from=2024-01-01&to=2024-02-21`);
  assert.equal(zoom("2024-01-01", "2024-07-18").further, undefined);
  assert.deepEqual(zoom("2024-03-10", "2024-03-12").whole, [`${BASE}?month=2024-03`, "March 2024"]);
  assert.deepEqual(middleHalf(96, 4), { first: 24, last: 71 });
  assert.deepEqual(middleHalf(5, 3), { first: 1, last: 3 });
  assert.equal(middleHalf(3, 3), undefined);
});

test("neighbours have the same length and end at the first and the newest day", () => {
  const html = (from: string, to: string): string =>
    String(periodStepper(meter, shownPeriod({ days: { from, to } }, NEWEST)));
  const middle = html("2024-03-05", "2024-03-11");
  assert.match(middle, /rel="prev" href="\/meters\/\d+\?from=2024-02-27&amp;to=2024-03-04"/);
  assert.match(middle, /rel="next" href="\/meters\/\d+\?from=2024-03-12&amp;to=2024-03-18"/);
  assert.doesNotMatch(html("2024-01-01", "2024-01-07"), /rel="prev"/);
  assert.doesNotMatch(html("2024-07-12", "2024-07-18"), /rel="next"/);
});

test("a period by its shortest name", () => {
  for (const [from, to, name] of [
    ["2024-03-05", "2024-03-12", "5 – 12 Mar 2024"],
    ["2024-02-28", "2024-03-05", "28 Feb – 5 Mar 2024"],
    ["2023-12-29", "2024-01-04", "29 Dec 2023 – 4 Jan 2024"],
    ["2024-02-01", "2024-02-29", "February 2024"],
    ["2024-01-01", "2024-12-31", "2024"],
    ["2024-02-01", "2024-02-01", "1 Feb 2024"],
  ] as const) {
    assert.equal(formatPeriod(from, to), name);
  }
});
