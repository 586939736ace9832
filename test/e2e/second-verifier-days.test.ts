// Opened days that break one rule of section 11 of docs/formats.md, or stand just inside it: both verifiers accept the
// dump and agree on whether the day counts.
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBase64url, encodeUtf8 } from "../../shared/base/bytes.ts";
import type { JsonObject } from "../../shared/base/canonical-json.ts";
import { formatDumpLine } from "../../shared/chain/dump.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { padPlaintext } from "../../shared/record/plaintext.ts";
import { computeLeaf } from "../../shared/record/record.ts";
import { makeTestFolder } from "../support/process.ts";
import { SampleChain } from "../support/sample-chain.ts";
import { askFirst, askSecond, writeTo } from "../support/second-verifier.ts";
import { requireSystemPart } from "../support/system-part.ts";

const suite = nodeSuite;
const H = encodeBase64url(new Uint8Array(32).fill(7));
const folder = makeTestFolder();

/** 2024-03-31 in Berlin, 23 hours. */
const FROM = 1_711_839_600;
const TO = FROM + 23 * 3_600;

const GOOD: JsonObject = {
  v: 1,
  meter: "352522395",
  salt: H,
  from: FROM,
  to: TO,
  day: "2024-03-31",
  zone: "Europe/Berlin",
  tz: "2024a",
  step: 3_600,
  wh: Array.from({ length: 23 }, () => 10),
  quality: "M".repeat(23),
  register: [5, 235],
  events: [],
  clock: [],
  fw: H,
};
const wh = (first: number, ...rest: readonly number[]): JsonObject => {
  const slots = [first, ...rest, ...Array.from({ length: 22 - rest.length }, () => 10)];
  return { wh: slots, register: [0, slots.reduce((sum, slot) => sum + slot)] };
};
const quality = (first: string) => first.padEnd(23, "M");
const out = (change: JsonObject): JsonObject => ({
  out: { wh: GOOD["wh"] as number[], register: [0, 230], ...change },
});
/** One slot for the whole of a span. */
const once = (from: number, to: number, day: string, zone: string): JsonObject => {
  return { ...GOOD, from, to, day, zone, step: 0, wh: [1], quality: "M", register: [0, 1] };
};
const APIA = 1_325_152_800;

/** A plaintext's changes, and whether the day counts. */
const CASES: readonly (readonly [boolean, JsonObject])[] = [
  [true, {}],
  [false, { fw: 0 }],
  [false, { more: 1 }],
  [true, { cal: H, tz: "x" }],
  [false, { tz: "" }],
  [false, { v: 2 }],
  [false, { meter: "35252239" }],
  [false, { salt: "AA" }],
  // the local day
  [false, { day: "2024-03-30" }],
  [false, { day: "2024-02-30" }],
  [false, { zone: "Europe/Nowhere" }],
  [false, { zone: "Etc/UTC" }],
  [true, { zone: "Europe/Paris" }],
  [true, once(APIA, APIA + 86_400, "2011-12-29", "Pacific/Apia")],
  [false, once(APIA + 86_400, APIA + 2 * 86_400, "2011-12-30", "Pacific/Apia")],
  [true, once(APIA + 86_400, APIA + 2 * 86_400, "2011-12-31", "Pacific/Apia")],
  // Santiago has no 00:00 on this day; Havana has it twice
  [true, once(1_725_768_000, 1_725_768_000 + 23 * 3_600, "2024-09-08", "America/Santiago")],
  [true, once(1_730_606_400, 1_730_606_400 + 25 * 3_600, "2024-11-03", "America/Havana")],
  [false, once(1_730_606_400, 1_730_606_400 + 25 * 3_600 + 1, "2024-11-03", "America/Havana")],
  // slots
  [false, { step: 900 }],
  [false, { step: 1_000 }],
  [false, { step: 0 }],
  [false, { quality: "M".repeat(22) }],
  [false, { wh: Array.from({ length: 22 }, () => 10), register: [5, 225] }],
  [true, { quality: "MIEmieR".padEnd(23, "M") }],
  [false, { quality: quality("S") }],
  [false, { quality: quality("r") }],
  [false, { quality: quality("G") }],
  [true, { ...wh(0), quality: quality("G") }],
  [true, wh(100_000)],
  [false, wh(100_001)],
  [true, { ...wh(100_001), quality: quality("R") }],
  [false, { register: [5, 236] }],
  [false, { register: [5, 235, 1] }],
  // export
  [true, out({})],
  [false, { ...wh(0), quality: quality("G"), ...out({}) }],
  [
    true,
    {
      ...wh(0),
      quality: quality("G"),
      ...out({ wh: wh(0)["wh"] as number[], register: [0, 220] }),
    },
  ],
  [false, out({ register: [0, 231] })],
  [false, out({ wh: [230] })],
  [true, out({ wh: [200_000, ...Array.from({ length: 22 }, () => 0)], register: [0, 200_000] })],
  // measurements
  [
    true,
    {
      current: [[2, 1, 3]],
      voltage: [
        [2, 1, 3],
        [2, 2, 2],
        [0, 0, 0],
      ],
    },
  ],
  [false, { current: [] }],
  [false, { current: [[2, 3, 4]] }],
  [false, { current: [[4, 1, 3]] }],
  [false, { current: [[0, -1, 3]] }],
  [
    false,
    {
      voltage: [
        [1, 1, 1],
        [1, 1, 1],
        [1, 1, 1],
        [1, 1, 1],
      ],
    },
  ],
  [true, { temperature: [-5, -273_150, 3] }],
  [false, { temperature: [-5, -273_151, 3] }],
  [true, { humidity: [10_000, 0, 10_000] }],
  [false, { humidity: [10_000, 0, 10_001] }],
  [true, { location: [-900_000_000, 1_800_000_000] }],
  [false, { location: [900_000_001, 0] }],
  [false, { location: [0, -1_800_000_001] }],
  // events and clock
  [
    true,
    {
      events: [
        [TO, "stop", "ü"],
        [FROM, "start"],
      ],
    },
  ],
  [false, { events: [[TO + 1, "stop"]] }],
  [false, { events: [[FROM, "Stop"]] }],
  [false, { events: [[FROM, "stop", ""]] }],
  [
    true,
    {
      clock: [
        [0, 1, "ntp", -5],
        [22, 2, "none", 5],
        [22, 3, "ntp", 0],
      ],
    },
  ],
  [false, { clock: [[23, 1, "ntp", 0]] }],
  [
    false,
    {
      clock: [
        [1, 1, "ntp", 0],
        [0, 1, "ntp", 0],
      ],
    },
  ],
];

