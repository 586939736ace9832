/**
 * The raw rates that a machine allows, one worker thread each: nonce hashing in native batches, and ES256 signatures
 * under cached keys. None of our code is in the measured loops.
 */
import { createPublicKey, type KeyObject, verify } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import type { EcPublicJwk } from "../../shared/crypto/suite.ts";

export type RawOrder =
  | { readonly kind: "hash"; readonly batch: number }
  | { readonly kind: "signature"; readonly records: readonly RawRecord[] };

export interface RawRecord {
  readonly line1: string;
  readonly jwk: EcPublicJwk;
}

/** To the worker: measure for so many seconds. From it: `ready`, then what was done. */
export interface RawReport {
  readonly count: number;
  readonly seconds: number;
}

/** Runs `step`, which does `size` operations, for `seconds`. */
function repeat(seconds: number, size: number, step: () => void): RawReport {
  const start = performance.now();
  const end = start + seconds * 1000;
  let count = 0;
  while (performance.now() < end) {
    for (let i = 0; i < 16; i++) step();
    count += 16 * size;
  }
  return { count, seconds: (performance.now() - start) / 1000 };
}

async function prepareHash(batch: number): Promise<(seconds: number) => RawReport> {
  const { hashInto } = await import("@chainsafe/hashtree");
  const input = new Uint8Array(batch * 64).fill(7);
  const output = new Uint8Array(batch * 32);
  return (seconds) => repeat(seconds, batch, () => hashInto(input, output));
}

function prepareSignatures(records: readonly RawRecord[]): (seconds: number) => RawReport {
  const keys = new Map<string, KeyObject>();
  const items = records.map(({ line1, jwk }) => {
    const key = keys.get(jwk.x) ?? createPublicKey({ key: { ...jwk }, format: "jwk" });
    keys.set(jwk.x, key);
    const dot = line1.lastIndexOf(".");
    return {
      key: { key, dsaEncoding: "ieee-p1363" as const },
      message: Buffer.from(line1.slice(0, dot)),
      signature: Buffer.from(line1.slice(dot + 1), "base64url"),
    };
  });
  let at = 0;
  return (seconds) =>
    repeat(seconds, 1, () => {
      const item = items[at++ % items.length] as (typeof items)[number];
      if (!verify("sha256", item.message, item.key, item.signature)) throw new Error("signature");
    });
}

const order = workerData as RawOrder;
const measure =
  order.kind === "hash" ? await prepareHash(order.batch) : prepareSignatures(order.records);
parentPort?.on("message", (seconds: number) => parentPort?.postMessage(measure(seconds)));
parentPort?.postMessage("ready");
