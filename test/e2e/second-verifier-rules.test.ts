// Records and blocks under right signatures that break one rule of docs/formats.md each: `gateway verify` and the second
// verifier refuse them with the same code, and both accept what stands just inside the rules.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeBase64url, encodeUtf8 } from "../../shared/base/bytes.ts";
import type { BlockHeader, SealedBlock } from "../../shared/chain/block.ts";
import { formatDumpLine } from "../../shared/chain/dump.ts";
import {
  createRecipientKey,
  createSigningKey,
  type SigningKey,
  thumbprint,
} from "../../shared/crypto/key.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { signRequest } from "../../shared/message/request.ts";
import { computeCt } from "../../shared/record/envelope.ts";
import { computeLeaf, parseRecord, signRecord } from "../../shared/record/record.ts";
import { makeTestFolder } from "../support/process.ts";
import { RandomLog, step } from "../support/random-log.ts";
import { DAY_S, SampleChain, type SampleMeter, START } from "../support/sample-chain.ts";
import {
  askFirst,
  askSecond,
  assertBothRefuse,
  judgeRecords,
  writeTo,
} from "../support/second-verifier.ts";
import { requireSystemPart } from "../support/system-part.ts";

type Draft = { readonly [name: string]: unknown };

const suite = nodeSuite;
const H = encodeBase64url(new Uint8Array(32).fill(7));
const NOW = START + 3 * DAY_S;
const folder = makeTestFolder();

/** A chain with two meters of one day each, a third to enrol, a tariff, an assignment and a bill. */
class Sample extends SampleChain {
  readonly meters: readonly SampleMeter[];
  readonly operator: SigningKey;
  readonly tariffs: string[] = [];
  #bills = 0;

  constructor() {
    const members = [
      { name: "gw-1", roles: ["authority", "biller", "gateway", "registrar"] },
      { name: "office", roles: ["registrar"] },
      { name: "money", roles: ["biller"] },
    ] as const;
    super(suite, members, "second-verifier-rules");
    this.operator = this.member(0).key;
    this.meters = ["352522395", "111111111", "222222222"].map((id) => this.createMeter(id));
    const [a, b] = [this.meter(0), this.meter(1)];
    this.append([this.enrol(a), this.enrol(b)], START);
    this.append(
      [
        this.day(a, START, START + DAY_S),
        this.day(b, START, START + DAY_S),
        this.tariff(),
        this.tariff(),
        this.any(this.operator, "assign", { point: a.point, tariff: "flat", from: START }),
      ],
      START + DAY_S,
    );
    this.append([this.bill()], START + 2 * DAY_S);
  }

  meter(index: number): SampleMeter {
    return this.meters[index] as SampleMeter;
  }

  /** Any payload as the key's next record. */
  any(key: SigningKey, typ: string, draft: Draft): string {
    return this.sign(key, typ as never, draft as never);
  }

  tariff(): string {
    const draft = { id: "flat", ver: this.tariffs.length + 1, body: { v: 1, name: "Zählpunkt" } };
    const line1 = this.any(this.operator, "tariff", draft);
    this.tariffs.push(encodeBase64url(computeLeaf(suite, line1)));
    return line1;
  }

  bill(change: Draft = {}): string {
    const line2 = `bill ${this.#bills++}`;
    this.blobs.push(line2);
    return this.any(this.operator, "bill", {
      ...{ ct: computeCt(suite, line2), pt: H, point: this.meter(0).point, from: START },
      ...{ to: START + DAY_S, tariffs: this.tariffs.slice(0, 1), days: H, n: 1, ...change },
    });
  }

  /** An enrol record by `key`, its members as they should be but for `change`. */
  enrolment(meter: SampleMeter, change: Draft = {}, key = this.operator): string {
    const req = this.request(meter.key);
    const to = [{ key: this.utility.jwk, use: "utility" }];
    return this.any(key, "enrol", { key: meter.key.jwk, point: meter.point, to, req, ...change });
  }

  request(key: SigningKey, chain = this.chainId, token = this.randomBytes(32)): string {
    return signRequest(suite, key, { chain, token });
  }

  /** Two records that the meter signed for one place. */
  conflict(meter: SampleMeter, change: Draft = {}): readonly [string, string] {
    const of = (to: number, more: Draft = {}) =>
      signRecord(suite, meter.key, "day", {
        ...{ v: 1, seq: 2, prev: H, ct: H, pt: H, from: START, to, ...more },
      } as never);
    return [of(START + 1), of(START + 2, change)];
  }

