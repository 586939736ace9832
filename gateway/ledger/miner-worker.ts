/**
 * The mining thread: takes one search at a time from its owner and answers with the nonce, or without one when
 * aborted. Started by `miner.ts` with the control words as its data.
 */
import { parentPort, workerData } from "node:worker_threads";
import { createPortableHash, loadNativeHash } from "./batch-hash.ts";
import { type MineResult, mine } from "./mine.ts";

/** One search; `job` comes back in the answer. */
export interface MineRequest {
  readonly job: number;
  readonly headerHash: Uint8Array;
  readonly target: Uint8Array;
  readonly start: Uint8Array;
}

export interface MineAnswer extends MineResult {
  readonly job: number;
}

export interface MinerData {
  readonly control: SharedArrayBuffer;
  /** false: the portable hash even where the native one is installed. */
  readonly native: boolean;
}

if (parentPort !== null) {
  const port = parentPort;
  const { control, native } = workerData as MinerData;
  const words = new Int32Array(control);
  const hash = (native ? await loadNativeHash() : undefined) ?? createPortableHash();
  port.on("message", ({ job, headerHash, target, start }: MineRequest) => {
    const answer: MineAnswer = {
      job,
      ...mine(headerHash, target, { start, hash, control: words }),
    };
    port.postMessage(answer);
  });
}
