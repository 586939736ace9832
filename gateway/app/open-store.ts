/**
 * Opens a data folder's ledger with everything that it needs; makes the store at the first start.
 */
import { existsSync, renameSync, rmSync } from "node:fs";
import type { Clock, RandomBytes } from "../../shared/base/clock.ts";
import { fail } from "../../shared/base/error.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import type { GatewayConfig } from "../config.ts";
import { type GatewayKeys, Ledger, type LedgerOptions } from "../ledger/ledger.ts";
import { createProjector } from "../projection/projector.ts";
import type { DataFolder } from "./data-folder.ts";
import { foundGateway } from "./founding.ts";
import { readKeys } from "./key-file.ts";

export interface OpenOptions {
  readonly suite: CryptoSuite;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  /** Real time, milliseconds, where what blocks take is measured. */
  readonly realMs?: () => number;
}

export interface OpenedStore {
  readonly ledger: Ledger;
  readonly keys: GatewayKeys;
  /** This start made the keys or the chain. */
  readonly founded: { readonly keys: boolean; readonly chain: boolean };
}

function ledgerOptions(path: string, keys: GatewayKeys, options: OpenOptions): LedgerOptions {
  const { suite, clock, randomBytes, realMs } = options;
  const projector = createProjector({ suite, utility: keys.utility });
  const measure = realMs === undefined ? {} : { realMs };
  return { path, suite, keys, clock, randomBytes, projector, ...measure };
}

/** Opens the store, founding keys and chain where they are missing. Call with the folder's lock held. */
export async function openOrFound(
  folder: DataFolder,
  config: GatewayConfig,
  options: OpenOptions,
): Promise<OpenedStore> {
  const { keys, genesis, madeKeys } = await foundGateway(folder, config, options);
  if (genesis !== undefined) {
    // Made beside and renamed when it holds its genesis: a killed first start leaves no half of a store.
    const beside = `${folder.store}.new`;
    for (const suffix of ["", "-wal", "-shm"]) rmSync(`${beside}${suffix}`, { force: true });
    Ledger.create({ ...ledgerOptions(beside, keys, options), genesis }).close();
    renameSync(beside, folder.store);
  }
  const ledger = Ledger.open(ledgerOptions(folder.store, keys, options));
  return { ledger, keys, founded: { keys: madeKeys, chain: genesis !== undefined } };
}

/** Opens the store of a gateway that was started before. Throws `no-gateway`. */
export function openExisting(
  folder: DataFolder,
  config: GatewayConfig,
  options: OpenOptions,
): OpenedStore {
  if (!existsSync(folder.store) || !existsSync(folder.keys)) {
    fail("no-gateway", `${folder.root} holds no gateway; \`gateway run --data\` makes one`);
  }
  const keys = readKeys(options.suite, folder.keys, config.name);
  const ledger = Ledger.open(ledgerOptions(folder.store, keys, options));
  return { ledger, keys, founded: { keys: false, chain: false } };
}
