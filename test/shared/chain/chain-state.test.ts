/** The state of a chain: whatever was rolled back or reverted, it equals the fold of the records that are left. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { encodeBase64url } from "../../../shared/base/bytes.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { applyRecord } from "../../../shared/chain/chain-rules.ts";
import { ChainState, quorumOf, type StateChange } from "../../../shared/chain/chain-state.ts";
import { ListedLog } from "../../../shared/chain/log-view.ts";
import { VerifyKeyCache } from "../../../shared/chain/rule-context.ts";
import type { SigningKey } from "../../../shared/crypto/key.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { signRequest } from "../../../shared/message/request.ts";
import type { PayloadByTyp, Typ } from "../../../shared/record/payload.ts";
import { parseRecord, signRecord } from "../../../shared/record/record.ts";
import { codeOf } from "../../support/code-of.ts";
import { DAY_S, SampleChain, START } from "../../support/sample-chain.ts";

const H = (fill: number) => encodeBase64url(new Uint8Array(32).fill(fill));
const sample = new SampleChain(nodeSuite, undefined, "chain-state");
const operator = sample.member(0).key;
const METERS = Array.from({ length: 3 }, (_, i) => sample.createMeter(`10000000${i}`));
const keys = new VerifyKeyCache(nodeSuite);
const utility = { key: sample.utility.jwk, use: "utility" };

/** Everything that a state holds in its own layer, in one order. */
function contents(state: ChainState): readonly (readonly [string, unknown])[] {
  return [...state.entries()].sort(([a], [b]) => (a < b ? -1 : 1));
}

function applyLine(state: ChainState, line1: string, position: number): void {
  const log = new ListedLog([]);
  const context = { suite: nodeSuite, keys, position, height: Math.min(position, 1), log };
  const blockTime = position === 0 ? START : START + 999 * DAY_S;
  applyRecord(state, parseRecord(nodeSuite, line1), { ...context, blockTime }, true);
}

function fold(lines: readonly string[]): ChainState {
  const state = new ChainState();
  for (const [position, line1] of lines.entries()) applyLine(state, line1, position);
  return state;
}

/** A record that may well break a rule: whether it does is for the state to say. */
function draftRecord(state: ChainState, kind: number, pick: number): string {
  const meter = METERS[pick % METERS.length] as (typeof METERS)[number];
  const { point } = meter;
  const sign = <T extends Typ>(key: SigningKey, typ: T, draft: object): string => {
    const signer = state.get("device", key.kid) ?? state.get("member", key.kid);
    const place = { v: 1, seq: (signer?.seq ?? 0) + 1, prev: signer?.leaf ?? H(0) };
    return signRecord(nodeSuite, key, typ, { ...place, ...draft } as unknown as PayloadByTyp[T]);
  };
  const from = state.get("device", meter.key.kid)?.last_to ?? state.get("point", point)?.last_to;
  const day = { ct: H(1), pt: H(2), from: from || START };
  switch (kind) {
    case 0: {
      const req = signRequest(nodeSuite, meter.key, {
        chain: sample.chainId,
        token: sample.randomBytes(32),
      });
      const known = state.get("device", meter.key.kid) !== undefined;
      const proof = known ? {} : { req };
      const place = METERS[(pick >> 2) % METERS.length]?.point;
      return sign(operator, "enrol", { key: meter.key.jwk, point: place, to: [utility], ...proof });
    }
    case 1: {
      const ver = (state.get("tariff", "flat")?.ver ?? 0) + 1;
      return sign(operator, "tariff", { id: "flat", ver, body: {} });
    }
    case 2:
      return sign(operator, "assign", { point, tariff: "flat", from: START + pick * DAY_S });
    case 3: {
      const bill = { ct: H(1), pt: H(2), point, from: START + pick * DAY_S, days: H(3), n: 0 };
      const tariff = state.get("tariff", "flat")?.leaf;
      const tariffs = tariff === undefined ? [] : [tariff];
      return sign(operator, "bill", { ...bill, to: bill.from + 2 * DAY_S, tariffs });
    }
    case 4: {
      const a = sign(meter.key, "day", { ...day, to: day.from + DAY_S });
      const b = sign(meter.key, "day", { ...day, to: day.from + DAY_S - 1 });
      return sign(operator, "evidence", { a, b });
    }
    default:
      return sign(meter.key, "day", { ...day, to: day.from + DAY_S - (pick === 7 ? 40_000 : 0) });
  }
}

// days most often; evidence, which ends a key, seldom
const kind = fc.constantFrom(0, 0, 1, 2, 3, 4, 5, 5, 5, 5, 5);
const records = fc.array(fc.tuple(kind, fc.nat(11)), { maxLength: 8 });
/** A change set: records kept, then records rolled back, and how many change sets are reverted after it. */
const step = fc.record({
  kept: records,
  undone: records,
  reverts: fc.constantFrom(0, 0, 0, 1, 2),
});

