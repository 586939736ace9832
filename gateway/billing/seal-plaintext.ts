/** A plaintext of this gateway's own → line 2 for a point's recipients, with the two hashes by which line 1 binds it. */
import { encodeBase64url, encodeUtf8 } from "../../shared/base/bytes.ts";
import type { JsonObject } from "../../shared/base/canonical-json.ts";
import type { RandomBytes } from "../../shared/base/clock.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { computeCt, computePt } from "../../shared/record/envelope.ts";
import type { TypWithLine2 } from "../../shared/record/payload.ts";
import { padPlaintext } from "../../shared/record/plaintext.ts";
import { type Recipient, sealLine2 } from "../../shared/record/sealed-box.ts";

export interface SealingOptions {
  readonly suite: CryptoSuite;
  readonly randomBytes: RandomBytes;
  /** kid of the member key that signs line 1. */
  readonly signer: string;
}

export interface SealedPlaintext {
  readonly ct: string;
  readonly pt: string;
  readonly line2: string;
}

/** `body` without `v`, `salt` and `pad`; `slots` as of padPlaintext. */
export function sealPlaintext(
  { suite, randomBytes, signer }: SealingOptions,
  typ: TypWithLine2,
  recipients: readonly Recipient[],
  body: JsonObject,
  slots = 0,
): SealedPlaintext {
  const salt = encodeBase64url(randomBytes(32));
  const plaintext = encodeUtf8(padPlaintext({ ...body, v: 1, salt }, slots));
  const line2 = sealLine2(suite, { typ, plaintext, signer, recipients, randomBytes });
  return { ct: computeCt(suite, line2), pt: computePt(suite, plaintext), line2 };
}
