/**
 * Replies: the gateway's signed answer to one envelope (records.md section 7). A reply never frees an envelope
 * from a meter's outbox; only a receipt does.
 *
 * Compact JWS `wattproof-reply+jws`, payload {v, chain, leaf, code, at, last?, want?}.
 */
import {
  code,
  compactJws,
  type Decoded,
  hash,
  instant,
  integer,
  literal,
  object,
} from "../base/decoder.ts";
import { fail } from "../base/error.ts";
import type { ErrorCode } from "../base/error-code.ts";
import type { SigningKey } from "../crypto/key.ts";
import type { CryptoSuite, VerifyKey } from "../crypto/suite.ts";
import { parseCompactJws, signCompactJws, verifyCompactJws } from "../record/compact-jws.ts";

/**
 * held: durable at the gateway · duplicate: the same record again · resend: a gap, send from `want` on ·
 * frozen: the key is frozen by evidence · refused-<code>: not accepted, and why.
 */
export type ReplyCode = "held" | "duplicate" | "resend" | "frozen" | `refused-${ErrorCode}`;

const replyPayload = object(
  { v: literal(1), chain: hash, leaf: hash, code, at: instant },
  { last: compactJws, want: integer(1) },
);

export type Reply = Decoded<typeof replyPayload>;

/** Signs one reply; `last` is the newest record of this meter that the gateway holds. */
export function signReply(
  suite: CryptoSuite,
  key: SigningKey,
  reply: Omit<Reply, "v" | "code"> & { readonly code: ReplyCode },
): string {
  const payload = { v: 1, ...reply };
  return signCompactJws(suite, key, "reply", payload);
}

/**
 * Parses and verifies a reply. `gatewayKey` finds the key of a member with role gateway.
 * Throws `reply`, `chain`, or a code of the compact form.
 */
export function verifyReply(
  suite: CryptoSuite,
  line: string,
  trust: { readonly chain: string; readonly gatewayKey: (kid: string) => VerifyKey | undefined },
): Reply {
  const { typ, kid, payload } = parseCompactJws(line);
  if (typ !== "reply") fail("reply", "not a reply");
  const reply = replyPayload(payload, "reply");
  if (reply.chain !== trust.chain) fail("chain", "a reply of another chain");
  const key = trust.gatewayKey(kid);
  if (key === undefined || !verifyCompactJws(suite, key, line)) {
    fail("reply", "the reply is not signed by a gateway of the chain");
  }
  return reply;
}
