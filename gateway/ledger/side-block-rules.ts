/**
 * What can be judged of a block without the state at its place: form, work, seal, limits, recordsRoot.
 *
 * A block beside the main chain passes these before it is stored, so that nobody fills the disk for less than the
 * chain's difficulty and without a gateway's seal. All other rules are applied when its branch has the most work.
 */
import { decodeBase64url, encodeBase64url, equalBytes } from "../../shared/base/bytes.ts";
import { fail } from "../../shared/base/error.ts";
import {
  decodeHeader,
  NONCE_BYTES,
  requireSeal,
  type SealedBlock,
} from "../../shared/chain/block.ts";
import type { ChainState } from "../../shared/chain/chain-state.ts";
import type { VerifyKeyCache } from "../../shared/chain/rule-context.ts";
import { computeRoot } from "../../shared/chain/tree.ts";
import { requireWork, workOfBits } from "../../shared/chain/work.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { type ParsedRecord, parseRecord } from "../../shared/record/record.ts";

/** Throws `header`, `length`, `height`, `work`, `bits`, `seal`, `limit`, `root`, or what `parseRecord` throws. */
export function checkStandalone(
  state: ChainState,
  keys: VerifyKeyCache,
  suite: CryptoSuite,
  block: SealedBlock,
  hash: Uint8Array,
  parent: { readonly height: number },
): { readonly work: bigint; readonly records: readonly ParsedRecord[] } {
  const header = decodeHeader(block.header);
  if (block.nonce.length !== NONCE_BYTES) fail("length", `a nonce has ${NONCE_BYTES} bytes`);
  if (header.height !== parent.height + 1)
    fail("height", "the height is not the parent's plus one");
  const { params } = state.chain;
  if (header.bits !== params.bits) fail("bits", "the difficulty is not the chain's");
  requireWork(hash, header.bits);
  const kid = encodeBase64url(header.gateway);
  const gateway = state.get("member", kid);
  if (gateway === undefined || !gateway.roles.includes("gateway")) {
    fail("seal", "sealed by a key that is no gateway's");
  }
  requireSeal(suite, keys.get(kid, gateway.key), hash, block.seal);
  const bytes = block.records.reduce((sum, line1) => sum + line1.length, 0);
  if (block.records.length > params.max_records || bytes > params.max_bytes) {
    fail("limit", "more records than allowed");
  }
  const records = block.records.map((line1) => parseRecord(suite, line1));
  const root = computeRoot(
    suite,
    records.map((record) => decodeBase64url(record.leaf)),
  );
  if (!equalBytes(root, header.recordsRoot)) {
    fail("root", "recordsRoot is not the root of the block's records");
  }
  return { work: workOfBits(header.bits), records };
}
