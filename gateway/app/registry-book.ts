/**
 * The writer's list of meters for the crypto workers: made from the pending state and the vault's openings.
 */
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import type { RegistryEntry } from "../intake/registry.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { opensPoint, recipientsOf } from "./office.ts";

const DEVICE = "device:";

/** The entry of one key; undefined when its point cannot be opened here. */
export function makeEntry(
  ledger: Ledger,
  suite: CryptoSuite,
  kid: string,
): RegistryEntry | undefined {
  const device = ledger.pending.get("device", kid);
  if (device === undefined) return undefined;
  const opening = ledger.vault.point(device.point);
  if (opening === undefined || !opensPoint(suite, opening)) return undefined;
  const isOccupant = ledger.pending.get("point", device.point)?.kid === kid;
  return {
    kid,
    key: device.key,
    meter: opening.meter,
    recipients: recipientsOf(suite, device.to),
    state: device.status === "frozen" ? "frozen" : isOccupant ? "active" : "inactive",
    seq: device.seq,
    leaf: device.leaf,
  };
}

/** The entries of all keys that the chain or the held records know; inactive and frozen ones too. */
export function listEntries(ledger: Ledger, suite: CryptoSuite): RegistryEntry[] {
  const kids = new Set<string>();
  for (const state of [ledger.state, ledger.pending]) {
    for (const [key] of state.entries()) {
      if (key.startsWith(DEVICE)) kids.add(key.slice(DEVICE.length));
    }
  }
  const entries: RegistryEntry[] = [];
  for (const kid of kids) {
    const entry = makeEntry(ledger, suite, kid);
    if (entry !== undefined) entries.push(entry);
  }
  return entries;
}
