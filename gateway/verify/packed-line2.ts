/**
 * Line 2 from its packed form (shared/record/compact.ts) without texts: written into one buffer that keeps the fixed
 * text of the last one, because almost all have the same lengths.
 */
import { formatLine2, formatProtectedHeader } from "../../shared/record/line2-form.ts";
import { writeBase64url } from "./base64url-writer.ts";

const SEALED_FORM = 1;
const TYP = /^[a-z]{1,16}$/;
const MAX_RECIPIENTS = 16;
/** Most signers whose protected header is kept. */
const MAX_HEADERS = 100_000;
/** kid 32, epk 32, wrapped key 72 */
const RECIPIENT_BYTES = 136;

/** Marks of values in a line that is formatted to find out where they stand: characters that no value has. */
const CIPHERTEXT = "\u0001";
const IV = "\u0002";
const HEADER = "\u0003";
const TAG = "\u0004";
const KID = "\u0005";
const EPK = "\u0006";
const KEY = "\u0007";

interface Shape {
  readonly ciphertextLength: number;
  readonly headerLength: number;
  readonly recipients: number;
  readonly length: number;
  readonly ciphertextAt: number;
  readonly ivAt: number;
  readonly headerAt: number;
  readonly tagAt: number;
  /** Of each recipient: kid as apv, kid, epk, wrapped key. */
  readonly places: readonly (readonly [apv: number, kid: number, epk: number, key: number])[];
}

export class PackedLine2 {
  readonly #headers = new Map<string, Buffer>();
  #text = Buffer.alloc(0);
  #shape: Shape | undefined;

  /** The text of a packed line 2, valid until the next one; undefined: unpack it the long way. */
  write(source: Buffer, start: number, end: number): Uint8Array | undefined {
    if (source[start] !== SEALED_FORM) return undefined;
    const typEnd = start + 2 + (source[start + 1] as number);
    const ivAt = typEnd + 32;
    const tagAt = ivAt + 16;
    const countAt = tagAt + 32;
    if (countAt >= end) return undefined;
    const recipients = source[countAt] as number;
    const ciphertextAt = countAt + 1 + recipients * RECIPIENT_BYTES;
    if (ciphertextAt > end || recipients > MAX_RECIPIENTS) return undefined;
    const header = this.#headerOf(source, start + 2, typEnd, ivAt);
    if (header === undefined) return undefined;
    const shape = this.#layOut(
      Math.ceil(((end - ciphertextAt) * 4) / 3),
      header.length,
      recipients,
    );
    const text = this.#text;
    // The one long value: here a text pays.
    text.write(source.toString("base64url", ciphertextAt, end), shape.ciphertextAt, "latin1");
    writeBase64url(source, ivAt, tagAt, text, shape.ivAt);
    writeBase64url(source, tagAt, countAt, text, shape.tagAt);
    header.copy(text, shape.headerAt);
    let at = countAt + 1;
    for (const [apv, kid, epk, key] of shape.places) {
      writeBase64url(source, at, at + 32, text, apv);
      writeBase64url(source, at, at + 32, text, kid);
      writeBase64url(source, at + 32, at + 64, text, epk);
      writeBase64url(source, at + 64, at + RECIPIENT_BYTES, text, key);
      at += RECIPIENT_BYTES;
    }
    return text.subarray(0, shape.length);
  }

  #headerOf(source: Buffer, typAt: number, typEnd: number, signerEnd: number): Buffer | undefined {
    const name = source.toString("latin1", typAt, signerEnd);
    let header = this.#headers.get(name);
    if (header === undefined) {
      const typ = source.toString("latin1", typAt, typEnd);
      if (!TYP.test(typ)) return undefined;
      header = Buffer.from(
        formatProtectedHeader(typ, source.toString("base64url", typEnd, signerEnd)),
      );
      if (this.#headers.size >= MAX_HEADERS) this.#headers.clear();
      this.#headers.set(name, header);
    }
    return header;
  }

  /** Puts the fixed text of lines with these lengths into the buffer, unless it stands there. */
  #layOut(ciphertextLength: number, headerLength: number, recipients: number): Shape {
    const last = this.#shape;
    if (
      last?.ciphertextLength === ciphertextLength &&
      last.headerLength === headerLength &&
      last.recipients === recipients
    ) {
      return last;
    }
    const sample = formatLine2({
      ciphertext: CIPHERTEXT.repeat(ciphertextLength),
      iv: IV.repeat(22),
      protectedHeader: HEADER.repeat(headerLength),
      tag: TAG.repeat(43),
      recipients: Array.from({ length: recipients }, () => ({
        kid: KID.repeat(43),
        epk: EPK.repeat(43),
        encryptedKey: KEY.repeat(96),
      })),
    });
    const [kids, epks, keys] = [KID, EPK, KEY].map((mark) => findRuns(sample, mark));
    const shape: Shape = {
      ciphertextLength,
      headerLength,
      recipients,
      length: sample.length,
      ciphertextAt: sample.indexOf(CIPHERTEXT),
      ivAt: sample.indexOf(IV),
      headerAt: sample.indexOf(HEADER),
      tagAt: sample.indexOf(TAG),
      places: Array.from({ length: recipients }, (_, i) => [
        kids?.[2 * i] ?? 0,
        kids?.[2 * i + 1] ?? 0,
        epks?.[i] ?? 0,
        keys?.[i] ?? 0,
      ]),
    };
    if (this.#text.length < sample.length) this.#text = Buffer.alloc(2 * sample.length);
    this.#text.write(sample, "latin1");
    this.#shape = shape;
    return shape;
  }
}

/** Where each run of a mark begins. */
function findRuns(sample: string, mark: string): number[] {
  return [...sample.matchAll(new RegExp(`${mark}+`, "g"))].map(({ index }) => index);
}
