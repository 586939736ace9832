// The fast way of admission comes to the verdict of the long one on any bytes, and what it admits is the same candidate.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { type Admission, type AdmissionOptions, admit } from "../../../gateway/intake/admission.ts";
import { AdmittedBatchWriter } from "../../../gateway/intake/admitted-batch.ts";
import { unpackAdmitted } from "../../../gateway/intake/admitted-day.ts";
import { DayAdmission } from "../../../gateway/intake/day-admission.ts";
import { Registry, type RegistryEntry } from "../../../gateway/intake/registry.ts";
import type { Candidate } from "../../../gateway/ledger/candidate.ts";
import { openDay } from "../../../gateway/projection/open-day.ts";
import { encodeUtf8 } from "../../../shared/base/bytes.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { unpackLine2 } from "../../../shared/record/compact.ts";
import { computeCt, computePt, joinEnvelope } from "../../../shared/record/envelope.ts";
import type { DayPayload } from "../../../shared/record/payload.ts";
import { signRecord } from "../../../shared/record/record.ts";
import { sealLine2 } from "../../../shared/record/sealed-box.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";
import { TestLedger, type TestMeter } from "../../support/test-ledger.ts";

let t: TestLedger;
let meter: TestMeter;
let entry: RegistryEntry;
/** The meter's first day. */
let envelope: Uint8Array;

before(() => {
  t = new TestLedger();
  meter = t.enrol();
  const { id, prev: leaf } = meter;
  const recipients = [t.keys.utility.kid];
  const { kid, jwk: key } = meter.key;
  entry = { no: 3, kid, key, meter: id, recipients, state: "active", seq: 0, leaf };
  const { record, line2 } = t.day(meter);
  envelope = joinEnvelope({ line1: record.line1, line2: line2 ?? "" });
});
after(() => t.close());

function createRegistry(changes: Partial<RegistryEntry>): Registry {
  const registry = new Registry();
  registry.set({ ...entry, ...changes });
  return registry;
}

/** Both ways, each with a registry of its own that goes on from call to call. */
function createWays(changes: Partial<RegistryEntry> = {}) {
  const options: AdmissionOptions = {
    suite: nodeSuite,
    registry: createRegistry(changes),
    open: (...order) => openDay(nodeSuite, t.keys.utility, ...order),
  };
  const days = new DayAdmission(nodeSuite, createRegistry(changes), t.keys.utility);
  const batch = new AdmittedBatchWriter();
  return {
    long: (bytes: Uint8Array): Admission => admit(options, meter.id, bytes),
    /** "other" where the fast way leaves the envelope to the long one. */
    fast(payload: Uint8Array): "other" | Admission {
      // Others lie around it in a batch, and a zero byte before it.
      const bytes = new Uint8Array(payload.length + 21).fill(0x41);
      bytes[7] = 0;
      bytes.set(payload, 8);
      const end = 8 + payload.length;
      const verdict = days.admit(batch, Number(meter.id), 5, 77, bytes, 8, end);
      const taken = batch.take().batch;
      if (verdict !== "admitted") return verdict;
      const book = { at: (no: number) => (no === entry.no ? entry : assert.fail()) };
      const [item] = unpackAdmitted(structuredClone(taken), book);
      assert.ok(item);
      const { epoch, packetId, meter: id } = item;
      assert.deepEqual([epoch, packetId, id], [5, 77, meter.id]);
      return item;
    },
  };
}

/** What the ledger reads of an admission. */
function plain({ leaf, refused, candidate, unopened }: Admission): unknown {
  if (candidate === undefined) return { leaf, refused };
  const { record, opened, meter: id, packedLine2 } = candidate;
  const line2 = packedLine2 === undefined ? candidate.line2 : unpackLine2(packedLine2);
  const { typ, kid, seq, prev, line1 } = record;
  const { v, ct, pt, from, to } = record.payload as DayPayload;
  const payload = { v, seq: record.payload.seq, prev: record.payload.prev, ct, pt, from, to };
  return {
    leaf,
    id,
    typ,
    kid,
    seq,
    prev,
    line1,
    own: record.leaf,
    payload,
    line2,
    opened,
    unopened: unopened === true,
  };
}

