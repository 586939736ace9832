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
  concatDecoded,
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
  type ParsedLine2,
  type ParsedRecipient,
} from "./line2-form.ts";
import type { ParsedRecord } from "./record.ts";

const RAW = 0;
const DAY = 1;
const OTHER = 2;
const SEALED = 1;

const HEADER =
  /^\{"alg":"ES256","kid":"([A-Za-z0-9_-]{43})","typ":"wattproof-([a-z-]{1,32})\+jws"\}$/;
const DAY_PAYLOAD =
  /^\{"ct":"([A-Za-z0-9_-]{43})","from":(\d{1,16}),"prev":"([A-Za-z0-9_-]{43})","pt":"([A-Za-z0-9_-]{43})","seq":(\d{1,16}),"to":(\d{1,16}),"v":1\}$/;
const PROTECTED =
  /^\{"alg":"ECDH-ES\+A256KW","apu":"([A-Za-z0-9_-]{43})","enc":"A256CBC-HS512","typ":"wattproof-([a-z]{1,16})\+jwe"\}$/;
/** base64url of 64 bytes. */
const SIGNATURE_LENGTH = 86;

/** Line 1 (ASCII text without LF) to its stored form. */
export function packLine1(line1: string): Uint8Array {
  return packOrRaw(line1, packRecord, unpackLine1);
}

/** {@link packLine1} of a day whose form `parseRecord` has checked, so that nothing is left to compare. */
export function packDayLine1(record: ParsedRecord<"day">): Uint8Array {
  const { kid, line1, payload } = record;
  const { ct, prev, pt, seq, from, to } = payload;
  const signature = line1.slice(line1.length - SIGNATURE_LENGTH);
  const numbers = writeVarints([seq, from, to]);
  return concatDecoded([Uint8Array.of(DAY), kid, signature, ct, prev, pt, numbers]);
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

/** Numbers of a day in its stored form; undefined for any other record. */
export function readPackedDay(
  bytes: Uint8Array,
): { readonly seq: number; readonly from: number; readonly to: number } | undefined {
  if (bytes[0] !== DAY) return undefined;
  const [seq = 0, from = 0, to = 0] = readVarints(bytes, 193, 3);
  return { seq, from, to };
}

/** Line 2 (JCS of the sealed box) to its stored form. */
export function packLine2(line2: string): Uint8Array {
  return packOrRaw(line2, packSealed, unpackLine2);
}

/** {@link packLine2} of what `parseLine2` gave: its form admits one text for these parts. */
export function packParsedLine2(parsed: ParsedLine2): Uint8Array {
  const name = encodeUtf8(parsed.typ);
  const { signer, iv, tag, recipients, ciphertext } = parsed;
  return concatDecoded([
    Uint8Array.of(SEALED, name.length),
    name,
    signer,
    iv,
    tag,
    Uint8Array.of(recipients.length),
    ...recipients.flatMap(({ kid, epk, encryptedKey }) => [kid, epk, encryptedKey]),
    ciphertext,
  ]);
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
  const payloadAt = line1.indexOf(".") + 1;
  const signatureAt = line1.length - SIGNATURE_LENGTH;
  if (payloadAt === 0 || signatureAt <= payloadAt) return undefined;
  const header = HEADER.exec(decodeUtf8(decodeBase64url(line1.slice(0, payloadAt - 1))));
  const [, kid, typ] = header ?? [];
  if (kid === undefined || typ === undefined) return undefined;
  const signature = line1.slice(signatureAt);
  const payloadPart = line1.slice(payloadAt, signatureAt - 1);
  const day = typ === "day" ? DAY_PAYLOAD.exec(decodeUtf8(decodeBase64url(payloadPart))) : null;
  if (day === null) {
    const name = encodeUtf8(typ);
    const head = Uint8Array.of(OTHER);
    return concatDecoded([head, kid, signature, Uint8Array.of(name.length), name, payloadPart]);
  }
  const [, ct = "", from, prev = "", pt = "", seq, to] = day;
  const numbers = writeVarints([Number(seq), Number(from), Number(to)]);
  return concatDecoded([Uint8Array.of(DAY), kid, signature, ct, prev, pt, numbers]);
}

// Distances in the text of line 2, measured on a sample; what does not fit them is not rebuilt and stays as it is.
const SAMPLE = formatLine2({
  ciphertext: "c",
  iv: "v".repeat(22),
  protectedHeader: "p",
  recipients: [
    { encryptedKey: "k".repeat(96), epk: "e".repeat(43), kid: "i".repeat(43) },
    { encryptedKey: "K".repeat(96), epk: "E".repeat(43), kid: "I".repeat(43) },
  ],
  tag: "t".repeat(43),
});
const CIPHERTEXT_AT = SAMPLE.indexOf('"c"') + 1;
const TO_IV = SAMPLE.slice(CIPHERTEXT_AT + 1, SAMPLE.indexOf("vvv"));
const IV_LENGTH = 22;
const PROTECTED_AT_IV = SAMPLE.indexOf('"p"') + 1 - (CIPHERTEXT_AT + 1);
const PROTECTED_TO_KEY = SAMPLE.indexOf("kkk") - (SAMPLE.indexOf('"p"') + 2);
const RECIPIENT_LENGTH = SAMPLE.indexOf("KKK") - SAMPLE.indexOf("kkk");
const KEY_TO_EPK = SAMPLE.indexOf("eee") - SAMPLE.indexOf("kkk");
const KEY_TO_KID = SAMPLE.lastIndexOf("iii") - 40 - SAMPLE.indexOf("kkk");
const TAG_TO_END = SAMPLE.length - SAMPLE.indexOf("ttt");

function packSealed(line2: string): Uint8Array | undefined {
  const ivAt = line2.indexOf(TO_IV, CIPHERTEXT_AT);
  const protectedAt = ivAt + PROTECTED_AT_IV;
  const protectedEnd = line2.indexOf('"', protectedAt);
  const tagAt = line2.length - TAG_TO_END;
  if (ivAt < 0 || protectedEnd < 0 || tagAt < protectedEnd) return undefined;
  const header = decodeUtf8(decodeBase64url(line2.slice(protectedAt, protectedEnd)));
  const [, signer, typ] = PROTECTED.exec(header) ?? [];
  if (signer === undefined || typ === undefined) return undefined;
  const recipients: string[] = [];
  for (let key = protectedEnd + PROTECTED_TO_KEY; key < tagAt; key += RECIPIENT_LENGTH) {
    recipients.push(
      line2.slice(key + KEY_TO_KID, key + KEY_TO_KID + 43),
      line2.slice(key + KEY_TO_EPK, key + KEY_TO_EPK + 43),
      line2.slice(key, key + 96),
    );
  }
  const name = encodeUtf8(typ);
  return concatDecoded([
    Uint8Array.of(SEALED, name.length),
    name,
    signer,
    line2.slice(ivAt + TO_IV.length, ivAt + TO_IV.length + IV_LENGTH),
    line2.slice(tagAt, tagAt + 43),
    Uint8Array.of(recipients.length / 3),
    ...recipients,
    line2.slice(CIPHERTEXT_AT, ivAt),
  ]);
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
