/**
 * The one canonical form of line 2 (records.md section 1): text ↔ its parts, without any key.
 *
 * The form is a fixed template around a few base64url values, so walking it once decides canonical JSON, member
 * names and order, sizes and base64url together, several times faster than parsing and rebuilding JSON.
 */
import { decodeBase64url, encodeBase64url, encodeUtf8 } from "../base/bytes.ts";
import { fail } from "../base/error.ts";

export const MAX_RECIPIENTS = 4;
/** The limit of any line 2 in bytes; intake holds meters to a lower one. */
export const MAX_LINE2_LENGTH = 65_535;

/** One recipient's part, as canonical base64url of 32, 32 and 72 bytes. */
export interface ParsedRecipient {
  readonly kid: string;
  readonly epk: string;
  readonly encryptedKey: string;
}

/** A line 2 of canonical form. Every value but `typ` is canonical base64url. */
export interface ParsedLine2 {
  /** The record type, e.g. `day`. */
  readonly typ: string;
  /** Thumbprint of the signer of line 1 (`apu`). */
  readonly signer: string;
  readonly protectedHeader: string;
  readonly iv: string;
  readonly ciphertext: string;
  readonly tag: string;
  /** 1 to 4, sorted by kid, no kid and no epk twice. */
  readonly recipients: readonly ParsedRecipient[];
}

export const KEY_AGREEMENT = "ECDH-ES+A256KW";

const TO_CIPHERTEXT = '{"ciphertext":"';
const TO_IV = '","iv":"';
const TO_PROTECTED = '","protected":"';
const TO_RECIPIENTS = '","recipients":[';
const TO_ENCRYPTED_KEY = '{"encrypted_key":"';
const TO_APV = '","header":{"apv":"';
const TO_EPK = '","epk":{"crv":"X25519","kty":"OKP","x":"';
const TO_KID = '"},"kid":"';
const RECIPIENT_END = '"}}';
const TO_TAG = '],"tag":"';
const END = '"}';

const TO_APU = `{"alg":"${KEY_AGREEMENT}","apu":"`;
const TO_TYP = '","enc":"A256CBC-HS512","typ":"wattproof-';
const HEADER_END = '+jwe"}';

const TYP = /^[a-z]{1,16}$/;
const ALPHABET = /^[\w-]+$/;
// Canonical base64url: the bits of the last character that belong to no byte are zero.
const HASH = /^[\w-]{42}[AEIMQUYcgkosw048]$/;
const IV = /^[\w-]{21}[AQgw]$/;
const WRAPPED_KEY = /^[\w-]{96}$/;

function refuse(what: string): never {
  fail("jwe-form", `line 2 is not of its canonical form: ${what}`);
}

/** Reads a text from left to right: fixed template parts and the quoted values between them. */
class TemplateReader {
  readonly #text: string;
  #at = 0;

  constructor(text: string) {
    this.#text = text;
  }

