/** The owner's side of raw-worker.ts: several workers measured at the same time, as often as wanted. */
import { once } from "node:events";
import { Worker } from "node:worker_threads";
import type { RawOrder, RawReport } from "./raw-worker.ts";

export interface RawRate {
  /** Operations a second of all workers together, over `seconds`. */
  measure(seconds: number): Promise<number>;
  close(): Promise<void>;
}

/** One worker an order. */
export async function startRawRate(orders: readonly RawOrder[]): Promise<RawRate> {
  const workers = orders.map(
    (workerData) => new Worker(new URL("./raw-worker.js", import.meta.url), { workerData }),
  );
  await Promise.all(workers.map((worker) => once(worker, "message")));
  return {
    async measure(seconds) {
      const reports = workers.map((worker) => once(worker, "message"));
      for (const worker of workers) worker.postMessage(seconds);
      let perSecond = 0;
      for (const [report] of (await Promise.all(reports)) as [RawReport][]) {
        perSecond += report.count / report.seconds;
      }
      return perSecond;
    },
    async close() {
      await Promise.all(workers.map((worker) => worker.terminate()));
    },
  };
}
