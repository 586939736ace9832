/** The target of difficulty bits as the miner compares it: 32 bytes, big-endian. */
import { bitsToTarget } from "../../shared/chain/work.ts";
import { encodeWork } from "./block-store.ts";

/** Throws `bits`. */
export function targetBytes(bits: number): Uint8Array {
  return encodeWork(bitsToTarget(bits));
}
