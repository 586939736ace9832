// Whatever arrives, admission comes to one verdict: a message that made a crypto thread throw would end the gateway,
// come again after the restart, and end it again.
import assert from "node:assert/strict";
import { after, before, test } from "node:test";
import fc from "fast-check";
import { type AdmissionOptions, admit } from "../../../gateway/intake/admission.ts";
import { Registry, type RegistryEntry } from "../../../gateway/intake/registry.ts";
import { openDay } from "../../../gateway/projection/open-day.ts";
import { encodeUtf8 } from "../../../shared/base/bytes.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { computeCt, joinEnvelope } from "../../../shared/record/envelope.ts";
import { signRecord } from "../../../shared/record/record.ts";
import { TestLedger, type TestMeter } from "../../support/test-ledger.ts";

let t: TestLedger;
let meter: TestMeter;
/** The meter's first day. */
let envelope: Uint8Array;
let entry: RegistryEntry;

before(() => {
  t = new TestLedger();
  meter = t.enrol();
  const { id, prev: leaf } = meter;
  const recipients = [t.keys.utility.kid];
  entry = {
    no: 0,
    kid: meter.key.kid,
    key: meter.key.jwk,
    meter: id,
    recipients,
    state: "active",
    seq: 0,
    leaf,
  };
  const { record, line2 } = t.day(meter);
  envelope = joinEnvelope({ line1: record.line1, line2: line2 ?? "" });
});
after(() => t.close());

function createAdmission(changes: Partial<RegistryEntry> = {}): AdmissionOptions {
  const registry = new Registry();
  registry.set({ ...entry, ...changes });
  const open: AdmissionOptions["open"] = (...order) => openDay(nodeSuite, t.keys.utility, ...order);
  return { suite: nodeSuite, registry, open };
}

test("a good day passes opened; again it passes for the ledger to recognise", () => {
  const options = createAdmission();
  const first = admit(options, meter.id, envelope);
  assert.ok(first.candidate?.opened && "packed" in first.candidate.opened);
  const again = admit(options, meter.id, envelope);
  assert.equal(again.leaf, first.leaf);
  assert.equal(again.unopened, true);
});

test("a changed byte anywhere is refused with a code", () => {
  const options = createAdmission();
  // Every byte of line 1, where the rules are, and every 7th of line 2, which one hash covers.
  const end = envelope.indexOf(10);
  for (let at = 0; at < envelope.length; at += at < end ? 1 : 7) {
    const changed = envelope.slice();
    changed[at] = (changed[at] as number) ^ 1;
    assert.ok(admit(options, meter.id, changed).refused, `byte ${at}`);
  }
});

test("any bytes get a verdict", () => {
  const options = createAdmission();
  const line = fc.oneof(fc.json({ maxDepth: 5 }), fc.string(), fc.base64String({ maxLength: 300 }));
  const dotted = fc.array(line, { minLength: 1, maxLength: 4 }).map((parts) => parts.join("."));
  const bytes = fc.oneof(fc.uint8Array({ maxLength: 300 }), dotted.map(encodeUtf8));
  fc.assert(
    fc.property(bytes, (given) => assert.ok(admit(options, meter.id, given).refused)),
    { seed: 352, numRuns: 500 },
  );
});

test("a signed day with any line 2 enters as unusable", () => {
  const hostile = [
    "",
    "null",
    "[".repeat(24_000),
    `${"[".repeat(12_000)}${"]".repeat(12_000)}`,
    `${'{"a":'.repeat(4_000)}1${"}".repeat(4_000)}`,
    '{"ciphertext":"","iv":"","protected":"","recipients":[],"tag":""}',
    `{"ciphertext":"${"A".repeat(24_000)}","iv":"A","protected":"e30","recipients":[{}],"tag":"A"}`,
    '{"__proto__":1}',
  ];
  for (const line2 of hostile) {
    const ct = computeCt(nodeSuite, line2);
    const { kid } = meter.key;
    const day = { v: 1 as const, seq: 1, prev: entry.leaf, ct, pt: kid, from: 0, to: 1 };
    const line1 = signRecord(nodeSuite, meter.key, "day", day);
    const { candidate } = admit(createAdmission(), meter.id, joinEnvelope({ line1, line2 }));
    assert.ok(candidate?.opened && "unusable" in candidate.opened, line2.slice(0, 40));
  }
});

test("what a key signed before it was frozen or replaced is left to the ledger to recognise", () => {
  const { leaf } = admit(createAdmission(), meter.id, envelope);
  for (const state of ["frozen", "inactive"] as const) {
    const again = admit(createAdmission({ state, seq: 1, leaf }), meter.id, envelope);
    assert.equal(again.unopened, true, state);
  }
});

test("a key's state and its meter's topic are judged before anything costs", () => {
  const codeOf = (changes: Partial<RegistryEntry>, id = meter.id) =>
    admit(createAdmission(changes), id, envelope).refused;
  assert.equal(codeOf({}, "352000999"), "topic");
  assert.equal(codeOf({ state: "frozen" }), "frozen");
  assert.equal(codeOf({ state: "inactive" }), "inactive-key");
  assert.equal(codeOf({ kid: t.keys.signing.kid }), "unknown-key");
});
