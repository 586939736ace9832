/**
 * The fast reading of a day's envelope, byte by byte, and nothing but a shortcut of the long way.
 *
 * Both lines of a day are fixed text around a few base64url values and numbers (records.md section 1), and all
 * fixed text of a key is known beforehand. So one pass compares the text, decodes each value strictly and writes the
 * stored forms of both lines (compact.ts) at once, without making a string or an array. What is of any other form
 * goes the long way, which finds its code; what this accepts the long way reads the same (a property test
 * holds them together).
 */
import { decodeBase64url, encodeAscii, readLatin1, writeBase64url } from "../base/bytes.ts";
import { dayHeaderPart } from "./day-line.ts";
import { MAX_METER_LINE2 } from "./envelope.ts";
import { formatProtectedHeader, MAX_RECIPIENTS } from "./line2-form.ts";
import { MAX_METER_LINE1 } from "./record.ts";

/** All that is fixed in the envelopes of one key. */
export interface DayForm {
  /** Header part of line 1, and the dot after it. */
  readonly header: Uint8Array;
  /** Raw thumbprint of the signer. */
  readonly kid: Uint8Array;
  /** Protected header of line 2, base64url as it stands there: the additional data of its tag. */
  readonly protectedHeader: Uint8Array;
  /** kids to which line 2 must be sealed, sorted: as text and raw. */
  readonly recipients: readonly { readonly text: Uint8Array; readonly raw: Uint8Array }[];
}

/** The form of the days that `kid` signs and seals to `recipients` (kids, sorted). */
export function createDayForm(kid: string, recipients: readonly string[]): DayForm {
  return {
    header: encodeAscii(`${dayHeaderPart(kid)}.`),
    kid: decodeBase64url(kid),
    protectedHeader: encodeAscii(formatProtectedHeader("day", kid)),
    recipients: recipients.map((text) => ({ text: encodeAscii(text), raw: decodeBase64url(text) })),
  };
}

/** Where the parts of a stored line 2 of a day lie (compact.ts), from its beginning. */
export const SEALED_IV = 37;
export const SEALED_TAG = 53;
export const SEALED_RECIPIENTS = 86;
/** Of each recipient: kid 32, epk 32, wrapped key 72. */
export const SEALED_RECIPIENT = 136;
const SEALED_HEAD = Uint8Array.of(1, 3, 0x64, 0x61, 0x79);

const LF = 10;
const DOT = 0x2e;
const QUOTE = 0x22;
const SIGNATURE_CHARS = 86;
/** Characters of line 1's payload: seven fixed pieces, three hashes, three numbers. */
const MAX_PAYLOAD = 512;

const CT = encodeAscii('{"ct":"');
const FROM = encodeAscii('","from":');
const PREV = encodeAscii(',"prev":"');
const PT = encodeAscii('","pt":"');
const SEQ = encodeAscii('","seq":');
const TO = encodeAscii(',"to":');
const VERSION = encodeAscii(',"v":1}');
const CIPHERTEXT = encodeAscii('{"ciphertext":"');
const IV = encodeAscii('","iv":"');
const PROTECTED = encodeAscii('","protected":"');
const RECIPIENTS = encodeAscii('","recipients":[');
const ENCRYPTED_KEY = encodeAscii('{"encrypted_key":"');
const APV = encodeAscii('","header":{"apv":"');
const EPK = encodeAscii('","epk":{"crv":"X25519","kty":"OKP","x":"');
const KID = encodeAscii('"},"kid":"');
const RECIPIENT_END = encodeAscii('"}}');
const TAG = encodeAscii('],"tag":"');
const END = encodeAscii('"}');
const COMMA = 0x2c;

/** Value of each base64url character; 255 for all others. */
const SEXTETS = createSextets();

function createSextets(): Uint8Array {
  const table = new Uint8Array(256).fill(255);
  const alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
  for (let value = 0; value < 64; value++) table[alphabet.charCodeAt(value)] = value;
  return table;
}

