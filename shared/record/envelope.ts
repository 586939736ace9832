/**
 * The envelope: what a meter publishes. Line 1, or line 1 LF line 2 (records.md section 1).
 */
import { decodeLatin1, encodeBase64url, encodeUtf8 } from "../base/bytes.ts";
import { fail } from "../base/error.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import { MAX_METER_LINE1 } from "./record.ts";

/** Largest line 2 beside a record that a meter signed, in bytes. */
export const MAX_METER_LINE2 = 24_576;
/** Largest envelope that a meter may publish, in bytes. */
export const MAX_METER_ENVELOPE = MAX_METER_LINE1 + 1 + MAX_METER_LINE2;

export interface Envelope {
  readonly line1: string;
  readonly line2?: string;
}

const LF = 10;

/** Splits a meter's envelope. Throws `size` over a limit and `form` for anything but printable ASCII lines. */
export function splitEnvelope(bytes: Uint8Array): Envelope {
  if (bytes.length > MAX_METER_ENVELOPE) fail("size", "the envelope is larger than its limit");
  const lineFeed = bytes.indexOf(LF);
  const text = decodeAscii(bytes);
  if (lineFeed < 0) {
    if (text.length > MAX_METER_LINE1) fail("size", "line 1 is larger than 4,096 bytes");
    return { line1: text };
  }
  if (bytes.indexOf(LF, lineFeed + 1) >= 0) fail("form", "an envelope has at most two lines");
  if (lineFeed > MAX_METER_LINE1) fail("size", "line 1 is larger than 4,096 bytes");
  if (text.length - lineFeed - 1 > MAX_METER_LINE2)
    fail("size", "line 2 is larger than 24,576 bytes");
  return { line1: text.slice(0, lineFeed), line2: text.slice(lineFeed + 1) };
}

// Latin-1 keeps one character a byte; the pattern then refuses whatever is not printable ASCII.
const PRINTABLE_LINES = /^[\x20-\x7e\n]*$/;

function decodeAscii(bytes: Uint8Array): string {
  const text = decodeLatin1(bytes);
  if (!PRINTABLE_LINES.test(text)) fail("form", "an envelope is printable ASCII");
  return text;
}

export function joinEnvelope(envelope: Envelope): Uint8Array {
  const { line1, line2 } = envelope;
  return encodeUtf8(line2 === undefined ? line1 : `${line1}\n${line2}`);
}

/** ct = SHA-256(line 2), as H. */
export function computeCt(suite: Pick<CryptoSuite, "sha256Text">, line2: string): string {
  return suite.sha256Text(line2);
}

/** pt = SHA-256(plaintext), as H. */
export function computePt(suite: Pick<CryptoSuite, "sha256">, plaintext: Uint8Array): string {
  return encodeBase64url(suite.sha256(plaintext));
}
