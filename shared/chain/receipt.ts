/**
 * Receipts: the proof that one record is in the log and that the log only grew (records.md section 6).
 *
 *   "old " <n> LF  { base64 hash LF }  LF  C2SP tlog-proof (c2sp.org/tlog-proof):
 *   "c2sp.org/tlog-proof@v1" LF  "index " <i> LF  { base64 hash LF }  LF  checkpoint note
 *
 * The consistency lines lead from the verifier's last size n to the checkpoint; n = 0 and n = size have none.
 */
import { decodeBase64, encodeBase64, equalBytes } from "../base/bytes.ts";
import { fail } from "../base/error.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import { type NoteVerifier, type ParsedCheckpoint, verifyCheckpoint } from "./checkpoint.ts";
import { verifyConsistency, verifyInclusion } from "./tree.ts";

export interface Receipt {
  /** Size from which the consistency proof leads; 0 for none. */
  readonly old: number;
  readonly consistency: readonly Uint8Array[];
  /** Zero-based position of the record in the log. */
  readonly index: number;
  readonly inclusion: readonly Uint8Array[];
  /** The signed note, verbatim. */
  readonly checkpoint: string;
}

/** Largest receipt that is looked at, in bytes. */
export const MAX_RECEIPT = 32_768;
const PROOF_HEADER = "c2sp.org/tlog-proof@v1";
const OLD = /^old (0|[1-9]\d{0,15})$/;
const INDEX = /^index (0|[1-9]\d{0,15})$/;

export function formatReceipt(receipt: Receipt): string {
  const consistency = receipt.consistency.map((hash) => `${encodeBase64(hash)}\n`).join("");
  const inclusion = receipt.inclusion.map((hash) => `${encodeBase64(hash)}\n`).join("");
  return `old ${receipt.old}\n${consistency}\n${PROOF_HEADER}\nindex ${receipt.index}\n${inclusion}\n${receipt.checkpoint}`;
}

/** Takes a receipt apart; verifies nothing. Throws `receipt`. */
export function parseReceipt(text: string): Receipt {
  if (text.length > MAX_RECEIPT) fail("receipt", "a receipt larger than its limit");
  const lines = text.split("\n");
  let at = 0;
  const old = readNumber(lines[at++], OLD);
  const consistency = readHashes();
  if (lines[at++] !== PROOF_HEADER) fail("receipt", "the receipt holds no tlog-proof");
  const index = readNumber(lines[at++], INDEX);
  const inclusion = readHashes();
  return { old, consistency, index, inclusion, checkpoint: lines.slice(at).join("\n") };

  function readHashes(): Uint8Array[] {
    const hashes: Uint8Array[] = [];
    for (;;) {
      const line = lines[at++];
      if (line === undefined) fail("receipt", "the receipt ends early");
      if (line === "") return hashes;
      hashes.push(decodeHashLine(line));
    }
  }
}

function readNumber(line: string | undefined, form: RegExp): number {
  const match = form.exec(line ?? "");
  const value = Number(match?.[1]);
  if (!Number.isSafeInteger(value)) fail("receipt", "a number line of another form");
  return value;
}

function decodeHashLine(line: string): Uint8Array {
  let hash: Uint8Array;
  try {
    hash = decodeBase64(line);
  } catch {
    fail("receipt", "not canonical base64 in a receipt");
  }
  if (hash.length !== 32) fail("receipt", "a proof line is a hash of 32 bytes");
  return hash;
}

/** A size and root of the log that a reader verified. */
export interface SeenRoot {
  readonly size: number;
  readonly root: Uint8Array;
}

/** What a receipt's reader trusts and remembers. */
export interface ReceiptTrust {
  readonly origin: string;
  readonly verifiers: readonly NoteVerifier[];
  /** Gateway signatures needed on the checkpoint (Q). */
  readonly threshold: number;
  /**
   * Roots verified before, by size; the last one is the newest. Two are enough: receipts of one block all lead
   * from the size before it, and the first of them already moves the newest on.
   */
  readonly known: readonly SeenRoot[];
}

/**
 * Demands that the checkpoint is signed, that `leaf` is in the log at `receipt.index`, and that the log grew out
 * of what the reader knows. Returns the checkpoint, which becomes the reader's newest root.
 *
 * Throws `receipt`, `checkpoint`, `proof`, or `receipt-old` when the consistency proof starts from a size that
 * the reader does not know or ends before the newest one (the reader then asks again).
 */
export function verifyReceipt(
  suite: CryptoSuite,
  text: string,
  leaf: Uint8Array,
  trust: ReceiptTrust,
): { readonly receipt: Receipt; readonly checkpoint: ParsedCheckpoint } {
  const receipt = parseReceipt(text);
  const checkpoint = verifyCheckpoint(suite, receipt.checkpoint, trust);
  verifyInclusion(suite, leaf, receipt.index, checkpoint.size, receipt.inclusion, checkpoint.root);
  const newest = trust.known.at(-1) ?? NOTHING_SEEN;
  const from =
    checkpoint.size === newest.size
      ? (trust.known.find((seen) => seen.size === receipt.old) ?? NOTHING_SEEN)
      : newest;
  if (receipt.old !== from.size || checkpoint.size < newest.size) {
    fail("receipt-old", `the receipt leads from size ${receipt.old}, not ${newest.size}`, {
      old: receipt.old,
      seen: newest.size,
    });
  }
  verifyConsistency(
    suite,
    from.size,
    from.root,
    checkpoint.size,
    checkpoint.root,
    receipt.consistency,
  );
  if (checkpoint.size === newest.size && !equalBytes(checkpoint.root, newest.root)) {
    fail("proof", "two roots for one size");
  }
  return { receipt, checkpoint };
}

const NOTHING_SEEN: SeenRoot = { size: 0, root: new Uint8Array(0) };
