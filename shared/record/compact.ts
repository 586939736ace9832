/**
 * The compact binary form in which a store keeps line 1 and line 2: base64 undone, fixed text left out.
 *
 * Both forms are rebuilt exactly. Packing compares the rebuilt text with the original, and a line that is not of
 * the template (or any future form) is kept as it is, so `unpack(pack(line)) === line` holds for every ASCII line.
 *
 * ```
 * line 1   00 ‖ ASCII
 *          01 day:   kid 32 ‖ signature 64 ‖ ct 32 ‖ prev 32 ‖ pt 32 ‖ seq ‖ from ‖ to         (varints)
 *          02 other: kid 32 ‖ signature 64 ‖ n u8 ‖ typ n ‖ payload, UTF-8 JCS
 * line 2   00 ‖ ASCII
 *          01 n u8 ‖ typ n ‖ signer 32 ‖ iv 16 ‖ tag 32 ‖ r u8 ‖ r × (kid 32 ‖ epk 32 ‖ key 72) ‖ ciphertext
 * ```
 */
import {
  concatBytes,
  decodeBase64url,
  decodeUtf8,
  encodeBase64url,
  encodeUtf8,
} from "../base/bytes.ts";
import { fail, isCoded } from "../base/error.ts";
import { formatJwsHeader } from "./compact-jws.ts";
import {
  formatLine2,
  formatProtectedHeader,
  type ParsedRecipient,
  parseLine2,
} from "./line2-form.ts";

const RAW = 0;
const DAY = 1;
const OTHER = 2;
const SEALED = 1;

const HEADER =
  /^\{"alg":"ES256","kid":"([A-Za-z0-9_-]{43})","typ":"wattproof-([a-z-]{1,32})\+jws"\}$/;
const DAY_PAYLOAD =
  /^\{"ct":"([A-Za-z0-9_-]{43})","from":(\d{1,16}),"prev":"([A-Za-z0-9_-]{43})","pt":"([A-Za-z0-9_-]{43})","seq":(\d{1,16}),"to":(\d{1,16}),"v":1\}$/;
/** Line 1 (ASCII text without LF) to its stored form. */
export function packLine1(line1: string): Uint8Array {
  return packOrRaw(line1, packRecord, unpackLine1);
}

/** The text that {@link packLine1} was given. Throws `form` on bytes of another form. */
export function unpackLine1(bytes: Uint8Array): string {
  const form = bytes[0];
  if (form === RAW) return decodeUtf8(bytes.subarray(1));
  if (form !== DAY && form !== OTHER) fail("form", "a stored line 1 of an unknown form");
  const kid = encodeBase64url(bytes.subarray(1, 33));
  const signature = encodeBase64url(bytes.subarray(33, 97));
  if (form === DAY) {
    const [seq, from, to] = readVarints(bytes, 193, 3);
    const hash = (at: number): string => encodeBase64url(bytes.subarray(at, at + 32));
    const payload = `{"ct":"${hash(97)}","from":${from},"prev":"${hash(129)}","pt":"${hash(161)}","seq":${seq},"to":${to},"v":1}`;
    return `${headerOf(kid, "day")}.${encodeBase64url(encodeUtf8(payload))}.${signature}`;
  }
  const length = bytes[97] ?? 0;
  const typ = decodeUtf8(bytes.subarray(98, 98 + length));
  return `${headerOf(kid, typ)}.${encodeBase64url(bytes.subarray(98 + length))}.${signature}`;
}

/** Line 2 (JCS of the sealed box) to its stored form. */
export function packLine2(line2: string): Uint8Array {
  return packOrRaw(line2, packSealed, unpackLine2);
}

