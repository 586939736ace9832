// A second verifier, in Python and from docs/formats.md alone, reads the same dumps as `gateway verify`: both accept
// what is whole and say the same of it, and whatever is changed is refused by both, under the code that the page fixes.
import assert from "node:assert/strict";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { dumpChain } from "../../gateway/dump/chain-dump.ts";
import { dumpDayRows } from "../../gateway/dump/day-rows.ts";
import { openReadOnly } from "../../gateway/ledger/database.ts";
import type { VerifyReport } from "../../gateway/verify/verify.ts";
import { encodeHex } from "../../shared/base/bytes.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { monthBounds } from "../../shared/time/civil-day.ts";
import type { ChainVectors } from "../support/chain-vectors.ts";
import { readVectors } from "../support/json-file.ts";
import { makeTestFolder } from "../support/process.ts";
import {
  askFirst,
  askSecond,
  assertBothRefuse,
  joinLines,
  refusal,
  runSecond,
  type Said,
  writeTo,
} from "../support/second-verifier.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { requireSystemPart } from "../support/system-part.ts";
import { assignFlatTariff, closeMonthsOf } from "../support/test-bill.ts";
import { TestLedger, ZONE } from "../support/test-ledger.ts";

const folder = makeTestFolder();
const suite = nodeSuite;
const write = (name: string, content: string | Uint8Array) => writeTo(folder, name, content);

function assertSame(second: Said | undefined, first: VerifyReport): void {
  const { origin: _o, time: _t, work: _w, unusable: _u, days, ...same } = first;
  const { checkpoint = null, records } = first;
  const expected = { ...same, usable: days, checkpoint, log_size: records };
  assert.ok(second);
  const { log_root: _, ...rest } = second;
  assert.deepEqual(rest, expected);
}

test("the frozen chains: same chain id, tip and log root, and their receipts hold", async (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const { chains } = readVectors<ChainVectors>("chain.json");
  const files = chains.map(({ dump }, i) => write(`vector-${i}.jsonl`, joinLines(dump)));
  const said = askSecond(files);
  assert.equal(said.length, chains.length);
  for (const [i, vector] of chains.entries()) {
    assertSame(said[i], await askFirst(files[i] ?? ""));
    const { chain, tip, log_size, log_root } = vector;
    assert.deepEqual({ ...said[i], chain, tip, log_size, log_root }, said[i], vector.name);
    for (const [j, { leaf, text }] of vector.receipts.entries()) {
      const receipt = write(`receipt-${i}-${j}`, text);
      assert.deepEqual(runSecond(["--receipt", receipt, leaf, files[i] ?? ""]), [said[i]]);
    }
  }
});

/** A store with days of each meter, all under one tariff; the months that have ended are billed. */
function makeHouse(t: TestContext, days: readonly number[]): TestLedger {
  const house = new TestLedger();
  t.after(() => house.close());
  const meters = days.map(() => house.enrol());
  for (const meter of meters) assignFlatTariff(house, meter);
  house.mine();
  for (let day = 0; day < Math.max(...days); day++) {
    house.hold(...meters.filter((_, i) => day < (days[i] ?? 0)).map((meter) => house.day(meter)));
    if (day % 7 === 6) house.mine();
  }
  house.mine();
  return house;
}

const END_OF_JANUARY_MS = 1_706_742_000_000;

/** Bills January, also where days of it are missing. */
function billJanuary(house: TestLedger, bills: number): void {
  house.clock.setWall(END_OF_JANUARY_MS);
  const { issued } = closeMonthsOf(house, { month: "2024-01", incomplete: true });
  assert.equal(issued.length, bills);
  house.mine();
}

/** The dump with opened lines, and the rows of the same days. */
function dumpHouse(house: TestLedger): { readonly lines: string[]; readonly rows: string[] } {
  const db = openReadOnly(path.join(house.folder, "gateway.db"));
  try {
    const options = { suite, utility: house.keys.utility };
    return { lines: [...dumpChain(db, options)], rows: [...dumpDayRows(db, options)] };
  } finally {
    db.close();
  }
}

test("a store with opened days and bills: same counts, same bills, same rows", async (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const house = makeHouse(t, [31, 4]);
  const [, second] = house.meters;
  assert.ok(second);
  // days that open and do not count: the register does not go on
  house.hold(house.day(second, { register: 5 }));
  house.hold(house.day(second));
  // events between days, one of which says nothing
  house.hold(house.event(second, "retime", { before: "boot 3", after: "1 h later" }));
  house.hold(house.day(second), house.event(second, "tamper"), house.event(second));
  house.hold(house.day(second));
  house.mine();
  billJanuary(house, 2);
  const { lines, rows } = dumpHouse(house);
  const file = write("house.jsonl", joinLines(lines));
  const csv = write("house.csv", joinLines(rows));
  const report = await askFirst(file);
  assert.deepEqual([report.unusable, report.events, report.bills, report.blobs], [0, 2, 2, 44]);
  const [said] = runSecond(["--csv", csv, file]);
  assertSame(said, report);
  assert.equal(said?.["log_root"], encodeHex(house.ledger.tip().logRoot));
});

