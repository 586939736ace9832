/**
 * The one canonical form of line 2 (records.md section 1): text ↔ its parts, without any key.
 *
 * The form is a fixed text around a few base64url values, so one regular expression decides canonical JSON,
 * member names, their order and the sizes together, in less time than JSON.parse takes alone. Its classes never
 * contain the quotation mark that ends a value, so it cannot backtrack.
 */
import { decodeBase64url, decodeUtf8, encodeBase64url, encodeUtf8 } from "../base/bytes.ts";
import { fail } from "../base/error.ts";

export const MAX_RECIPIENTS = 4;
/** The limit of any line 2 in bytes; intake holds meters to a lower one. */
export const MAX_LINE2_LENGTH = 65_535;
export const KEY_AGREEMENT = "ECDH-ES+A256KW";

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

// Canonical base64url: the bits of the last character that belong to no byte are zero.
const BYTES_16 = "([A-Za-z0-9_-]{21}[AQgw])";
const BYTES_32 = "([A-Za-z0-9_-]{42}[AEIMQUYcgkosw048])";
const BYTES_72 = "([A-Za-z0-9_-]{96})";
const ANY_BYTES = "([A-Za-z0-9_-]+)";

/** The protected header around apu and typ; the same function writes it and builds its pattern. */
const headerText = (apu: string, typ: string): string =>
  `{"alg":"${KEY_AGREEMENT}","apu":"${apu}","enc":"A256CBC-HS512","typ":"wattproof-${typ}+jwe"}`;

const recipientText = (encryptedKey: string, apv: string, epk: string, kid: string): string =>
  `{"encrypted_key":"${encryptedKey}","header":{"apv":"${apv}","epk":{"crv":"X25519","kty":"OKP","x":"${epk}"},"kid":"${kid}"}}`;

const lineText = (
  ciphertext: string,
  iv: string,
  header: string,
  recipients: string,
  tag: string,
): string =>
  `{"ciphertext":"${ciphertext}","iv":"${iv}","protected":"${header}","recipients":[${recipients}],"tag":"${tag}"}`;

/** A pattern that matches the whole text: what has a meaning in patterns is taken literally outside values. */
function exactly(text: (...values: string[]) => string, ...values: readonly string[]): RegExp {
  const marks = values.map((_, index) => `<${index}>`);
  const literal = text(...marks).replace(/[{}[\]+.]/g, "\\$&");
  return new RegExp(`^${literal.replace(/<(\d)>/g, (_, index) => values[Number(index)] ?? "")}$`);
}

function lineForm(): RegExp {
  const one = exactly(recipientText, BYTES_72, BYTES_32, BYTES_32, BYTES_32).source.slice(1, -1);
  let recipients = one;
  for (let more = 1; more < MAX_RECIPIENTS; more++) recipients = `${one}(?:,${recipients})?`;
  return exactly(lineText, ANY_BYTES, BYTES_16, ANY_BYTES, recipients, BYTES_32);
}

const LINE_FORM = lineForm();
const HEADER_FORM = exactly(headerText, BYTES_32, "([a-z]{1,16})");

function refuse(what: string): never {
  fail("jwe-form", `line 2 is not of its canonical form: ${what}`);
}

/** The recipients in the captured values, four a recipient; absent ones were not captured. */
function readRecipients(values: readonly (string | undefined)[]): ParsedRecipient[] {
  const recipients: ParsedRecipient[] = [];
  for (let at = 0; at < values.length; at += 4) {
    const [encryptedKey, apv, epk, kid] = values.slice(at, at + 4);
    if (encryptedKey === undefined || epk === undefined || kid === undefined) break;
    if (apv !== kid) refuse("apv is not the recipient's kid");
    for (const other of recipients) {
      if (other.kid >= kid) refuse("recipients not sorted by kid, or repeated");
      if (other.epk === epk) refuse("an epk that is used twice");
    }
    recipients.push({ kid, epk, encryptedKey });
  }
  return recipients;
}

/** typ and apu of a protected header, which is some base64url text so far. */
function readProtectedHeader(text: string): { typ: string; signer: string } {
  let header = "";
  try {
    header = decodeUtf8(decodeBase64url(text));
  } catch {
    refuse("protected is not canonical base64url of text");
  }
  const [, signer, typ] = HEADER_FORM.exec(header) ?? refuse("the protected header");
  return { typ: typ ?? "", signer: signer ?? "" };
}

/** Whether base64url text is canonical and of whole AES blocks, at least one. */
function isBlocks(text: string): boolean {
  const rest = text.length % 4;
  // two characters beyond the last group carry 4 spare bits, three carry 2
  const spare = rest === 2 ? /[AQgw]$/ : /[AEIMQUYcgkosw048]$/;
  const bytes = (text.length * 3) >> 2;
  return rest !== 1 && bytes > 0 && bytes % 16 === 0 && (rest === 0 || spare.test(text.slice(-1)));
}

/** Checks the whole form. Throws `jwe-form`. */
export function parseLine2(line2: string): ParsedLine2 {
  if (line2.length > MAX_LINE2_LENGTH) refuse("longer than 65,535 bytes");
  const values = LINE_FORM.exec(line2) ?? refuse("members, their order or their sizes");
  const [, ciphertext = "", iv = "", protectedHeader = ""] = values;
  if (!isBlocks(ciphertext)) refuse("ciphertext is not canonical base64url of whole blocks");
  const { typ, signer } = readProtectedHeader(protectedHeader);
  const recipients = readRecipients(values.slice(4, -1));
  const tag = values.at(-1) ?? "";
  return { typ, signer, protectedHeader, iv, ciphertext, tag, recipients };
}

/** base64url of the protected header: the additional data that the tag covers. */
export function formatProtectedHeader(typ: string, signer: string): string {
  return encodeBase64url(encodeUtf8(headerText(signer, typ)));
}

/** The text of which `parseLine2` gives these parts. */
export function formatLine2(parts: Omit<ParsedLine2, "typ" | "signer">): string {
  const recipients = parts.recipients.map(({ encryptedKey, epk, kid }) =>
    recipientText(encryptedKey, kid, epk, kid),
  );
  const { ciphertext, iv, protectedHeader, tag } = parts;
  return lineText(ciphertext, iv, protectedHeader, recipients.join(","), tag);
}
