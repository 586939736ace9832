/**
 * Applies records to the state of the chain one after the other: days over numbers (day-fold.ts), everything else,
 * and every day about which there is any doubt, by the rules of shared/chain.
 */
import { checkMeterCount } from "../../shared/chain/block-rules.ts";
import { applyRecord } from "../../shared/chain/chain-rules.ts";
import { ChainState } from "../../shared/chain/chain-state.ts";
import { ListedLog, type LogView } from "../../shared/chain/log-view.ts";
import { type RuleContext, VerifyKeyCache } from "../../shared/chain/rule-context.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { type ParsedRecord, parseRecord } from "../../shared/record/record.ts";
import { DayFold } from "./day-fold.ts";
import { type KnownKey, LEAF_AT, NUMBERS, type RecordFacts, VOUCHED } from "./facts.ts";
import { hashText, toDayRecord, toVouchedRecord } from "./record-facts.ts";

export class RecordFold {
  readonly state = new ChainState();
  readonly keys: VerifyKeyCache;
  readonly #suite: CryptoSuite;
  readonly #days = new DayFold();
  readonly #log: LogView;

  /** `openLog`: the records below, of which nothing is kept here; asked by rules of rare records only. */
  constructor(suite: CryptoSuite, openLog: OpenLog = () => new ListedLog([])) {
    this.#suite = suite;
    this.#log = openLog(this.state);
    this.keys = new VerifyKeyCache(suite);
  }

  /** Keys that were imported elsewhere, each under its thumbprint, with the numbers by which readers name them. */
  addKeys(keys: RecordFacts["admitted"]): readonly KnownKey[] {
    for (const { kid, key } of keys) this.keys.add(kid, key);
    return keys.map(({ kid, key }) => ({ no: this.#days.numberOf(kid), kid, key }));
  }

  kidOf(no: number): string {
    return this.#days.kidOf(no);
  }

  /** Applies day `i`. Throws the code of the first rule broken. */
  applyDay(facts: RecordFacts, i: number, position: number, block: BlockPlace): void {
    const no = facts.numbers[i * NUMBERS] as number;
    if (this.#days.apply(this.state, facts, i, block.time)) {
      checkMeterCount(this.#days.countRecord(no, block.height));
    } else {
      this.#judge(toDayRecord(facts, i, this.kidOf(no)), true, position, block);
    }
  }

  /** Applies record `i`, which is no `DAY`, and returns it. Throws as `applyDay` does. */
  applyText(
    facts: RecordFacts,
    i: number,
    line1: string,
    position: number,
    block: BlockPlace,
  ): ParsedRecord {
    const isVouched = facts.status[i] === VOUCHED;
    const record = isVouched
      ? toVouchedRecord(line1, hashText(facts, i, LEAF_AT))
      : parseRecord(this.#suite, line1);
    this.#judge(record, isVouched, position, block);
    return record;
  }

  /** Brings {@link state} up to date with the days that were folded over numbers. */
  flush(): void {
    this.#days.flush(this.state);
    this.state.forgetChanges();
  }

  #judge(record: ParsedRecord, isVouched: boolean, position: number, block: BlockPlace): void {
    this.#days.flush(this.state);
    const context: RuleContext = {
      suite: this.#suite,
      keys: this.keys,
      position,
      height: block.height,
      blockTime: block.time,
      requestChecked: isVouched,
      log: this.#log,
    };
    applyRecord(this.state, record, context, isVouched);
    this.state.forgetChanges();
    if (this.state.get("device", record.kid) === undefined) return;
    checkMeterCount(this.#days.countRecord(this.#days.numberOf(record.kid), block.height));
  }
}

/** The log of the records that were applied; `state` is the state after them. */
export type OpenLog = (state: ChainState) => LogView;

/** What rules ask of the block that a record stands in. */
export interface BlockPlace {
  readonly height: number;
  /** Unix seconds. */
  readonly time: number;
}