/** The text that {@link packLine2} was given. Throws `form` on bytes of another form. */
export function unpackLine2(bytes: Uint8Array): string {
  if (bytes[0] === RAW) return decodeUtf8(bytes.subarray(1));
  if (bytes[0] !== SEALED) fail("form", "a stored line 2 of an unknown form");
  const length = bytes[1] ?? 0;
  let at = 2;
  const take = (count: number): Uint8Array => {
    at += count;
    return bytes.subarray(at - count, at);
  };
  const protectedHeader = formatProtectedHeader(
    decodeUtf8(take(length)),
    encodeBase64url(take(32)),
  );
  const iv = encodeBase64url(take(16));
  const tag = encodeBase64url(take(32));
  const recipients: ParsedRecipient[] = [];
  for (let left = bytes[at++] ?? 0; left > 0; left--) {
    const kid = encodeBase64url(take(32));
    const epk = encodeBase64url(take(32));
    recipients.push({ kid, epk, encryptedKey: encodeBase64url(take(72)) });
  }
  const ciphertext = encodeBase64url(bytes.subarray(at));
  return formatLine2({ protectedHeader, iv, ciphertext, tag, recipients });
}

function packOrRaw(
  line: string,
  pack: (line: string) => Uint8Array | undefined,
  unpack: (bytes: Uint8Array) => string,
): Uint8Array {
  let packed: Uint8Array | undefined;
  try {
    packed = pack(line);
    if (packed !== undefined && unpack(packed) !== line) packed = undefined;
  } catch (error) {
    if (!isCoded(error)) throw error;
    packed = undefined;
  }
  return packed ?? concatBytes(Uint8Array.of(RAW), encodeUtf8(line));
}

function headerOf(kid: string, typ: string): string {
  return encodeBase64url(encodeUtf8(formatJwsHeader(kid, typ)));
}

function packRecord(line1: string): Uint8Array | undefined {
  const [headerPart, payloadPart, signaturePart, extra] = line1.split(".", 4);
  if (headerPart === undefined || payloadPart === undefined || extra !== undefined)
    return undefined;
  const header = HEADER.exec(decodeUtf8(decodeBase64url(headerPart)));
  const payload = decodeBase64url(payloadPart);
  const signature = decodeBase64url(signaturePart ?? "");
  if (header === null || signature.length !== 64) return undefined;
  const kid = decodeBase64url(header[1] ?? "");
  const typ = header[2] ?? "";
  const day = typ === "day" ? DAY_PAYLOAD.exec(decodeUtf8(payload)) : null;
  if (day === null) {
    return concatBytes(
      Uint8Array.of(OTHER),
      kid,
      signature,
      Uint8Array.of(typ.length),
      encodeUtf8(typ),
      payload,
    );
  }
  return concatBytes(
    Uint8Array.of(DAY),
    kid,
    signature,
    decodeBase64url(day[1] ?? ""),
    decodeBase64url(day[3] ?? ""),
    decodeBase64url(day[4] ?? ""),
    writeVarints([Number(day[5]), Number(day[2]), Number(day[6])]),
  );
}

function packSealed(line2: string): Uint8Array {
  const parsed = parseLine2(line2);
  const parts: Uint8Array[] = [
    Uint8Array.of(SEALED, parsed.typ.length),
    encodeUtf8(parsed.typ),
    decodeBase64url(parsed.signer),
    decodeBase64url(parsed.iv),
    decodeBase64url(parsed.tag),
    Uint8Array.of(parsed.recipients.length),
  ];
  for (const { kid, epk, encryptedKey } of parsed.recipients) {
    parts.push(decodeBase64url(kid), decodeBase64url(epk), decodeBase64url(encryptedKey));
  }
  parts.push(decodeBase64url(parsed.ciphertext));
  return concatBytes(...parts);
}

function writeVarints(values: readonly number[]): Uint8Array {
  const out: number[] = [];
  for (const value of values) {
    if (!Number.isSafeInteger(value)) fail("length", "a number beyond 2^53-1");
    let rest = value;
    while (rest >= 128) {
      out.push((rest % 128) | 128);
      rest = Math.floor(rest / 128);
    }
    out.push(rest);
  }
  return Uint8Array.from(out);
}

function readVarints(bytes: Uint8Array, start: number, count: number): number[] {
  const values: number[] = [];
  let at = start;
  for (let i = 0; i < count; i++) {
    let value = 0;
    let scale = 1;
    for (;;) {
      const byte = bytes[at++];
      if (byte === undefined) fail("form", "a stored record that ends early");
      value += (byte & 127) * scale;
      if (byte < 128) break;
      scale *= 128;
    }
    values.push(value);
  }
  return values;
}