  dayOf(index: number, change: Draft = {}): string {
    const draft = { ct: H, pt: H, from: START + DAY_S, to: START + 2 * DAY_S, ...change };
    return this.any(this.meter(index).key, "day", draft);
  }
}

/** Two recipients in the order of their thumbprints, or against it. */
function recipients(chain: Sample, reverse: boolean): readonly object[] {
  const keys = [1, 2].map(() => createRecipientKey(suite, chain.randomBytes).jwk);
  keys.sort((a, b) => (thumbprint(suite, a) < thumbprint(suite, b) ? -1 : 1));
  if (reverse) keys.reverse();
  return keys.map((key) => ({ key, use: "utility" }));
}

const OFF_CURVE = { crv: "P-256", kty: "EC", x: H, y: H };

type Fault = readonly [code: string, records: (c: Sample) => string | readonly string[]];

/** Next records of the sample chain, the last of which is refused. */
const FAULTS: readonly Fault[] = [
  // forms
  ["schema", (c) => c.any(c.operator, "assign", { point: H, tariff: "flat" })],
  ["schema", (c) => c.any(c.operator, "assign", { point: H, tariff: "Flat", from: 0 })],
  ["schema", (c) => c.any(c.operator, "assign", { point: H, tariff: "flat", from: 0, x: 0 })],
  ["schema", (c) => c.any(c.operator, "assign", { v: 0, point: H, tariff: "flat", from: 0 })],
  ["schema", (c) => c.any(c.operator, "tariff", { id: "t", ver: 0, body: {} })],
  [
    "schema",
    (c) => c.any(c.operator, "tariff", { id: "t", ver: 1, body: { t: "x".repeat(16_377) } }),
  ],
  ["schema", (c) => c.enrolment(c.meter(2), { to: [] })],
  ["schema", (c) => c.enrolment(c.meter(2), { req: "a.b" })],
  ["schema", (c) => c.dayOf(0, { from: -1 })],
  ["newer", (c) => c.any(c.operator, "assign", { v: 2 })],
  ["size", (c) => c.any(c.meter(0).key, "event", { ct: "A".repeat(4_000), pt: H, at: 0 })],
  ["schema", (c) => c.any(c.meter(0).key, "event", { ct: H, pt: H })],
  ["role", (c) => c.any(c.operator, "event", { ct: H, pt: H, at: 0 })],
  ["future", (c) => c.any(c.meter(0).key, "event", { ct: H, pt: H, at: NOW + 601 })],
  ["unsupported", (c) => c.any(c.operator, "rotate", {})],
  ["schema", (c) => c.any(c.operator, "revoke", { kid: H, last: -1, reason: "x" })],
  ["schema", (c) => c.any(c.operator, "credit", { ct: H, pt: H, bill: H, days: H })],
  ["schema", (c) => c.any(c.operator, "exchange", { ct: H, pt: H, point: H, old: H, new: H })],
  ["schema", (c) => c.any(c.operator, "correction", { ct: H, pt: H, from: 0, to: 1, of: H })],
  ["typ", (c) => c.any(c.operator, "nothing", {})],
  ["form", (c) => `${c.dayOf(0)}A`],
  ["form", (c) => c.dayOf(0).replace(/\./, "")],
  ["size", (c) => c.dayOf(0, { ct: "A".repeat(4_000) })],
  [
    "size",
    (c) => c.any(c.operator, "tariff", { id: "t", ver: 1, body: { t: "x".repeat(50_000) } }),
  ],
  // signer and place
  ["role", (c) => c.any(c.member(1).key, "tariff", { id: "t", ver: 1, body: {} })],
  ["role", (c) => c.enrolment(c.meter(2), {}, c.member(2).key)],
  ["role", (c) => c.any(c.operator, "day", { ct: H, pt: H, from: START, to: NOW })],
  ["role", (c) => c.any(c.meter(0).key, "tariff", { id: "t", ver: 1, body: {} })],
  ["seq", (c) => c.dayOf(0, { seq: 3 })],
  ["seq", (c) => c.dayOf(0, { seq: 1 })],
  ["prev", (c) => c.dayOf(0, { prev: H })],
  ["genesis", (c) => c.genesisLine],
  // enrol
  ["recipients", (c) => c.enrolment(c.meter(2), { to: recipients(c, true) })],
  ["recipients", (c) => c.enrolment(c.meter(2), { to: [{ key: c.utility.jwk, use: "customer" }] })],
  ["known-key", (c) => c.enrolment({ ...c.meter(2), key: c.member(2).key })],
  ["point", (c) => c.enrolment(c.meter(2), { point: c.meter(0).point })],
  ["point", (c) => c.any(c.operator, "enrol", moved(c, c.meter(0), c.meter(1).point))],
  ["request", (c) => c.any(c.operator, "enrol", moved(c, c.meter(2), H))],
  ["request", (c) => c.enrolment(c.meter(0), { point: H })],
  ["request", (c) => c.enrolment(c.meter(2), { req: c.request(c.meter(0).key) })],
  [
    "request",
    (c) => c.enrolment(c.meter(2), { req: `${c.request(c.meter(2).key).slice(0, -8)}AAAAAAAA` }),
  ],
  ["chain", (c) => c.enrolment(c.meter(2), { req: c.request(c.meter(2).key, H) })],
  ["key-off-curve", (c) => c.enrolment(c.meter(2), { key: OFF_CURVE })],
  ["token", (c) => spendTwice(c)],
  // day
  ["period", (c) => c.dayOf(0, { to: START + DAY_S })],
  ["period", (c) => c.dayOf(0, { to: START + DAY_S + 100_801 })],
  ["period", (c) => c.dayOf(0, { from: START + DAY_S + 1 })],
  [
    "period",
    (c) => [
      c.dayOf(0, { to: START + DAY_S + 71_999 }),
      c.dayOf(0, { from: START + DAY_S + 71_999 }),
    ],
  ],
  ["overlap", (c) => [c.any(c.operator, "enrol", moved(c, c.meter(0), H)), ...takeOver(c, START)]],
  ["future", (c) => [c.dayOf(0), c.dayOf(0, { from: START + 2 * DAY_S, to: NOW + 601 })]],
  // money
  ["tariff", (c) => c.any(c.operator, "tariff", { id: "flat", ver: 2, body: {} })],
  ["tariff", (c) => c.any(c.operator, "tariff", { id: "new", ver: 2, body: {} })],
  ["point", (c) => c.any(c.operator, "assign", { point: H, tariff: "flat", from: NOW })],
  [
    "tariff",
    (c) => c.any(c.operator, "assign", { point: c.meter(0).point, tariff: "new", from: NOW }),
  ],
  [
    "period",
    (c) =>
      c.any(c.operator, "assign", { point: c.meter(0).point, tariff: "flat", from: NOW, to: NOW }),
  ],
  [
    "period",
    (c) =>
      c.any(c.operator, "assign", {
        point: c.meter(0).point,
        tariff: "flat",
        from: START + DAY_S - 1,
      }),
  ],
  ["point", (c) => c.bill({ point: H })],
  ["period", (c) => c.bill({ from: NOW, to: NOW })],
  ["reference", (c) => c.bill({ from: NOW, to: NOW + 1, tariffs: [H] })],
  ["reference", (c) => c.bill({ from: NOW, to: NOW + 1, tariffs: c.tariffs.slice().reverse() })],
  ["reference", (c) => c.bill({ from: NOW, to: NOW + 1, tariffs: [c.tariffs[0], c.tariffs[0]] })],
  ["overlap", (c) => c.bill({ from: START + DAY_S - 1, to: NOW })],
  ["overlap", (c) => c.bill({ from: START - 1, to: NOW })],
  // evidence
  ["evidence", (c) => prove(c, c.conflict(c.meter(0), { seq: 3 }))],
  ["evidence", (c) => prove(c, c.conflict(c.meter(0), { prev: c.chainId }))],
  ["evidence", (c) => prove(c, c.conflict(c.meter(2)))],
  ["evidence", (c) => prove(c, [c.conflict(c.meter(0))[0], c.conflict(c.meter(1))[1]])],
  [
    "evidence",
    (c) => prove(c, [c.conflict(c.meter(0))[0], c.conflict(c.meter(0), { from: -1 })[1]]),
  ],
  [
    "evidence",
    (c) => {
      const [a] = c.conflict(c.meter(0));
      return prove(c, [a, a]);
    },
  ],
  [
    "evidence",
    (c) => {
      const [a, b] = c.conflict(c.meter(0));
      return prove(c, [a, `${b.slice(0, -8)}AAAAAAAA`]);
    },
  ],
  ["evidence", (c) => [prove(c, c.conflict(c.meter(0))), prove(c, c.conflict(c.meter(0)))]],
  ["frozen", (c) => [prove(c, c.conflict(c.meter(0))), c.dayOf(0)]],
  [
    "known-key",
    (c) => [prove(c, c.conflict(c.meter(0))), c.any(c.operator, "enrol", moved(c, c.meter(0), H))],
  ],
  ["role", (c) => prove(c, c.conflict(c.meter(0)), c.member(2).key)],
];

