/** One block from template to append, with the nonce searched in the mining thread. */

import { type Clock, type RandomBytes, unixNow } from "../../shared/base/clock.ts";
import { isCoded } from "../../shared/base/error.ts";
import type { SealedBlock } from "../../shared/chain/block.ts";
import type { AppendResult, Ledger } from "../ledger/ledger.ts";
import type { Miner } from "../ledger/miner.ts";
import type { GatewayEvent } from "./event-log.ts";

export interface BlockMakerOptions {
  readonly ledger: Ledger;
  readonly miner: Miner;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly realMs: () => number;
  readonly onAppended: (block: SealedBlock, result: AppendResult, ms: number) => void;
  readonly onEvent: (event: GatewayEvent) => void;
}

/**
 * Mines and appends one block on the present tip. Ends without one when the search was aborted, which is what
 * happens when a better tip comes or the gateway stops.
 */
export async function makeBlock(options: BlockMakerOptions): Promise<void> {
  const { ledger, miner, clock, randomBytes, realMs, onAppended, onEvent } = options;
  const started = realMs();
  const template = ledger.template(unixNow(clock));
  if (template === undefined) {
    onEvent({ event: "not-mining", code: "role" });
    return;
  }
  const { nonce } = await miner.mine(template.headerHash, template.target, randomBytes(32));
  if (nonce === undefined) return;
  const block = ledger.seal(template, nonce);
  try {
    onAppended(block, ledger.append(block), realMs() - started);
  } catch (error) {
    // An own block that breaks a rule is a fault of this software: it is named, and nothing was changed.
    if (!isCoded(error)) throw error;
    onEvent({ event: "alarm", code: error.code, detail: `own block refused: ${error.message}` });
  }
}
