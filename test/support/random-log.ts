/**
 * Logs of every type that names readings, made step by step from random numbers: most steps fit, many do not. Each
 * record is signed for its key's place after those that were accepted, so one refusal does not spoil the rest.
 */
import fc from "fast-check";
import { applyRecord } from "../../shared/chain/chain-rules.ts";
import { ChainState } from "../../shared/chain/chain-state.ts";
import { ListedLog } from "../../shared/chain/log-view.ts";
import { VerifyKeyCache } from "../../shared/chain/rule-context.ts";
import type { SigningKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { signRequest } from "../../shared/message/request.ts";
import { hasLine2, type PayloadByTyp, type Typ } from "../../shared/record/payload.ts";
import { type ParsedRecord, parseRecord, signRecord } from "../../shared/record/record.ts";
import { codeOf } from "./code-of.ts";
import { H } from "./rule-bench.ts";
import { DAY_S, SampleChain, type SampleMeter, START } from "./sample-chain.ts";

export interface Step {
  readonly what: string;
  readonly meter: number;
  readonly pick: number;
  readonly shift: number;
  readonly part: number;
}

const WHATS = [
  ...Array.from({ length: 10 }, () => "day"),
  ...["event", "enrol", "enrol", "move", "revoke", "evidence", "exchange", "exchange", "bill"],
  ...["credit", "correct", "correct", "correct", "correct", "by-meter", "by-meter", "fill", "fill"],
];

export const step: fc.Arbitrary<Step> = fc.record({
  what: fc.constantFrom(...WHATS),
  meter: fc.nat(2),
  pick: fc.nat(30),
  shift: fc.constantFrom(0, 0, 0, 0, 0, 0, 1, -1, DAY_S),
  part: fc.constantFrom(1, 1, 1, 1, 0.5, 1.1, 1.2),
});

export type Reading = ParsedRecord<"day" | "correction">;

/** What became of a record. */
export interface Verdict {
  readonly record: ParsedRecord;
  /** Its code, or ok. */
  readonly code: string;
}

/** Two points; keys come and go. */
export class RandomLog {
  readonly chain: SampleChain;
  readonly state = new ChainState();
  /** Accepted records in log order, genesis first. */
  readonly records: ParsedRecord[] = [];
  readonly verdicts: Verdict[] = [];
  readonly points: readonly SampleMeter[];
  readonly log = new ListedLog(this.records);
  readonly #keys: VerifyKeyCache;
  readonly #suite: CryptoSuite;
  readonly #operator: SigningKey;
  readonly #meters: SigningKey[] = [];

  constructor(suite: CryptoSuite, steps: readonly Step[]) {
    this.#suite = suite;
    this.chain = new SampleChain(suite, undefined, "random-log");
    this.#operator = this.chain.member(0).key;
    this.#keys = new VerifyKeyCache(suite);
    this.points = ["352522395", "352522396"].map((id) => this.chain.createMeter(id));
    this.#try(this.chain.genesisLine, 0, START);
    for (const n of [0, 1]) this.#take(this.#enrolNew(n));
    for (const one of steps) this.#take(this.#make(one));
  }

  /** Line 1 that a step makes. */
  #make({ what, meter, pick, shift, part }: Step): string {
    const key = this.#meters.at(-1 - meter) ?? (this.#meters[0] as SigningKey);
    const operator = this.#operator;
    const device = this.state.get("device", key.kid);
    const { point } = this.points[pick % 2] as SampleMeter;
    const length = Math.floor(part * DAY_S);
    switch (what) {
      case "day": {
        const last = this.state.get("point", device?.point ?? "")?.last_to ?? 0;
        const first = last === 0 ? START : last - (pick % 3 === 0 ? 1 : 0);
        const from = (device?.last_to ?? first) + shift;
        return this.#sign(key, "day", { from, to: from + length });
      }
      case "event":
        return this.#sign(key, "event", { at: START });
      case "enrol":
        return this.#enrolNew(pick % 2);
      case "move": {
        const to = [{ key: this.chain.utility.jwk, use: "utility" as const }];
        return this.#sign(operator, "enrol", { key: key.jwk, point, to });
      }
      case "revoke": {
        const last = Math.max(0, (device?.seq ?? 0) - (pick % 5) + (shift === 1 ? 9 : 0));
        return this.#sign(operator, "revoke", { kid: key.kid, last, reason: "test" });
      }
      case "evidence": {
        const [a = "", b = ""] = [1, 2].map((at) => this.#sign(key, "event", { at }));
        return this.#sign(operator, "evidence", { a, b });
      }
      case "exchange": {
        const [old = "", next = ""] = [pick, pick + 1].map((n) => this.#meterAt(n).kid);
        return this.#sign(operator, "exchange", { point, old, new: next, at: START });
      }
      case "bill": {
        const [from, to] = [START + pick * DAY_S, START + (pick + 1) * DAY_S];
        const own = { point, from, to, tariffs: [], days: H(3), n: 0 };
        return this.#sign(operator, "bill", own);
      }
      case "credit": {
        const bill = this.records.findLast(({ typ }) => typ === "bill" || pick % 4 === 0)?.leaf;
        return this.#sign(operator, "credit", { bill: bill ?? H(9), days: H(3), n: 0 });
      }
      case "fill": {
        const from = START + (pick % 14) * DAY_S + shift;
        return this.#sign(operator, "correction", { point, from, to: from + length });
      }
      default: {
        const signer = what === "correct" ? operator : key;
        return this.#sign(signer, "correction", this.#corrected(pick, point, shift));
      }
    }
  }

  #meterAt(n: number): SigningKey {
    return this.#meters[n % this.#meters.length] as SigningKey;
  }

  /** One of the readings so far, or none; `shift` other than 0 spoils its period. */
  #corrected(pick: number, point: string, shift: number) {
    const readings = this.records.filter(
      (record): record is Reading => record.typ === "day" || record.typ === "correction",
    );
    const reading = readings.at(-1 - (pick % Math.max(1, readings.length)));
    if (reading === undefined) return { point, from: START, to: START + DAY_S, of: H(9) };
    const { from, to } = reading.payload;
    const at = pick % 7 === 0 ? point : this.pointOf(reading);
    return { point: at, from: from + shift, to, of: reading.leaf };
  }

  /** Where an accepted reading was logged, by walking the log from its beginning. */
  pointOf(reading: Reading): string {
    if (reading.typ === "correction") return reading.payload.point;
    let point = "";
    for (const record of this.records) {
      if (record.leaf === reading.leaf) break;
      const isOwn = record.typ === "enrol" && record.payload.key.x === this.#keyOf(reading.kid)?.x;
      if (isOwn) point = record.payload.point;
    }
    return point;
  }

  #keyOf(kid: string): { readonly x: string } | undefined {
    return this.#meters.find((meter) => meter.kid === kid)?.jwk;
  }

  #enrolNew(n: number): string {
    const { key } = this.chain.createMeter("000000000");
    this.#meters.push(key);
    const { point } = this.points[n] as SampleMeter;
    const to = [{ key: this.chain.utility.jwk, use: "utility" as const }];
    const token = this.chain.randomBytes(32);
    const req = signRequest(this.#suite, key, { chain: this.chain.chainId, token });
    return this.#sign(this.#operator, "enrol", { key: key.jwk, point, to, req });
  }

  #sign<T extends Typ>(
    key: SigningKey,
    typ: T,
    own: Omit<PayloadByTyp[T], "v" | "seq" | "prev" | "ct" | "pt">,
  ): string {
    const signer = this.state.get("device", key.kid) ?? this.state.get("member", key.kid);
    const { seq, leaf } = signer ?? { seq: 0, leaf: H(0) };
    const isFounder = key.kid === this.#operator.kid && seq === 1;
    const prev = isFounder ? this.chain.chainId : leaf;
    // Different lines 2 have different hashes.
    const ct = this.chain.suite.sha256Text(`${this.verdicts.length}`);
    const sealed = hasLine2(typ) ? { ct, pt: H(2) } : {};
    const payload = { v: 1, seq: seq + 1, prev, ...sealed, ...own };
    return signRecord(this.#suite, key, typ, payload as unknown as PayloadByTyp[T]);
  }

  #take(line1: string): void {
    this.#try(line1, 1, START + 100 * DAY_S);
    // A key that was refused is forgotten.
    const newest = this.#meters.at(-1);
    if (newest && this.state.get("device", newest.kid) === undefined) this.#meters.pop();
  }

  #try(line1: string, height: number, blockTime: number): void {
    const record = parseRecord(this.#suite, line1);
    const { log, state } = this;
    const context = { suite: this.#suite, keys: this.#keys, log };
    const position = this.records.length;
    let code = "ok";
    try {
      applyRecord(state, record, { ...context, position, height, blockTime });
      this.records.push(record);
    } catch (error) {
      code = codeOf(() => {
        throw error;
      });
    }
    this.verdicts.push({ record, code });
  }
}
