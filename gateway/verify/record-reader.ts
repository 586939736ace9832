/**
 * Takes records apart, hashes their leaves and verifies their signatures, for a batch at a time (facts.ts).
 *
 * A day in a store's packed form is never made into an object: its line 1 is written into one buffer that is used
 * again and again, and hashed and verified there. That form admits one text for its values, so nothing is left to be
 * found out about the text's form. A property test holds this to `parseRecord` of the unpacked line.
 */
import { hash } from "node:crypto";
import { isCoded } from "../../shared/base/error.ts";
import { thumbprint } from "../../shared/crypto/key.ts";
import { nodeVerifier } from "../../shared/crypto/node-verifier.ts";
import type { VerifyKey } from "../../shared/crypto/suite.ts";
import { parseRequest } from "../../shared/message/request.ts";
import { verifyCompactJws } from "../../shared/record/compact-jws.ts";
import type { DayForm } from "../../shared/record/day-envelope.ts";
import { dayHeaderPart, parseLine1 } from "../../shared/record/day-line.ts";
import { formatProtectedHeader } from "../../shared/record/line2-form.ts";
import type { EnrolPayload } from "../../shared/record/payload.ts";
import { type ParsedRecord, verifyRecordSignature } from "../../shared/record/record.ts";
import type { BlobReader } from "./blob-reader.ts";
import {
  allocateFacts,
  CT_AT,
  DAY,
  DOUBTFUL_LINE2,
  HASH_BYTES,
  HASHES,
  type KnownKey,
  LEAF_AT,
  LINE2,
  NUMBERS,
  PREV_AT,
  PT_AT,
  type RecordFacts,
  toFacts,
  UNKNOWN,
  VOUCHED,
} from "./facts.ts";
import { KidTable } from "./kid-table.ts";
import { KidText } from "./kid-text.ts";
import { PackedDay } from "./packed-day.ts";
import type { SealedHead } from "./packed-line2.ts";
import { TextDay } from "./text-day.ts";

const KID_BYTES = 32;
/** How the packed line 2 of a day begins behind its first byte, before the signer's kid. */
const DAY_START = Buffer.from("\u0003day");

interface ReaderKey extends KnownKey {
  /** Header part of line 1 of this key's days, with the dot, and so on. */
  readonly form: DayForm & { readonly header: Buffer };
  readonly sealedHead: SealedHead;
}

export class RecordReader {
  readonly #keys = new Map<string, ReaderKey>();
  readonly #dayHead = new KidText(dayHeaderPart);
  readonly #sealedHeader = new KidText((kid) => formatProtectedHeader("day", kid));
  readonly #packedKeys = new KidTable<ReaderKey>();
  readonly #kidByHeader = new Map<string, string>();
  readonly #day = new PackedDay();
  readonly #textDay = new TextDay();
  readonly #kid = Buffer.alloc(KID_BYTES);
  /** The batch that is being read. */
  #views = allocateFacts(0);
  #hashes = Buffer.alloc(0);
  #texts: string[] = [];
  #admitted: Omit<KnownKey, "no">[] = [];
  #count = 0;
  #bytes = 0;
  /** What a line 2 of the record that was read last is likely to begin with. */
  #lastHead: SealedHead | undefined;

  addKeys(keys: readonly KnownKey[]): void {
    for (const { no, kid, key } of keys) {
      const start = Buffer.allocUnsafe(DAY_START.length + KID_BYTES);
      DAY_START.copy(start);
      start.write(kid, DAY_START.length, "base64url");
      const raw = start.subarray(DAY_START.length);
      const header = this.#dayHead.write(kid, ".");
      const protectedHeader = this.#sealedHeader.write(kid);
      const form = { header, kid: raw, protectedHeader, recipients: [] };
      const known: ReaderKey = {
        ...{ no, kid, key, form },
        sealedHead: { start, header: protectedHeader },
      };
      this.#keys.set(kid, known);
      this.#packedKeys.set(raw, known);
      this.#kidByHeader.set(header.toString("latin1", 0, header.length - 1), kid);
    }
  }

  /** Begins a batch of at most `count` records. */
  start(count: number): void {
    this.#views = allocateFacts(count);
    const { buffer, byteOffset, byteLength } = this.#views.hashes;
    this.#hashes = Buffer.from(buffer, byteOffset, byteLength);
    this.#texts = [];
    this.#admitted = [];
    this.#count = 0;
    this.#bytes = 0;
  }

