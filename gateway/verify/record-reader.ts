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
import { parseCompactJws, verifyCompactJws } from "../../shared/record/compact-jws.ts";
import { dayHeaderPart, parseLine1 } from "../../shared/record/day-line.ts";
import type { EnrolPayload } from "../../shared/record/payload.ts";
import { type ParsedRecord, verifyRecordSignature } from "../../shared/record/record.ts";
import {
  allocateFacts,
  CT_AT,
  DAY,
  HASHES,
  type KnownKey,
  LEAF_AT,
  NUMBERS,
  PREV_AT,
  PT_AT,
  type RecordFacts,
  UNKNOWN,
  VOUCHED,
} from "./facts.ts";

interface ReaderKey extends KnownKey {
  /** Header part of line 1 of this key's days, with the dot. */
  readonly dayHead: string;
}

/** A packed day (shared/record/compact.ts): kid, signature, ct, prev, pt, then three varints. */
const PACKED_DAY = 1;
const KID_AT = 1;
const SIGNATURE_AT = 33;
const PACKED_CT_AT = 97;
const PACKED_PREV_AT = 129;
const PACKED_PT_AT = 161;
const VARINTS_AT = 193;
/** ".", and base64url of 64 bytes. */
const SIGNATURE_PART = 87;

export class RecordReader {
  readonly #keys = new Map<string, ReaderKey>();
  readonly #kidByHeader = new Map<string, string>();
  /** 0x00, then line 1: what a leaf is the hash of. A day's line 1 has about 500 bytes. */
  readonly #line = Buffer.alloc(2_048);
  readonly #payload = Buffer.alloc(1_024);
  /** The batch that is being read. */
  #views = allocateFacts(0);
  #hashes = Buffer.alloc(0);
  #texts: string[] = [];
  #admitted: Omit<KnownKey, "no">[] = [];
  #count = 0;
  #bytes = 0;

  addKeys(keys: readonly KnownKey[]): void {
    for (const key of keys) {
      const head = dayHeaderPart(key.kid);
      this.#keys.set(key.kid, { ...key, dayHead: `${head}.` });
      this.#kidByHeader.set(head, key.kid);
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
    return {
      ...this.#views,
      count: this.#count,
      bytes: this.#bytes,
      texts: this.#texts,
      admitted: this.#admitted,
    };
  }

  /** Reads a packed record if it is a day under a known key that is vouched for; false: read its text. */
  readPackedDay(packed: Buffer): boolean {
    if (packed[0] !== PACKED_DAY || packed.length < VARINTS_AT + 3) return false;
    const known = this.#keys.get(packed.toString("base64url", KID_AT, SIGNATURE_AT));
    if (known === undefined) return false;
    let at = VARINTS_AT;
    const numbers = this.#views.numbers;
    const numbersAt = this.#count * NUMBERS;
    numbers[numbersAt] = known.no;
    for (let i = 1; i < NUMBERS; i++) {
      let value = 0;
      let scale = 1;
      let byte = 128;
      while (byte >= 128) {
        byte = packed[at++] ?? 0;
        value += (byte & 127) * scale;
        scale *= 128;
      }
      if (at > packed.length || !Number.isSafeInteger(value)) return false;
      numbers[numbersAt + i] = value;
    }
    const seq = numbers[numbersAt + 1] ?? 0;
    const from = numbers[numbersAt + 2];
    const to = numbers[numbersAt + 3];
    if (seq < 1) return false;
    const line = this.#line;
    const length = this.#payload.write(
      `{"ct":"${packed.toString("base64url", PACKED_CT_AT, PACKED_PREV_AT)}","from":${from},"prev":"${packed.toString("base64url", PACKED_PREV_AT, PACKED_PT_AT)}","pt":"${packed.toString("base64url", PACKED_PT_AT, VARINTS_AT)}","seq":${seq},"to":${to},"v":1}`,
      "latin1",
    );
    const end =
      1 +
      line.write(
        `${known.dayHead}${this.#payload.toString("base64url", 0, length)}.${packed.toString("base64url", SIGNATURE_AT, PACKED_CT_AT)}`,
        1,
        "latin1",
      );
    const signed = line.subarray(1, end - SIGNATURE_PART);
    const signature = packed.subarray(SIGNATURE_AT, PACKED_CT_AT);
    if (!nodeVerifier.verify(known.key, signed, signature)) return false;
    const hashesAt = this.#count * HASHES;
    const leaf = hash("sha256", line.subarray(0, end), "binary");
    this.#hashes.write(leaf, hashesAt + LEAF_AT, "latin1");
    packed.copy(this.#hashes, hashesAt + PREV_AT, PACKED_PREV_AT, PACKED_PT_AT);
    packed.copy(this.#hashes, hashesAt + CT_AT, PACKED_CT_AT, PACKED_PREV_AT);
    packed.copy(this.#hashes, hashesAt + PT_AT, PACKED_PT_AT, VARINTS_AT);
    this.#add(DAY, end - 1);
    return true;
  }

  readText(line1: string): void {
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
    return parseCompactJws(req).kid === kid && verifyCompactJws(nodeVerifier, key, req);
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
