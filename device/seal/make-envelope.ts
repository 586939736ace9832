/**
 * From a plaintext to an envelope, and into the outbox with the key's next seq.
 *
 * plaintext (salt, pad) → line 2 for the enrolment's recipients → line 1 with the key's next seq and prev → envelope.
 * Everything random is drawn before the transaction; the transaction then stores the envelope that will be sent and
 * moves the key's chain on, or does neither. So no seq is skipped or signed twice: an envelope that was made but not
 * stored was never sent.
 */
import { decodeBase64url, encodeBase64url, encodeUtf8 } from "../../shared/base/bytes.ts";
import type { JsonObject } from "../../shared/base/canonical-json.ts";
import type { RandomBytes } from "../../shared/base/clock.ts";
import { fail } from "../../shared/base/error.ts";
import type { SigningKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { computeCt, computePt } from "../../shared/record/envelope.ts";
import type { PayloadByTyp } from "../../shared/record/payload.ts";
import { padPlaintext } from "../../shared/record/plaintext.ts";
import { computeLeaf, signRecord } from "../../shared/record/record.ts";
import { sealLine2 } from "../../shared/record/sealed-box.ts";
import { isStopped } from "../journal/alarm-store.ts";
import type { Journal } from "../journal/journal.ts";
import {
  type ChainPosition,
  type Enrolment,
  insertEnvelope,
  loadChainPosition,
  loadEnrolment,
} from "../journal/outbox-store.ts";

export interface SealContext {
  readonly journal: Journal;
  readonly suite: CryptoSuite;
  readonly key: SigningKey;
  readonly randomBytes: RandomBytes;
}

/** Where the key's chain stands, and for whom line 2 is sealed. */
export interface SealPlace {
  readonly enrolment: Enrolment;
  readonly position: ChainPosition;
}

/** `undefined` when the enrolment is not known yet, or when the key is of no more use. */
export function findSealPlace(journal: Journal): SealPlace | undefined {
  const enrolment = loadEnrolment(journal);
  const position = loadChainPosition(journal);
  if (enrolment === undefined || position === undefined || isStopped(journal)) return undefined;
  return { enrolment, position };
}

type SealedTyp = "day" | "event";
type Own<T extends SealedTyp> = Omit<PayloadByTyp[T], "v" | "seq" | "prev" | "ct" | "pt">;

export interface Envelope {
  readonly seq: number;
  /** H */
  readonly leaf: string;
  readonly text: string;
}

/** `slots`: of a day, else 0. `own`: what the type's payload has beyond what all have. */
export function makeEnvelope<T extends SealedTyp>(
  context: SealContext,
  { enrolment, position }: SealPlace,
  record: { typ: T; body: JsonObject; slots: number; own: Own<T> },
): Envelope {
  const { suite, key, randomBytes } = context;
  const { typ, body, slots, own } = record;
  const salt = encodeBase64url(randomBytes(32));
  const plaintext = encodeUtf8(padPlaintext({ ...body, salt }, slots));
  const line2 = sealLine2(suite, {
    typ,
    plaintext,
    signer: key.kid,
    recipients: enrolment.recipients.map(({ kid, key: x }) => ({ kid, key: decodeBase64url(x) })),
    randomBytes,
  });
  const seq = position.seq + 1;
  const sealed = { v: 1, seq, prev: position.leaf, ct: computeCt(suite, line2) };
  const payload = { ...sealed, pt: computePt(suite, plaintext), ...own };
  const line1 = signRecord(suite, key, typ, payload as unknown as PayloadByTyp[T]);
  const leaf = encodeBase64url(computeLeaf(suite, line1));
  return { seq, leaf, text: `${line1}\n${line2}` };
}

/** Call it inside `transact`. `date`: the local day that the record is about. */
export function storeEnvelope(journal: Journal, envelope: Envelope, date: string): void {
  const { seq, leaf, text } = envelope;
  if (loadChainPosition(journal)?.seq !== seq - 1) fail("seq", "the chain has moved on");
  insertEnvelope(journal, { seq, leaf, date, envelope: text });
}
