/**
 * A reader of the verifier (facts.ts): what each worker thread runs, and what the main thread runs itself where the
 * source is too small for threads.
 */
import { BlobReader, BlobSheet } from "./blob-reader.ts";
import type { Answer, BlobFacts, KnownKey, Order, RecordFacts } from "./facts.ts";
import { RecordReader } from "./record-reader.ts";
import type { StoreReader } from "./store-reader.ts";

/** What a line 1 in a dump consists of; anything else in its place is no record. */
const LINE1 = /^[A-Za-z0-9_.-]+$/;
const BETWEEN_LINES = '","';
const QUOTE = 0x22;
const COMMA = 0x2c;

export class Reader {
  readonly #records = new RecordReader();
  readonly #blobs = new BlobReader();
  readonly #store: StoreReader | undefined;

  /** `store`: for orders of rows. */
  constructor(store?: StoreReader) {
    this.#store = store;
  }

  addKeys(keys: readonly KnownKey[]): void {
    this.#records.addKeys(keys);
  }

  read(order: Order): Answer {
    switch (order.kind) {
      case "rows":
        return {
          kind: "records",
          facts: this.#store?.readRows(this.#records, this.#blobs, order.first, order.count),
        };
      case "row-blobs":
        return {
          kind: "blobs",
          facts: this.#store?.readBlobs(this.#blobs, order.first, order.count),
        };
      case "lines":
        return { kind: "records", facts: this.#readLines(order.text) };
      case "blobs":
        return { kind: "blobs", facts: this.#readBlobs(order) };
    }
  }

  #readLines(text: Uint8Array): RecordFacts | undefined {
    const source = asBuffer(text);
    const ends = findLines(source);
    if (ends === undefined) return undefined;
    this.#records.start(ends.length);
    let start = 0;
    for (const end of ends) {
      if (!this.#records.readTextDay(source, start, end)) {
        const line1 = source.toString("latin1", start, end);
        if (!LINE1.test(line1)) return undefined;
        this.#records.readText(line1);
      }
      start = end + BETWEEN_LINES.length;
    }
    return this.#records.finish();
  }

  #readBlobs({ bytes, starts, ends }: Order & { readonly kind: "blobs" }): BlobFacts {
    const buffer = asBuffer(bytes);
    const sheet = new BlobSheet(starts.length);
    starts.forEach((start, i) => {
      sheet.add(this.#blobs.hashEncoded(buffer, start, ends[i] as number), i);
    });
    return sheet.finish();
  }
}

/** Where each of the lines ends; undefined: a quote that is not one between two lines. */
function findLines(source: Buffer): number[] | undefined {
  const ends: number[] = [];
  let at = source.indexOf(QUOTE);
  for (; at >= 0; at = source.indexOf(QUOTE, at + BETWEEN_LINES.length)) {
    if (source[at + 1] !== COMMA || source[at + 2] !== QUOTE) return undefined;
    ends.push(at);
  }
  ends.push(source.length);
  return ends;
}

function asBuffer({ buffer, byteOffset, byteLength }: Uint8Array): Buffer {
  return Buffer.from(buffer as ArrayBuffer, byteOffset, byteLength);
}
