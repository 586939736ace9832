/**
 * A payment as a record: sealed to the point's recipients, signed by the biller.
 *
 * In:  a point, an amount, when, by what reference, for which bill. Out: the record's leaf. The only effect is one record
 *      held by the ledger.
 */
import { encodeBase64url, encodeUtf8 } from "../../shared/base/bytes.ts";
import type { RandomBytes } from "../../shared/base/clock.ts";
import type { UnixSeconds } from "../../shared/base/units.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { computeCt, computePt } from "../../shared/record/envelope.ts";
import type { PaymentPayload } from "../../shared/record/payload.ts";
import { padPlaintext } from "../../shared/record/plaintext.ts";
import { sealLine2 } from "../../shared/record/sealed-box.ts";
import type { BillingPoint } from "./billing-source.ts";

export interface PaymentOptions {
  readonly suite: CryptoSuite;
  readonly randomBytes: RandomBytes;
  /** kid of the member key with role `biller`. */
  readonly signer: string;
  /** Signs and holds the record durably; returns its leaf. Throws the chain rule that it would break. */
  readonly issue: (payload: Omit<PaymentPayload, "v" | "seq" | "prev">, line2: string) => string;
}

export interface PaymentOrder {
  readonly point: Pick<BillingPoint, "point" | "meter" | "recipients">;
  /** Leaf of the bill that is paid. */
  readonly bill?: string;
  readonly at: UnixSeconds;
  /** Minor units of the currency in which the point is billed. */
  readonly amount: number;
  readonly ref: string;
}

export function recordPayment(options: PaymentOptions, order: PaymentOrder): string {
  const { suite, randomBytes, signer } = options;
  const { point, bill, at, amount, ref } = order;
  const salt = encodeBase64url(randomBytes(32));
  const text = padPlaintext({ v: 1, meter: point.meter, salt, at, amount, ref }, 0);
  const plaintext = encodeUtf8(text);
  const { recipients } = point;
  const line2 = sealLine2(suite, { typ: "payment", plaintext, signer, recipients, randomBytes });
  return options.issue(
    {
      ct: computeCt(suite, line2),
      pt: computePt(suite, plaintext),
      point: point.point,
      ...(bill === undefined ? {} : { bill }),
    },
    line2,
  );
}