/**
 * Decodes `chars` characters of canonical base64url at `at` into `out` at `to`; returns the number of bytes, or -1 if
 * they are not canonical.
 */
export function decodeSextets(
  bytes: Uint8Array,
  at: number,
  chars: number,
  out: Uint8Array,
  to: number,
): number {
  const rest = chars & 3;
  const whole = at + chars - rest;
  let wrong = rest === 1 ? 255 : 0;
  let o = to;
  let i = at;
  for (; i < whole; i += 4) {
    const a = SEXTETS[bytes[i] as number] as number;
    const b = SEXTETS[bytes[i + 1] as number] as number;
    const c = SEXTETS[bytes[i + 2] as number] as number;
    const d = SEXTETS[bytes[i + 3] as number] as number;
    wrong |= a | b | c | d;
    out[o] = (a << 2) | (b >> 4);
    out[o + 1] = (b << 4) | (c >> 2);
    out[o + 2] = (c << 6) | d;
    o += 3;
  }
  if (rest > 1) {
    const a = SEXTETS[bytes[i] as number] as number;
    const b = SEXTETS[bytes[i + 1] as number] as number;
    const c = rest === 3 ? (SEXTETS[bytes[i + 2] as number] as number) : 0;
    wrong |= a | b | c;
    out[o++] = (a << 2) | (b >> 4);
    if (rest === 3) out[o++] = (b << 4) | (c >> 2);
    // The bits of the last character that belong to no byte are zero, or two texts would be the same bytes.
    if ((rest === 2 ? b & 15 : c & 3) !== 0) return -1;
  }
  return wrong > 63 ? -1 : o - to;
}

/** {@link decodeSextets} for a long text up to `end`: the platform is faster, but for the last few characters. */
export function decodeLong(
  bytes: Uint8Array,
  at: number,
  end: number,
  out: Uint8Array,
  to: number,
): number {
  const whole = end - ((end - at) & 3);
  const length = writeBase64url(readLatin1(bytes, at, whole), out, to);
  if (length < 0) return -1;
  const rest = decodeSextets(bytes, whole, end - whole, out, to + length);
  return rest < 0 ? -1 : length + rest;
}

function isAt(bytes: Uint8Array, at: number, text: Uint8Array): boolean {
  for (let i = 0; i < text.length; i++) if (bytes[at + i] !== text[i]) return false;
  return true;
}

function areEqual(bytes: Uint8Array, a: number, b: number, length: number): boolean {
  for (let i = 0; i < length; i++) if (bytes[a + i] !== bytes[b + i]) return false;
  return true;
}

function writeVarint(out: Uint8Array, at: number, value: number): number {
  let rest = value;
  let to = at;
  for (; rest >= 128; rest = Math.floor(rest / 128)) out[to++] = (rest % 128) | 128;
  out[to++] = rest;
  return to;
}

/** Reads envelopes one after the other; what it read of the last one stands in its members until the next. */
export class DayEnvelopeReader {
  seq = 0;
  from = 0;
  to = 0;
  /** Length of line 1 as text, without the line feed. */
  line1Length = 0;
  /** Place of the first character of the signature, where the signed text and its dot end. */
  signatureAt = 0;
  /** Place of the line feed. */
  lineFeed = 0;
  /** Stored forms in `out`: line 1 from where it was asked for, line 2 right after it. */
  packedLine1 = 0;
  packedLine2 = 0;
  readonly #payload = new Uint8Array(MAX_PAYLOAD);
  #at = 0;
  /** Characters of the last one. */
  #ciphertextLength = 0;

