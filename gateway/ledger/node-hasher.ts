/** RFC 6962 inner nodes over packed hashes: SHA-256(0x01 ‖ left ‖ right) without an allocation for the input. */
import type { CryptoSuite } from "../../shared/crypto/suite.ts";

/** Hash of the two 32-byte hashes that stand side by side in `pairs` from `offset` on. */
export type NodeHasher = (pairs: Uint8Array, offset: number) => Uint8Array;

export function createNodeHasher(suite: Pick<CryptoSuite, "sha256">): NodeHasher {
  const input = new Uint8Array(65);
  input[0] = 1;
  return (pairs, offset) => {
    input.set(pairs.subarray(offset, offset + 64), 1);
    return suite.sha256(input);
  };
}
