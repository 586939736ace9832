/**
 * Held records as one row of the store: those of one commit, one after the other. A row for each of thousands would cost more than
 * judging them. What a line 2 opened to is not in it: after a restart it is opened again when its record is projected.
 *
 * In: records with their numbers. Out: bytes, and the records again. For this gateway's own store; never hashed, never sent.
 */
import { ByteReader, ByteWriter } from "../projection/byte-codec.ts";

/** What is stored of a held record. */
export interface StoredHeld {
  /** Ascending in the order of arrival; below 0 for what came back from blocks. */
  readonly id: number;
  /** Packed line 1. */
  readonly packed: Uint8Array;
  /** Row of line 2. */
  readonly blob: number | null;
  readonly meter: string | undefined;
  readonly own: boolean;
  /** Unix seconds. */
  readonly at: number;
}

const OWN = 1;
const HAS_BLOB = 2;
const HAS_METER = 4;

/** Bytes of a day, as a guess. */
const EXPECTED_BYTES = 320;

export function encodeHeld(records: readonly StoredHeld[]): Uint8Array {
  const writer = new ByteWriter(EXPECTED_BYTES * records.length);
  let before = 0;
  for (const held of records) {
    const { id, packed, blob, meter, own, at } = held;
    writer.byte(
      (own ? OWN : 0) | (blob === null ? 0 : HAS_BLOB) | (meter === undefined ? 0 : HAS_METER),
    );
    writer.signed(id - before);
    before = id;
    writer.varint(at);
    if (blob !== null) writer.varint(blob);
    if (meter !== undefined) writer.text(meter);
    writer.varint(packed.length);
    writer.bytes(packed);
  }
  return writer.finish();
}

/** The `count` records of a row; their parts are views into `body`. */
export function decodeHeld(body: Uint8Array, count: number): StoredHeld[] {
  const reader = new ByteReader(body);
  const records: StoredHeld[] = [];
  let id = 0;
  while (records.length < count) {
    const flags = reader.byte();
    id += reader.signed();
    const at = reader.varint();
    const blob = flags & HAS_BLOB ? reader.varint() : null;
    const meter = flags & HAS_METER ? reader.text() : undefined;
    const packed = reader.bytes(reader.varint());
    records.push({ id, packed, blob, meter, own: (flags & OWN) !== 0, at });
  }
  return records;
}
