/**
 * Plaintexts of line 2 (records.md sections 1 and 4): padding, canonical text, schema.
 *
 * A plaintext is canonical JSON with a `pad` of zeros that brings it to a multiple of 512 bytes, so that its
 * length says nothing about who is at home. One length is right, so one text is: padding is checked, not trusted.
 */
import { encodeUtf8 } from "../base/bytes.ts";
import { canonicalize, type JsonObject, parseCanonical } from "../base/canonical-json.ts";
import type { Decoder } from "../base/decoder.ts";
import { fail } from "../base/error.ts";
import { DayReader } from "../day/day-bytes.ts";
import {
  type CorrectionPlaintext,
  type DayPlaintext,
  decodeCorrectionPlaintext,
  decodeDayPlaintext,
} from "../day/day-plaintext.ts";
import { decodeExchangePlaintext, type ExchangePlaintext } from "../day/exchange-plaintext.ts";
import { decodeEventPlaintext, type EventPlaintext } from "../event/event-plaintext.ts";
import { type BillPlaintext, decodeBillPlaintext } from "../money/bill-plaintext.ts";
import { decodePaymentPlaintext, type PaymentPlaintext } from "../money/payment-plaintext.ts";

export interface PlaintextByTyp {
  readonly day: DayPlaintext;
  readonly event: EventPlaintext;
  readonly correction: CorrectionPlaintext;
  readonly exchange: ExchangePlaintext;
  readonly bill: BillPlaintext;
  /** Of the form of a bill. */
  readonly credit: BillPlaintext;
  readonly payment: PaymentPlaintext;
}

/** Types that have a plaintext in this version. */
export type SealedTyp = keyof PlaintextByTyp;

const UNIT_BYTES = 512;
const LEAST_BYTES = 1_024;
/** A day of minutes must not show by its length how many digits its slots have. */
const MANY_SLOTS = 200;
const LEAST_BYTES_OF_MANY = 4_096;

const DECODERS: { readonly [T in SealedTyp]: Decoder<PlaintextByTyp[T]> } = {
  day: decodeDayPlaintext,
  event: decodeEventPlaintext,
  correction: decodeCorrectionPlaintext,
  exchange: decodeExchangePlaintext,
  bill: decodeBillPlaintext,
  credit: decodeBillPlaintext,
  payment: decodePaymentPlaintext,
};

/** The canonical text of a plaintext, padded. `slots` is the number of slots of a day or correction, else 0. */
export function padPlaintext(unpadded: JsonObject, slots: number): string {
  const bare = canonicalize({ ...unpadded, pad: "" });
  const bytes = encodeUtf8(bare).length;
  const pad = "0".repeat(paddedLength(bytes, slots) - bytes);
  return canonicalize({ ...unpadded, pad });
}

/** Throws `json`, `canonical`, `schema` naming the path, or `pad`. */
export function parsePlaintext<T extends SealedTyp>(typ: T, text: string): PlaintextByTyp[T] {
  const encoded = encodeUtf8(text);
  const day = typ === "day" ? new DayReader().read(encoded) : undefined;
  const plaintext = (day ?? DECODERS[typ](parseCanonical(text), typ)) as PlaintextByTyp[T];
  const slots = "wh" in plaintext ? plaintext.wh.length : 0;
  requirePadding(encoded.length, plaintext.pad.length, slots);
  return plaintext;
}

/** Judges the length of a day of `bytes` bytes, all ASCII. Throws `pad`. */
export function requireDayPadding(bytes: number, day: DayPlaintext): void {
  requirePadding(bytes, day.pad.length, day.wh.length);
}

/** Judges a plaintext of `bytes` bytes in all, `pad` of them zeros. Throws `pad`. */
export function requirePadding(bytes: number, pad: number, slots: number): void {
  if (bytes !== paddedLength(bytes - pad, slots)) {
    fail("pad", "padded to another length than the shortest one", { bytes });
  }
}

function paddedLength(bytes: number, slots: number): number {
  const least = slots > MANY_SLOTS ? LEAST_BYTES_OF_MANY : LEAST_BYTES;
  return Math.max(least, Math.ceil(bytes / UNIT_BYTES) * UNIT_BYTES);
}