function prove(c: Sample, [a, b]: readonly [string, string], key = c.operator): string {
  return c.any(key, "evidence", { a, b });
}

/** An enrol of a known key at another point, without a request. */
function moved(c: Sample, meter: SampleMeter, point: string): Draft {
  return { key: meter.key.jwk, point, to: [{ key: c.utility.jwk, use: "utility" }] };
}

/** The third meter takes the first one's point; its first day begins at `from`. */
function takeOver(c: Sample, from: number): readonly string[] {
  const meter = { ...c.meter(2), point: c.meter(0).point };
  return [c.enrol(meter), c.any(meter.key, "day", { ct: H, pt: H, from, to: from + DAY_S })];
}

function spendTwice(c: Sample): readonly string[] {
  const token = c.randomBytes(32);
  const other = { ...c.meter(2), key: createSigningKey(suite, c.randomBytes), point: H };
  return [c.meter(2), other].map((meter) =>
    c.enrolment(meter, { req: c.request(meter.key, c.chainId, token) }),
  );
}

/** The chain's blocks and one more as a dump; what would follow is not reached. */
function writeBlocks(name: string, blocks: readonly SealedBlock[]): string {
  const lines = blocks.map((block) => `${formatDumpLine({ kind: "block", block })}\n`);
  return writeTo(folder, `${name}.jsonl`, lines.join(""));
}

