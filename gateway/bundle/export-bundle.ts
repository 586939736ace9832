/** A bill's bundle as it is handed out: made, written, and verified once more. */
import { formatBundle } from "../../shared/bundle/bill-bundle.ts";
import { verifyBundle } from "../../shared/bundle/verify-bundle.ts";
import type { Db } from "../ledger/database.ts";
import { type BundleOptions, buildBundle } from "./build-bundle.ts";

/** Throws `bill-none`, `bill-not-final`, `line2-missing`, or what the verifier found: what cannot be verified is not handed out. */
export function exportBundle(db: Db, no: string, options: BundleOptions): string {
  const text = formatBundle(buildBundle(db, no, options));
  verifyBundle(options.suite, text);
  return text;
}
