/**
 * Checks one record again, from its bytes, each time its page is shown: reading → envelope signature → record →
 * inclusion → block → work → checkpoint → receipt (records.md sections 1 and 6). Nothing is taken from a stored
 * verdict, so a store that was tampered with shows on the page.
 *
 * In: the raw material of the read model. Out: one step each, with a verdict, a sentence and the bytes.
 */
import {
  decodeBase64url,
  decodeUtf8,
  encodeBase64url,
  encodeHex,
  equalBytes,
} from "../../../shared/base/bytes.ts";
import { fail, isCoded } from "../../../shared/base/error.ts";
import { decodeHeader, hashBlock, hashHeader, requireSeal } from "../../../shared/chain/block.ts";
import { verifyCheckpoint } from "../../../shared/chain/checkpoint.ts";
import { verifyReceipt } from "../../../shared/chain/receipt.ts";
import { verifyConsistency, verifyInclusion } from "../../../shared/chain/tree.ts";
import { requireWork, workOfBits } from "../../../shared/chain/work.ts";
import { thumbprint } from "../../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../../shared/crypto/suite.ts";
import { computeCt } from "../../../shared/record/envelope.ts";
import { computeLeaf, parseRecord, verifyRecordSignature } from "../../../shared/record/record.ts";
import type { RecordDetail, SealState } from "../../projection/chain-view-types.ts";

/** `open`: there is nothing to check yet, or what it needs was erased. */
export type Verdict = "holds" | "fails" | "open";

export interface ProofStep {
  readonly title: string;
  readonly verdict: Verdict;
  /** Why it fails. */
  readonly code?: string;
  /** What this step means, in one plain sentence. */
  readonly sentence: string;
  /** Named bytes, shown behind a disclosure. */
  readonly bytes: readonly (readonly [name: string, text: string])[];
}

export interface RecordCheck {
  readonly steps: readonly ProofStep[];
  /** The stored state, or `broken` when a step fails. */
  readonly state: SealState;
  readonly failed: number;
}

export interface CheckContext {
  readonly suite: CryptoSuite;
  /** Of the chain; a checkpoint of another log does not count. */
  readonly origin: string;
}

/** What a step found, when it did not throw. */
export interface Outcome {
  readonly sentence: string;
  readonly bytes?: ProofStep["bytes"];
  readonly open?: boolean;
}

/** Never throws: what does not verify becomes a step that fails with its code. */
export function checkRecord(context: CheckContext, record: RecordDetail): RecordCheck {
  const steps = [
    runStep("Reading", () => checkReading(context, record)),
    runStep("Signature", () => checkSignature(context, record)),
    runStep("Record", () => checkIdentity(context, record)),
    runStep("Inclusion", () => checkInclusion(context, record)),
    runStep("Block", () => checkBlock(context, record)),
    runStep("Work", () => checkWork(context, record)),
    runStep("Checkpoint", () => checkCheckpoint(context, record)),
    runStep("Receipt", () => checkReceipt(context, record)),
  ];
  const failed = steps.filter((step) => step.verdict === "fails").length;
  return { steps, failed, state: failed > 0 ? "broken" : record.state };
}

function runStep(title: string, check: () => Outcome): ProofStep {
  try {
    const { sentence, bytes = [], open = false } = check();
    return { title, verdict: open ? "open" : "holds", sentence, bytes };
  } catch (error) {
    return failStep(title, error);
  }
}

/** The step of a check that threw. */
export function failStep(title: string, error: unknown): ProofStep {
  const code = isCoded(error) ? error.code : "form";
  const why = error instanceof Error ? error.message : "it cannot be read";
  return { title, verdict: "fails", code, sentence: `This does not hold: ${why}.`, bytes: [] };
}

function checkReading({ suite }: CheckContext, record: RecordDetail): Outcome {
  const { payload } = parseRecord(suite, record.line1);
  const ct = "ct" in payload ? payload.ct : undefined;
  if (ct === undefined) {
    return { sentence: "This record is public as it stands: it has no sealed part." };
  }
  if (record.line2 === undefined) {
    return {
      open: true,
      sentence:
        "The sealed part was erased. Its fingerprint stays in the record, so nothing can be put in its place.",
      bytes: [["ct", ct]],
    };
  }
  if (computeCt(suite, record.line2) !== ct)
    fail("ct", "the sealed part is not the one signed for");
  return {
    sentence:
      "What the record says is encrypted for the supplier and the customer. The fingerprint of the encrypted bytes is the one that the record names.",
    bytes: [
      ["ct", ct],
      ["Sealed part (line 2)", record.line2],
    ],
  };
}

function checkSignature({ suite }: CheckContext, record: RecordDetail): Outcome {
  if (thumbprint(suite, record.signerKey) !== record.kid) {
    fail("unknown-key", "the key is not the one that the record names");
  }
  const key = suite.importVerifyKey(record.signerKey);
  if (!verifyRecordSignature(suite, key, record.line1)) {
    fail("signature", "the signature does not verify");
  }
  const [head = "", body = "", signature = ""] = record.line1.split(".");
  return {
    sentence: `Signed by ${record.signer === record.meter ? "the meter with a key that never leaves it" : record.signer}. One changed character would break the signature.`,
    bytes: [
      ["Header", decodeUtf8(decodeBase64url(head))],
      ["Payload", decodeUtf8(decodeBase64url(body))],
      ["Signature (ES256)", signature],
      ["Public key", JSON.stringify(record.signerKey)],
    ],
  };
}

