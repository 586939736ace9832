/**
 * The opened payment (records.md section 4): what was paid, when, and the reference by which a bank or a till knows it.
 *
 * In:  JSON of unknown shape. Out: the typed payment, or `schema` naming the path. `amount` is in minor units of the currency
 *      in which the point is billed; negative for money given back.
 */
import { type Decoded, instant, object, signedInteger, text } from "../base/decoder.ts";
import { plaintextFields } from "../day/day-plaintext.ts";

export const decodePaymentPlaintext = object({
  ...plaintextFields,
  at: instant,
  amount: signedInteger,
  ref: text,
});

export type PaymentPlaintext = Decoded<typeof decodePaymentPlaintext>;