function signDay(line2: string, more: Partial<DayPayload> = {}): Uint8Array {
  const payload: DayPayload = {
    ...{ v: 1, seq: 1, prev: entry.leaf, ct: computeCt(nodeSuite, line2), pt: entry.leaf },
    ...{ from: 1_704_063_600, to: 1_704_150_000, ...more },
  };
  return joinEnvelope({ line1: signRecord(nodeSuite, meter.key, "day", payload), line2 });
}

test("what the fast way admits is what the long one does, stored forms included", () => {
  const { long, fast } = createWays();
  const [slow, quick] = [long(envelope), fast(envelope)];
  assert.ok(quick !== "other" && quick.candidate?.opened && "packed" in quick.candidate.opened);
  assert.deepEqual(plain(quick), plain(slow));
  const { parts, packedLine2 } = slow.candidate ?? assert.fail("refused");
  const quickParts = quick.candidate?.parts ?? assert.fail("refused");
  assert.deepEqual(Buffer.from(quickParts.packedLine1), Buffer.from(parts?.packedLine1 ?? []));
  assert.deepEqual(Buffer.from(quickParts.leafHash), Buffer.from(parts?.leafHash ?? []));
  assert.equal(quickParts.line1Chars, parts?.line1Chars);
  assert.deepEqual(Buffer.from(quick.candidate?.packedLine2 ?? []), Buffer.from(packedLine2 ?? []));
  const again = fast(envelope);
  assert.ok(again !== "other" && again.unopened);
  assert.deepEqual(plain(again), plain(long(envelope)));
});

test("any changed byte gets the same verdict on both ways", () => {
  // The second time by a reader that has read an envelope: it looks for ends first where they stood then.
  for (const { bit, isFirst } of [
    { bit: 1, isFirst: true },
    { bit: 32, isFirst: true },
    { bit: 1, isFirst: false },
  ]) {
    for (let at = 0; at < envelope.length; at++) {
      const changed = envelope.slice();
      changed[at] = (changed[at] as number) ^ bit;
      const { long, fast } = createWays();
      if (!isFirst) for (const way of [long, fast]) way(envelope);
      const quick = fast(changed);
      if (quick !== "other") assert.deepEqual(plain(quick), plain(long(changed)), `byte ${at}`);
    }
  }
});

test("a line feed or a quote in the wrong place makes no later envelope slow", () => {
  const { fast } = createWays();
  const text = Buffer.from(envelope).toString("latin1");
  const line2 = text.slice(text.indexOf("\n") + 1);
  // Seven characters further another quote stands in the usual form.
  const longer = line2.replace('{"ciphertext":"', '{"ciphertext":"AAAAAAA');
  assert.equal(fast(signDay(longer)), "other");
  assert.equal(fast(encodeUtf8(text.replace(".", "\n"))), "other");
  assert.notEqual(fast(envelope), "other");
});

test("cut, lengthened and inserted bytes are never admitted", () => {
  const { fast } = createWays();
  fc.assert(
    fc.property(fc.nat(), fc.nat(3), fc.uint8Array({ maxLength: 3 }), (seed, cut, more) => {
      fc.pre(cut > 0 || more.length > 0);
      const at = seed % envelope.length;
      const changed = Buffer.concat([envelope.subarray(0, at), more, envelope.subarray(at + cut)]);
      fc.pre(!changed.equals(envelope));
      const quick = fast(changed);
      assert.ok(quick === "other" || quick.refused !== undefined);
    }),
    { seed: 352, numRuns: 2_000 },
  );
});

