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
 *          01 n u8 ‖ typ n ‖ apu 32 ‖ iv 16 ‖ tag 32 ‖ r u8 ‖ r × (kid 32 ‖ epk 32 ‖ key 72) ‖ ciphertext
 * ```
 */
import { concatBytes, decodeBase64url, decodeUtf8, encodeBase64url, encodeUtf8 } from "../base/bytes.ts";
import { fail, isCoded } from "../base/error.ts";

const RAW = 0;
const DAY = 1;
const OTHER = 2;
const SEALED = 1;

const HEADER = /^\{"alg":"ES256","kid":"([A-Za-z0-9_-]{43})","typ":"wattproof-([a-z-]{1,32})\+jws"\}$/;
const DAY_PAYLOAD =
  /^\{"ct":"([A-Za-z0-9_-]{43})","from":(\d{1,16}),"prev":"([A-Za-z0-9_-]{43})","pt":"([A-Za-z0-9_-]{43})","seq":(\d{1,16}),"to":(\d{1,16}),"v":1\}$/;
const PROTECTED =
  /^\{"alg":"ECDH-ES\+A256KW","apu":"([A-Za-z0-9_-]{43})","enc":"A256CBC-HS512","typ":"wattproof-([a-z-]{1,32})\+jwe"\}$/;

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
  const take = (count: number): Uint8Array => bytes.subarray(at, (at += count));
  const typ = decodeUtf8(take(length));
  const apu = encodeBase64url(take(32));
  const iv = encodeBase64url(take(16));
  const tag = encodeBase64url(take(32));
  const count = bytes[at++] ?? 0;
  const recipients: string[] = [];
  for (let i = 0; i < count; i++) {
    const kid = encodeBase64url(take(32));
    const epk = encodeBase64url(take(32));
    recipients.push(recipientOf(encodeBase64url(take(72)), epk, kid));
  }
  const protectedHeader = encodeBase64url(encodeUtf8(protectedOf(apu, typ)));
  return `{"ciphertext":"${encodeBase64url(bytes.subarray(at))}","iv":"${iv}","protected":"${protectedHeader}","recipients":[${recipients.join(",")}],"tag":"${tag}"}`;
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
  return encodeBase64url(
    encodeUtf8(`{"alg":"ES256","kid":"${kid}","typ":"wattproof-${typ}+jws"}`),
  );
}

function packRecord(line1: string): Uint8Array | undefined {
  const [headerPart, payloadPart, signaturePart, extra] = line1.split(".", 4);
  if (headerPart === undefined || payloadPart === undefined || extra !== undefined) return undefined;
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

function protectedOf(apu: string, typ: string): string {
  return `{"alg":"ECDH-ES+A256KW","apu":"${apu}","enc":"A256CBC-HS512","typ":"wattproof-${typ}+jwe"}`;
}

function recipientOf(key: string, epk: string, kid: string): string {
  return `{"encrypted_key":"${key}","header":{"apv":"${kid}","epk":{"crv":"X25519","kty":"OKP","x":"${epk}"},"kid":"${kid}"}}`;
}

// Offsets inside one recipient's text: encrypted_key 18…114, epk x after 196, kid after 247.
const RECIPIENT_LENGTH = recipientOf("k".repeat(96), "e".repeat(43), "i".repeat(43)).length;
const EPK_AT = recipientOf("k".repeat(96), "@", "i".repeat(43)).indexOf("@");
const KID_AT = recipientOf("k".repeat(96), "e".repeat(43), "i".repeat(43)).lastIndexOf("i".repeat(43));

function packSealed(line2: string): Uint8Array | undefined {
  const ivAt = line2.indexOf('","iv":"');
  const protectedAt = ivAt + 8 + 22 + 15;
  const protectedEnd = line2.indexOf('"', protectedAt);
  const listAt = protectedEnd + 16;
  const tagAt = line2.length - 45;
  if (ivAt < 0 || protectedEnd < 0 || tagAt < listAt) return undefined;
  const header = PROTECTED.exec(decodeUtf8(decodeBase64url(line2.slice(protectedAt, protectedEnd))));
  const count = (tagAt - 9 - listAt + 1) / (RECIPIENT_LENGTH + 1);
  if (header === null || !Number.isInteger(count) || count < 1 || count > 255) return undefined;
  const typ = header[2] ?? "";
  const parts: Uint8Array[] = [
    Uint8Array.of(SEALED, typ.length),
    encodeUtf8(typ),
    decodeBase64url(header[1] ?? ""),
    decodeBase64url(line2.slice(ivAt + 8, ivAt + 30)),
    decodeBase64url(line2.slice(tagAt, tagAt + 43)),
    Uint8Array.of(count),
  ];
  for (let i = 0; i < count; i++) {
    const at = listAt + i * (RECIPIENT_LENGTH + 1);
    parts.push(
      decodeBase64url(line2.slice(at + KID_AT, at + KID_AT + 43)),
      decodeBase64url(line2.slice(at + EPK_AT, at + EPK_AT + 43)),
      decodeBase64url(line2.slice(at + 18, at + 114)),
    );
  }
  parts.push(decodeBase64url(line2.slice(15, ivAt)));
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
