import assert from "node:assert/strict";
import { test } from "node:test";
import { Registry, type RegistryEntry } from "../../../gateway/intake/registry.ts";
import { createSigningKey } from "../../../shared/crypto/key.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { dayHeaderPart } from "../../../shared/record/day-line.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

const keys = ["a", "b"].map((name) => createSigningKey(nodeSuite, seededBytes(name)));
const LEAF = "A".repeat(43);

function makeEntry(n: 0 | 1, more: Partial<RegistryEntry> = {}): RegistryEntry {
  const { kid, jwk: key } = keys[n] as (typeof keys)[number];
  const base = { no: n, kid, key, meter: "352000001", recipients: [LEAF] };
  return { ...base, state: "active", seq: 0, leaf: LEAF, ...more };
}

test("a key is found by its kid, its meter and its header; a meter's newest key comes first", () => {
  const registry = new Registry();
  registry.set(makeEntry(0));
  registry.set(makeEntry(1));
  const { kid } = makeEntry(1);
  assert.equal(registry.get(kid)?.entry.no, 1);
  assert.equal(registry.kidByHeader.get(dayHeaderPart(kid)), kid);
  assert.deepEqual(
    registry.ofMeter(352_000_001).map(({ entry }) => entry.no),
    [1, 0],
  );
  assert.deepEqual(registry.ofMeter(352_000_002), []);
});

test("a new entry for a key moves it to its meter, and never sets it back behind what passed", () => {
  const registry = new Registry();
  registry.set(makeEntry(0));
  const known = registry.get(makeEntry(0).kid);
  const newest = new Uint8Array(32).fill(9);
  known?.pass(5, newest);
  registry.set(makeEntry(0, { meter: "352000002", seq: 3, state: "frozen", recipients: [] }));
  assert.deepEqual([known?.seq, known?.entry.state, known?.form.recipients], [5, "frozen", []]);
  assert.deepEqual(known?.newest, newest);
  assert.deepEqual(registry.ofMeter(352_000_001), []);
  assert.equal(registry.ofMeter(352_000_002)[0], known);
  registry.set(makeEntry(0, { meter: "352000002", seq: 6 }));
  assert.deepEqual([known?.seq, known?.leaf], [6, LEAF]);
});
