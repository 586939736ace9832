/**
 * Walks the whole chain from block 0 to the tip: form, place, link, time and work of every header, then the newest seal and
 * checkpoint, and what this reader remembers of an earlier walk. For a reader's own browser.
 */
import { encodeHex } from "../../../shared/base/bytes.ts";
import { fail } from "../../../shared/base/error.ts";
import { checkHead } from "../../../shared/chain/block-rules.ts";
import { workOfBits } from "../../../shared/chain/work.ts";
import type { CryptoSuite } from "../../../shared/crypto/suite.ts";
import { ChainTrust, type CheckedHeader } from "./chain-trust.ts";
import type { ServedChain } from "./served-chain.ts";
import { type Progress, type WalkEvent, walkSteps } from "./walk.ts";

/** A block that an earlier walk ended at. */
export interface Remembered {
  readonly chain: string;
  readonly height: number;
  /** Hexadecimal. */
  readonly hash: string;
}

export interface ChainToWalk {
  /** The tip as the reader sees it on the page. */
  readonly height: number;
  /** Hexadecimal. */
  readonly hash: string;
  readonly remembered?: Remembered | undefined;
  /** Told what to remember, once all holds. */
  readonly remember: (walked: Remembered) => void;
}

/** Headers fetched at once. */
const PAGE = 500;

/** Never throws: what does not hold is the last step, with its code. */
export function walkChain(
  suite: CryptoSuite,
  chain: ServedChain,
  asked: ChainToWalk,
): AsyncGenerator<WalkEvent> {
  const { remembered } = asked;
  let trust: ChainTrust;
  let tip: CheckedHeader;
  /** Hash at the height that is remembered. */
  let then: string | undefined;
  /** Fingerprint of the log by its size. */
  const roots = new Map<number, Uint8Array>();

  async function* walkHeaders(): AsyncGenerator<Progress, CheckedHeader, undefined> {
    const { bits } = trust.genesis.payload.params;
    let last: CheckedHeader | undefined;
    for (let next = 0; next <= asked.height; ) {
      const wanted = Math.min(PAGE, asked.height + 1 - next);
      const headers = await chain.headers(next, wanted);
      if (headers.length !== wanted) fail("height", `block ${next} and later are not handed out`);
      for (const block of headers) {
        const parent = last && { ...last.header, hash: last.hash };
        last = atHeight(next, () => checkHead(suite, parent, block));
        if (last.header.bits !== bits) fail("bits", `block ${next}: another difficulty`);
        if (last.header.logSize < (parent?.logSize ?? 0)) {
          fail("root", `block ${next}: the log became shorter`);
        }
        roots.set(last.header.logSize, last.header.logRoot);
        if (next === remembered?.height) then = encodeHex(last.hash);
        next += 1;
      }
      yield { done: next, of: asked.height + 1, unit: "blocks" };
    }
    return last ?? fail("height", "the chain has no block");
  }

  return walkSteps([
    [
      "Beginning of the chain",
      async () => {
        trust = await ChainTrust.found(suite, chain, remembered?.chain);
        return trust.describe();
      },
    ],
    [
      "Every block",
      async function* () {
        tip = yield* walkHeaders();
        const { bits, height, logSize } = tip.header;
        const tries = (workOfBits(bits) * BigInt(height + 1)).toLocaleString("en-GB");
        return {
          sentence: `${(height + 1).toLocaleString("en-GB")} blocks, ${logSize.toLocaleString("en-GB")} records: each block names the hash of the one before it, none is older than its parent, and each shows its work, about ${tries} tries in all.`,
        };
      },
    ],
    [
      "Newest block",
      async () => {
        if (encodeHex(tip.hash) !== asked.hash) {
          fail("header", "the walk ends at another block than this page shows");
        }
        const name = trust.checkSeal(await chain.block(asked.height), tip);
        return {
          sentence: `The walk ends at the block that this page shows as the newest. ${name} sealed it.`,
          bytes: [["Hash", encodeHex(tip.hash)]],
        };
      },
    ],
    [
      "Checkpoint",
      async () => {
        const { checkpoint } = await chain.record(tip.header.logSize - 1);
        if (checkpoint === undefined) {
          return { open: true, sentence: "The newest block is not final yet." };
        }
        const note = trust.checkNote(checkpoint.note);
        const root = roots.get(note.size);
        if (root === undefined || encodeHex(root) !== encodeHex(note.root)) {
          fail("checkpoint", "the signed note is of another log than these blocks");
        }
        const names = note.signatures.map(({ name }) => name).join(", ");
        return {
          sentence: `${names} signed this very log of ${note.size.toLocaleString("en-GB")} records.`,
          bytes: [["Note", checkpoint.note]],
        };
      },
    ],
    [
      "Your last visit",
      () => {
        const { height } = tip.header;
        if (remembered !== undefined && remembered.height > height) {
          fail("past-changed", `the chain ends below block ${remembered.height}, which you saw`);
        }
        if (remembered !== undefined && then !== remembered.hash) {
          fail("past-changed", `block ${remembered.height} is another one than when you looked`);
        }
        asked.remember({ chain: trust.genesis.leaf, height, hash: encodeHex(tip.hash) });
        return {
          sentence:
            remembered === undefined
              ? `This browser now remembers block ${height}. The next walk tells whether anything up to it was changed.`
              : `Nothing has changed up to block ${remembered.height}, which this browser remembers. It now remembers block ${height}.`,
        };
      },
    ],
  ]);
}

/** Names the block in what is thrown. */
function atHeight<T>(height: number, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (error instanceof Error) error.message = `block ${height}: ${error.message}`;
    throw error;
  }
}
