/** What every page is made from, and the error for what is not there. */
import { fail } from "../../../shared/base/error.ts";
import type { CryptoSuite } from "../../../shared/crypto/suite.ts";
import type { ReadModel } from "../../projection/read-model-types.ts";

export interface PageContext {
  readonly readModel: ReadModel;
  /** For checking proofs again while a page is made. */
  readonly suite: CryptoSuite;
  /** Unix seconds of the gateway's clock. */
  readonly nowSeconds: number;
  /** Text of a bill's bundle, for a reader who may have it; absent where there are none. Throws `bill-not-final`, `line2-missing`. */
  readonly exportBundle?: (no: string) => string;
}

/** Throws `not-found` with a sentence for people. */
export function requireFound<T>(value: T | undefined, what: string): T {
  if (value === undefined) fail("not-found", `${what} is not here`);
  return value;
}