  /**
   * Reads the envelope `bytes[start…end)` of the key of `form`, and writes its stored lines to `out` from `to` on,
   * which needs as many bytes as the envelope has. Returns false for any other form; nothing is known then.
   */
  read(
    bytes: Uint8Array,
    start: number,
    end: number,
    form: DayForm,
    out: Uint8Array,
    to: number,
  ): boolean {
    const guess = start + this.line1Length;
    // It need not be the first: header and base64url of line 1, which are compared and decoded, admit no line feed.
    const lineFeed = guess < end && bytes[guess] === LF ? guess : bytes.indexOf(LF, start);
    if (lineFeed < 0 || lineFeed >= end) return false;
    if (lineFeed - start > MAX_METER_LINE1 || end - lineFeed - 1 > MAX_METER_LINE2) return false;
    this.lineFeed = lineFeed;
    this.line1Length = lineFeed - start;
    return (
      this.#readLine1(bytes, start, form, out, to) &&
      this.#readLine2(bytes, end, form, out, to + this.packedLine1)
    );
  }

  /** The same of line 1 alone: `bytes[start…end)`, without a line feed. */
  readLine1(
    bytes: Uint8Array,
    start: number,
    end: number,
    form: DayForm,
    out: Uint8Array,
    to: number,
  ): boolean {
    if (end - start > MAX_METER_LINE1) return false;
    this.lineFeed = end;
    this.line1Length = end - start;
    return this.#readLine1(bytes, start, form, out, to);
  }

