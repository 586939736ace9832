/**
 * Bills and blocks a second, on the store that the intake run has left: the month of all meters is billed by the
 * order that `gateway bill` gives, then blocks are mined and appended one after the other.
 */

import { makeBlock } from "../../gateway/app/block-maker.ts";
import { locateDataFolder } from "../../gateway/app/data-folder.ts";
import { readConfig } from "../../gateway/app/founding.ts";
import { openExisting } from "../../gateway/app/open-store.ts";
import { systemClock, systemRandomBytes } from "../../gateway/app/system-clock.ts";
import { orderOffice } from "../../gateway/command/office-order.ts";
import { Miner } from "../../gateway/ledger/miner.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";

export interface LedgerRates {
  readonly bills: number;
  /** Computed, sealed, signed and held. */
  readonly bills_per_s: number;
  /** The block that holds them all, from template to append, milliseconds. */
  readonly bill_block_ms: number;
  /** Empty blocks: template, proof of work at the default difficulty, rules, append. */
  readonly blocks_per_s: number;
}

const BLOCKS_S = 2;

/** @param month whose bills are issued, YYYY-MM */
export async function measureLedger(data: string, month: string): Promise<LedgerRates> {
  const started = performance.now();
  const outcome = await orderOffice({ data, clock: "real" }, "bill", { month });
  const bills = (outcome as { issued: readonly unknown[] }).issued.length;
  const billsS = (performance.now() - started) / 1000;
  const folder = locateDataFolder(data);
  const clock = systemClock;
  const randomBytes = systemRandomBytes;
  const options = { suite: nodeSuite, clock, randomBytes };
  const { ledger } = openExisting(folder, readConfig(folder), options);
  const miner = new Miner();
  const times: number[] = [];
  const make = (): Promise<number> =>
    makeBlock({
      ...{ ledger, miner, clock, randomBytes, realMs: () => performance.now() },
      onAppended: (_block, _result, ms) => times.push(ms),
      onSpent: () => undefined,
      onEvent: ({ event, ...detail }) => {
        throw new Error(`${event} ${JSON.stringify(detail)}`);
      },
    });
  try {
    await make();
    const [billBlockMs = 0] = times;
    const start = performance.now();
    while (performance.now() - start < BLOCKS_S * 1000) await make();
    const blocksS = (performance.now() - start) / 1000;
    return {
      bills,
      bills_per_s: bills / billsS,
      bill_block_ms: billBlockMs,
      blocks_per_s: (times.length - 1) / blocksS,
    };
  } finally {
    await miner.close();
    ledger.close();
  }
}
