/**
 * Receipts: the only thing that empties the outbox (records.md section 6).
 *
 * Checked in this order: form · inclusion of exactly one of our leaves under the checkpoint's root · gateway
 * signatures on the checkpoint · consistency from the checkpoint that the meter saw last. Then, in one
 * transaction, the receipt takes the envelope's place and its checkpoint becomes the one seen.
 */
import { decodeBase64url, equalBytes } from "../../shared/base/bytes.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { UnixSeconds } from "../../shared/base/units.ts";
import { parseCheckpoint, verifyCheckpoint } from "../../shared/chain/checkpoint.ts";
import { parseReceipt, type Receipt, verifyReceipt } from "../../shared/chain/receipt.ts";
import { verifyInclusion } from "../../shared/chain/tree.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { clearAlarmsOf, raiseAlarm } from "../journal/alarm-store.ts";
import type { Journal } from "../journal/journal.ts";
import {
  archiveReceipt,
  loadSeen,
  type OutboxRow,
  readEnvelope,
  readOutbox,
  storeSeen,
} from "../journal/outbox-store.ts";
import type { Trust } from "./trust.ts";

/**
 * `archived`: the envelope is out of the outbox · `repeated`: this record had its receipt before · `old`: it
 * leads from another size than the one seen, so nothing has changed and another one is to be asked for.
 */
export type ReceiptOutcome =
  | {
      readonly kind: "archived";
      readonly seq: number;
      readonly date: string;
      readonly position: number;
      readonly size: number;
    }
  | { readonly kind: "repeated" }
  | { readonly kind: "old"; readonly seq: number };

export interface ReceiptContext {
  readonly journal: Journal;
  readonly suite: CryptoSuite;
  readonly trust: Trust;
  readonly now: UnixSeconds;
}

/** Envelopes that a receipt is compared with: more than a year of them. */
const MOST_ROWS = 1024;

/** Throws `receipt`, `checkpoint` or `proof`; the outbox is then as it was. */
export function acceptReceipt(context: ReceiptContext, text: string): ReceiptOutcome {
  const { journal, suite, trust, now } = context;
  const receipt = parseReceipt(text);
  const row = findRow(context, receipt);
  if (row === undefined) return { kind: "repeated" };
  const known = loadSeen(journal).map(({ note }) => parseCheckpoint(note));
  const leaf = decodeBase64url(row.leaf);
  let size: number;
  try {
    size = verifyReceipt(suite, text, leaf, { ...trust, known }).checkpoint.size;
  } catch (error) {
    if (isCoded(error, "receipt-old")) return { kind: "old", seq: row.seq };
    if (isCoded(error, "proof")) raiseIfFork(context, receipt);
    throw error;
  }
  const { seq, date } = row;
  const line1 = (readEnvelope(journal, seq) ?? "").split("\n", 1)[0] as string;
  const position = receipt.index;
  journal.transact("receipt", () => {
    archiveReceipt(journal, { ...row, line1, position, size, note: text, at: now });
    storeSeen(journal, { size, note: receipt.checkpoint });
    clearAlarmsOf(journal, seq);
  });
  return { kind: "archived", seq, date, position, size };
}

/** The envelope whose leaf the receipt proves; `undefined` when that record has its receipt already. */
function findRow(context: ReceiptContext, receipt: Receipt): OutboxRow | undefined {
  const { journal, suite } = context;
  const { size, root } = parseCheckpoint(receipt.checkpoint);
  const proves = (leaf: string): boolean => {
    try {
      verifyInclusion(suite, decodeBase64url(leaf), receipt.index, size, receipt.inclusion, root);
      return true;
    } catch {
      return false;
    }
  };
  const row = readOutbox(journal, MOST_ROWS).find(({ leaf }) => proves(leaf));
  if (row !== undefined) return row;
  const archived = journal.get<{ leaf: string }>(
    "SELECT leaf FROM receipt WHERE position = ?",
    receipt.index,
  );
  if (archived !== undefined && proves(archived.leaf)) return undefined;
  fail("proof", "the receipt proves none of this meter's records", { index: receipt.index });
}

/** Two signed roots for one size: no network fault can make those, only a gateway that shows two logs. */
function raiseIfFork(context: ReceiptContext, receipt: Receipt): void {
  const { journal, suite, trust, now } = context;
  const { size, root } = verifyCheckpoint(suite, receipt.checkpoint, trust);
  const seen = loadSeen(journal).find((checkpoint) => checkpoint.size === size);
  if (seen === undefined || equalBytes(parseCheckpoint(seen.note).root, root)) return;
  journal.transact("fork", () => journal.writeState("fork", [seen.note, receipt.checkpoint]));
  raiseAlarm(journal, { code: "fork", at: now, note: `two signed roots for log size ${size}` });
}
