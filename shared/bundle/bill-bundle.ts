/**
 * The bill bundle: one file that holds a bill and everything that it rests on, for a reader without keys or network.
 *
 *   { v:1, checkpoint: b64u(note), records: [{ at:N, line1:S, proof:[H…], plaintext?:{…} }, …] }
 *
 * Canonical JSON, nothing before or after it. `records` stand in log order: genesis; the enrolments of the point's devices, their
 * revocations and exchanges; every version of the tariffs that it was ever assigned to, its assignments and price records; all
 * its readings of the period, with every record of a meter's key between the first and the last of them; the bill, and for a
 * credit its earlier credits. The last record is the bill or credit that the bundle is of. `proof` is the inclusion proof in the
 * checkpoint's tree. Readings of the period that keep their local rules, exchanges, the bill and credits carry their opened
 * plaintexts, salts included.
 */
import {
  canonicalize,
  type Json,
  type JsonObject,
  parseCanonical,
} from "../base/canonical-json.ts";
import {
  anyObject,
  arrayOf,
  type Decoded,
  hash,
  literal,
  natural,
  object,
  pattern,
} from "../base/decoder.ts";
import { fail, isCoded } from "../base/error.ts";

/** A year of days by the minute, with proofs of a log of 2^40 records, is smaller. */
const MAX_BUNDLE = 64 * 1024 * 1024;
const MAX_RECORDS = 100_000;
/** A tree of 2^53 leaves is not deeper. */
const MAX_PROOF = 53;

const base64urlText = pattern(/^[A-Za-z0-9_-]{1,65536}$/, "base64url");
const line = pattern(/^[A-Za-z0-9_.-]{1,65535}$/, "a compact JWS");

const bundleRecord = object(
  { at: natural, line1: line, proof: arrayOf(hash, 0, MAX_PROOF) },
  { plaintext: anyObject },
);
const decodeBundle = object({
  v: literal(1),
  checkpoint: base64urlText,
  records: arrayOf(bundleRecord, 1, MAX_RECORDS),
});

export type BillBundle = Decoded<typeof decodeBundle>;
export type BundleRecord = BillBundle["records"][number];

/** The file's text. */
export function formatBundle(bundle: BillBundle): string {
  return canonicalize(bundle as unknown as JsonObject);
}

/** Takes a bundle apart; verifies nothing. Throws `bundle`. */
export function parseBundle(text: string): BillBundle {
  if (text.length > MAX_BUNDLE) fail("bundle", "the bundle is larger than 64 MiB");
  let json: Json;
  try {
    json = parseCanonical(text);
    return decodeBundle(json, "bundle");
  } catch (error) {
    if (!isCoded(error)) throw error;
    fail("bundle", `this is no bill bundle: ${error.message}`, error.detail);
  }
}
