/** What every page is made from, and the error for what is not there. */
import { fail } from "../../../shared/base/error.ts";
import type { CryptoSuite } from "../../../shared/crypto/suite.ts";
import type { LiveReader } from "../../live/live-values.ts";
import type { ReadModel } from "../../projection/read-model-types.ts";
import type { HeavyWork } from "../heavy-work.ts";

export interface PageContext {
  readonly readModel: ReadModel;
  /** For checking proofs again while a page is made. */
  readonly suite: CryptoSuite;
  /** Unix seconds of the gateway's clock. */
  readonly nowSeconds: number;
  /** Text of a bill's bundle, for a reader who may have it; absent where there are none. Throws `bill-not-final`, `line2-missing`. */
  readonly exportBundle?: (no: string) => string | Promise<string>;
  /** What would keep other requests waiting. It shows everything: ask only for what this reader's own model has. */
  readonly work: HeavyWork;
  /** Whether this reader may see readings. */
  readonly maySeeReadings: boolean;
  /** Whether the reader may see how the gateway itself does. */
  readonly mayOperate: boolean;
  /** For forms of an operator's pages; absent for every other reader. */
  readonly formToken?: string;
  /** Newest live values, as far as this reader may see them. */
  readonly live?: LiveReader;
}

/** Throws `not-found` with a sentence for people. */
export function requireFound<T>(value: T | undefined, what: string): T {
  if (value === undefined) fail("not-found", `${what} is not here`);
  return value;
}
