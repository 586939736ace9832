/**
 * Verifying: `gateway verify` as a process, on a live store and on its dump, against the raw rate at which all cores
 * check the same signatures.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { createWriteStream, statSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { pipeline } from "node:stream/promises";
import { cliScript } from "../../deploy/project-root.ts";
import { locateDataFolder } from "../../gateway/app/data-folder.ts";
import { openReadOnly } from "../../gateway/ledger/database.ts";
import { RecordStore } from "../../gateway/ledger/record-store.ts";
import { thumbprint } from "../../shared/crypto/key.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { parseCompactJws } from "../../shared/record/compact-jws.ts";
import type { Fixture } from "./fixture.ts";
import { startRawRate } from "./raw-rate.ts";
import type { RawRecord } from "./raw-worker.ts";
import type { Recipe } from "./recipe.ts";

export interface VerifyResult {
  /** Signatures a second, by the better of both sources: what the limit counts, too. */
  readonly value: number;
  /** Signatures a second of all cores. */
  readonly limit: number;
  readonly ratio: number;
  readonly records: number;
  /** Of records, of the requests in enrolments, and of blocks. */
  readonly signatures: number;
  /** Records a second. */
  readonly store_per_s: number;
  readonly store_ratio: number;
  readonly dump_per_s: number;
  readonly dump_ratio: number;
  readonly dump_bytes: number;
}

/** Day records whose signatures the limit checks. */
const LIMIT_RECORDS = 8_000;

/** Seconds that a command line of ours takes, start of the process included. Throws unless it exits with 0. */
async function timeGateway(args: readonly string[]): Promise<number> {
  const start = performance.now();
  const child = spawn(process.execPath, [cliScript("gateway"), ...args], {
    stdio: ["ignore", "ignore", "inherit"],
  });
  const [code] = (await once(child, "exit")) as [number | null];
  if (code !== 0) throw new Error(`gateway ${args[0]} ended with ${code}`);
  return (performance.now() - start) / 1000;
}

async function writeDump(data: string, file: string): Promise<void> {
  const child = spawn(process.execPath, [cliScript("gateway"), "dump", "--data", data], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  const ended = once(child, "exit");
  await pipeline(child.stdout, createWriteStream(file));
  const [code] = (await ended) as [number | null];
  if (code !== 0) throw new Error(`gateway dump ended with ${code}`);
}

function readRecords(
  fixture: Fixture,
  store: string,
): { readonly size: number; readonly signatures: number; readonly days: RawRecord[] } {
  const keys = new Map(fixture.meters.map(({ jwk }) => [thumbprint(nodeSuite, jwk), jwk]));
  const db = openReadOnly(store);
  try {
    const count = (table: string): number =>
      db.prepare(`SELECT count(*) FROM ${table}`).pluck().get() as number;
    const n = count("record");
    const records = new RecordStore(db);
    const days: RawRecord[] = [];
    for (let position = n - 1; position > 0 && days.length < LIMIT_RECORDS; position--) {
      const line1 = records.line1(position) ?? "";
      const jwk = keys.get(parseCompactJws(line1).kid);
      if (jwk !== undefined) days.push({ line1, jwk });
    }
    // Each of the fixture's meters was enrolled with a request of its own.
    return { size: n, signatures: n + fixture.meters.length + count("block"), days };
  } finally {
    db.close();
  }
}

/** @param data folder of a gateway that has taken in the fixture's envelopes and has ended */
export async function measureVerifying(
  recipe: Recipe,
  fixture: Fixture,
  data: string,
  folder: string,
): Promise<VerifyResult> {
  const { store } = locateDataFolder(data);
  const dump = join(folder, "chain.jsonl");
  await writeDump(data, dump);
  const { size, signatures, days } = readRecords(fixture, store);
  const cores = availableParallelism();
  const raw = await startRawRate(
    Array.from({ length: cores }, (_, worker) => ({
      kind: "signature" as const,
      records: days.filter((__, i) => i % cores === worker),
    })),
  );
  try {
    let limit = await raw.measure(recipe.limitS);
    let storeS = Number.POSITIVE_INFINITY;
    let dumpS = Number.POSITIVE_INFINITY;
    for (let turn = 0; turn < recipe.turns; turn++) {
      storeS = Math.min(storeS, await timeGateway(["verify", "--data", data]));
      dumpS = Math.min(dumpS, await timeGateway(["verify", dump]));
      limit = Math.max(limit, await raw.measure(recipe.limitS));
    }
    const value = signatures / Math.min(storeS, dumpS);
    return {
      value,
      limit,
      ratio: value / limit,
      records: size,
      signatures,
      store_per_s: size / storeS,
      store_ratio: signatures / storeS / limit,
      dump_per_s: size / dumpS,
      dump_ratio: signatures / dumpS / limit,
      dump_bytes: statSync(dump).size,
    };
  } finally {
    await raw.close();
  }
}
