/**
 * The next block before its nonce, with the held records that it takes (block-choice.ts).
 */
import { decodeBase64url } from "../../shared/base/bytes.ts";
import { encodeHeader, hashHeader } from "../../shared/chain/block.ts";
import type { ParentBlock, ParsedBlock } from "../../shared/chain/block-rules.ts";
import { computeRoot } from "../../shared/chain/tree.ts";
import { type ChoiceChain, chooseRecords } from "./block-choice.ts";
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

/** The template for a block by gateway `kid` at `time` on top of the chain's `parent`. */
export function buildTemplate(
  chain: ChoiceChain & { readonly parent: ParentBlock },
  held: Iterable<Held>,
  kid: string,
  time: number,
): BlockTemplate {
  const { suite, state, parent } = chain;
  const { chosen, bytes } = chooseRecords(chain, [...held], time);
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