test("signed days that open to nonsense, not at all, or for others are unusable with the same code", () => {
  const { utility } = t.keys;
  const { kid } = meter.key;
  const key = nodeSuite.x25519Public(utility.secret);
  const other = seededBytes("other")(32);
  const seal = (
    plaintext: string,
    changes: { signer?: string; typ?: string; key?: Uint8Array } = {},
  ) =>
    sealLine2(nodeSuite, {
      typ: changes.typ ?? "day",
      plaintext: encodeUtf8(plaintext),
      signer: changes.signer ?? kid,
      recipients: [{ kid: utility.kid, key: changes.key ?? key }],
      randomBytes: seededBytes("seal"),
    });
  const lines = [
    [seal("nonsense"), {}],
    [seal("nonsense"), { pt: computePt(nodeSuite, encodeUtf8("nonsense")) }],
    [seal("{}", { signer: utility.kid }), {}],
    [seal("{}", { typ: "bill" }), {}],
    [seal("{}", { key: nodeSuite.x25519Public(other) }), {}],
    [seal("{}"), { from: 0, to: 0 }],
    [seal("{}"), { from: Number.MAX_SAFE_INTEGER }],
  ] as const;
  const codes = lines.map(([line2, more]) => {
    const bytes = signDay(line2, more);
    const { long, fast } = createWays();
    const [quick, slow] = [fast(bytes), long(bytes)];
    if (quick !== "other") assert.deepEqual(plain(quick), plain(slow));
    const opened = slow.candidate?.opened;
    return opened && "unusable" in opened ? opened.unusable : "usable";
  });
  assert.deepEqual(codes.slice(0, 5), ["pt", "json", "open-failed", "open-failed", "open-failed"]);
});

test("a key that may not sign now, another meter's key and other recipients are left to the long way", () => {
  assert.equal(createWays({ state: "frozen" }).fast(envelope), "other");
  assert.equal(createWays({ state: "inactive" }).fast(envelope), "other");
  assert.equal(createWays({ meter: "352000999" }).fast(envelope), "other");
  assert.equal(createWays({ recipients: [t.keys.signing.kid] }).fast(envelope), "other");
  assert.equal(createWays({ recipients: [] }).fast(envelope), "other");
  const known = createWays({ state: "frozen", seq: 1, leaf: entry.leaf });
  const again = known.fast(envelope);
  assert.ok(
    again !== "other" && again.unopened,
    "what it signed before is for the ledger to judge",
  );
  assert.deepEqual(plain(again), plain(known.long(envelope)));
});

test("a batch keeps the order of days and all else, and begins anew when it is taken", () => {
  const days = new DayAdmission(nodeSuite, createRegistry({}), t.keys.utility);
  const batch = new AdmittedBatchWriter();
  const bytes = new Uint8Array(envelope.length + 1);
  bytes.set(envelope, 1);
  const add = (packetId: number) =>
    days.admit(batch, Number(meter.id), 1, packetId, bytes, 1, bytes.length);
  const refused = { meter: meter.id, epoch: 1, leaf: "x", refused: "ct" } as const;
  batch.other({ ...refused, packetId: 1 });
  add(2);
  add(3);
  batch.other({ ...refused, packetId: 4 });
  const idsOf = () =>
    unpackAdmitted(batch.take().batch, { at: () => entry }).map(({ packetId }) => packetId);
  assert.deepEqual(idsOf(), [1, 2, 3, 4]);
  assert.deepEqual(idsOf(), []);
});

test("what the ledger keeps of a day outlives the batch; memory that came back is written anew", () => {
  const days = new DayAdmission(nodeSuite, createRegistry({}), t.keys.utility);
  const batch = new AdmittedBatchWriter();
  const bytes = new Uint8Array(envelope.length + 1);
  bytes.set(envelope, 1);
  const take = () => {
    days.admit(batch, Number(meter.id), 1, 7, bytes, 1, bytes.length);
    const taken = batch.take().batch;
    const [item] = unpackAdmitted(taken, { at: () => entry });
    return { taken, candidate: item?.candidate ?? assert.fail("refused") };
  };
  const keptOf = ({ record, parts, opened }: Candidate): unknown => [
    ...[record.line1, record.leaf, record.payload],
    ...[parts?.packedLine1, parts?.leafHash, opened].map((part) => structuredClone(part)),
  ];
  const { taken, candidate } = take();
  const before = keptOf(candidate);
  const line2 = candidate.packedLine2?.slice();
  new Uint8Array(taken.bytes).fill(0xee);
  const returned = structuredClone(taken.bytes, { transfer: [taken.bytes] });
  assert.deepEqual(keptOf(candidate), before);
  assert.throws(() => candidate.packedLine2, TypeError, "it is never read as other bytes");
  batch.giveBack({ bytes: returned });
  take();
  const again = take();
  assert.equal(again.taken.bytes, returned, "the memory goes round");
  assert.deepEqual(again.candidate.packedLine2, line2);
});
