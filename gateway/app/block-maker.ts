/** One block from template to append, with the nonce searched in the mining thread. */

import { type Clock, type RandomBytes, unixNow } from "../../shared/base/clock.ts";
import { isCoded } from "../../shared/base/error.ts";
import type { SealedBlock } from "../../shared/chain/block.ts";
import type { AppendResult, Ledger } from "../ledger/ledger.ts";
import type { Miner } from "../ledger/miner.ts";
import type { GatewayEvent } from "./event-log.ts";

/** What a block took, in milliseconds of real time. */
export interface BlockSpending {
  readonly height: number;
  /** Of the block, unix seconds. */
  readonly time: number;
  readonly records: number;
  readonly templateMs: number;
  readonly miningMs: number;
  /** Tries of the search. */
  readonly hashes: number;
  /** Checking it by all rules. */
  readonly checkMs: number;
  /** Sealing and writing it durably, projection included. */
  readonly writeMs: number;
}

export interface BlockMakerOptions {
  readonly ledger: Ledger;
  readonly miner: Miner;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly realMs: () => number;
  readonly onAppended: (block: SealedBlock, result: AppendResult, ms: number) => void;
  readonly onSpent: (spending: BlockSpending) => void;
  readonly onEvent: (event: GatewayEvent) => void;
}

/**
 * Mines and appends one block on the present tip. Ends without one when the search was aborted, which is what
 * happens when a better tip comes or the gateway stops. Returns the number of its records, or 0 without one.
 */
export async function makeBlock(options: BlockMakerOptions): Promise<number> {
  const { ledger, miner, clock, randomBytes, realMs, onAppended, onSpent, onEvent } = options;
  const started = realMs();
  const template = ledger.template(unixNow(clock));
  if (template === undefined) {
    onEvent({ event: "not-mining", code: "role" });
    return 0;
  }
  const made = realMs();
  const found = await miner.mine(template.headerHash, template.target, randomBytes(32));
  const { nonce, hashes } = found;
  if (nonce === undefined) return 0;
  const mined = realMs();
  const block = ledger.seal(template, nonce);
  try {
    const result = ledger.append(block);
    const ended = realMs();
    const checkMs = result.added.reduce((sum, added) => sum + added.checkMs, 0);
    onSpent({
      height: template.height,
      time: template.time,
      records: template.content.records.length,
      templateMs: made - started,
      miningMs: mined - made,
      hashes,
      checkMs,
      writeMs: Math.max(0, ended - mined - checkMs),
    });
    onAppended(block, result, ended - started);
    return template.content.records.length;
  } catch (error) {
    // An own block that breaks a rule is a fault of this software: it is named, and nothing was changed.
    if (!isCoded(error)) throw error;
    onEvent({ event: "alarm", code: error.code, detail: `own block refused: ${error.message}` });
    return 0;
  }
}
