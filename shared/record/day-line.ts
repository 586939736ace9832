/**
 * The fast reading of a day record's line 1, and nothing but a shortcut of `parseRecord`.
 *
 * A day's payload admits one text for given values (canonical JSON), so one pattern says both that it is
 * canonical and that it has the right members. What the pattern does not match goes the long way, which finds
 * the code; what it matches gives exactly what the long way gives (a property test holds them together).
 */
import { decodeBase64url, decodeUtf8, encodeBase64url, encodeUtf8 } from "../base/bytes.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import { formatJwsHeader } from "./compact-jws.ts";
import { hashLeaf, MAX_METER_LINE1, type ParsedRecord, parseRecord } from "./record.ts";

const H = "[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]";
const N = "0|[1-9]\\d{0,15}";
const DAY_PAYLOAD = new RegExp(
  `^\\{"ct":"(${H})","from":(${N}),"prev":"(${H})","pt":"(${H})","seq":([1-9]\\d{0,15}),"to":(${N}),"v":1\\}$`,
);
/** 64 bytes in base64url: the last character carries four zero bits. */
const SIGNATURE = /^[A-Za-z0-9_-]{85}[AQgw]$/;
const BASE64URL = /^[A-Za-z0-9_-]+$/;
const DOT = 0x2e;

/** The header part of line 1 of every day record that `kid` signs. */
export function dayHeaderPart(kid: string): string {
  return encodeBase64url(encodeUtf8(formatJwsHeader(kid, "day")));
}

/**
 * Parses line 1: fast for a day by a key whose header part is known, else as `parseRecord` does.
 * `kidByHeader` maps header parts (`dayHeaderPart`) to kids. Throws what `parseRecord` throws.
 */
export function parseLine1(
  suite: Pick<CryptoSuite, "sha256Text">,
  kidByHeader: ReadonlyMap<string, string>,
  line1: string,
): ParsedRecord {
  const dot = line1.indexOf(".");
  const kid = dot > 0 ? kidByHeader.get(line1.slice(0, dot)) : undefined;
  return (kid && readDay(suite, kid, line1, dot)) || parseRecord(suite, line1);
}

/** A day whose header part names `kid`; undefined: take the long way. */
function readDay(
  suite: Pick<CryptoSuite, "sha256Text">,
  kid: string,
  line1: string,
  headerLength: number,
): ParsedRecord<"day"> | undefined {
  const lastDot = line1.length - 87;
  if (line1.length > MAX_METER_LINE1 || line1.charCodeAt(lastDot) !== DOT) return undefined;
  if (lastDot <= headerLength || !SIGNATURE.test(line1.slice(lastDot + 1))) return undefined;
  const match = DAY_PAYLOAD.exec(decodePart(line1.slice(headerLength + 1, lastDot)) ?? "");
  if (match === null) return undefined;
  const [, ct = "", fromText, prev = "", pt = "", seqText, toText] = match;
  const from = Number(fromText);
  const seq = Number(seqText);
  const to = Number(toText);
  if (!Number.isSafeInteger(from) || !Number.isSafeInteger(seq) || !Number.isSafeInteger(to)) {
    return undefined;
  }
  const leaf = hashLeaf(suite, line1);
  return {
    typ: "day",
    kid,
    seq,
    prev,
    leaf,
    line1,
    payload: { v: 1, seq, prev, ct, pt, from, to },
  };
}

/** The text of canonical base64url, or undefined where the long way must find out what is wrong. */
function decodePart(part: string): string | undefined {
  if (!BASE64URL.test(part)) return undefined;
  try {
    return decodeUtf8(decodeBase64url(part));
  } catch {
    // Not canonical base64url or UTF-8: `parseRecord` says which, with its code.
    return undefined;
  }
}