/** Applies what the rules let pass; returns the lines that did. */
function applyDrafts(
  state: ChainState,
  drafts: readonly (readonly [number, number])[],
  first: number,
): string[] {
  const lines: string[] = [];
  for (const [what, pick] of drafts) {
    const line1 = draftRecord(state, what, pick);
    const before = contents(state);
    try {
      applyLine(state, line1, first + lines.length);
      lines.push(line1);
    } catch (error) {
      if (!isCoded(error)) throw error;
      assert.deepEqual(contents(state), before, "a refusal changes nothing");
    }
  }
  return lines;
}

test("rollbacks and reverts leave the fold of what is left", () => {
  const seen = new Set<string>();
  fc.assert(
    fc.property(fc.array(step, { minLength: 1, maxLength: 8 }), (steps) => {
      const state = fold([sample.genesisLine]);
      state.takeChanges();
      const sets: { lines: readonly string[]; changes: readonly StateChange[] }[] = [];
      let size = 1;
      for (const { kept, undone, reverts } of steps) {
        const lines = applyDrafts(state, kept, size);
        const mark = state.mark();
        applyDrafts(state, undone, size + lines.length);
        state.rollbackTo(mark);
        sets.push({ lines, changes: state.takeChanges() });
        size += lines.length;
        for (let i = 0; i < reverts; i++) {
          const set = sets.pop();
          if (set === undefined) break;
          state.revert(set.changes);
          size -= set.lines.length;
        }
      }
      const left = sets.flatMap(({ lines }) => lines);
      for (const line1 of left) seen.add(parseRecord(nodeSuite, line1).typ);
      assert.deepEqual(contents(state), contents(fold([sample.genesisLine, ...left])));
      // each change names what stood there before and what stands there after
      const replayed = fold([sample.genesisLine]);
      for (const { changes } of sets) {
        for (const { key, before, after } of changes) {
          assert.deepEqual(new Map(replayed.entries()).get(key), before);
          assert.ok(after !== undefined);
          replayed.load([[key, after]]);
        }
      }
      assert.deepEqual(contents(replayed), contents(state));
    }),
    { seed: 7, numRuns: 60 },
  );
  assert.deepEqual([...seen].sort(), ["assign", "bill", "day", "enrol", "evidence", "tariff"]);
});

test("an overlay shows its base through its own changes and never changes it", () => {
  fc.assert(
    fc.property(records, records, records, (below, kept, undone) => {
      const base = fold([sample.genesisLine]);
      const lines = [sample.genesisLine, ...applyDrafts(base, below, 1)];
      const before = contents(base);
      const overlay = new ChainState(base);
      const own = applyDrafts(overlay, kept, lines.length);
      const mark = overlay.mark();
      applyDrafts(overlay, undone, lines.length + own.length);
      overlay.rollbackTo(mark);
      assert.deepEqual(contents(base), before);
      // base and overlay together are the fold of both
      const seen = new Map([...base.entries(), ...overlay.entries()]);
      const whole = new ChainState();
      whole.load(seen);
      assert.deepEqual(contents(whole), contents(fold([...lines, ...own])));
      for (const { key } of METERS) {
        assert.equal(overlay.get("device", key.kid), seen.get(`device:${key.kid}`));
      }
      overlay.rollbackTo(0);
      assert.deepEqual(contents(overlay), []);
      for (const { point } of METERS) {
        assert.equal(overlay.get("point", point), base.get("point", point));
      }
    }),
    { seed: 8, numRuns: 60 },
  );
});

test("the ids of a kind are those of its entities in that layer, also of a state that was loaded", () => {
  const base = new ChainState();
  base.put("token", H(1), { leaf: H(2) });
  base.put("tariff", "standard", { ver: 1, leaf: H(3) });
  const over = new ChainState(base);
  over.put("token", H(4), { leaf: H(5) });
  const loaded = new ChainState();
  loaded.load(base.entries());
  assert.deepEqual(
    [base, over, loaded].map((state) => [...state.ids("token")]),
    [[H(1)], [H(4)], [H(1)]],
  );
  assert.deepEqual(loaded.get("tariff", "standard"), { ver: 1, leaf: H(3) });
});

test("clear shows the base again; a state without genesis says so", () => {
  const base = fold([sample.genesisLine]);
  const overlay = new ChainState(base);
  assert.equal(overlay.isEmpty, false);
  assert.equal(overlay.chain.id, sample.chainId);
  applyLine(overlay, draftRecord(overlay, 1, 0), 1);
  assert.equal(overlay.get("tariff", "flat")?.ver, 1);
  overlay.clear();
  assert.equal(overlay.get("tariff", "flat"), undefined);
  assert.equal(overlay.mark(), 0);
  base.clear();
  assert.equal(base.isEmpty, true);
  assert.equal(
    codeOf(() => base.chain),
    "genesis",
  );
});

test("Q is all but a third of the gateways", () => {
  const gateways = [1, 2, 3, 4, 5, 6, 7, 8, 9, 10];
  assert.deepEqual(gateways.map(quorumOf), [1, 2, 3, 3, 4, 5, 5, 6, 7, 7]);
});
