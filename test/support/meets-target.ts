/** Whether a block hash meets the target of difficulty bits, as a predicate. */
import { bitsToTarget, hashToInteger } from "../../shared/chain/work.ts";

export function meetsTarget(hash: Uint8Array, bits: number): boolean {
  return hashToInteger(hash) <= bitsToTarget(bits);
}
