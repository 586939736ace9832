/**
 * What a crypto worker knows of the meters: keys, points and the newest record that it let through.
 *
 * The chain is its own PKI; the writer sends an entry whenever an enrol record is held, becomes final, or a key
 * is frozen. Entries are plain data so that they cross threads.
 */
import { decodeBase64url, encodeBase64url } from "../../shared/base/bytes.ts";
import type { CryptoSuite, EcPublicJwk, VerifyKey } from "../../shared/crypto/suite.ts";
import { createDayForm, type DayForm } from "../../shared/record/day-envelope.ts";
import { dayHeaderPart } from "../../shared/record/day-line.ts";

/** One device at one metering point, as the writer announces it. */
export interface RegistryEntry {
  /** Number of the key in the writer's book; what crosses threads names the key by it. */
  readonly no: number;
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
export class KnownKey {
  entry: RegistryEntry;
  /** seq of the newest record that passed here; a hint only, the ledger decides. */
  seq: number;
  /** Leaf of that record. */
  readonly newest = new Uint8Array(32);
  /** Imported when it is first needed: every worker knows every key, but judges only its own meters. */
  #verifyKey: VerifyKey | undefined;
  #form: DayForm | undefined;

  constructor(entry: RegistryEntry) {
    this.entry = entry;
    this.seq = entry.seq;
    this.newest.set(decodeBase64url(entry.leaf));
  }

  get leaf(): string {
    return encodeBase64url(this.newest);
  }

  /** The fixed text of this key's days. */
  get form(): DayForm {
    this.#form ??= createDayForm(this.entry.kid, this.entry.recipients);
    return this.#form;
  }

  /** Takes the entry as the writer knows it now. */
  renew(entry: RegistryEntry): void {
    this.entry = entry;
    this.#form = undefined;
    // Records on their way to the writer may be ahead of what it knew when it sent the entry.
    if (entry.seq > this.seq) this.pass(entry.seq, decodeBase64url(entry.leaf));
  }

  /** The record with this seq and leaf is the newest now. */
  pass(seq: number, leaf: Uint8Array): void {
    this.seq = seq;
    this.newest.set(leaf);
  }

  verifyKey(suite: CryptoSuite): VerifyKey {
    this.#verifyKey ??= suite.importVerifyKey(this.entry.key);
    return this.#verifyKey;
  }
}

const NONE: readonly KnownKey[] = [];

export class Registry {
  readonly #byKid = new Map<string, KnownKey>();
  /** By the meter's nine digits as a number; a meter that was replaced has several keys. */
  readonly #byMeter = new Map<number, KnownKey[]>();
  /** Header part of a day record's line 1 → kid. */
  readonly kidByHeader = new Map<string, string>();

  /** Adds or replaces an entry. */
  set(entry: RegistryEntry): void {
    const known = this.#byKid.get(entry.kid);
    if (known !== undefined) {
      const { meter } = known.entry;
      known.renew(entry);
      if (meter === entry.meter) return;
      this.#remove(known, Number(meter));
      this.#enter(known);
      return;
    }
    const added = new KnownKey(entry);
    this.#byKid.set(entry.kid, added);
    this.kidByHeader.set(dayHeaderPart(entry.kid), entry.kid);
    this.#enter(added);
  }

  get(kid: string): KnownKey | undefined {
    return this.#byKid.get(kid);
  }

  /** All keys of a meter, the newest first. */
  ofMeter(meter: number): readonly KnownKey[] {
    return this.#byMeter.get(meter) ?? NONE;
  }

  #enter(known: KnownKey): void {
    const meter = Number(known.entry.meter);
    const keys = this.#byMeter.get(meter);
    if (keys === undefined) this.#byMeter.set(meter, [known]);
    else keys.unshift(known);
  }

  #remove(known: KnownKey, meter: number): void {
    const keys = (this.#byMeter.get(meter) ?? []).filter((other) => other !== known);
    if (keys.length === 0) this.#byMeter.delete(meter);
    else this.#byMeter.set(meter, keys);
  }
}