function checkIdentity({ suite }: CheckContext, record: RecordDetail): Outcome {
  const parsed = parseRecord(suite, record.line1);
  if (parsed.leaf !== record.leaf) fail("proof", "the record is not the one that was logged");
  return {
    sentence: `It is number ${parsed.seq} of its signer and names the one before, so none can be left out, doubled or put in between.`,
    bytes: [
      ["Leaf (SHA-256)", parsed.leaf],
      ["Previous", parsed.prev],
      ["Line 1", record.line1],
    ],
  };
}

function checkInclusion({ suite }: CheckContext, record: RecordDetail): Outcome {
  const header = decodeHeader(record.block.header);
  const path = record.inclusion.map(decodeBase64url);
  const leaf = computeLeaf(suite, record.line1);
  verifyInclusion(suite, leaf, record.position, header.logSize, path, header.logRoot);
  return {
    sentence: `Hashed together with ${path.length} neighbour${path.length === 1 ? "" : "s"}, it gives the one fingerprint that stands for all ${header.logSize} records of the log.`,
    bytes: [
      ["Position", String(record.position)],
      ["Path", record.inclusion.join("\n") || "(empty: the only record)"],
      ["Root of the log", encodeBase64url(header.logRoot)],
    ],
  };
}

function checkBlock({ suite }: CheckContext, record: RecordDetail): Outcome {
  const { block } = record;
  const header = decodeHeader(block.header);
  const hash = hashBlock(suite, hashHeader(suite, block.header), block.nonce);
  if (encodeBase64url(hash) !== block.hash) fail("header", "the block's hash is another one");
  if (header.height !== record.height) fail("height", "the block has another height");
  const first = header.logSize - block.records;
  if (record.position < first || record.position >= header.logSize) {
    fail("proof", "the record lies outside this block");
  }
  if (thumbprint(suite, block.gatewayKey) !== encodeBase64url(header.gateway)) {
    fail("seal", "the block names another gateway");
  }
  requireSeal(suite, suite.importVerifyKey(block.gatewayKey), hash, block.seal);
  return {
    sentence: `That fingerprint stands in block ${header.height}, sealed by ${block.gatewayName}. The block also holds the hash of the block before it.`,
    bytes: [
      ["Header (156 bytes)", encodeHex(block.header)],
      ["Nonce", encodeHex(block.nonce)],
      ["Hash", encodeHex(hash)],
      ["Hash of the block before", encodeHex(header.prev)],
      ["Seal (ES256)", encodeBase64url(block.seal)],
    ],
  };
}

function checkWork({ suite }: CheckContext, record: RecordDetail): Outcome {
  const header = decodeHeader(record.block.header);
  const hash = hashBlock(suite, hashHeader(suite, record.block.header), record.block.nonce);
  requireWork(hash, header.bits);
  const hex = encodeHex(hash);
  const zeros = hex.length - hex.replace(/^0+/, "").length;
  return {
    sentence: `Finding a hash this small took about ${workOfBits(header.bits).toLocaleString("en-GB")} tries (it begins with ${zeros} zero${zeros === 1 ? "" : "s"}), and every block after it would have to be found again.`,
    bytes: [
      ["Hash", hex],
      ["Bits", header.bits.toString(16)],
    ],
  };
}

function checkCheckpoint(context: CheckContext, record: RecordDetail): Outcome {
  const { checkpoint } = record;
  if (checkpoint === undefined) {
    return { open: true, sentence: "The block is not final yet, so no checkpoint covers it." };
  }
  const { suite, origin } = context;
  const header = decodeHeader(record.block.header);
  const note = verifyCheckpoint(suite, checkpoint.note, {
    origin,
    verifiers: checkpoint.keys,
    threshold: checkpoint.threshold,
  });
  const path = checkpoint.consistency.map(decodeBase64url);
  verifyConsistency(suite, header.logSize, header.logRoot, note.size, note.root, path);
  return {
    sentence: `The gateway signed that the log had ${note.size} records with this fingerprint. Anyone who kept this note can prove it if the log ever shows another past.`,
    bytes: [
      ["Note", checkpoint.note],
      ["Consistency", checkpoint.consistency.join("\n") || "(none needed: the same size)"],
    ],
  };
}

function checkReceipt(context: CheckContext, record: RecordDetail): Outcome {
  const { receipt, checkpoint } = record;
  if (receipt === undefined || checkpoint === undefined) {
    return { open: true, sentence: "No receipt yet: it is written when the block is final." };
  }
  const leaf = computeLeaf(context.suite, record.line1);
  const { receipt: parsed } = verifyReceipt(context.suite, receipt, leaf, {
    origin: context.origin,
    verifiers: checkpoint.keys,
    threshold: checkpoint.threshold,
    known: [],
  });
  if (parsed.index !== record.position) fail("receipt", "the receipt is for another position");
  if (!equalBytes(leaf, decodeBase64url(record.leaf))) fail("receipt", "it is for another record");
  return {
    sentence:
      "All of this fits in one small file, the receipt. A meter frees a day from its memory only after it has checked it.",
    bytes: [["Receipt", receipt]],
  };
}