async function assertCodes(
  cases: readonly (readonly [code: string, name: string, file: string])[],
) {
  const said = askSecond(cases.map(([, , file]) => file));
  const differing = cases.flatMap(([code, name], i) =>
    said[i]?.code === code ? [] : [`${name} should be ${code}: ${JSON.stringify(said[i])}`],
  );
  assert.deepEqual(differing, []);
  await assertBothRefuse(cases.map(([, name, file]) => [name, file]));
}

test("each record that breaks one rule is refused by both with the rule's code", async (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const cases = FAULTS.map(([code, records], i) => {
    const chain = new Sample();
    const block = chain.build([records(chain)].flat(), NOW);
    return [code, `fault ${i}`, writeBlocks(`fault-${i}`, [...chain.blocks, block])] as const;
  });
  await assertCodes(cases);
});

test("genesis records that break one rule", async (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const base = new Sample();
  const { payload } = parseRecord(suite, base.genesisLine);
  const good = payload as unknown as { members: readonly Draft[]; params: Draft } & Draft;
  const [first, second] = good.members as readonly [Draft, Draft];
  const { note: _, ...noteless } = first;
  const params = (change: Draft) => ({ params: { ...good.params, ...change } });
  const members = (...list: readonly Draft[]) => ({ members: list });
  const faults: readonly (readonly [string, Draft, SigningKey?])[] = [
    ["role", {}, base.member(1).key],
    ["seq", { seq: 2 }],
    ["prev", { prev: H }],
    ["genesis", { time: START + 1 }],
    ["genesis", { quorum: 2 }],
    ["schema", { quorum: 0 }],
    ["schema", { zone: "12" }],
    ["schema", { origin: "a b" }],
    ["schema", { origin: "wattproof-a" }],
    ["genesis", members(first, { ...second, name: first["name"] })],
    ["genesis", members(first, { ...first, name: "twin" })],
    ["genesis", members(noteless)],
    ["genesis", members(first, { ...second, note: H })],
    ["genesis", members({ ...first, roles: ["gateway", "authority"] })],
    ["genesis", members({ ...first, roles: ["gateway"] })],
    ["genesis", members({ ...noteless, roles: ["authority"] })],
    ["schema", members({ ...first, roles: [] })],
    ["schema", members()],
    ["key-off-curve", members(first, { ...second, key: OFF_CURVE })],
    ["bits", params({ bits: 0x20ffffff })],
    ["bits", params({ bits: 0x21000001 })],
    ["params", params({ bits: 0x1a00ffff })],
    ["params", params({ formats: [2, 1] })],
    ["params", params({ formats: [2] })],
    ["schema", params({ formats: [] })],
    ["schema", params({ max_records: 16_385 })],
    ["schema", params({ max_bytes: 65_534 })],
  ];
  const cases = faults.map(([code, change, key = base.operator], i) => {
    const chain = new Sample();
    chain.parent = undefined;
    const line1 = signRecord(suite, key, "genesis", { ...good, ...change } as never);
    return [
      code,
      `genesis ${i}`,
      writeBlocks(`genesis-${i}`, [chain.build([line1], START)]),
    ] as const;
  });
  await assertCodes(cases);
});

