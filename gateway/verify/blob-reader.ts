/** Hashes lines 2, from a store's packed form or from a dump's base64url, for a batch at a time (facts.ts). */
import { isUtf8 } from "node:buffer";
import { hash } from "node:crypto";
import { formatLine2, formatProtectedHeader } from "../../shared/record/line2-form.ts";
import type { BlobFacts } from "./facts.ts";

const HASH_BYTES = 32;
const SEALED = 1;
const TYP = /^[a-z]{1,16}$/;
/** Most signers whose protected header is kept as text. */
const MAX_HEADERS = 100_000;
/** Bytes of kid, epk and wrapped key of a recipient. */
const RECIPIENT_BYTES = 136;

export class BlobReader {
  readonly #headers = new Map<string, string>();
  #text = Buffer.alloc(1 << 16);

  /** `ct` of a packed line 2 as one character a byte; undefined: read it the long way. */
  hashPacked(packed: Buffer): string | undefined {
    if (packed[0] !== SEALED) return undefined;
    const typEnd = 2 + (packed[1] ?? 0);
    const ivAt = typEnd + HASH_BYTES;
    const tagAt = ivAt + 16;
    const countAt = tagAt + HASH_BYTES;
    const count = packed[countAt] ?? 0;
    let at = countAt + 1;
    const ciphertextAt = at + count * RECIPIENT_BYTES;
    if (ciphertextAt > packed.length) return undefined;
    const recipients = [];
    while (at < ciphertextAt) {
      recipients.push({
        kid: packed.toString("base64url", at, at + 32),
        epk: packed.toString("base64url", at + 32, at + 64),
        encryptedKey: packed.toString("base64url", at + 64, at + RECIPIENT_BYTES),
      });
      at += RECIPIENT_BYTES;
    }
    const protectedHeader = this.#headerOf(packed, typEnd, ivAt);
    if (protectedHeader === undefined) return undefined;
    const line2 = formatLine2({
      ciphertext: packed.toString("base64url", ciphertextAt, packed.length),
      iv: packed.toString("base64url", ivAt, tagAt),
      protectedHeader,
      tag: packed.toString("base64url", tagAt, countAt),
      recipients,
    });
    return hash("sha256", line2, "binary");
  }

  #headerOf(packed: Buffer, typEnd: number, signerEnd: number): string | undefined {
    const name = packed.toString("latin1", 2, signerEnd);
    let header = this.#headers.get(name);
    if (header === undefined) {
      const typ = packed.toString("latin1", 2, typEnd);
      if (!TYP.test(typ)) return undefined;
      header = formatProtectedHeader(typ, packed.toString("base64url", typEnd, signerEnd));
      if (this.#headers.size >= MAX_HEADERS) this.#headers.clear();
      this.#headers.set(name, header);
    }
    return header;
  }

  /** The same of canonical base64url of UTF-8. */
  hashEncoded(text: string): string | undefined {
    if (this.#text.length < text.length) this.#text = Buffer.alloc(2 * text.length);
    const length = this.#text.write(text, "base64url");
    const line2 = this.#text.subarray(0, length);
    if (line2.toString("base64url", 0, length) !== text || !isUtf8(line2)) return undefined;
    return hash("sha256", line2, "binary");
  }
}

/** Gathers the hashes of a batch of at most `capacity` lines 2. */
export class BlobSheet {
  readonly #hashes: Buffer<ArrayBuffer>;
  readonly #holds: Uint8Array<ArrayBuffer>;
  readonly #ids: Float64Array<ArrayBuffer>;
  #count = 0;

  constructor(capacity: number) {
    this.#hashes = Buffer.from(new ArrayBuffer(capacity * HASH_BYTES));
    this.#holds = new Uint8Array(capacity);
    this.#ids = new Float64Array(capacity);
  }

  add(ct: string | undefined, id: number): void {
    if (ct !== undefined) {
      this.#hashes.write(ct, this.#count * HASH_BYTES, "latin1");
      this.#holds[this.#count] = 1;
    }
    this.#ids[this.#count] = id;
    this.#count += 1;
  }

  finish(): BlobFacts {
    return { count: this.#count, hashes: this.#hashes, holds: this.#holds, ids: this.#ids };
  }
}
