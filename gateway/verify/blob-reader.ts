/** Hashes lines 2, from a store's packed form or from a dump's base64url, for a batch at a time (facts.ts). */
import { isUtf8 } from "node:buffer";
import { hash } from "node:crypto";
import { decodeLong } from "../../shared/record/day-envelope.ts";
import { type BlobFacts, HASH_BYTES } from "./facts.ts";
import { PackedLine2, type SealedHead } from "./packed-line2.ts";

const EMPTY = Buffer.alloc(0);

export class BlobReader {
  readonly #packed = new PackedLine2();
  #text = Buffer.alloc(1 << 16);
  /** The part of it that the last line 2 took; the next one mostly has the same length. */
  #line2 = EMPTY;

  /** `ct` of a packed line 2 as one character a byte; undefined: read it the long way. `head`: as PackedLine2 takes it. */
  hashPacked(source: Buffer, start: number, end: number, head?: SealedHead): string | undefined {
    const line2 = this.#packed.write(source, start, end, head);
    return line2 === undefined ? undefined : hash("sha256", line2, "binary");
  }

  /** The same of canonical base64url of UTF-8: `source[start…end)`. */
  hashEncoded(source: Buffer, start: number, end: number): string | undefined {
    if (this.#text.length < end - start) {
      this.#text = Buffer.alloc(2 * (end - start));
      this.#line2 = EMPTY;
    }
    const length = decodeLong(source, start, end, this.#text, 0);
    if (length < 0) return undefined;
    if (length !== this.#line2.length) this.#line2 = this.#text.subarray(0, length);
    return isUtf8(this.#line2) ? hash("sha256", this.#line2, "binary") : undefined;
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
    const hashes = new Uint32Array(this.#hashes.buffer);
    return { count: this.#count, hashes, holds: this.#holds, ids: this.#ids };
  }
}
