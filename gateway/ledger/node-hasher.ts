/** RFC 6962 inner nodes over packed hashes: SHA-256(0x01 ‖ left ‖ right) without an allocation for the input. */
import type { CryptoSuite } from "../../shared/crypto/suite.ts";

/** Writes the hash of the two 32-byte hashes that stand side by side in `pairs` from `offset` on to `out` at `at`. */
export type NodeHasher = (pairs: Uint8Array, offset: number, out: Uint8Array, at: number) => void;

export function createNodeHasher(suite: Pick<CryptoSuite, "sha256Into">): NodeHasher {
  const input = new Uint8Array(65);
  input[0] = 1;
  return (pairs, offset, out, at) => {
    for (let i = 0; i < 64; i++) input[1 + i] = pairs[offset + i] as number;
    suite.sha256Into(input, out, at);
  };
}