  #readLine1(
    bytes: Uint8Array,
    start: number,
    form: DayForm,
    out: Uint8Array,
    to: number,
  ): boolean {
    const payloadAt = start + form.header.length;
    const signatureAt = this.lineFeed - SIGNATURE_CHARS;
    const chars = signatureAt - 1 - payloadAt;
    const payload = this.#payload;
    if (chars < 1 || chars * 3 > MAX_PAYLOAD * 4 || bytes[signatureAt - 1] !== DOT) return false;
    if (!isAt(bytes, start, form.header)) return false;
    const length = decodeSextets(bytes, payloadAt, chars, payload, 0);
    if (length < 0) return false;
    out[to] = 1;
    out.set(form.kid, to + 1);
    if (decodeSextets(bytes, signatureAt, SIGNATURE_CHARS, out, to + 33) < 0) return false;
    this.#at = 0;
    if (!this.#hash(CT, out, to + 97) || !this.#number(FROM)) return false;
    this.from = this.#value;
    if (!this.#hash(PREV, out, to + 129) || !this.#hash(PT, out, to + 161)) return false;
    if (!this.#number(SEQ) || this.#value === 0) return false;
    this.seq = this.#value;
    if (!this.#number(TO)) return false;
    this.to = this.#value;
    if (!isAt(payload, this.#at, VERSION) || this.#at + VERSION.length !== length) return false;
    const afterSeq = writeVarint(out, to + 193, this.seq);
    this.packedLine1 = writeVarint(out, writeVarint(out, afterSeq, this.from), this.to) - to;
    this.signatureAt = signatureAt;
    return true;
  }

  #value = 0;

  /** A hash in the payload after `before`, into `out`. */
  #hash(before: Uint8Array, out: Uint8Array, to: number): boolean {
    const at = this.#at + before.length;
    if (!isAt(this.#payload, this.#at, before)) return false;
    this.#at = at + 43;
    return decodeSextets(this.#payload, at, 43, out, to) === 32;
  }

  /** A number in the payload after `before`, as canonical JSON writes it: digits without a leading zero. */
  #number(before: Uint8Array): boolean {
    const payload = this.#payload;
    let at = this.#at + before.length;
    if (!isAt(payload, this.#at, before)) return false;
    const first = at;
    let value = 0;
    for (; at - first < 16; at++) {
      const digit = (payload[at] as number) - 0x30;
      if (!(digit >= 0 && digit <= 9)) break;
      value = value * 10 + digit;
    }
    this.#at = at;
    this.#value = value;
    const leadingZero = payload[first] === 0x30 && at - first > 1;
    return at > first && !leadingZero && Number.isSafeInteger(value);
  }

  #readLine2(bytes: Uint8Array, end: number, form: DayForm, out: Uint8Array, to: number): boolean {
    const start = this.lineFeed + 1;
    const count = form.recipients.length;
    if (count < 1 || count > MAX_RECIPIENTS || !isAt(bytes, start, CIPHERTEXT)) return false;
    const ciphertextAt = start + CIPHERTEXT.length;
    const guess = ciphertextAt + this.#ciphertextLength;
    // Nor this one: what stands before it is decoded. All of the text is compared, so that no other quote is taken for it.
    const quote =
      guess < end && isAt(bytes, guess, IV) ? guess : bytes.indexOf(QUOTE, ciphertextAt);
    if (quote < 0 || quote >= end) return false;
    this.#ciphertextLength = quote - ciphertextAt;
    const bodyAt = to + SEALED_RECIPIENTS + count * SEALED_RECIPIENT;
    const length = decodeLong(bytes, ciphertextAt, quote, out, bodyAt);
    if (length <= 0 || length % 16 !== 0) return false;
    let at = quote;
    if (!isAt(bytes, at, IV)) return false;
    at += IV.length;
    if (decodeSextets(bytes, at, 22, out, to + SEALED_IV) !== 16) return false;
    at += 22;
    if (!isAt(bytes, at, PROTECTED) || !isAt(bytes, at + PROTECTED.length, form.protectedHeader)) {
      return false;
    }
    at += PROTECTED.length + form.protectedHeader.length;
    if (!isAt(bytes, at, RECIPIENTS)) return false;
    at += RECIPIENTS.length;
    for (let i = 0; i < count; i++) {
      if (i > 0 && bytes[at++] !== COMMA) return false;
      at = this.#readRecipient(bytes, at, form, i, out, to);
      if (at < 0) return false;
    }
    if (!isAt(bytes, at, TAG)) return false;
    at += TAG.length;
    if (decodeSextets(bytes, at, 43, out, to + SEALED_TAG) !== 32) return false;
    at += 43;
    if (!isAt(bytes, at, END) || at + END.length !== end) return false;
    out.set(SEALED_HEAD, to);
    out.set(form.kid, to + SEALED_HEAD.length);
    out[to + SEALED_RECIPIENTS - 1] = count;
    this.packedLine2 = bodyAt + length - to;
    return true;
  }

  /** One recipient, which must be the one that the form names here; returns the place after it, or -1. */
  #readRecipient(
    bytes: Uint8Array,
    start: number,
    form: DayForm,
    index: number,
    out: Uint8Array,
    to: number,
  ): number {
    const kid = form.recipients[index];
    if (kid === undefined || !isAt(bytes, start, ENCRYPTED_KEY)) return -1;
    const own = to + SEALED_RECIPIENTS + index * SEALED_RECIPIENT;
    let at = start + ENCRYPTED_KEY.length;
    if (decodeSextets(bytes, at, 96, out, own + 64) !== 72) return -1;
    at += 96;
    if (!isAt(bytes, at, APV) || !isAt(bytes, at + APV.length, kid.text)) return -1;
    at += APV.length + kid.text.length;
    if (!isAt(bytes, at, EPK)) return -1;
    at += EPK.length;
    if (decodeSextets(bytes, at, 43, out, own + 32) !== 32) return -1;
    at += 43;
    if (!isAt(bytes, at, KID) || !isAt(bytes, at + KID.length, kid.text)) return -1;
    at += KID.length + kid.text.length;
    if (!isAt(bytes, at, RECIPIENT_END)) return -1;
    out.set(kid.raw, own);
    // No epk stands twice; the recipients before this one lie one after the other.
    for (let before = own - SEALED_RECIPIENT; before > to; before -= SEALED_RECIPIENT) {
      if (areEqual(out, before + 32, own + 32, 32)) return -1;
    }
    return at + RECIPIENT_END.length;
  }
}