interface Opened {
  readonly leaf: string;
  readonly plaintext: JsonObject;
}

/** A chain with these plaintexts as the days of one meter, as a dump with opened lines. */
function writeDump(name: string, texts: readonly string[]): string {
  const chain = new SampleChain(suite, undefined, "second-verifier-days");
  const meter = chain.createMeter("352522395");
  const records = [chain.enrol(meter)];
  const opened: Opened[] = [];
  for (const text of texts) {
    const plaintext = JSON.parse(text) as JsonObject;
    const { from, to } = plaintext as { readonly from: number; readonly to: number };
    const line1 = chain.day(meter, from, to, encodeUtf8(text));
    opened.push({ leaf: encodeBase64url(computeLeaf(suite, line1)), plaintext });
    records.push(line1);
  }
  chain.append(records, TO + 366 * 86_400);
  const lines = opened.map((line) => formatDumpLine({ kind: "opened", opened: { ...line } }));
  return writeTo(folder, `${name}.jsonl`, `${chain.dump()}${lines.join("\n")}\n`);
}

async function assertCounts(cases: readonly (readonly [usable: number, file: string])[]) {
  const said = askSecond(cases.map(([, file]) => file));
  const differing: string[] = [];
  for (const [i, [usable, file]] of cases.entries()) {
    const { opened, unusable } = await askFirst(file);
    const [first, second] = [opened - unusable, said[i]?.["usable"]];
    if (first === usable && second === usable) continue;
    differing.push(`case ${i} should be ${usable}: first ${first}, ${JSON.stringify(said[i])}`);
  }
  assert.deepEqual(differing, []);
}

test("whether an opened day counts: the same for both", async (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const cases = CASES.map(([usable, change], i) => {
    const plaintext = { ...GOOD, ...change };
    const slots = (plaintext["wh"] as readonly number[]).length;
    return [usable ? 1 : 0, writeDump(`day-${i}`, [padPlaintext(plaintext, slots)])] as const;
  });
  const good = padPlaintext(GOOD, 23);
  cases.push([0, writeDump("pad", [good.replace('"pad":"0', '"pad":"')])]);
  await assertCounts(cases);
});

test("registers go on from the previous day, if that kept all other rules", async (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const days = (...registers: readonly (readonly [number, JsonObject?])[]) =>
    registers.map(([first, change], i) => {
      const from = 1_711_929_600 + i * 86_400;
      const date = `2024-04-0${i + 1}`;
      const span = once(from, from + 86_400, date, "Etc/UTC");
      return padPlaintext({ ...span, wh: [7], register: [first, first + 7], ...change }, 1);
    });
  const exported = (first: number): JsonObject => ({
    out: { wh: [1], register: [first, first + 1] },
  });
  const cases: readonly (readonly [number, readonly string[]])[] = [
    [3, days([1], [8], [15])],
    [2, days([1], [9], [16])],
    [1, days([1], [0], [15])],
    [2, days([1], [8, { humidity: [0, 0, 10_001] }], [99])],
    [2, days([1, exported(3)], [8, exported(4)], [15, exported(4)])],
    [3, days([1, exported(3)], [8], [15, exported(9)])],
  ];
  await assertCounts(cases.map(([usable, texts], i) => [usable, writeDump(`run-${i}`, texts)]));
});
