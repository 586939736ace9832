import assert from "node:assert/strict";
import { it } from "node:test";
import {
  formatBillNumber,
  listDuePeriods,
  listEndedMonths,
} from "../../../gateway/billing/due-period.ts";
import { monthBounds } from "../../../shared/time/civil-day.ts";

const MONTH = { from: 100, to: 200 };

function due(
  assigned: [number, number?][],
  issued: [number, number][] = [],
  from = 0,
): [number, number][] {
  const assignments = assigned.map(([start, to], position) => ({
    position,
    tariff: "t",
    from: start,
    ...(to === undefined ? {} : { to }),
  }));
  const bills = issued.map(([start, to]) => ({ from: start, to }));
  return listDuePeriods(MONTH, from, assignments, bills).map((span) => [span.from, span.to]);
}

it("what is due is what is in service and not billed", () => {
  assert.deepEqual(due([[0]]), [[100, 200]]);
  assert.deepEqual(due([]), []);
  assert.deepEqual(due([[0, 100]]), []);
  assert.deepEqual(due([[200]]), []);
  assert.deepEqual(due([[0]], [], 150), [[150, 200]]);
  assert.deepEqual(due([[0]], [], 200), []);
  assert.deepEqual(due([[0]], [[100, 200]]), []);
  assert.deepEqual(due([[0]], [[0, 100]]), [[100, 200]]);
  assert.deepEqual(
    due(
      [[0]],
      [
        [120, 140],
        [160, 170],
      ],
    ),
    [
      [100, 120],
      [140, 160],
      [170, 200],
    ],
  );
});

it("assignments that touch or overlap are one service, others are two", () => {
  assert.deepEqual(due([[150], [0, 150]]), [[100, 200]]);
  assert.deepEqual(due([[0, 130], [120, 140], [150]]), [
    [100, 140],
    [150, 200],
  ]);
  assert.deepEqual(
    due([
      [0, 180],
      [120, 140],
    ]),
    [[100, 180]],
  );
});

it("ended months run from the first one to the last one that is over", () => {
  const zone = "Europe/Berlin";
  const from = monthBounds(zone, "2023-11").from + 1;
  const { to } = monthBounds(zone, "2024-01");
  assert.deepEqual(listEndedMonths(zone, from, to), ["2023-11", "2023-12", "2024-01"]);
  assert.deepEqual(listEndedMonths(zone, from, to - 1), ["2023-11", "2023-12"]);
  assert.deepEqual(listEndedMonths(zone, from, from), []);
});

it("the month of a number is that of the zone", () => {
  const from = Date.UTC(2023, 11, 31, 23) / 1000;
  assert.equal(formatBillNumber("000000007", "Europe/Berlin", from, []), "000000007-2024-01");
  assert.equal(formatBillNumber("000000007", "UTC", from, []), "000000007-2023-12");
});
