/**
 * A data folder's beginning: keys and genesis at the first start, the same ones ever after.
 *
 * Everything is found out from what is on disk, step by step, so a first start that was killed half way is simply
 * continued by the next.
 */
import { existsSync, mkdirSync, readFileSync } from "node:fs";
import { encodeBase64url } from "../../shared/base/bytes.ts";
import { type Clock, type RandomBytes, unixNow } from "../../shared/base/clock.ts";
import { fail } from "../../shared/base/error.ts";
import type { SealedBlock } from "../../shared/chain/block.ts";
import { bitsOfWork } from "../../shared/chain/work.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { ROLES } from "../../shared/record/payload.ts";
import { decodeConfig, type GatewayConfig } from "../config.ts";
import { loadNativeHash } from "../ledger/batch-hash.ts";
import { sealGenesis } from "../ledger/genesis.ts";
import type { GatewayKeys } from "../ledger/ledger.ts";
import type { DataFolder } from "./data-folder.ts";
import { createKeys, readKeys } from "./key-file.ts";

/** Reads the configuration of a data folder. Throws `config`. */
export function readConfig(folder: DataFolder, path = folder.config): GatewayConfig {
  if (!existsSync(path)) {
    if (path !== folder.config) fail("config", `there is no file ${path}`);
    return decodeConfig({});
  }
  let value: unknown;
  try {
    value = JSON.parse(readFileSync(path, "utf8"));
  } catch (error) {
    fail("config", `${path} is not JSON: ${(error as Error).message}`);
  }
  return decodeConfig(value);
}

export interface Founding {
  readonly keys: GatewayKeys;
  /** Block 0 of a chain that begins now; undefined where a store exists. */
  readonly genesis: SealedBlock | undefined;
  readonly madeKeys: boolean;
}

export interface FoundingOptions {
  readonly suite: CryptoSuite;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
}

/**
 * The keys of a data folder and, where no store exists yet, a new chain's block 0.
 * One key holds all roles, as fits a laptop (records.md section 2).
 */
export async function foundGateway(
  folder: DataFolder,
  config: GatewayConfig,
  options: FoundingOptions,
): Promise<Founding> {
  const { suite, clock, randomBytes } = options;
  mkdirSync(folder.root, { recursive: true, mode: 0o700 });
  const madeKeys = !existsSync(folder.keys);
  if (madeKeys && existsSync(folder.store)) {
    fail("no-gateway", `${folder.root} holds a chain but not the keys of its gateway`);
  }
  const keys = madeKeys
    ? createKeys(suite, folder.keys, config.name, randomBytes)
    : readKeys(suite, folder.keys, config.name);
  if (existsSync(folder.store)) return { keys, genesis: undefined, madeKeys };
  const genesis = sealGenesis(
    suite,
    keys.signing,
    {
      origin: config.origin,
      zone: config.zone,
      time: unixNow(clock),
      salt: encodeBase64url(randomBytes(32)),
      quorum: 1,
      members: [
        {
          key: keys.signing.jwk,
          name: config.name,
          note: encodeBase64url(keys.note.publicKey),
          roles: [...ROLES],
        },
      ],
      params: {
        bits: bitsOfWork(2n ** BigInt(config.difficulty)),
        max_records: config.max_records,
        max_bytes: config.max_bytes,
        formats: [1],
      },
    },
    await loadNativeHash(),
  );
  return { keys, genesis, madeKeys };
}