  finish(): RecordFacts {
    return toFacts(this.#views, this.#count, this.#bytes, this.#texts, this.#admitted);
  }

  /** Reads a packed record if it is a day under a known key that is vouched for; false: read its text. */
  readPackedDay(source: Buffer, start: number, end: number): boolean {
    const day = this.#day;
    if (!day.open(source, start, end)) return false;
    const known = this.#packedKeys.get(source, day.kidAt);
    if (known === undefined) return false;
    day.write(known.form.header);
    return this.#takeDay(known, day);
  }

  /** The same of a day's line 1 as text: `source[start…end)`. */
  readTextDay(source: Buffer, start: number, end: number): boolean {
    if (!this.#dayHead.read(source, start, this.#kid)) return false;
    const known = this.#packedKeys.get(this.#kid, 0);
    const day = this.#textDay;
    return (
      known !== undefined && day.read(source, start, end, known.form) && this.#takeDay(known, day)
    );
  }

  /** Adds the day if its signature holds. */
  #takeDay(known: ReaderKey, day: PackedDay | TextDay): boolean {
    if (!nodeVerifier.verify(known.key, day.signed, day.signature)) return false;
    const hashesAt = this.#count * HASHES;
    const leaf = hash("sha256", day.leafInput, "binary");
    this.#hashes.write(leaf, hashesAt + LEAF_AT, "latin1");
    day.copyHashes(this.#hashes, hashesAt + CT_AT);
    const numbers = this.#views.numbers;
    const numbersAt = this.#count * NUMBERS;
    numbers[numbersAt] = known.no;
    numbers[numbersAt + 1] = day.seq;
    numbers[numbersAt + 2] = day.from;
    numbers[numbersAt + 3] = day.to;
    this.#lastHead = known.sealedHead;
    this.#add(DAY, day.length);
    return true;
  }

  /** The packed line 2 that a store has for the record that was read last. */
  readPackedLine2(reader: BlobReader, source: Buffer, start: number, end: number): void {
    const last = this.#count - 1;
    const at = last * HASHES + CT_AT;
    const ct = reader.hashPacked(source, start, end, this.#lastHead);
    const isDay = this.#views.status[last] === DAY;
    const holds =
      ct !== undefined && (!isDay || ct === this.#hashes.toString("latin1", at, at + HASH_BYTES));
    if (holds && !isDay) this.#hashes.write(ct, at, "latin1");
    this.#views.line2[last] = holds ? LINE2 : DOUBTFUL_LINE2;
  }

  readText(line1: string): void {
    this.#lastHead = undefined;
    const record = this.#vouchFor(line1);
    if (record?.typ === "day") {
      this.#writeDay(record);
      this.#add(DAY, line1.length);
      return;
    }
    if (record !== undefined) this.#writeHash(record.leaf, LEAF_AT);
    this.#texts.push(line1);
    this.#add(record === undefined ? UNKNOWN : VOUCHED, line1.length);
  }

  #add(status: number, length: number): void {
    this.#views.status[this.#count] = status;
    this.#count += 1;
    this.#bytes += length;
  }

  /** The record, if its form and signatures hold under keys that are known. */
  #vouchFor(line1: string): ParsedRecord | undefined {
    try {
      const record = parseLine1(nodeVerifier, this.#kidByHeader, line1);
      const known = this.#keys.get(record.kid);
      if (known === undefined) return undefined;
      if (!verifyRecordSignature(nodeVerifier, known.key, line1)) return undefined;
      return record.typ !== "enrol" || this.#admit(record.payload) ? record : undefined;
    } catch (error) {
      if (!isCoded(error)) throw error;
      return undefined;
    }
  }

  /** Imports the key of an enrol record; whether its request, if any, is signed by that key. Throws codes. */
  #admit({ key: jwk, req }: EnrolPayload): boolean {
    const kid = thumbprint(nodeVerifier, jwk);
    let key: VerifyKey | undefined = this.#keys.get(kid)?.key;
    if (key === undefined) {
      key = nodeVerifier.importVerifyKey(jwk);
      this.#admitted.push({ kid, key });
    }
    if (req === undefined) return true;
    return parseRequest(req).kid === kid && verifyCompactJws(nodeVerifier, key, req);
  }

  #writeDay({ kid, leaf, payload }: ParsedRecord<"day">): void {
    const { ct, prev, pt, seq, from, to } = payload;
    const no = this.#keys.get(kid)?.no ?? 0;
    this.#views.numbers.set([no, seq, from, to], this.#count * NUMBERS);
    this.#writeHash(leaf, LEAF_AT);
    this.#writeHash(prev, PREV_AT);
    this.#writeHash(ct, CT_AT);
    this.#writeHash(pt, PT_AT);
  }

  #writeHash(text: string, at: number): void {
    this.#hashes.write(text, this.#count * HASHES + at, "base64url");
  }
}
