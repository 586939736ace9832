/**
 * The crypto limit of a machine: how many envelopes a second as many workers as cores get through when they do
 * nothing but ES256 verify, X25519, KDF, unwrap, HMAC and CBC on them, with node:crypto called directly.
 *
 * This is the denominator of the intake ratio, so it must not move by accident: it uses none of our code for
 * the measured part, imports each epk as JWK (DER would flatter every ratio on Node 20), prepares everything
 * else before the clock starts, and checks every signature and tag.
 */
import { Worker } from "node:worker_threads";
import type { EcPublicJwk } from "../../shared/crypto/key.ts";

/** A sealed envelope with what its gateway knows. */
export interface LimitEnvelope {
  readonly line1: string;
  readonly line2: string;
  /** The meter's public key. */
  readonly jwk: EcPublicJwk;
}

export interface LimitOptions {
  readonly envelopes: readonly LimitEnvelope[];
  /** The recipient that opens them all: thumbprint and X25519 secret (32 bytes). */
  readonly recipient: { readonly kid: string; readonly secret: Uint8Array };
  /** As many as cores for the machine's limit. */
  readonly workers: number;
  readonly seconds: number;
}

export interface CryptoLimit {
  /** Envelopes a second of all workers together. */
  readonly perSecond: number;
  /** Wall microseconds an envelope takes on one worker. */
  readonly microseconds: number;
  readonly node: string;
}

/** What a worker is given and what it answers; in two steps, so that all start at the same time. */
export type LimitWorkerData = Pick<LimitOptions, "envelopes" | "recipient" | "seconds">;
export type LimitReport = "ready" | { readonly count: number; readonly seconds: number };

function startWorker(data: LimitWorkerData): Worker {
  const file = new URL(import.meta.url.replace(/crypto-limit\.(\w+)$/, "crypto-limit-worker.$1"));
  return new Worker(file, { workerData: data });
}

function nextReport(worker: Worker): Promise<LimitReport> {
  return new Promise((resolve, reject) => {
    worker.once("message", resolve);
    worker.once("error", reject);
  });
}

/** Each worker goes round its own share of the envelopes for `seconds`. Rejects if one does not open. */
export async function measureCryptoLimit(options: LimitOptions): Promise<CryptoLimit> {
  const { envelopes, recipient, seconds } = options;
  const workers = Array.from({ length: options.workers }, (_, index) => {
    const share = envelopes.filter((_, at) => at % options.workers === index);
    return startWorker({ envelopes: share, recipient, seconds });
  });
  try {
    await Promise.all(workers.map(nextReport));
    const reports = workers.map(nextReport);
    for (const worker of workers) worker.postMessage("go");
    let perSecond = 0;
    for (const report of await Promise.all(reports)) {
      if (report !== "ready") perSecond += report.count / report.seconds;
    }
    const microseconds = (1e6 * options.workers) / perSecond;
    return { perSecond, microseconds, node: process.version };
  } finally {
    await Promise.all(workers.map((worker) => worker.terminate()));
  }
}
