/**
 * Founding a chain: the genesis record in block 0, mined and sealed by the founder (records.md sections 3 and 6).
 *
 * The founder's keys sign genesis and seal its block, so the founder is the first authority and a gateway.
 */
import { decodeBase64url } from "../../shared/base/bytes.ts";
import { fail } from "../../shared/base/error.ts";
import {
  encodeHeader,
  hashBlock,
  hashHeader,
  type SealedBlock,
  signSeal,
} from "../../shared/chain/block.ts";
import { NO_LEAF } from "../../shared/chain/rule/genesis.ts";
import { computeRoot } from "../../shared/chain/tree.ts";
import type { SigningKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import type { GenesisPayload } from "../../shared/record/payload.ts";
import { computeLeaf, signRecord } from "../../shared/record/record.ts";
import { createPortableHash } from "./batch-hash.ts";
import { type BatchHash, CONTROL_WORDS, mine } from "./mine.ts";
import { targetBytes } from "./target.ts";

export type GenesisFacts = Omit<GenesisPayload, "v" | "seq" | "prev">;

/**
 * Block 0 of a new chain. Takes as long as the difficulty asks for; `hash` is the portable one by default.
 * Throws `bits`.
 */
export function sealGenesis(
  suite: CryptoSuite,
  founder: SigningKey,
  facts: GenesisFacts,
  hash: BatchHash = createPortableHash(),
): SealedBlock {
  const line1 = signRecord(suite, founder, "genesis", { ...facts, v: 1, seq: 1, prev: NO_LEAF });
  const root = computeRoot(suite, [computeLeaf(suite, line1)]);
  const header = encodeHeader({
    height: 0,
    prev: new Uint8Array(32),
    recordsRoot: root,
    logSize: 1,
    logRoot: root,
    time: facts.time,
    bits: facts.params.bits,
    gateway: decodeBase64url(founder.kid),
  });
  const headerHash = hashHeader(suite, header);
  const control = new Int32Array(new SharedArrayBuffer(CONTROL_WORDS * 4));
  const target = targetBytes(facts.params.bits);
  const { nonce } = mine(headerHash, target, { start: new Uint8Array(32), hash, control });
  if (nonce === undefined) fail("work", "the search for the first block's nonce was ended");
  const seal = signSeal(suite, founder, hashBlock(suite, headerHash, nonce));
  return { header, nonce, records: [line1], seal };
}
