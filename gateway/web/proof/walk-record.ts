/**
 * Checks one record from what the gateway serves, believing nothing of it: the founding record, the signer's enrolment, the
 * signature, the sealed part, the leaf, the path, the block and its work, the checkpoint. For a reader's own browser.
 */
import {
  decodeBase64url,
  decodeUtf8,
  encodeBase64url,
  encodeHex,
} from "../../../shared/base/bytes.ts";
import { fail } from "../../../shared/base/error.ts";
import { decodeHeader } from "../../../shared/chain/block.ts";
import { workOfBits } from "../../../shared/chain/work.ts";
import { thumbprint } from "../../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../../shared/crypto/suite.ts";
import { computeCt } from "../../../shared/record/envelope.ts";
import { type ParsedRecord, parseRecord } from "../../../shared/record/record.ts";
import { ChainTrust } from "./chain-trust.ts";
import type { Outcome } from "./check-record.ts";
import type { ServedChain, ServedRecord } from "./served-chain.ts";
import { type WalkEvent, walkSteps } from "./walk.ts";

export interface RecordToWalk {
  readonly position: number;
  /** The record's hash as the reader sees it on the page. */
  readonly leaf: string;
  /** The chain that the reader knows, if any. */
  readonly chain?: string | undefined;
}

/** Never throws: what does not hold is the last step, with its code. */
export function walkRecord(
  suite: CryptoSuite,
  chain: ServedChain,
  asked: RecordToWalk,
): AsyncGenerator<WalkEvent> {
  const { position } = asked;
  let trust: ChainTrust;
  let served: ServedRecord;
  let record: ParsedRecord;
  return walkSteps([
    [
      "Beginning of the chain",
      async () => {
        trust = await ChainTrust.found(suite, chain, asked.chain);
        return trust.describe();
      },
    ],
    [
      "Whose key it is",
      async () => {
        served = await chain.record(position);
        record = parseRecord(suite, served.line1);
        return trust.isMember(record.kid)
          ? { sentence: "Signed by a member whom the founding record names." }
          : admitMeter(trust, chain, record, served.keyPosition, position);
      },
    ],
    [
      "Signature",
      () => {
        const name = trust.keys.verify(record);
        const by = trust.isMember(record.kid) ? name : "the meter's key";
        return {
          sentence: `The signature by ${by} holds over every character of the record.`,
          bytes: signedBytes(record),
        };
      },
    ],
    ["Sealed part", () => checkSealedPart(suite, record, served)],
    [
      "Fingerprint",
      () => {
        if (record.leaf !== asked.leaf) {
          fail("proof", "the record is another one than this page shows");
        }
        return {
          sentence: "Its fingerprint, computed here, is the one that this page shows.",
          bytes: [["Leaf (SHA-256)", record.leaf]],
        };
      },
    ],
    [
      "Place in the log",
      () => {
        trust.checkInclusion(served, position);
        const { logSize, logRoot } = decodeHeader(served.block.header);
        const n = served.inclusion.length;
        return {
          sentence: `Hashed together with ${n} neighbour${n === 1 ? "" : "s"}, it gives the one fingerprint of all ${logSize} records. It stands at place ${position} and nowhere else.`,
          bytes: [
            ["Path", served.inclusion.map(encodeBase64url).join("\n") || "(the only record)"],
            ["Root of the log", encodeBase64url(logRoot)],
          ],
        };
      },
    ],
    ["Block", () => checkBlock(trust, served)],
    ["Checkpoint", () => describeCheckpoint(trust, served)],
  ]);
}

/** Takes in the signer's key from its enrolment, which is a signed record in the log itself. */
async function admitMeter(
  trust: ChainTrust,
  chain: ServedChain,
  record: ParsedRecord,
  keyPosition: number,
  position: number,
): Promise<Outcome> {
  const served = await chain.record(keyPosition);
  const enrol = parseRecord(trust.suite, served.line1);
  if (enrol.typ !== "enrol") fail("reference", `record ${keyPosition} enrols no meter`);
  if (thumbprint(trust.suite, enrol.payload.key) !== record.kid) {
    fail("unknown-key", "the enrolment is of another key than the one that signed");
  }
  if (keyPosition >= position) fail("unknown-key", "the key was enrolled after it had signed");
  const registrar = trust.keys.verify(enrol);
  trust.keys.admit(enrol);
  trust.checkInclusion(served, keyPosition);
  trust.checkCheckpoint(served);
  return {
    sentence: `Record ${keyPosition}, signed by ${registrar}, enrolled this meter's key before it signed anything. That record is checked as well, and it is in the log.`,
    bytes: [
      ["Key", JSON.stringify(enrol.payload.key)],
      ["Enrolment (line 1)", served.line1],
    ],
  };
}

function signedBytes(record: ParsedRecord): NonNullable<Outcome["bytes"]> {
  const [head = "", body = "", signature = ""] = record.line1.split(".");
  return [
    ["Header", decodeUtf8(decodeBase64url(head))],
    ["Payload", decodeUtf8(decodeBase64url(body))],
    ["Signature (ES256)", signature],
  ];
}

function checkSealedPart(suite: CryptoSuite, record: ParsedRecord, served: ServedRecord): Outcome {
  const ct = "ct" in record.payload ? record.payload.ct : undefined;
  if (ct === undefined) return { sentence: "It has none: all of this record is public." };
  if (served.line2 === undefined) {
    return { open: true, sentence: "It was erased. Nothing else can be put in its place." };
  }
  if (computeCt(suite, served.line2) !== ct) {
    fail("ct", "the sealed part is not the one signed for");
  }
  return {
    sentence: "The encrypted part has the fingerprint that was signed.",
    bytes: [["ct", ct]],
  };
}

function checkBlock(trust: ChainTrust, { block }: ServedRecord): Outcome {
  const checked = trust.checkWork(block);
  const name = trust.checkSeal(block, checked);
  const { height, bits } = checked.header;
  const tries = workOfBits(bits).toLocaleString("en-GB");
  return {
    sentence: `That fingerprint stands in block ${height}, which took about ${tries} tries to find and is sealed by ${name}.`,
    bytes: [
      ["Header (156 bytes)", encodeHex(block.header)],
      ["Hash", encodeHex(checked.hash)],
    ],
  };
}

function describeCheckpoint(trust: ChainTrust, served: ServedRecord): Outcome {
  const note = trust.checkCheckpoint(served);
  if (note === undefined) {
    return { open: true, sentence: "The block is not final yet, so nobody has signed for it." };
  }
  const names = note.signatures.map(({ name }) => name).join(", ");
  return {
    sentence: `${names} signed that the log had exactly these ${note.size} records. Keep the note: it proves a lie if the log ever shows another past.`,
    bytes: [["Note", served.checkpoint?.note ?? ""]],
  };
}
