/**
 * The fast way of admission: a day of the usual form by a key of the topic's meter, from its bytes to a row of the
 * batch for the writer, without making texts of its lines.
 *
 * It applies the rules of admission.ts in their order with the same verdicts (a test holds the two together), and
 * leaves to it what is of another form, of another type, by another key, or by a key that may not sign now.
 */

import { decodeBase64url, encodeBase64url } from "../../shared/base/bytes.ts";
import { isCoded } from "../../shared/base/error.ts";
import type { ErrorCode } from "../../shared/base/error-code.ts";
import type { RecipientKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { DayReader } from "../../shared/day/day-bytes.ts";
import { BoxOpener } from "../../shared/record/box-opener.ts";
import { DayEnvelopeReader } from "../../shared/record/day-envelope.ts";
import { packPlaintext } from "../projection/open-day.ts";
import type { AdmittedBatchWriter } from "./admitted-batch.ts";
import type { KnownKey, Registry } from "./registry.ts";

/** `other`: for the long way. Refused days are not in the batch; the caller answers them. */
export type DayVerdict =
  | "admitted"
  | "other"
  | { readonly leaf: string; readonly refused: ErrorCode };

const HASH_BYTES = 32;
const KID_AT = 1;
const SIGNATURE_AT = 33;
const SIGNATURE_BYTES = 64;
const CT_AT = 97;
const PT_AT = 161;

export class DayAdmission {
  readonly #suite: CryptoSuite;
  readonly #registry: Registry;
  readonly #opener: BoxOpener;
  readonly #reader = new DayEnvelopeReader();
  readonly #days = new DayReader();
  readonly #hash = new Uint8Array(HASH_BYTES);

  constructor(
    suite: CryptoSuite,
    registry: Registry,
    utility: Pick<RecipientKey, "kid" | "secret">,
  ) {
    this.#suite = suite;
    this.#registry = registry;
    this.#opener = new BoxOpener(suite, utility, decodeBase64url(utility.kid));
  }

  /**
   * Judges the envelope `bytes[start…end)`, before which a zero byte stands (packed-batch.ts), and adds what is
   * admitted to `batch`. Never throws on any bytes.
   */
  admit(
    batch: AdmittedBatchWriter,
    meter: number,
    epoch: number,
    packetId: number,
    bytes: Uint8Array,
    start: number,
    end: number,
  ): DayVerdict {
    const reader = this.#reader;
    // Stored lines are shorter than their texts, and an opened day is shorter than its line 2.
    batch.reserve(HASH_BYTES + 2 * (end - start));
    const { arena, at } = batch;
    const line1At = at + HASH_BYTES;
    const known = this.#read(meter, bytes, start, end, arena, line1At);
    if (known === undefined) return "other";
    const isNew = reader.seq > known.seq;
    if (isNew && known.entry.state !== "active") return "other";
    const { packedLine1, packedLine2, lineFeed } = reader;
    const line2At = line1At + packedLine1;
    this.#suite.sha256Into(bytes.subarray(start - 1, lineFeed), arena, at);
    const repeated = reader.seq === known.seq && areEqual(arena, at, known.newest, 0);
    if (!repeated && !this.#verifies(known, bytes, start, arena, line1At)) {
      return this.#refuse(arena, at, "signature");
    }
    this.#suite.sha256Into(bytes.subarray(lineFeed + 1, end), this.#hash, 0);
    if (!areEqual(arena, line1At + CT_AT, this.#hash, 0)) return this.#refuse(arena, at, "ct");
    if (reader.seq === known.seq + 1) known.pass(reader.seq, arena.subarray(at, line1At));
    const dayAt = line2At + packedLine2;
    const opened = isNew ? this.#open(known, arena, line1At, line2At, dayAt) : undefined;
    if (opened instanceof Uint8Array) arena.set(opened, dayAt);
    batch.day({
      key: known.entry.no,
      epoch,
      packetId,
      seq: reader.seq,
      from: reader.from,
      to: reader.to,
      unopened: !isNew,
      code: typeof opened === "string" ? opened : undefined,
      line1Bytes: packedLine1,
      line2Bytes: packedLine2,
      dayBytes: opened instanceof Uint8Array ? opened.length : 0,
      line1Chars: reader.line1Length,
    });
    return "admitted";
  }

  /** The key of the meter whose day this is in its usual form; then both lines are read. */
  #read(
    meter: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    out: Uint8Array,
    to: number,
  ): KnownKey | undefined {
    for (const known of this.#registry.ofMeter(meter)) {
      if (this.#reader.read(bytes, start, end, known.form, out, to)) return known;
    }
    return undefined;
  }

  #verifies(
    known: KnownKey,
    bytes: Uint8Array,
    start: number,
    arena: Uint8Array,
    line1At: number,
  ): boolean {
    const signed = bytes.subarray(start, this.#reader.signatureAt - 1);
    const at = line1At + SIGNATURE_AT;
    const signature = arena.subarray(at, at + SIGNATURE_BYTES);
    return this.#suite.verify(known.verifyKey(this.#suite), signed, signature);
  }

  /** The packed day, or the code that makes it unusable. */
  #open(
    known: KnownKey,
    arena: Uint8Array,
    line1At: number,
    line2At: number,
    end: number,
  ): Uint8Array | ErrorCode {
    const sealed = arena.subarray(line2At, end);
    const signer = arena.subarray(line1At + KID_AT, line1At + KID_AT + HASH_BYTES);
    const plaintext = this.#opener.open(sealed, known.form.protectedHeader, signer);
    if (plaintext === undefined) return "open-failed";
    this.#suite.sha256Into(plaintext, this.#hash, 0);
    if (!areEqual(arena, line1At + PT_AT, this.#hash, 0)) return "pt";
    try {
      return packPlaintext(plaintext, this.#reader, known.entry.meter, this.#days);
    } catch (error) {
      if (!isCoded(error)) throw error;
      return error.code;
    }
  }

  #refuse(arena: Uint8Array, at: number, refused: ErrorCode): DayVerdict {
    return { leaf: encodeBase64url(arena.subarray(at, at + HASH_BYTES)), refused };
  }
}

/** Whether two hashes are the same. */
function areEqual(a: Uint8Array, atA: number, b: Uint8Array, atB: number): boolean {
  for (let i = 0; i < HASH_BYTES; i++) if (a[atA + i] !== b[atB + i]) return false;
  return true;
}