  /** Steps over `part` if it comes next. */
  skip(part: string): boolean {
    if (!this.#text.startsWith(part, this.#at)) return false;
    this.#at += part.length;
    return true;
  }

  /** The value that follows `part` and ends before the next quotation mark. */
  valueAfter(part: string, name: string, form: RegExp): string {
    if (!this.skip(part)) refuse(`${name} is missing or out of place`);
    const end = this.#text.indexOf('"', this.#at);
    const value = this.#text.slice(this.#at, end < 0 ? this.#at : end);
    if (!form.test(value)) refuse(`${name} is not canonical base64url of its size`);
    this.#at += value.length;
    return value;
  }

  /** Requires that `part` is all that is left. */
  end(part: string): void {
    if (!this.skip(part) || this.#at !== this.#text.length) refuse("text after the tag");
  }
}

/** How many bytes a base64url text over the alphabet stands for; undefined if it is not canonical. */
function countBytes(text: string): number | undefined {
  const rest = text.length % 4;
  if (rest === 1) return undefined;
  // two characters beyond the last group carry 4 spare bits, three carry 2
  const spare = rest === 2 ? 15 : rest === 3 ? 3 : 0;
  if ((sextet(text.charCodeAt(text.length - 1)) & spare) !== 0) return undefined;
  return (text.length * 3) >> 2;
}

function sextet(char: number): number {
  if (char >= 97) return char - 71; // a-z
  if (char === 95) return 63; // _
  if (char >= 65) return char - 65; // A-Z
  return char === 45 ? 62 : char + 4; // - or 0-9
}

function readRecipients(reader: TemplateReader): ParsedRecipient[] {
  const recipients: ParsedRecipient[] = [];
  do {
    const encryptedKey = reader.valueAfter(TO_ENCRYPTED_KEY, "encrypted_key", WRAPPED_KEY);
    const apv = reader.valueAfter(TO_APV, "apv", HASH);
    const epk = reader.valueAfter(TO_EPK, "epk", HASH);
    const kid = reader.valueAfter(TO_KID, "kid", HASH);
    if (!reader.skip(RECIPIENT_END)) refuse("a recipient does not end after its kid");
    if (apv !== kid) refuse("apv is not the recipient's kid");
    const last = recipients.at(-1);
    if (last !== undefined && last.kid >= kid)
      refuse("recipients are not sorted by kid, or repeat");
    if (recipients.some((other) => other.epk === epk)) refuse("an epk is used twice");
    if (recipients.push({ kid, epk, encryptedKey }) > MAX_RECIPIENTS) refuse("over 4 recipients");
  } while (reader.skip(","));
  return recipients;
}

function readProtectedHeader(text: string): { typ: string; signer: string } {
  if (countBytes(text) === undefined) refuse("protected is not canonical base64url");
  let header = "";
  for (const byte of decodeBase64url(text)) header += String.fromCharCode(byte);
  const reader = new TemplateReader(header);
  const signer = reader.valueAfter(TO_APU, "apu", HASH);
  if (!reader.skip(TO_TYP)) refuse("the protected header");
  const typ = header.slice(TO_APU.length + signer.length + TO_TYP.length, -HEADER_END.length);
  if (!TYP.test(typ) || !header.endsWith(HEADER_END)) refuse("the protected header's typ");
  return { typ, signer };
}

/** Checks the whole form. Throws `jwe-form`. */
export function parseLine2(line2: string): ParsedLine2 {
  if (line2.length > MAX_LINE2_LENGTH) refuse("longer than 65,535 bytes");
  const reader = new TemplateReader(line2);
  const ciphertext = reader.valueAfter(TO_CIPHERTEXT, "ciphertext", ALPHABET);
  const length = countBytes(ciphertext) ?? 0;
  if (length === 0 || length % 16 !== 0) refuse("ciphertext is not base64url of whole AES blocks");
  const iv = reader.valueAfter(TO_IV, "iv", IV);
  const protectedHeader = reader.valueAfter(TO_PROTECTED, "protected", ALPHABET);
  if (!reader.skip(TO_RECIPIENTS)) refuse("recipients are missing or out of place");
  const recipients = readRecipients(reader);
  const tag = reader.valueAfter(TO_TAG, "tag", HASH);
  reader.end(END);
  return {
    ...readProtectedHeader(protectedHeader),
    protectedHeader,
    iv,
    ciphertext,
    tag,
    recipients,
  };
}

/** base64url of the protected header: what the tag covers as additional data. */
export function formatProtectedHeader(typ: string, signer: string): string {
  return encodeBase64url(encodeUtf8(`${TO_APU}${signer}${TO_TYP}${typ}${HEADER_END}`));
}

/** The text of which `parseLine2` gives these parts. */
export function formatLine2(parts: Omit<ParsedLine2, "typ" | "signer">): string {
  const recipients = parts.recipients.map(
    ({ encryptedKey, epk, kid }) =>
      `${TO_ENCRYPTED_KEY}${encryptedKey}${TO_APV}${kid}${TO_EPK}${epk}${TO_KID}${kid}${RECIPIENT_END}`,
  );
  return (
    `${TO_CIPHERTEXT}${parts.ciphertext}${TO_IV}${parts.iv}${TO_PROTECTED}${parts.protectedHeader}` +
    `${TO_RECIPIENTS}${recipients.join(",")}${TO_TAG}${parts.tag}${END}`
  );
}
