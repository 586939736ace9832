// Bundles of bills and credits by dice, exported from a store: right for both verifiers, and with one byte changed for neither.
// The store's dump with keys is right for both, too.
import assert from "node:assert/strict";
import { mkdirSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { exportBundle } from "../../gateway/bundle/export-bundle.ts";
import { dumpChain } from "../../gateway/dump/chain-dump.ts";
import { dumpDayRows } from "../../gateway/dump/day-rows.ts";
import { openReadOnly } from "../../gateway/ledger/database.ts";
import { isCoded } from "../../shared/base/error.ts";
import { verifyBundle } from "../../shared/bundle/verify-bundle.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { storeHouse } from "../support/house-store.ts";
import { makeTestFolder } from "../support/process.ts";
import { playHouse } from "../support/random-swaps.ts";
import { Dice } from "../support/random-tariff.ts";
import {
  askFirst,
  askSecond,
  joinLines,
  judgeBundles,
  runSecond,
  type Said,
  writeTo,
} from "../support/second-verifier.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { requireSystemPart } from "../support/system-part.ts";

const HOUSES = 16;
const CHANGES = 300;
const folder = makeTestFolder();

interface Exported {
  readonly no: string;
  readonly text: string;
  readonly file: string;
}

/** Every bill and credit of a house as a bundle, and the house's dump. */
function exportHouse(seed: number): {
  readonly bundles: readonly Exported[];
  readonly dump: string;
  readonly csv: string;
} {
  const house = playHouse(new Dice(seed), `bundles ${seed}`);
  const home = path.join(folder, `house-${seed}`);
  mkdirSync(home);
  const ledger = storeHouse(house, home);
  const db = openReadOnly(path.join(home, "gateway.db"));
  try {
    const { utility } = house.chain;
    const numbers = house.bills.flatMap(({ plaintext, credits }) => [
      plaintext.no,
      ...credits.map(({ no }) => no),
    ]);
    const bundles = numbers.map((no) => {
      const text = exportBundle(db, no, { suite: nodeSuite, recipient: utility });
      return { no, text, file: writeTo(home, `${no}.json`, text) };
    });
    const options = { suite: nodeSuite, utility };
    const dump = writeTo(home, "dump.jsonl", joinLines([...dumpChain(db, options)]));
    const csv = writeTo(home, "rows.csv", joinLines([...dumpDayRows(db, options)]));
    return { bundles, dump, csv };
  } finally {
    db.close();
    ledger.close();
  }
}

function refusalOf(text: string): Said {
  try {
    verifyBundle(nodeSuite, text);
    return {};
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { code: error.code };
  }
}

test(`every bundle of ${HOUSES} houses is right for both, and says the same`, async (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const houses = Array.from({ length: HOUSES }, (_, i) => exportHouse(500 + i));
  const bundles = houses.flatMap((house) => house.bundles);
  const said = judgeBundles(bundles.map(({ file }) => file));
  for (const [i, { no, text }] of bundles.entries()) {
    const report = verifyBundle(nodeSuite, text);
    const { days, readings, credits, records } = report;
    const counts = { days: days.length, credits: credits.length, records: records.length };
    assert.deepEqual(said[i], { no, ...counts, readings: readings.length }, no);
  }
  const dumps = askSecond(houses.map(({ dump }) => dump));
  for (const [i, { dump }] of houses.entries()) {
    const { bills, credits, days, corrections, unusable } = await askFirst(dump);
    const { code, message, ...second } = dumps[i] ?? {};
    assert.deepEqual([code, message, unusable], [undefined, undefined, 0]);
    const same = [second["bills"], second["credits"], second["usable"], second["corrections"]];
    assert.deepEqual(same, [bills, credits, days, corrections]);
  }
  for (const { dump, csv } of houses.slice(0, 8)) {
    assert.equal(runSecond(["--csv", csv, dump])[0]?.code, undefined);
  }
  t.diagnostic(`${bundles.length} bundles`);
  assert.ok(bundles.length > 4 * HOUSES);
});

test(`${CHANGES} bundles with one byte changed are refused by both`, (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const { bundles } = exportHouse(900);
  const random = seededBytes("bundle bytes");
  const changed = Array.from({ length: CHANGES }, (_, i) => {
    const { text } = bundles[i % bundles.length] as Exported;
    const bytes = Buffer.from(text, "latin1");
    const roll = Buffer.from(random(5));
    const at = roll.readUInt32BE(0) % bytes.length;
    const value = 48 + ((roll[4] ?? 0) % 75);
    bytes[at] = value === bytes[at] ? value + 1 : value;
    return bytes.toString("latin1");
  });
  const files = changed.map((text, i) => writeTo(folder, `changed-${i}.json`, text));
  const said = judgeBundles(files);
  const codes = new Map<string, number>();
  for (const [i, text] of changed.entries()) {
    const first = refusalOf(text).code;
    const second = said[i]?.code;
    assert.ok(first !== undefined && second !== undefined, `${i}: ${first}, ${second}`);
    const name = first === second ? first : `${first} (${second})`;
    codes.set(name, (codes.get(name) ?? 0) + 1);
  }
  t.diagnostic(JSON.stringify([...codes]));
});
