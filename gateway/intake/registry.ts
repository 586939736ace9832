/**
 * What a crypto worker knows of the meters: keys, points and the newest record that it let through.
 *
 * The chain is its own PKI; the writer sends an entry whenever an enrol record is held, becomes final, or a key
 * is frozen. Entries are plain data so that they cross threads.
 */
import type { CryptoSuite, EcPublicJwk, VerifyKey } from "../../shared/crypto/suite.ts";
import { dayHeaderPart } from "../../shared/record/day-line.ts";

/** One device at one metering point, as the writer announces it. */
export interface RegistryEntry {
  readonly kid: string;
  readonly key: EcPublicJwk;
  /** Nine digits; the writer has checked that they open the point that the key was enrolled at. */
  readonly meter: string;
  /** kids of the point's `to`, sorted: line 2 must be sealed to exactly these. */
  readonly recipients: readonly string[];
  readonly state: "active" | "inactive" | "frozen";
  /** The newest record of this key that the ledger holds; 0 and its `prev` when there is none. */
  readonly seq: number;
  readonly leaf: string;
}

/** An entry with its imported key and the hint that admission keeps. */
export interface KnownKey {
  entry: RegistryEntry;
  /** Imported when it is first needed: every worker knows every key, but judges only its own meters. */
  verifyKey: VerifyKey | undefined;
  /** seq and leaf of the newest record that passed here; a hint only, the ledger decides. */
  seq: number;
  leaf: string;
}

export class Registry {
  readonly #suite: CryptoSuite;
  readonly #byKid = new Map<string, KnownKey>();
  /** Header part of a day record's line 1 → kid. */
  readonly kidByHeader = new Map<string, string>();

  constructor(suite: CryptoSuite) {
    this.#suite = suite;
  }

  /** Adds or replaces an entry. */
  set(entry: RegistryEntry): void {
    const known = this.#byKid.get(entry.kid);
    if (known !== undefined) {
      known.entry = entry;
      // Records on their way to the writer may be ahead of what it knew when it sent the entry.
      if (entry.seq > known.seq) {
        known.seq = entry.seq;
        known.leaf = entry.leaf;
      }
      return;
    }
    const { seq, leaf } = entry;
    this.#byKid.set(entry.kid, { entry, verifyKey: undefined, seq, leaf });
    this.kidByHeader.set(dayHeaderPart(entry.kid), entry.kid);
  }

  get(kid: string): KnownKey | undefined {
    return this.#byKid.get(kid);
  }

  verifyKey(known: KnownKey): VerifyKey {
    known.verifyKey ??= this.#suite.importVerifyKey(known.entry.key);
    return known.verifyKey;
  }
}
