/** Live messages: what a meter seals opens to the same reading, in both suites; each way in which one can be wrong has its code. */
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { createRecipientKey } from "../../../shared/crypto/key.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { MAX_LIVE, openLive, parseLiveLine, sealLive } from "../../../shared/message/live.ts";
import { splitEnvelope } from "../../../shared/record/envelope.ts";
import { codeOf } from "../../support/code-of.ts";
import {
  forgeLive,
  LIVE_CHAIN,
  LIVE_METER,
  LIVE_READING,
  liveKey,
  makeLive,
  utility,
} from "../../support/live-meter.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

function open(bytes: Uint8Array, suite = nodeSuite) {
  const { line1, line2 = "" } = splitEnvelope(bytes);
  const { kid, payload } = parseLiveLine(line1);
  const recipients = [utility.kid];
  return openLive(suite, utility, { kid, payload, line2, meter: LIVE_METER, recipients });
}

test("a reading comes out as it went in, whatever a meter measures", () => {
  const quantity = fc.integer({ min: 0, max: 2 ** 40 });
  const signed = fc.integer({ min: -(2 ** 40), max: 2 ** 40 });
  const phases = fc.array(quantity, { minLength: 1, maxLength: 3 });
  const reading = fc.record(
    {
      at: quantity,
      power: signed,
      voltage: phases,
      current: phases,
      temperature: signed,
      humidity: quantity,
      register: quantity,
    },
    { requiredKeys: ["at"], noNullPrototype: true },
  );
  fc.assert(
    fc.property(reading, (given) => {
      assert.deepEqual(open(makeLive({ reading: given }), nobleSuite), given);
    }),
    { seed: 4, numRuns: 20 },
  );
});

test("its length says nothing about what is measured, and four recipients still fit", () => {
  const lengths = new Set(
    [0, 9_999_999_999].map((power) => makeLive({ reading: { ...LIVE_READING, power } }).length),
  );
  assert.equal(lengths.size, 1);
  const random = seededBytes("four");
  const recipients = Array.from({ length: 4 }, () => {
    const { kid, jwk } = createRecipientKey(nodeSuite, random);
    return { kid, key: Buffer.from(jwk.x, "base64url") };
  });
  const most = Number.MAX_SAFE_INTEGER;
  const reading = { ...LIVE_READING, voltage: [most, most, most], register: most };
  const text = sealLive(nobleSuite, {
    ...{ key: liveKey, recipients, chain: LIVE_CHAIN, meter: LIVE_METER, n: most, reading },
    randomBytes: random,
  });
  assert.ok(text.length < 4_500 && text.length < MAX_LIVE, `${text.length} bytes`);
});

const WRONG: readonly (readonly [code: string, what: string, bytes: () => Uint8Array])[] = [
  ["typ", "of another type", () => forgeLive({ typ: "reply" })],
  ["newer", "of a newer version", () => forgeLive({ line1: { v: 2 } })],
  ["schema", "without n", () => forgeLive({ line1: { n: undefined } })],
  ["schema", "with n below 1", () => forgeLive({ line1: { n: 0 } })],
  ["schema", "with a member too many", () => forgeLive({ line1: { seq: 1 } })],
  ["ct", "with another line 2", () => forgeLive({ line1: { ct: LIVE_CHAIN } })],
  ["pt", "with another plaintext", () => forgeLive({ line1: { pt: LIVE_CHAIN } })],
  ["live-meter", "of another meter", () => forgeLive({ plain: { meter: "352522396" } })],
  ["live-at", "of another instant", () => forgeLive({ plain: { at: LIVE_READING.at + 1 } })],
  ["schema", "with four phases", () => forgeLive({ plain: { voltage: [1, 2, 3, 4] } })],
  ["schema", "with a quantity nobody knows", () => forgeLive({ plain: { gas: 1 } })],
  ["schema", "with a negative humidity", () => forgeLive({ plain: { humidity: -1 } })],
  ["canonical", "not canonical", () => forgeLive({ pad: (text) => text.replace(",", ", ") })],
  ["pad", "padded too far", () => forgeLive({ pad: (text) => text.replace("000", "0000") })],
];

for (const [code, what, bytes] of WRONG) {
  test(`a message ${what} is refused: ${code}`, () => {
    assert.equal(
      codeOf(() => open(bytes())),
      code,
    );
  });
}

test("it opens for its recipients alone, and only where they are the point's", () => {
  const { line1, line2 = "" } = splitEnvelope(makeLive());
  const { kid, payload } = parseLiveLine(line1);
  const stranger = createRecipientKey(nodeSuite, seededBytes("stranger"));
  const opening = { kid, payload, line2, meter: LIVE_METER };
  assert.equal(
    codeOf(() => openLive(nodeSuite, utility, { ...opening, recipients: [stranger.kid] })),
    "recipients",
  );
  assert.equal(
    codeOf(() => openLive(nodeSuite, stranger, { ...opening, recipients: [utility.kid] })),
    "open-failed",
  );
});
