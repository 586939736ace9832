/** Reproducible bytes for tests and frozen vectors: SHA-256 of seed and counter. Never outside tests. */
import { createHash } from "node:crypto";
import type { RandomBytes } from "../../shared/base/clock.ts";

export function seededBytes(seed: string): RandomBytes {
  let counter = 0;
  return (length) => {
    const out = new Uint8Array(length);
    for (let at = 0; at < length; at += 32) {
      const chunk = createHash("sha256").update(`${seed}:${counter++}`).digest();
      out.set(chunk.subarray(0, Math.min(32, length - at)), at);
    }
    return out;
  };
}
