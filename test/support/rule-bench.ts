/** A chain to try single records on: what is accepted goes into a block at once, what is refused changes nothing. */
import assert from "node:assert/strict";
import { encodeBase64url } from "../../shared/base/bytes.ts";
import { applyRecord } from "../../shared/chain/chain-rules.ts";
import { VerifyKeyCache } from "../../shared/chain/rule-context.ts";
import type { SigningKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { hasLine2, type PayloadByTyp, type Typ } from "../../shared/record/payload.ts";
import { hashLeaf, parseRecord, signRecord } from "../../shared/record/record.ts";
import { codeOf } from "./code-of.ts";
import { DAY_S, SampleChain, type SampleMember, type SampleMeter, START } from "./sample-chain.ts";

/** 32 bytes of one value as H. */
export const H = (value: number): string => encodeBase64url(new Uint8Array(32).fill(value));

/** What a payload has beyond what the bench fills in; hashes of line 2 may be left out. */
type Own<T extends Typ> = Omit<PayloadByTyp[T], "v" | "seq" | "prev" | "ct" | "pt">;

export class RuleBench {
  readonly chain: SampleChain;
  /** Holds all roles. */
  readonly operator: SigningKey;
  /** Of every block; beyond all days. */
  readonly time = START + 400 * DAY_S;
  readonly #keys: VerifyKeyCache;

  constructor(suite: CryptoSuite, seed: string, members?: readonly SampleMember[]) {
    this.chain = new SampleChain(suite, members, seed);
    this.operator = this.chain.member(0).key;
    this.#keys = new VerifyKeyCache(suite);
  }

  get state(): SampleChain["state"] {
    return this.chain.state;
  }

  /** A meter that is enrolled at a point of its own, or at that of another. */
  enrol(id = "352522395", at?: SampleMeter): SampleMeter {
    const made = this.chain.createMeter(id);
    const meter = at === undefined ? made : { ...made, id: at.id, salt: at.salt, point: at.point };
    this.chain.append([this.chain.enrol(meter)], this.time);
    return meter;
  }

  /** Enrols a known key at another point. */
  move(meter: SampleMeter, point: string): SampleMeter {
    const to = [{ key: this.chain.utility.jwk, use: "utility" as const }];
    this.take(this.operator, "enrol", { key: meter.key.jwk, point, to });
    return { ...meter, point };
  }

  /** Logs whole days of a meter from day `first` up to, not including, `end`; returns their leaves. */
  days(meter: SampleMeter, first: number, end: number): string[] {
    return Array.from({ length: end - first }, (_, i) => this.day(meter, first + i));
  }

  /** Logs day `n` of a meter, or the part of it from and to those fractions; returns its leaf. */
  day(meter: SampleMeter, n: number, start = 0, end = 1): string {
    const line1 = this.chain.day(meter, instant(n + start), instant(n + end));
    this.chain.append([line1], this.time);
    return hashLeaf(this.chain.suite, line1);
  }

  /** Logs a record; returns its leaf. */
  take<T extends Typ>(key: SigningKey, typ: T, own: Own<T>): string {
    const line1 = hasLine2(typ)
      ? this.chain.sealed(key, typ, own as never)
      : this.chain.sign(key, typ, own as never);
    this.chain.append([line1], this.time);
    return hashLeaf(this.chain.suite, line1);
  }

  /** A signed record for the key's next place, that is not logged. */
  conflict<T extends Typ>(key: SigningKey, typ: T, own: Own<T>): string {
    return this.#sign(key, typ, own);
  }

  leafOf(line1: string): string {
    return hashLeaf(this.chain.suite, line1);
  }

  /** The code with which a record is refused; checks that the refusal changes nothing. */
  refusal<T extends Typ>(key: SigningKey, typ: T, own: Own<T>): string {
    const record = parseRecord(this.chain.suite, this.#sign(key, typ, own));
    const before = JSON.stringify([...this.state.entries()]);
    const code = codeOf(() =>
      applyRecord(this.state, record, {
        suite: this.chain.suite,
        keys: this.#keys,
        log: this.chain.log,
        position: this.chain.leaves.length,
        height: this.chain.blocks.length,
        blockTime: this.time,
      }),
    );
    assert.equal(JSON.stringify([...this.state.entries()]), before, "a refusal changes nothing");
    return code;
  }

  /** The next record of a key as the state has it. */
  #sign<T extends Typ>(key: SigningKey, typ: T, own: Own<T>): string {
    const signer = this.state.get("device", key.kid) ?? this.state.get("member", key.kid);
    const seq = (signer?.seq ?? 0) + 1;
    const sealed = hasLine2(typ) ? { ct: H(1), pt: H(2) } : {};
    const payload = { v: 1, seq, prev: signer?.leaf ?? H(0), ...sealed, ...own };
    return signRecord(this.chain.suite, key, typ, payload as unknown as PayloadByTyp[T]);
  }
}

/** The beginning of day `n`, also of a part of it. */
export function instant(n: number): number {
  return START + n * DAY_S;
}
