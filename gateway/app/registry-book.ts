/**
 * The writer's list of meters and their keys: made from the pending state and the vault's openings, told to the crypto
 * workers, and asked whose a record is.
 */
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import type { RegistryEntry } from "../intake/registry.ts";
import type { Ledger } from "../ledger/ledger.ts";
import { opensPoint, recipientsOf } from "./office.ts";

/** The entry of one key but for its number; undefined when its point cannot be opened here. */
function makeEntry(
  ledger: Ledger,
  suite: CryptoSuite,
  kid: string,
): Omit<RegistryEntry, "no"> | undefined {
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

/** The kids of all keys that the chain or the held records know; inactive and frozen ones too. */
function listKids(ledger: Ledger): Set<string> {
  const kids = new Set<string>();
  for (const state of [ledger.state, ledger.pending]) {
    for (const kid of state.ids("device")) kids.add(kid);
  }
  return kids;
}

export class RegistryBook {
  readonly #ledger: Ledger;
  readonly #suite: CryptoSuite;
  readonly #entryByKid = new Map<string, RegistryEntry>();
  /** By `no`. */
  readonly #entries: RegistryEntry[] = [];
  readonly #meters = new Set<string>();

  constructor(ledger: Ledger, suite: CryptoSuite) {
    this.#ledger = ledger;
    this.#suite = suite;
  }

  /** Keys in the book. */
  get size(): number {
    return this.#entryByKid.size;
  }

  /** Enters every key of the ledger. */
  load(): RegistryEntry[] {
    return [...listKids(this.#ledger)].flatMap((kid) => this.renew(kid) ?? []);
  }

  /** Enters a key as the ledger knows it now; undefined when its point cannot be opened here. */
  renew(kid: string): RegistryEntry | undefined {
    const made = makeEntry(this.#ledger, this.#suite, kid);
    if (made === undefined) return undefined;
    const no = this.#entryByKid.get(kid)?.no ?? this.#entries.length;
    const entry: RegistryEntry = { ...made, no };
    this.#entries[no] = entry;
    this.#entryByKid.set(kid, entry);
    this.#meters.add(entry.meter);
    return entry;
  }

  get(kid: string): RegistryEntry | undefined {
    return this.#entryByKid.get(kid);
  }

  /** The entry with this number, which came from this book. */
  at(no: number): RegistryEntry {
    const entry = this.#entries[no];
    if (entry === undefined) throw new RangeError(`no key has number ${no}`);
    return entry;
  }

  all(): readonly RegistryEntry[] {
    return this.#entries;
  }

  /** Whether a meter id is one of ours. */
  knowsMeter(meter: string): boolean {
    return this.#meters.has(meter);
  }

  /** The device at a point of the chain. */
  occupantOf(point: string): RegistryEntry | undefined {
    const kid = this.#ledger.state.get("point", point)?.kid;
    return kid === undefined ? undefined : this.#entryByKid.get(kid);
  }
}
