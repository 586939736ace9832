/** Test only: a key that signs live messages, those for whom it seals, and how such a message is spoilt on purpose. */
import { encodeUtf8 } from "../../shared/base/bytes.ts";
import type { Json } from "../../shared/base/canonical-json.ts";
import { createRecipientKey, createSigningKey } from "../../shared/crypto/key.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { type LiveReading, type LiveSealing, sealLive } from "../../shared/message/live.ts";
import { signCompactJws } from "../../shared/record/compact-jws.ts";
import { computeCt, computePt } from "../../shared/record/envelope.ts";
import { padPlaintext } from "../../shared/record/plaintext.ts";
import { sealLine2 } from "../../shared/record/sealed-box.ts";
import { seededBytes } from "./seeded-bytes.ts";

const randomBytes = seededBytes("live meter");
export const LIVE_CHAIN = Buffer.alloc(32, 7).toString("base64url");
export const LIVE_METER = "352522395";
export const LIVE_AT = 1_704_067_200;

export const liveKey = createSigningKey(nodeSuite, randomBytes);
export const utility = createRecipientKey(nodeSuite, randomBytes);
const utilityTo = { kid: utility.kid, key: Buffer.from(utility.jwk.x, "base64url") };

export const LIVE_READING: LiveReading = {
  at: LIVE_AT,
  power: 412_300,
  voltage: [231_400],
  current: [1_780],
  temperature: 21_400,
  humidity: 4_400,
  register: 123_456,
};

/** A message as a meter makes it. */
export function makeLive(changes: Partial<LiveSealing> = {}): Uint8Array {
  return encodeUtf8(
    sealLive(nodeSuite, {
      ...{ key: liveKey, recipients: [utilityTo], chain: LIVE_CHAIN, meter: LIVE_METER, n: 1 },
      ...{ reading: LIVE_READING, randomBytes },
      ...changes,
    }),
  );
}

/** A message put together by hand, with members changed (or left out: undefined) before it is sealed and signed. */
export function forgeLive(
  changes: {
    readonly plain?: Readonly<Record<string, Json | undefined>>;
    readonly line1?: Readonly<Record<string, Json | undefined>>;
    readonly typ?: string;
    readonly pad?: (text: string) => string;
  } = {},
): Uint8Array {
  const { typ = "live", pad = (text) => text } = changes;
  const bare = { v: 1, meter: LIVE_METER, salt: LIVE_CHAIN, ...LIVE_READING, ...changes.plain };
  const plaintext = encodeUtf8(pad(padPlaintext(present(bare), 0)));
  const recipients = [utilityTo];
  const sealed = { typ: "live", plaintext, signer: liveKey.kid, recipients, randomBytes };
  const line2 = sealLine2(nodeSuite, sealed);
  const hashes = { ct: computeCt(nodeSuite, line2), pt: computePt(nodeSuite, plaintext) };
  const payload = { v: 1, chain: LIVE_CHAIN, n: 1, at: LIVE_AT, ...hashes, ...changes.line1 };
  return encodeUtf8(`${signCompactJws(nodeSuite, liveKey, typ, present(payload))}\n${line2}`);
}

function present(members: Readonly<Record<string, Json | undefined>>): Record<string, Json> {
  const entries = Object.entries(members).filter(([, value]) => value !== undefined);
  return Object.fromEntries(entries) as Record<string, Json>;
}
