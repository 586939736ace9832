/**
 * Admission: one envelope from a topic → one coded outcome (design.md section 4).
 *
 * The order is that of the design: size and form, key known and topic opens its point, seq hint, signature, `ct`;
 * a message that fails one of these is refused and changes nothing. Then opening and the local rules, which no
 * longer refuse: what fails there enters the chain as unusable. The token bucket comes before, on the main thread.
 */

import { decodeBase64url, encodeBase64url } from "../../shared/base/bytes.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { ErrorCode } from "../../shared/base/error-code.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { packDayLine1, packLine2, packParsedLine2 } from "../../shared/record/compact.ts";
import { parseLine1 } from "../../shared/record/day-line.ts";
import { computeCt, splitEnvelope } from "../../shared/record/envelope.ts";
import { type ParsedRecord, verifyRecordSignature } from "../../shared/record/record.ts";
import { type ParsedLine2, parseLine2 } from "../../shared/record/sealed-box.ts";
import type { Candidate } from "../ledger/candidate.ts";
import type { KnownKey, Registry } from "./registry.ts";

/** What becomes of an envelope: a candidate for the ledger, or a refusal. */
export interface Admission {
  /** H of line 1 as it came, even when that is no record: the reply names it. */
  readonly leaf: string;
  /** Set when refused: the code of the first rule broken. */
  readonly refused?: ErrorCode;
  readonly candidate?: Candidate;
  /** The candidate was not opened because its seq is not new; the ledger opens it if it is to be held. */
  readonly unopened?: boolean;
}

/** Opens line 2 and applies the local rules; never throws (its verdict is part of the candidate). */
export type OpenCandidate = (
  record: ParsedRecord<"day">,
  line2: string,
  entry: { readonly meter: string; readonly recipients: readonly string[] },
  /** `line2` taken apart, where that has been done. */
  parsed?: ParsedLine2,
) => NonNullable<Candidate["opened"]>;

export interface AdmissionOptions {
  readonly suite: CryptoSuite;
  readonly registry: Registry;
  readonly open: OpenCandidate;
}

const LF = 10;

/** The leaf of what stands on line 1, for messages that have no valid form. */
export function leafOfBytes(suite: Pick<CryptoSuite, "sha256">, bytes: Uint8Array): string {
  const end = bytes.indexOf(LF);
  const line1 = end < 0 ? bytes : bytes.subarray(0, end);
  const input = new Uint8Array(line1.length + 1);
  input.set(line1, 1);
  return encodeBase64url(suite.sha256(input));
}

/** C3 as far as a worker can tell: the key is known, may sign, and belongs to the topic's meter. */
function requireKey(registry: Registry, record: ParsedRecord, meter: string): KnownKey {
  const known = registry.get(record.kid);
  if (known === undefined) fail("unknown-key", "the signing key is not enrolled");
  if (known.entry.meter !== meter) fail("topic", "the key belongs to another meter than the topic");
  // What such a key signed before may be in the log already: its repetition is answered as any other.
  if (record.seq <= known.seq) return known;
  if (known.entry.state === "frozen") fail("frozen", "the signing key is frozen");
  if (known.entry.state === "inactive") fail("inactive-key", "the signing key is not active");
  return known;
}

/** The parts of line 2; undefined where its form is broken, which opening will name. */
function tryParseLine2(line2: string): ParsedLine2 | undefined {
  try {
    return parseLine2(line2);
  } catch (error) {
    if (!isCoded(error)) throw error;
    return undefined;
  }
}

/** A day is opened here; an event or a correction, which are rare, by the ledger when they are projected. */
function admitSealed(
  options: AdmissionOptions,
  record: ParsedRecord<"day" | "event" | "correction">,
  line2: string | undefined,
  known: KnownKey,
): Admission {
  const { suite } = options;
  const { leaf } = record;
  const { meter } = known.entry;
  if (line2 === undefined) fail("form", `a record of type ${record.typ} has a second line`);
  // The same record again, byte for byte: verified when it first came. Only the ledger's answer is wanted.
  const repeated = record.seq === known.seq && leaf === known.leaf;
  if (!repeated && !verifyRecordSignature(suite, known.verifyKey(suite), record.line1)) {
    fail("signature", "the signature does not verify");
  }
  if (computeCt(suite, line2) !== record.payload.ct) fail("ct", "line 2 does not match ct");
  if (record.seq <= known.seq) {
    return { leaf, candidate: { record, line2, meter }, unopened: true };
  }
  if (record.seq === known.seq + 1) known.pass(record.seq, decodeBase64url(leaf));
  if (record.typ !== "day") return { leaf, candidate: { record, line2, meter } };
  const parsed = tryParseLine2(line2);
  return {
    leaf,
    candidate: {
      record,
      meter,
      packedLine2: parsed === undefined ? packLine2(line2) : packParsedLine2(parsed),
      opened: options.open(record, line2, known.entry, parsed),
      parts: {
        packedLine1: packDayLine1(record),
        line1Chars: record.line1.length,
        leafHash: decodeBase64url(leaf),
      },
    },
  };
}

/**
 * Judges one envelope that came on the topic of `meter`. Never throws on any bytes.
 */
export function admit(options: AdmissionOptions, meter: string, bytes: Uint8Array): Admission {
  try {
    const { line1, line2 } = splitEnvelope(bytes);
    const record = parseLine1(options.suite, options.registry.kidByHeader, line1);
    const known = requireKey(options.registry, record, meter);
    // The one place where the types that a meter may sign are told apart; others come with their rules.
    if (record.typ === "day" || record.typ === "event" || record.typ === "correction") {
      return admitSealed(options, record, line2, known);
    }
    fail("role", "a meter does not sign records of this type");
  } catch (error) {
    if (!isCoded(error)) throw error;
    return { leaf: leafOfBytes(options.suite, bytes), refused: error.code };
  }
}
