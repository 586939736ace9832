/** A store in which January was billed before all of it came, and then changed: a swap at noon, late days, a correction, credits. */
import assert from "node:assert/strict";
import { assignFlatTariff, closeMonthsOf } from "./test-bill.ts";
import { TestLedger, type TestMeter } from "./test-ledger.ts";
import { correct, swap } from "./test-readings.ts";

export interface CorrectedHouse {
  readonly t: TestLedger;
  /** The first device, until noon of the 15th. */
  readonly old: TestMeter;
  /** The one after it. */
  readonly meter: TestMeter;
  /** Number of the bill. */
  readonly no: string;
}

/** The household's evening, and what a clamp that sits on two wires makes of it. */
const wrong = Array.from({ length: 96 }, (_, i) => (i > 70 ? 420 : 60 + (i % 9) * 8));

export function makeCorrectedHouse(): CorrectedHouse {
  const t = new TestLedger();
  const old = t.enrol();
  const neighbour = t.enrol();
  for (const meter of [old, neighbour]) assignFlatTariff(t, meter);
  t.mine();
  for (let day = 1; day <= 14; day++) {
    t.hold(t.day(old, day === 9 ? { wh: wrong } : {}), t.day(neighbour));
    t.mine();
  }
  t.hold(t.day(old, { until: old.from + 43_200 }));
  t.mine();
  const meter = swap(t, old, { first: 250 });
  t.mine();
  t.hold(t.day(meter, { register: 250 }));
  for (let day = 16; day <= 25; day++) t.hold(t.day(meter));
  t.mine();
  t.clock.setWall(1_706_900_000_000);
  const bill = closeMonthsOf(t, { month: "2024-01", incomplete: true });
  assert.ok(bill.issued.length > 0);
  t.mine();
  for (let day = 26; day <= 31; day++) t.hold(t.day(meter));
  t.mine();
  closeMonthsOf(t);
  t.mine();
  const half = wrong.map((wh, i) => (i > 70 ? wh / 2 : wh));
  const quality = half.map((_, i) => (i > 70 ? "S" : "M")).join("");
  correct(t, old, { date: "2024-01-09", wh: half, quality, reason: "wrong-clamp" });
  t.mine();
  closeMonthsOf(t);
  t.mine();
  return { t, old, meter, no: `${old.id}-2024-01` };
}