test("blocks that break one rule", async (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const change =
    (more: Partial<BlockHeader>) =>
    (header: BlockHeader): BlockHeader => ({ ...header, ...more });
  const zero = new Uint8Array(32);
  const blocks: readonly (readonly [string, (c: Sample) => SealedBlock])[] = [
    ["height", (c) => c.build([], NOW, change({ height: 9 }))],
    ["parent", (c) => c.build([], NOW, change({ prev: zero }))],
    ["time", (c) => c.build([], START)],
    ["bits", (c) => c.build([], NOW, change({ bits: 0x207ffffe }))],
    ["root", (c) => c.build([c.dayOf(0)], NOW, change({ recordsRoot: zero }))],
    ["root", (c) => c.build([c.dayOf(0)], NOW, change({ logRoot: zero }))],
    ["root", (c) => c.build([c.dayOf(0)], NOW, change({ logSize: 1 }))],
    ["seal", (c) => c.build([], NOW, undefined, c.member(1).key)],
    ["seal", (c) => ({ ...c.build([], NOW), seal: c.build([], NOW + 1).seal })],
    ["limit", (c) => c.build(hours(c, 65), NOW + 3 * DAY_S)],
  ];
  const cases = blocks.map(([code, build], i) => {
    const chain = new Sample();
    return [
      code,
      `block ${i}`,
      writeBlocks(`block-${i}`, [...chain.blocks, build(chain)]),
    ] as const;
  });
  await assertCodes(cases);
});

/** Days of a key that is enrolled at another point before each, so that none is its last; `count` of them. */
function hours(c: Sample, count: number): readonly string[] {
  return Array.from({ length: count }, (_, i) => {
    const point = encodeBase64url(encodeUtf8(`point ${i}`.padEnd(32)));
    const from = START + 10 * i;
    const day = { ct: H, pt: H, from, to: from + 10 };
    return [c.any(c.operator, "enrol", moved(c, c.meter(0), point)), c.dayOf(0, day)];
  }).flat();
}

test("what stands just inside the rules is accepted by both", async (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const chain = new Sample();
  const [a, b] = [chain.meter(0), chain.meter(1)];
  const next = START + DAY_S;
  const office = chain.member(1).key;
  const body = { t: "x".repeat(16_376) };
  chain.append(
    [
      chain.any(chain.operator, "assign", {
        point: a.point,
        tariff: "flat",
        from: next,
        to: next + 1,
      }),
      chain.bill({ from: next, to: next + 1, tariffs: chain.tariffs, n: 0 }),
      chain.any(chain.member(2).key, "tariff", { id: "other", ver: 1, body }),
      chain.day(a, next, next + 100_800),
      // the final day of a key, and its next one at another point
      chain.day(b, next, next + 71_999),
      chain.any(office, "enrol", moved(chain, b, H)),
      chain.day(b, START - 10, START),
      chain.any(chain.operator, "enrol", {
        ...moved(chain, a, a.point),
        to: recipients(chain, false),
      }),
    ],
    next + 100_800 - 600,
  );
  chain.append([prove(chain, chain.conflict(a), office)], NOW);
  // the point that the frozen key held has a new one
  chain.append([chain.enrol({ ...chain.meter(2), point: a.point }, office)], NOW);
  chain.append([], NOW);
  chain.append([chain.day(chain.meter(2), next + 100_800, next + 100_801)], NOW);
  const file = writeTo(folder, "inside.jsonl", chain.dump());
  const report = await askFirst(file);
  const [said] = askSecond([file]);
  const { tip, records, blobs } = report;
  assert.deepEqual([said?.["tip"], said?.["records"], said?.["blobs"]], [tip, records, blobs]);
});

const LOGS = 150;

test(`${LOGS} logs of revocations, corrections, exchanges and credits: the same verdict on each record`, (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const steps = fc.array(step, { minLength: 30, maxLength: 80 });
  const logs = fc
    .sample(steps, { seed: 21, numRuns: LOGS })
    .map((one) => new RandomLog(suite, one));
  const said = judgeRecords(
    logs.map(({ verdicts }) => ({
      time: START + 100 * DAY_S,
      records: verdicts.map(({ record }) => record.line1),
    })),
  );
  const counts = new Map<string, number>();
  for (const [i, { verdicts }] of logs.entries()) {
    for (const [j, { record, code }] of verdicts.entries()) {
      const second = said[i]?.[j] ?? "none";
      assert.equal(
        second === "ok",
        code === "ok",
        `log ${i}, record ${j}, ${record.typ}: ${code}, ${second}`,
      );
      const name = `${record.typ} ${code}${second === code ? "" : ` (${second})`}`;
      counts.set(name, (counts.get(name) ?? 0) + 1);
    }
  }
  t.diagnostic(JSON.stringify(Object.fromEntries([...counts].sort())));
});
