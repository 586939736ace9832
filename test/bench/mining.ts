/**
 * Mining: the hash rate of the real mining thread against the raw native batch rate of one core, in turns, so that
 * both see the same machine; and how long the main loop waits while the thread mines.
 */
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout as sleep } from "node:timers/promises";
import { BATCH } from "../../gateway/ledger/mine.ts";
import { Miner } from "../../gateway/ledger/miner.ts";
import { startRawRate } from "./raw-rate.ts";
import type { Recipe } from "./recipe.ts";

export interface MiningResult {
  /** Hashes a second of one mining thread. */
  readonly value: number;
  /** Hashes a second of the native batch hash alone. */
  readonly limit: number;
  readonly ratio: number;
  readonly loop_p99_ms: number;
  readonly loop_max_ms: number;
}

const LOOP_RESOLUTION_MS = 2;
/** No hash is below this, so the search runs until it is ended. */
const IMPOSSIBLE = new Uint8Array(32);

function median(values: readonly number[]): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.floor(sorted.length / 2)] ?? 0;
}

export async function measureMining(recipe: Recipe): Promise<MiningResult> {
  const raw = await startRawRate([{ kind: "hash", batch: BATCH }]);
  const miner = new Miner();
  const delays = { p99: 0, max: 0 };
  const mineFor = async (seconds: number): Promise<number> => {
    const search = miner.mine(new Uint8Array(32).fill(1), IMPOSSIBLE, new Uint8Array(32));
    // The thread may be starting: the clock starts with its first batch.
    const idle = miner.hashes;
    while (miner.hashes === idle) await sleep(1);
    const first = miner.hashes;
    const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
    loop.enable();
    const start = performance.now();
    await sleep(seconds * 1000);
    loop.disable();
    // The worst turn counts.
    delays.p99 = Math.max(delays.p99, loop.percentile(99));
    delays.max = Math.max(delays.max, loop.max);
    const rate = (miner.hashes - first) / ((performance.now() - start) / 1000);
    await miner.abort();
    await search;
    return rate;
  };
  try {
    await mineFor(0.2);
    Object.assign(delays, { p99: 0, max: 0 });
    const mined: number[] = [];
    const limits: number[] = [];
    for (let turn = 0; turn < recipe.miningTurns; turn++) {
      limits.push(await raw.measure(recipe.miningS));
      mined.push(await mineFor(recipe.miningS));
    }
    const value = median(mined);
    const limit = median(limits);
    return {
      value,
      limit,
      ratio: value / limit,
      loop_p99_ms: delays.p99 / 1e6,
      loop_max_ms: delays.max / 1e6,
    };
  } finally {
    await miner.close();
    await raw.close();
  }
}
