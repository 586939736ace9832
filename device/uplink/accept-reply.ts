/**
 * Replies: what the gateway says of an envelope (records.md section 7). They steer the sending and raise alarms;
 * they never free an envelope and never stop the measuring.
 */
import { fail } from "../../shared/base/error.ts";
import type { UnixSeconds } from "../../shared/base/units.ts";
import type { SigningKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { type Reply, verifyReply } from "../../shared/message/reply.ts";
import { parseRecord, verifyRecordSignature } from "../../shared/record/record.ts";
import { type AlarmCode, raiseAlarm } from "../journal/alarm-store.ts";
import type { Journal } from "../journal/journal.ts";
import {
  findOutbox,
  hasReceipt,
  loadChainPosition,
  readOutbox,
  setAnswer,
} from "../journal/outbox-store.ts";
import type { Trust } from "./trust.ts";

export interface ReplyContext {
  readonly journal: Journal;
  readonly suite: CryptoSuite;
  readonly trust: Trust;
  readonly key: SigningKey;
  readonly now: UnixSeconds;
}

export interface ReplyOutcome {
  readonly code: string;
  /** The record that was answered, while it is in the outbox. */
  readonly seq?: number;
  /** Send everything from this seq again. */
  readonly resendFrom?: number;
  /** The gateway asks for patience: send again after a while, in the usual way. */
  readonly later?: boolean;
  /** A new alarm, or one that says something new. */
  readonly alarm?: AlarmCode;
}

/** Refusals that pass by themselves; no alarm. */
const PASSING = new Set(["refused-rate", "refused-stopping", "refused-internal"]);

/**
 * Acts on one reply. Throws `reply`, `chain` or a code of the compact form for one that is not by a gateway, and
 * `reply` for one about a record that this meter never made.
 */
export function acceptReply(context: ReplyContext, line: string): ReplyOutcome {
  const { journal, suite, trust } = context;
  const gatewayKey = (kid: string) => trust.memberKey(kid, "gateway");
  const reply = verifyReply(suite, line, { chain: trust.chain, gatewayKey });
  const row = findOutbox(journal, reply.leaf);
  if (row === undefined && !hasReceipt(journal, reply.leaf)) {
    fail("reply", "a reply about a record that is not this meter's");
  }
  const lost = findLostRecords(context, reply);
  if (lost !== undefined) return alarmed(context, reply.code, "restored", lost);
  if (reply.code === "frozen") {
    return alarmed(context, reply.code, "frozen", "the gateway has frozen this key");
  }
  if (reply.code === "resend") return answerResend(context, reply);
  if (row === undefined) return { code: reply.code };
  const { seq } = row;
  if (PASSING.has(reply.code)) return { code: reply.code, seq, later: true };
  const answer = reply.code === "duplicate" ? "held" : reply.code;
  journal.transact("answer", () => setAnswer(journal, seq, answer));
  if (!answer.startsWith("refused-")) return { code: reply.code, seq };
  return { ...alarmed(context, reply.code, "refused", answer.slice(8), seq), seq };
}

/** The gateway holds newer records of this key than the journal: it was restored from an old copy. */
function findLostRecords(context: ReplyContext, reply: Reply): string | undefined {
  if (reply.last === undefined) return undefined;
  const { journal, suite, key } = context;
  const last = parseRecord(suite, reply.last);
  const own = loadChainPosition(journal)?.seq ?? 0;
  if (last.kid !== key.kid || last.seq <= own) return undefined;
  if (!verifyRecordSignature(suite, suite.importVerifyKey(key.jwk), reply.last)) return undefined;
  return `the gateway holds record ${last.seq}, the journal ends at ${own}`;
}

function answerResend(context: ReplyContext, reply: Reply): ReplyOutcome {
  const { journal } = context;
  const want = reply.want ?? 1;
  const rows = readOutbox(journal, Number.MAX_SAFE_INTEGER);
  const first = rows[0]?.seq;
  if (first === undefined) return { code: reply.code };
  if (want < first) {
    const note = `the gateway asks for record ${want}, the outbox begins at ${first}`;
    // Once that one is in the log, the gateway has found what it missed.
    return { ...alarmed(context, reply.code, "gap", note, first), resendFrom: first };
  }
  journal.transact("resend", () => {
    for (const { seq, answer } of rows) {
      if (seq >= want && answer !== null) setAnswer(journal, seq, null);
    }
  });
  return { code: reply.code, resendFrom: want };
}

function alarmed(
  context: ReplyContext,
  code: string,
  alarm: AlarmCode,
  note: string,
  seq?: number,
): ReplyOutcome {
  const at = context.now;
  const raised = { code: alarm, at, note, ...(seq === undefined ? {} : { seq }) };
  return raiseAlarm(context.journal, raised) ? { code, alarm } : { code };
}
