// The bill once more, by SQL from the rows of the projection: corrected, filled and void readings as the store marks them give the
// lines that the engine gives for what counts.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { meteredOf, unpackDay } from "../../../gateway/projection/packed-day.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { computeBill } from "../../../shared/money/bill.ts";
import type { TariffBody } from "../../../shared/money/tariff.ts";
import { storeHouse } from "../../support/house-store.ts";
import { makeTestFolder } from "../../support/process.ts";
import { playHouse } from "../../support/random-swaps.ts";
import { Dice } from "../../support/random-tariff.ts";
import { SqlBiller, type SqlSlot } from "../../support/sql-bill.ts";
import type { HouseBill, SwappedHouse } from "../../support/swapped-house.ts";

const HOUSES = 40;
const folder = makeTestFolder();

/** SQL has one offset for a bill, and knows a demand by quarters of an hour only. */
function isForSql({ plaintext }: HouseBill, { charges }: TariffBody): boolean {
  return plaintext.offsets.length === 1 && charges.every(({ kind }) => kind !== "demand");
}

/** The slots of the rows that count, in a period; where nothing counts there are gaps. */
function slotsOf(rows: readonly { readonly body: Uint8Array }[], bill: HouseBill): SqlSlot[] {
  const { from, to } = bill.payload;
  const slots = rows
    .map(({ body }) => meteredOf(unpackDay(body)))
    .filter((day) => from <= day.from && day.to <= to)
    .flatMap(({ from: first, step, wh, quality, exported }) =>
      wh.map((energy, i) => ({
        at: first + i * step,
        step,
        wh: energy,
        exported: exported?.[i] ?? 0,
        letter: quality.charAt(i),
      })),
    );
  return slots.sort((a, b) => a.at - b.at);
}

function linesOf(house: SwappedHouse, bill: HouseBill, body: TariffBody): [string, number][] {
  const { from, to, point } = bill.payload;
  const { zone, offsets } = bill.plaintext;
  const leaf = bill.payload.tariffs[0] ?? "";
  const { lines } = computeBill(nodeSuite, {
    ...{ point, from, to, zone, offsets },
    days: house.effective(from, to).map(({ day }) => day),
    assignments: [{ position: 3, tariff: "home", from: 0 }],
    tariffs: [{ leaf, position: 2, id: "home", ver: 1, body: body as never }],
    prices: house.prices,
  });
  return lines
    .filter(({ qty, unit }) => qty !== 0 || !unit.startsWith("wh"))
    .map(({ code, amount }) => [code, amount]);
}

test(`SQL over the projection of ${HOUSES} houses agrees with the engine over what counts`, () => {
  const sql = new SqlBiller();
  let compared = 0;
  let corrected = 0;
  for (let seed = 0; seed < HOUSES; seed++) {
    const house = playHouse(new Dice(30_000 + seed), `sql ${seed}`);
    const home = path.join(folder, `house-${seed}`);
    mkdirSync(home);
    const ledger = storeHouse(house, home);
    try {
      const rows = ledger.db
        .prepare("SELECT body FROM day WHERE code IS NULL AND lost IS NULL AND body IS NOT NULL")
        .all() as { body: Uint8Array }[];
      for (const bill of house.bills) {
        if (!isForSql(bill, house.body)) continue;
        const slots = slotsOf(rows, bill);
        if (slots.length === 0) continue;
        const { from, to } = bill.payload;
        const offset = bill.plaintext.offsets[0]?.[1] ?? 0;
        const given = { body: house.body, offset, from, to, slots, prices: house.prices };
        assert.deepEqual(
          linesOf(house, bill, house.body),
          sql.bill(given),
          `${seed} ${bill.plaintext.no}`,
        );
        compared += 1;
        corrected += slots.some(({ letter }) => letter === "S") ? 1 : 0;
      }
    } finally {
      ledger.close();
    }
  }
  sql.close();
  assert.ok(compared > 30 && corrected > 15, `${compared} bills, ${corrected} with corrections`);
});
