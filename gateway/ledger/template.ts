/**
 * The next block before its nonce: held records in their order, within the limits of the chain's parameters.
 *
 * The held records fit the chain in their order (holding.ts), so leaving some out at the end, or all later ones of
 * one key, keeps the rest valid.
 */
import { decodeBase64url } from "../../shared/base/bytes.ts";
import { encodeHeader, hashHeader } from "../../shared/chain/block.ts";
import {
  MAX_RECORDS_OF_METER,
  type ParentBlock,
  type ParsedBlock,
} from "../../shared/chain/block-rules.ts";
import type { ChainState } from "../../shared/chain/chain-state.ts";
import { MAX_AHEAD_S } from "../../shared/chain/rule/day.ts";
import { computeRoot } from "../../shared/chain/tree.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { isMeterTyp } from "../../shared/record/payload.ts";
import type { Held } from "./mempool.ts";
import { targetBytes } from "./target.ts";

export interface BlockTemplate {
  readonly height: number;
  readonly time: number;
  readonly header: Uint8Array;
  readonly headerHash: Uint8Array;
  /** 32 bytes, big-endian: what the block hash must not exceed. */
  readonly target: Uint8Array;
  readonly bits: number;
  /** What the block will hold. */
  readonly content: BlockContent;
}

/** The records of a block that is made here, with all that its header is made of. */
export type BlockContent = Pick<
  ParsedBlock,
  "records" | "bytes" | "leaves" | "recordsRoot" | "range"
>;

/** The template for a block by gateway `kid` at `time` on top of `parent`. */
export function buildTemplate(
  suite: CryptoSuite,
  state: ChainState,
  parent: ParentBlock,
  held: Iterable<Held>,
  kid: string,
  time: number,
): BlockTemplate {
  const { chosen, bytes } = chooseRecords(state, held, time);
  const leaves = chosen.map(({ leafHash }) => leafHash);
  const recordsRoot = computeRoot(suite, leaves);
  const range = parent.range.clone();
  for (const leaf of leaves) range.append(leaf);
  const { bits } = state.chain.params;
  const height = parent.height + 1;
  const header = encodeHeader({
    height,
    prev: parent.hash,
    recordsRoot,
    logSize: range.size,
    logRoot: range.root(),
    time,
    bits,
    gateway: decodeBase64url(kid),
  });
  return {
    height,
    time,
    header,
    headerHash: hashHeader(suite, header),
    target: targetBytes(bits),
    bits,
    content: { records: chosen.map(({ record }) => record), bytes, leaves, recordsRoot, range },
  };
}

function chooseRecords(
  state: ChainState,
  held: Iterable<Held>,
  time: number,
): { readonly chosen: readonly Held[]; readonly bytes: number } {
  const { max_records, max_bytes } = state.chain.params;
  const chosen: Held[] = [];
  const counts = new Map<string, number>();
  const skipped = new Set<string>();
  let bytes = 0;
  for (const one of held) {
    const { kid, typ, payload } = one.record;
    if (chosen.length >= max_records || bytes + one.line1Chars > max_bytes) break;
    const count = counts.get(kid) ?? 0;
    const instant = typ === "day" ? payload.to : typ === "event" ? payload.at : 0;
    const early = instant > time + MAX_AHEAD_S;
    // Members are not bound to 64 records a block, but no later record of a key may come before an earlier one.
    if (early || (isMeterTyp(typ) && count >= MAX_RECORDS_OF_METER)) skipped.add(kid);
    if (skipped.has(kid)) continue;
    counts.set(kid, count + 1);
    chosen.push(one);
    bytes += one.line1Chars;
  }
  return { chosen, bytes };
}
