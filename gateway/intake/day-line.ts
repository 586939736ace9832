/**
 * The fast reading of a day record's line 1, and nothing but a shortcut of `parseRecord`.
 *
 * A day's payload admits one text for given values (canonical JSON), so one pattern says both that it is
 * canonical and that it has the right members. What the pattern does not match goes the long way, which finds
 * the code; what it matches gives exactly what the long way gives (a property test holds them together).
 */
import { encodeBase64url } from "../../shared/base/bytes.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { formatJwsHeader } from "../../shared/record/compact-jws.ts";
import { type ParsedRecord, parseRecord } from "../../shared/record/record.ts";

const H = "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]";
const N = "0|[1-9]\\d{0,15}";
const DAY_PAYLOAD = new RegExp(
  `^\\{"ct":"(${H})","from":(${N}),"prev":"(${H})","pt":"(${H})","seq":([1-9]\\d{0,15}),"to":(${N}),"v":1\\}$`,
);
/** 64 bytes in base64url: the last character carries four zero bits. */
const SIGNATURE = /^[A-Za-z0-9_-]{85}[AQgw]$/;
const BASE64URL = /^[A-Za-z0-9_-]+$/;

/** The header part of line 1 of every day record that `kid` signs. */
export function dayHeaderPart(kid: string): string {
  return Buffer.from(formatJwsHeader(kid, "day")).toString("base64url");
}

/** Whether base64url text is what its own bytes encode to (no stray low bits in the last character). */
function isCanonicalBase64url(text: string): boolean {
  if (!BASE64URL.test(text)) return false;
  const rest = text.length % 4;
  if (rest === 0) return true;
  if (rest === 1) return false;
  // Only the last group can hold stray bits.
  const tail = text.slice(text.length - rest);
  return Buffer.from(tail, "base64url").toString("base64url") === tail;
}

/** Reads a record whose header part is known to be that of a day by `kid`; undefined: take the long way. */
function readDay(
  suite: Pick<CryptoSuite, "sha256">,
  kid: string,
  line1: string,
  headerLength: number,
): ParsedRecord<"day"> | undefined {
  const lastDot = line1.length - 87;
  if (line1.charCodeAt(headerLength) !== 0x2e || line1.charCodeAt(lastDot) !== 0x2e)
    return undefined;
  const part = line1.slice(headerLength + 1, lastDot);
  if (!SIGNATURE.test(line1.slice(lastDot + 1)) || !isCanonicalBase64url(part)) return undefined;
  const match = DAY_PAYLOAD.exec(Buffer.from(part, "base64url").toString("latin1"));
  if (match === null) return undefined;
  const from = Number(match[2]);
  const seq = Number(match[5]);
  const to = Number(match[6]);
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(seq) || !Number.isSafeInteger(to)) {
    return undefined;
  }
  const leafInput = Buffer.allocUnsafe(line1.length + 1);
  leafInput[0] = 0;
  leafInput.write(line1, 1, "latin1");
  const prev = match[3] as string;
  return {
    typ: "day",
    kid,
    seq,
    prev,
    leaf: encodeBase64url(suite.sha256(leafInput)),
    line1,
    payload: { v: 1, seq, prev, ct: match[1] as string, pt: match[4] as string, from, to },
  };
}

/**
 * Parses line 1 of a message: fast for a day by a key whose header is known, else `parseRecord`.
 * @param kidByHeader the header parts (`dayHeaderPart`) of the keys that this worker knows
 * Throws what `parseRecord` throws.
 */
export function parseMeterLine(
  suite: Pick<CryptoSuite, "sha256">,
  kidByHeader: ReadonlyMap<string, string>,
  line1: string,
): ParsedRecord {
  if (line1.length <= 4096) {
    const dot = line1.indexOf(".");
    const kid = dot > 0 ? kidByHeader.get(line1.slice(0, dot)) : undefined;
    const day = kid === undefined ? undefined : readDay(suite, kid, line1, dot);
    if (day !== undefined) return day;
  }
  return parseRecord(suite, line1);
}
