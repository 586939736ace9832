/**
 * The outbox and what grows out of it: sealed envelopes, the key's chain, receipts, what the meter trusts as seen.
 *
 * An envelope is stored as it is sent, byte for byte, and leaves only when `archiveReceipt` puts its verified
 * receipt in its place, in one transaction. All writing functions are called inside `transact`.
 */
import type { UnixSeconds } from "../../shared/base/units.ts";
import type { Journal } from "./journal.ts";

/** The newest record of the meter's key; seq 0 with the enrolment's leaf before the first. */
export interface ChainPosition {
  readonly seq: number;
  /** H */
  readonly leaf: string;
}

/** The meter's enrolment as it stands in the log. */
export interface Enrolment {
  /** H of the first enrol record of this key: `prev` of seq 1. */
  readonly leaf: string;
  /** Position of the newest enrol record of this key, whose recipients hold. */
  readonly position: number;
  /** `kid` and `key` (X25519, base64url) of each recipient of line 2. */
  readonly recipients: readonly { readonly kid: string; readonly key: string }[];
}

export interface OutboxRow {
  readonly seq: number;
  readonly leaf: string;
  readonly date: string;
  /** The gateway's last answer: `held`, `refused-<code>`, or null. */
  readonly answer: string | null;
}

export interface ArchivedReceipt {
  readonly seq: number;
  readonly leaf: string;
  readonly date: string;
  readonly line1: string;
  /** Zero-based position in the log. */
  readonly position: number;
  /** Log size of its checkpoint. */
  readonly size: number;
  /** The receipt's text. */
  readonly note: string;
  readonly at: UnixSeconds;
}

/** A verified checkpoint, verbatim. */
export interface SeenCheckpoint {
  readonly size: number;
  readonly note: string;
}

export function loadChainPosition(journal: Journal): ChainPosition | undefined {
  const position = journal.readState<ChainPosition>("chain");
  if (position !== undefined) return position;
  const enrolment = loadEnrolment(journal);
  return enrolment === undefined ? undefined : { seq: 0, leaf: enrolment.leaf };
}

export function loadEnrolment(journal: Journal): Enrolment | undefined {
  return journal.readState<Enrolment>("enrolment");
}

export function storeEnrolment(journal: Journal, enrolment: Enrolment): void {
  journal.writeState("enrolment", enrolment);
}

/** Newest last; at most two, because receipts of one block all lead from the size before it. */
export function loadSeen(journal: Journal): readonly SeenCheckpoint[] {
  return journal.readState<SeenCheckpoint[]>("seen") ?? [];
}

export function storeSeen(journal: Journal, checkpoint: SeenCheckpoint): void {
  const seen = loadSeen(journal);
  if ((seen.at(-1)?.size ?? 0) >= checkpoint.size) return;
  journal.writeState("seen", [...seen, checkpoint].slice(-2));
}

/** Puts an envelope in, and the key's chain at it. */
export function insertEnvelope(
  journal: Journal,
  row: Pick<OutboxRow, "seq" | "leaf" | "date"> & { readonly envelope: string },
): void {
  const { seq, leaf, date, envelope } = row;
  const sql = "INSERT INTO outbox (seq, leaf, date, envelope) VALUES (?, ?, ?, ?)";
  journal.run(sql, seq, leaf, date, envelope);
  journal.writeState("chain", { seq, leaf } satisfies ChainPosition);
}

/** In the order of `seq`, without the envelopes. */
export function readOutbox(journal: Journal, limit: number): OutboxRow[] {
  return journal.all<OutboxRow>(
    "SELECT seq, leaf, date, answer FROM outbox ORDER BY seq LIMIT ?",
    limit,
  );
}

export function findOutbox(journal: Journal, leaf: string): OutboxRow | undefined {
  return journal.get<OutboxRow>("SELECT seq, leaf, date, answer FROM outbox WHERE leaf = ?", leaf);
}

export function readEnvelope(journal: Journal, seq: number): string | undefined {
  return journal.get<{ envelope: string }>("SELECT envelope FROM outbox WHERE seq = ?", seq)
    ?.envelope;
}

export function setAnswer(journal: Journal, seq: number, answer: string | null): void {
  journal.run("UPDATE outbox SET answer = ? WHERE seq = ?", answer, seq);
}

export function hasReceipt(journal: Journal, leaf: string): boolean {
  return journal.get("SELECT 1 FROM receipt WHERE leaf = ?", leaf) !== undefined;
}

/** Days for which receipts and the list of closed days are kept. */
const ARCHIVE_DAYS = 400;

/** The receipt takes the envelope's place. */
export function archiveReceipt(journal: Journal, receipt: ArchivedReceipt): void {
  journal.run("DELETE FROM outbox WHERE seq = ?", receipt.seq);
  journal.run(
    "INSERT INTO receipt (seq, leaf, date, line1, position, size, note, at) VALUES (?, ?, ?, ?, ?, ?, ?, ?)",
    receipt.seq,
    receipt.leaf,
    receipt.date,
    receipt.line1,
    receipt.position,
    receipt.size,
    receipt.note,
    receipt.at,
  );
  const before = receipt.at - ARCHIVE_DAYS * 86_400;
  journal.run("DELETE FROM receipt WHERE at < ?", before);
  journal.run("DELETE FROM notice WHERE at < ? AND seq NOT IN (SELECT seq FROM outbox)", before);
  journal.run(
    "DELETE FROM day WHERE start < ? AND seq NOT IN (SELECT seq FROM outbox) AND seq IS NOT NULL",
    before,
  );
}
