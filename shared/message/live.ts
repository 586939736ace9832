/**
 * Live messages (records.md section 7): what a meter measures now, signed and sealed like a day, never on the chain.
 *
 *   line 1 = compact JWS `wattproof-live+jws`, payload {v, chain, n, at, ct, pt}
 *   line 2 = the sealed plaintext, typ `wattproof-live+jwe`, to the recipients of the meter's point
 *
 * They travel at QoS 0 and may be lost: a newer one says more than an older one. Nothing rests on them.
 */
import { decodeUtf8, encodeBase64url, encodeUtf8 } from "../base/bytes.ts";
import { parseCanonical } from "../base/canonical-json.ts";
import type { RandomBytes } from "../base/clock.ts";
import {
  arrayOf,
  type Decoded,
  hash,
  instant,
  integer,
  literal,
  natural,
  object,
  signedInteger,
} from "../base/decoder.ts";
import { fail } from "../base/error.ts";
import type { RecipientKey, SigningKey } from "../crypto/key.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import { plaintextFields } from "../day/day-plaintext.ts";
import { parseCompactJws, signCompactJws } from "../record/compact-jws.ts";
import { computeCt, computePt, joinEnvelope } from "../record/envelope.ts";
import { padPlaintext, requirePadding } from "../record/plaintext.ts";
import { openLine2, parseLine2, type Recipient, sealLine2 } from "../record/sealed-box.ts";

/** Largest live message, in bytes; one sealed to four recipients has less than 4,500. */
export const MAX_LIVE = 8_192;

const decodeLivePayload = object({
  v: literal(1),
  chain: hash,
  n: integer(1),
  at: instant,
  ct: hash,
  pt: hash,
});

/** Line 1's payload. `n` rises with every message of a key; `at` is when the meter measured, unix seconds. */
export type LivePayload = Decoded<typeof decodeLivePayload>;

const phases = arrayOf(natural, 1, 3);

const decodeLivePlaintext = object(
  { ...plaintextFields, at: instant },
  {
    power: signedInteger,
    voltage: phases,
    current: phases,
    temperature: signedInteger,
    humidity: natural,
    register: natural,
  },
);

/**
 * What line 2 holds. A quantity that the meter does not measure, or that its sensor has just not said, is absent.
 * `power` mW, negative while the household feeds in; `voltage` mV and `current` mA, one a phase; `temperature` m°C;
 * `humidity` 0.01 %; `register` Wh, the meter's own.
 */
export type LivePlaintext = Decoded<typeof decodeLivePlaintext>;

/** The quantities of one instant. */
export type LiveReading = Omit<LivePlaintext, "v" | "meter" | "salt" | "pad">;

export interface LiveSealing {
  readonly key: SigningKey;
  readonly recipients: readonly Recipient[];
  /** The chain's id, H. */
  readonly chain: string;
  /** Nine digits. */
  readonly meter: string;
  readonly n: number;
  readonly reading: LiveReading;
  readonly randomBytes: RandomBytes;
}

/** The message's text. Throws what sealing throws. */
export function sealLive(suite: CryptoSuite, options: LiveSealing): string {
  const { key, recipients, chain, meter, n, reading, randomBytes } = options;
  const salt = encodeBase64url(randomBytes(32));
  const plaintext = encodeUtf8(padPlaintext({ v: 1, meter, salt, ...reading }, 0));
  const sealed = { typ: "live", plaintext, signer: key.kid, recipients, randomBytes };
  const line2 = sealLine2(suite, sealed);
  const hashes = { ct: computeCt(suite, line2), pt: computePt(suite, plaintext) };
  const line1 = signCompactJws(suite, key, "live", { v: 1, chain, n, at: reading.at, ...hashes });
  return decodeUtf8(joinEnvelope({ line1, line2 }));
}

/** Line 1 taken apart; its signature is not looked at. Throws `typ`, `schema` and what the compact form throws. */
export function parseLiveLine(line1: string): { kid: string; payload: LivePayload } {
  const { typ, kid, payload } = parseCompactJws(line1);
  if (typ !== "live") fail("typ", "not a live message");
  return { kid, payload: decodeLivePayload(payload, "live") };
}

export interface LiveOpening {
  readonly kid: string;
  readonly payload: LivePayload;
  readonly line2: string;
  /** Nine digits, whose point the signing key occupies. */
  readonly meter: string;
  /** kids of the point's `to`, sorted. */
  readonly recipients: readonly string[];
}

/**
 * Line 2 of a message whose line 1 has been judged. Throws `ct`, `jwe-form`, `recipients`, `open-failed`, `pt`, `json`,
 * `canonical`, `schema`, `pad`, `live-meter`, `live-at`.
 */
export function openLive(
  suite: CryptoSuite,
  key: Pick<RecipientKey, "kid" | "secret">,
  { kid, payload, line2, meter, recipients }: LiveOpening,
): LiveReading {
  if (computeCt(suite, line2) !== payload.ct) fail("ct", "line 2 does not match ct");
  const parsed = parseLine2(line2);
  if (parsed.recipients.map((one) => one.kid).join() !== recipients.join()) {
    fail("recipients", "line 2 is not sealed to exactly the recipients of its point");
  }
  const bytes = openLine2(suite, parsed, key, kid, "live");
  if (computePt(suite, bytes) !== payload.pt) fail("pt", "the plaintext is not pt's");
  const {
    v: _,
    salt: __,
    pad,
    ...plain
  } = decodeLivePlaintext(parseCanonical(decodeUtf8(bytes)), "live");
  requirePadding(bytes.length, pad.length, 0);
  const { meter: named, ...reading } = plain;
  if (named !== meter) fail("live-meter", "the message names another meter");
  if (reading.at !== payload.at) fail("live-at", "the instant is not that of line 1");
  return reading;
}