test("a month with a clock change, three tariffs in turn and a missing day: the same bill", async (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const house = new TestLedger();
  t.after(() => house.close());
  const meter = house.addMeter();
  house.enrol(meter);
  const { from, to } = monthBounds(ZONE, "2024-03");
  meter.from = from;
  const energy = { kind: "energy", code: "energy", label: "Energy", nano: 312_345_678 };
  const day = { kind: "standing", code: "day", label: "Meter", nano: 98_765_432, per: "day" };
  const month = {
    kind: "standing",
    code: "base",
    label: "Base",
    nano: -1_500_000_000,
    per: "month",
  };
  const issue = (id: string, ver: number, charges: readonly object[], more: object = {}) => {
    const body = { v: 1, name: id, currency: "EUR", minor: 3, charges, ...more };
    house.ledger.issue("tariff", { id, ver, body } as never);
  };
  issue("late", 1, [month, { ...energy, nano: 0 }], { zone: ZONE });
  issue("home", 1, [{ ...energy, recovered: 7 }, day, month]);
  issue("home", 2, [energy, day], { from: from + 10 * 86_400 + 5_000 });
  house.ledger.issue("assign", { point: meter.point, tariff: "home", from: from - 1 });
  // one slot after the clocks have changed
  const changed = 1_711_846_800 + 900;
  house.ledger.issue("assign", { point: meter.point, tariff: "late", from: changed });
  house.mine();
  for (let i = 0; meter.from < to; i++) {
    house.hold(house.day(meter, i === 12 ? { garbage: true } : {}));
  }
  house.mine();
  house.clock.setWall(to * 1000);
  const { issued } = closeMonthsOf(house, { month: "2024-03", incomplete: true });
  assert.deepEqual([issued.length, issued[0]?.missing], [1, 96]);
  house.mine();
  const file = write("march.jsonl", joinLines(dumpHouse(house).lines));
  const report = await askFirst(file);
  assert.deepEqual([report.opened, report.bills], [31, 1]);
  assertSame(askSecond([file])[0], report);
});

const MUTATIONS = 240;
const ALPHABET = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";

test(`${MUTATIONS} dumps with one byte changed are refused by both`, async (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const house = makeHouse(t, [3]);
  billJanuary(house, 1);
  const lines = dumpHouse(house).lines.map((line) => Buffer.from(`${line}\n`));
  const whole = Buffer.concat(lines);
  assertSame(askSecond([write("small.jsonl", whole)])[0], await askFirst(write("s.jsonl", whole)));
  const random = seededBytes("second verifier: mutations");
  const below = (limit: number) => Buffer.from(random(6)).readUIntBE(0, 6) % limit;
  const cases = Array.from({ length: MUTATIONS }, (_, i) => {
    // Every line is hit, however short; in turn by a letter of base64 and by any other byte.
    const index = i % lines.length;
    const line = lines[index] as Buffer;
    const at = below(line.length);
    const old = line[at] as number;
    let byte = old;
    while (byte === old) byte = i % 2 === 0 ? ALPHABET.charCodeAt(below(64)) : below(256);
    const changed = Buffer.from(line);
    changed[at] = byte;
    const dump = [...lines.slice(0, index), changed, ...lines.slice(index + 1)];
    const file = write(`mutation-${i}.jsonl`, Buffer.concat(dump));
    return [`line ${index + 1} byte ${at}: ${old} to ${byte}`, file] as const;
  });
  await assertBothRefuse(cases);
});

test("lines left out, twice, or in another order: both say the same", async (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const house = makeHouse(t, [3]);
  billJanuary(house, 1);
  const { lines } = dumpHouse(house);
  const cases: { readonly name: string; readonly file: string }[] = [];
  const add = (name: string, changed: readonly string[]) =>
    cases.push({ name, file: write(`order-${cases.length}.jsonl`, joinLines(changed)) });
  for (const [i, line] of lines.entries()) {
    const [before, after] = [lines.slice(0, i), lines.slice(i + 1)];
    add(`${i + 1} left out`, [...before, ...after]);
    add(`${i + 1} twice`, [...before, line, line, ...after]);
    if (i + 1 === lines.length) continue;
    add(`${i + 1} after the next`, [...before, ...after.slice(0, 1), line, ...after.slice(1)]);
  }
  const said = askSecond(cases.map(({ file }) => file));
  const accepted: string[] = [];
  for (const [i, { name, file }] of cases.entries()) {
    // Which fault a reader meets first depends on how far it has read; the verdict does not.
    const first = (await refusal(file)).code === undefined;
    assert.equal(said[i]?.code === undefined, first, name);
    if (first) accepted.push(name);
  }
  // Nothing proves an earlier checkpoint, or that the plaintext of a bill is there.
  assert.deepEqual(
    accepted,
    [9, 10, 11, lines.length].map((line) => `${line} left out`),
  );
});
