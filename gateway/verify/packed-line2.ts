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

/** The protected header of one signer's lines 2, and how their packed form begins behind its first byte. */
export interface SealedHead {
  readonly start: Buffer;
  readonly header: Buffer;
}

interface Shape {
  readonly ciphertextLength: number;
  readonly headerLength: number;
  readonly recipients: number;
  readonly ciphertextAt: number;
  readonly headerAt: number;
  /** Of each short value where it is behind the iv's first byte, its length, and where its text goes. */
  readonly places: Int32Array;
  /** All of the text. */
  readonly text: Buffer;
}

export class PackedLine2 {
  readonly #headers = new Map<string, Buffer>();
  #text = Buffer.alloc(0);
  #shape: Shape | undefined;

  /**
   * The text of a packed line 2, valid until the next one; undefined: unpack it the long way. `head`: of the signer
   * that it is likely to have.
   */
  write(source: Buffer, start: number, end: number, head?: SealedHead): Buffer | undefined {
    if (source[start] !== SEALED_FORM) return undefined;
    const typEnd = start + 2 + (source[start + 1] as number);
    const ivAt = typEnd + 32;
    const countAt = ivAt + 48;
    if (countAt >= end) return undefined;
    const recipients = source[countAt] as number;
    const ciphertextAt = countAt + 1 + recipients * RECIPIENT_BYTES;
    if (ciphertextAt > end || recipients > MAX_RECIPIENTS) return undefined;
    const header =
      head !== undefined && standsAt(head.start, source, start + 1)
        ? head.header
        : this.#headerOf(source, start + 2, typEnd, ivAt);
    if (header === undefined) return undefined;
    const shape = this.#layOut(
      Math.ceil(((end - ciphertextAt) * 4) / 3),
      header.length,
      recipients,
    );
    const { text, places } = shape;
    // The one long value: here a text pays.
    text.write(source.toString("base64url", ciphertextAt, end), shape.ciphertextAt, "latin1");
    header.copy(text, shape.headerAt);
    for (let i = 0; i < places.length; i += 3) {
      const from = ivAt + (places[i] as number);
      writeBase64url(source, from, from + (places[i + 1] as number), text, places[i + 2] as number);
    }
    return text;
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
    const [kids = [], epks = [], keys = []] = [KID, EPK, KEY].map((mark) => findRuns(sample, mark));
    const places = [0, 16, sample.indexOf(IV), 16, 32, sample.indexOf(TAG)];
    for (let i = 0; i < recipients; i++) {
      const at = 49 + i * RECIPIENT_BYTES;
      // The kid stands there as apv, too.
      places.push(at, 32, kids[2 * i] ?? 0, at, 32, kids[2 * i + 1] ?? 0);
      places.push(at + 32, 32, epks[i] ?? 0, at + 64, 72, keys[i] ?? 0);
    }
    if (this.#text.length < sample.length) this.#text = Buffer.alloc(2 * sample.length);
    this.#text.write(sample, "latin1");
    const shape: Shape = {
      ciphertextLength,
      headerLength,
      recipients,
      ciphertextAt: sample.indexOf(CIPHERTEXT),
      headerAt: sample.indexOf(HEADER),
      places: Int32Array.from(places),
      text: this.#text.subarray(0, sample.length),
    };
    this.#shape = shape;
    return shape;
  }
}

function standsAt(bytes: Buffer, source: Buffer, at: number): boolean {
  for (let i = 0; i < bytes.length; i++) if (source[at + i] !== bytes[i]) return false;
  return true;
}

/** Where each run of a mark begins. */
function findRuns(sample: string, mark: string): number[] {
  return [...sample.matchAll(new RegExp(`${mark}+`, "g"))].map(({ index }) => index);
}
