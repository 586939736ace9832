/**
 * Checks one block from what the gateway serves: its hash and work, the link to the block before it, its records, the log that
 * they make longer, its seal. For a reader's own browser.
 */
import { encodeHex, equalBytes } from "../../../shared/base/bytes.ts";
import { fail } from "../../../shared/base/error.ts";
import { CompactRange, computeRoot, verifyInclusion } from "../../../shared/chain/tree.ts";
import { workOfBits } from "../../../shared/chain/work.ts";
import type { CryptoSuite } from "../../../shared/crypto/suite.ts";
import { computeLeaf, parseRecord } from "../../../shared/record/record.ts";
import { ChainTrust, type CheckedHeader } from "./chain-trust.ts";
import type { Outcome } from "./check-record.ts";
import type { ServedBlock, ServedChain } from "./served-chain.ts";
import { type Progress, type WalkEvent, walkSteps } from "./walk.ts";

export interface BlockToWalk {
  readonly height: number;
  /** The block's hash as the reader sees it on the page, hexadecimal. */
  readonly hash: string;
  readonly chain?: string | undefined;
}

/** Lines fetched at once. */
const PAGE = 500;

/** Never throws: what does not hold is the last step, with its code. */
export function walkBlock(
  suite: CryptoSuite,
  chain: ServedChain,
  asked: BlockToWalk,
): AsyncGenerator<WalkEvent> {
  const { height } = asked;
  let trust: ChainTrust;
  let block: ServedBlock;
  let checked: CheckedHeader;
  /** Records in the log before this block, and its root. */
  let before = { logSize: 0, logRoot: new Uint8Array(0) as Uint8Array };
  let leaves: readonly Uint8Array[] = [];
  return walkSteps([
    [
      "Beginning of the chain",
      async () => {
        trust = await ChainTrust.found(suite, chain, asked.chain);
        return trust.describe();
      },
    ],
    [
      "Hash and work",
      async () => {
        block = await chain.block(height);
        checked = trust.checkWork(block);
        if (checked.header.height !== height) fail("height", "the block has another height");
        if (encodeHex(checked.hash) !== asked.hash) {
          fail("header", "the block is another one than this page shows");
        }
        return describeWork(block, checked);
      },
    ],
    [
      "Link to the block before it",
      async () => {
        if (height === 0) {
          if (checked.header.prev.some((byte) => byte !== 0)) {
            fail("parent", "the first block names a block before it");
          }
          return { sentence: "There is none: the chain begins here." };
        }
        const parent = trust.checkWork(await chain.block(height - 1));
        before = parent.header;
        return describeLink(parent, checked);
      },
    ],
    [
      "Its records",
      async function* () {
        const count = checked.header.logSize - before.logSize;
        if (count < 0) fail("root", "the log became shorter");
        leaves = yield* fetchLeaves(suite, chain, before.logSize, count);
        if (!equalBytes(computeRoot(suite, leaves), checked.header.recordsRoot)) {
          fail("root", "the records are not those that the block names");
        }
        return {
          sentence: `All ${count} records were fetched and hashed here. Together they give the fingerprint of records that the block names: none is missing, added or changed.`,
          bytes: [["Records root", encodeHex(checked.header.recordsRoot)]],
        };
      },
    ],
    [
      "The log",
      async () => {
        const range = await rangeBefore(suite, chain, before);
        for (const leaf of leaves) range.append(leaf);
        const { logRoot, logSize } = checked.header;
        if (range.size !== logSize || !equalBytes(range.root(), logRoot)) {
          fail("root", "the log with these records has another fingerprint");
        }
        return {
          sentence: `The log of ${before.logSize} records before this block, with its own after them, gives the fingerprint of all ${logSize}: nothing older was touched.`,
          bytes: [["Root of the log", encodeHex(logRoot)]],
        };
      },
    ],
    [
      "Seal",
      () => ({
        sentence: `${trust.checkSeal(block, checked)}, a gateway that the founding record names, sealed this block.`,
        bytes: [["Seal (ES256)", encodeHex(block.seal)]],
      }),
    ],
  ]);
}

function describeWork({ header, nonce }: ServedBlock, { header: head, hash }: CheckedHeader) {
  const hex = encodeHex(hash);
  const zeros = hex.length - hex.replace(/^0+/, "").length;
  return {
    sentence: `Hashed here, it begins with ${zeros} zero${zeros === 1 ? "" : "s"} and is small enough: about ${workOfBits(head.bits).toLocaleString("en-GB")} tries, as the founding record demands.`,
    bytes: [
      ["Header (156 bytes)", encodeHex(header)],
      ["Nonce", encodeHex(nonce)],
      ["Hash", hex],
    ] as const,
  };
}

/** Throws `height`, `parent`, `time`. */
function describeLink(parent: CheckedHeader, { header }: CheckedHeader): Outcome {
  if (parent.header.height !== header.height - 1) {
    fail("height", "the block before it has another height");
  }
  if (!equalBytes(parent.hash, header.prev)) {
    fail("parent", "the block before it has another hash than this block names");
  }
  if (header.time < parent.header.time) fail("time", "it is older than the block before it");
  return {
    sentence: `Block ${parent.header.height}, hashed here as well, has exactly the hash that this block names.`,
    bytes: [["Hash of the block before", encodeHex(header.prev)]],
  };
}

async function* fetchLeaves(
  suite: CryptoSuite,
  chain: ServedChain,
  first: number,
  count: number,
): AsyncGenerator<Progress, readonly Uint8Array[], undefined> {
  const leaves: Uint8Array[] = [];
  while (leaves.length < count) {
    const wanted = Math.min(PAGE, count - leaves.length);
    const lines = await chain.lines(first + leaves.length, wanted);
    if (lines.length !== wanted) fail("root", "a record of the block is not handed out");
    for (const line1 of lines) {
      parseRecord(suite, line1);
      leaves.push(computeLeaf(suite, line1));
    }
    yield { done: leaves.length, of: count, unit: "records" };
  }
  return leaves;
}

/**
 * The log before the block, as the roots of its complete subtrees: the path of its last record is made of nothing else, as
 * that record has no neighbour to its right.
 */
async function rangeBefore(
  suite: CryptoSuite,
  chain: ServedChain,
  { logSize, logRoot }: { readonly logSize: number; readonly logRoot: Uint8Array },
): Promise<CompactRange> {
  if (logSize === 0) return new CompactRange(suite);
  const last = await chain.record(logSize - 1);
  const leaf = computeLeaf(suite, last.line1);
  verifyInclusion(suite, leaf, logSize - 1, logSize, last.inclusion, logRoot);
  const range = new CompactRange(suite, logSize - 1, [...last.inclusion].reverse());
  range.append(leaf);
  return range;
}
