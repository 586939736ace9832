/** The limit's recipe does what it says: it opens real envelopes, and stops at one that does not hold. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { encodeBase64url, encodeUtf8 } from "../../shared/base/bytes.ts";
import { createRecipientKey, createSigningKey, decodeOkpKey } from "../../shared/crypto/key.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { sealLine2 } from "../../shared/record/sealed-box.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { type LimitEnvelope, measureCryptoLimit } from "./crypto-limit.ts";

const randomBytes = seededBytes("crypto limit");
const recipient = createRecipientKey(nodeSuite, randomBytes);

function sealEnvelope(): LimitEnvelope {
  const meter = createSigningKey(nodeSuite, randomBytes);
  const head = `${encodeBase64url(encodeUtf8("{}"))}.${encodeBase64url(randomBytes(200))}`;
  const signature = encodeBase64url(nodeSuite.sign(meter.secret, encodeUtf8(head)));
  const recipients = [{ kid: recipient.kid, key: decodeOkpKey(recipient.jwk) }];
  const line2 = sealLine2(nodeSuite, {
    typ: "day",
    plaintext: randomBytes(1024),
    signer: meter.kid,
    recipients,
    randomBytes,
  });
  return { line1: `${head}.${signature}`, line2, jwk: meter.jwk };
}

const envelopes = Array.from({ length: 4 }, sealEnvelope);

test("counts the envelopes that two workers open", async () => {
  const limit = await measureCryptoLimit({ envelopes, recipient, workers: 2, seconds: 0.05 });
  assert.ok(limit.perSecond > 0 && Number.isFinite(limit.microseconds));
  assert.equal(limit.node, process.version);
});

test("rejects a forged signature and a forged tag", async () => {
  const [good] = envelopes;
  assert.ok(good);
  const forgedSignature = { ...good, jwk: createSigningKey(nodeSuite, randomBytes).jwk };
  const forgedTag = { ...good, line2: good.line2.replace(/"tag":"./, '"tag":"-') };
  const run = (envelope: LimitEnvelope) =>
    measureCryptoLimit({ envelopes: [envelope], recipient, workers: 1, seconds: 0.05 });
  await assert.rejects(run(forgedSignature), /signature/);
  await assert.rejects(run(forgedTag), /tag/);
});
