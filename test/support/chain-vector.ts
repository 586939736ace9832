/** One frozen chain of `test/vectors/chain.json`: its dump, what it comes to, and what its next block must refuse. */
import { encodeHex } from "../../shared/base/bytes.ts";
import type { SampleChain } from "./sample-chain.ts";

export interface ChainVector {
  readonly name: string;
  /** Lines of the dump. */
  readonly dump: readonly string[];
  readonly chain: string;
  /** Hex. */
  readonly tip: string;
  readonly log_size: number;
  /** Hex. */
  readonly log_root: string;
  readonly receipts: readonly {
    readonly leaf: string;
    readonly old: number;
    readonly text: string;
  }[];
  /** Next records, each alone on top of the chain, and the code that refuses it. */
  readonly refused: readonly {
    readonly record: string;
    readonly time: number;
    readonly code: string;
  }[];
}

export function finishVector(
  name: string,
  chain: SampleChain,
  rest: Partial<Pick<ChainVector, "receipts" | "refused">> = {},
): ChainVector {
  const { parent } = chain;
  if (parent === undefined) throw new Error("a chain without blocks");
  return {
    name,
    dump: chain.dump().slice(0, -1).split("\n"),
    chain: chain.chainId,
    tip: encodeHex(parent.hash),
    log_size: parent.range.size,
    log_root: encodeHex(parent.range.root()),
    receipts: [],
    refused: [],
    ...rest,
  };
}
