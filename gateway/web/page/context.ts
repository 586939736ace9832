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
}

/** Throws `not-found` with a sentence for people. */
export function requireFound<T>(value: T | undefined, what: string): T {
  if (value === undefined) fail("not-found", `${what} is not here`);
  return value;
}
