/** The worker's verdict on live messages: who may send them, when, and in what order. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { LIVE_WINDOW_S, LiveAdmission } from "../../../gateway/intake/live-admission.ts";
import { Registry, type RegistryEntry } from "../../../gateway/intake/registry.ts";
import { ManualClock } from "../../../shared/base/clock.ts";
import { createSigningKey } from "../../../shared/crypto/key.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import {
  forgeLive,
  LIVE_AT,
  LIVE_CHAIN,
  LIVE_METER,
  LIVE_READING,
  liveKey,
  makeLive,
  utility,
} from "../../support/live-meter.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

const ENTRY: RegistryEntry = {
  ...{ no: 1, kid: liveKey.kid, key: liveKey.jwk, meter: LIVE_METER, state: "active" },
  ...{ recipients: [utility.kid], seq: 0, leaf: LIVE_CHAIN },
};

function makeDesk(changes: Partial<RegistryEntry> = {}, rate = 1) {
  const clock = new ManualClock(LIVE_AT * 1000);
  const registry = new Registry();
  registry.set({ ...ENTRY, ...changes });
  const options = { suite: nodeSuite, registry, utility, chain: LIVE_CHAIN, clock, rate };
  const desk = new LiveAdmission(options);
  const code = (bytes: Uint8Array, meter = LIVE_METER): string => {
    const verdict = desk.judge(meter, bytes);
    return "refused" in verdict ? verdict.refused : "taken";
  };
  return { clock, registry, desk, code };
}

const at = (seconds: number, n: number): Uint8Array =>
  makeLive({ n, reading: { ...LIVE_READING, at: LIVE_AT + seconds } });

test("a right message gives its reading", () => {
  const { desk } = makeDesk();
  assert.deepEqual(desk.judge(LIVE_METER, makeLive()), { reading: LIVE_READING });
});

test("a key that may not sign, or signs for another meter, is refused", () => {
  assert.equal(makeDesk({ state: "frozen" }).code(makeLive()), "frozen");
  assert.equal(makeDesk({ state: "inactive" }).code(makeLive()), "inactive-key");
  assert.equal(makeDesk({ meter: "352522396" }).code(makeLive()), "topic");
  const key = createSigningKey(nodeSuite, seededBytes("nobody"));
  assert.equal(makeDesk().code(makeLive({ key })), "unknown-key");
});

test("a foreign chain, other recipients, a broken signature and no message at all are refused", () => {
  const { code } = makeDesk();
  assert.equal(code(makeLive({ chain: ENTRY.kid })), "chain");
  assert.equal(makeDesk({ recipients: [ENTRY.kid] }).code(makeLive()), "recipients");
  assert.equal(code(forgeLive({ line1: { pt: LIVE_CHAIN } })), "pt");
  const text = Buffer.from(makeLive()).toString();
  const dot = text.lastIndexOf(".", text.indexOf("\n"));
  const other = text[dot + 3] === "A" ? "B" : "A";
  const spoilt = Buffer.from(text.slice(0, dot + 3) + other + text.slice(dot + 4));
  assert.equal(code(spoilt), "signature");
  assert.equal(code(spoilt.subarray(0, spoilt.indexOf(10))), "form");
  assert.equal(code(new Uint8Array([0xff, 0x00])), "form");
  assert.equal(code(makeLive()), "taken", "nothing of that has spoilt the desk");
});

test("a message with any one byte changed is refused with a code, and then the right one is taken", () => {
  const message = makeLive();
  fc.assert(
    fc.property(fc.nat(message.length - 1), fc.integer({ min: 1, max: 255 }), (at, by) => {
      const { code } = makeDesk();
      const changed = Uint8Array.from(message);
      changed[at] = ((changed[at] ?? 0) + by) % 256;
      assert.notEqual(code(changed), "taken");
      assert.equal(code(message), "taken");
    }),
    { seed: 7, numRuns: 400 },
  );
});

test("every message is newer than the one before; a refused one moves nothing", () => {
  const { code } = makeDesk();
  assert.equal(code(at(0, 5)), "taken");
  assert.equal(code(at(0, 5)), "live-n", "the same again");
  assert.equal(code(at(10, 4)), "live-n");
  assert.equal(code(forgeLive({ line1: { n: 9, pt: LIVE_CHAIN } })), "pt");
  assert.equal(code(at(10, 6)), "taken");
});

test("a message from the future or from long ago is refused, by the gateway's clock", () => {
  const { code } = makeDesk();
  assert.equal(code(at(61, 1)), "live-time");
  assert.equal(code(at(60, 1)), "taken");
  assert.equal(code(at(-LIVE_WINDOW_S - 1, 2)), "live-time");
  assert.equal(code(at(-LIVE_WINDOW_S, 2)), "taken");
});

test("what has been taken is never taken again, and a meter that was restored is heard after the window", () => {
  const { code, clock } = makeDesk();
  const first = at(0, 100);
  assert.equal(code(first), "taken");
  clock.advance((LIVE_WINDOW_S + 1) * 1000);
  assert.equal(code(first), "live-time");
  assert.equal(code(at(LIVE_WINDOW_S + 1, 3)), "taken");
});

test("with a simulated clock the window is one of real time", () => {
  const { code } = makeDesk({}, 1000);
  assert.equal(code(at(-LIVE_WINDOW_S * 1000, 1)), "taken");
  assert.equal(code(at(-LIVE_WINDOW_S * 1000 - 1, 2)), "live-time");
});
