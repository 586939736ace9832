/**
 * Sealing: a closed day becomes an envelope in the outbox, exactly once.
 *
 * body → plaintext (salt, pad) → line 2 for the enrolment's recipients → line 1 with the key's next seq and
 * prev → envelope. Everything random is drawn before the transaction; the transaction then stores the envelope
 * that will be sent and moves the key's chain on, or does neither. So no seq is skipped or signed twice: an
 * envelope that was made but not stored was never sent.
 */
import { decodeBase64url, encodeBase64url, encodeUtf8 } from "../../shared/base/bytes.ts";
import type { RandomBytes } from "../../shared/base/clock.ts";
import { fail } from "../../shared/base/error.ts";
import type { WattHour } from "../../shared/base/units.ts";
import type { SigningKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { computeCt, computePt } from "../../shared/record/envelope.ts";
import { padPlaintext } from "../../shared/record/plaintext.ts";
import { computeLeaf, signRecord } from "../../shared/record/record.ts";
import { sealLine2 } from "../../shared/record/sealed-box.ts";
import type { DayBody } from "../day-close/day-body.ts";
import { isStopped } from "../journal/alarm-store.ts";
import type { Journal } from "../journal/journal.ts";
import {
  type ChainPosition,
  type Enrolment,
  loadChainPosition,
  loadEnrolment,
} from "../journal/outbox-store.ts";

export interface SealContext {
  readonly journal: Journal;
  readonly suite: CryptoSuite;
  readonly key: SigningKey;
  readonly randomBytes: RandomBytes;
}

export interface SealedDay {
  readonly date: string;
  readonly wh: WattHour;
  readonly seq: number;
  /** H */
  readonly leaf: string;
}

/**
 * Seals the oldest closed day that is not sealed. Returns `undefined` when there is none, when the enrolment is
 * not known yet, or when the key is of no more use.
 */
export function sealNextDay(context: SealContext): SealedDay | undefined {
  const { journal } = context;
  const enrolment = loadEnrolment(journal);
  const position = loadChainPosition(journal);
  if (enrolment === undefined || position === undefined || isStopped(journal)) return undefined;
  const day = journal.get<{ start: number; date: string; wh: number; body: string }>(
    "SELECT start, date, wh, body FROM day WHERE seq IS NULL ORDER BY start LIMIT 1",
  );
  if (day === undefined) return undefined;
  const body = JSON.parse(day.body) as DayBody;
  const { envelope, leaf } = makeEnvelope(context, enrolment, position, body);
  const seq = position.seq + 1;
  journal.transact("seal", () => {
    if (loadChainPosition(journal)?.seq !== position.seq) fail("seq", "the chain has moved on");
    journal.run(
      "INSERT INTO outbox (seq, leaf, date, envelope) VALUES (?, ?, ?, ?)",
      seq,
      leaf,
      day.date,
      envelope,
    );
    journal.run("UPDATE day SET seq = ?, body = '' WHERE start = ?", seq, day.start);
    const next: ChainPosition = { seq, leaf };
    journal.writeState("chain", next);
  });
  return { date: day.date, wh: day.wh, seq, leaf };
}

function makeEnvelope(
  context: SealContext,
  enrolment: Enrolment,
  position: ChainPosition,
  body: DayBody,
): { readonly envelope: string; readonly leaf: string } {
  const { suite, key, randomBytes } = context;
  const salt = encodeBase64url(randomBytes(32));
  const plaintext = encodeUtf8(padPlaintext({ ...body, salt }, body.wh.length));
  const line2 = sealLine2(suite, {
    typ: "day",
    plaintext,
    signer: key.kid,
    recipients: enrolment.recipients.map(({ kid, key: x }) => ({ kid, key: decodeBase64url(x) })),
    randomBytes,
  });
  const line1 = signRecord(suite, key, "day", {
    v: 1,
    seq: position.seq + 1,
    prev: position.leaf,
    ct: computeCt(suite, line2),
    pt: computePt(suite, plaintext),
    from: body.from,
    to: body.to,
  });
  return { envelope: `${line1}\n${line2}`, leaf: encodeBase64url(computeLeaf(suite, line1)) };
}
