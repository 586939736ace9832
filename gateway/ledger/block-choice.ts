/**
 * Which held records the next block takes: in their order, within the limits of the chain's parameters.
 *
 * Held records fit the chain in their order (holding.ts), so leaving some out at the end, or all later ones of one
 * key, keeps the rest valid, as long as those that stay name no key of which something was left out. Where a record
 * after a gap might, the whole choice is made again by trying each record under the rules; that is rare.
 */
import { isCoded } from "../../shared/base/error.ts";
import { MAX_RECORDS_OF_METER } from "../../shared/chain/block-rules.ts";
import { applyRecord } from "../../shared/chain/chain-rules.ts";
import { ChainState } from "../../shared/chain/chain-state.ts";
import { ListedLog, type LogView } from "../../shared/chain/log-view.ts";
import { MAX_AHEAD_S } from "../../shared/chain/rule/day.ts";
import type { RuleContext, VerifyKeyCache } from "../../shared/chain/rule-context.ts";
import { thumbprint } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { isMeterTyp } from "../../shared/record/payload.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";
import type { Held } from "./mempool.ts";

/** The main chain that the block is to extend. */
export interface ChoiceChain {
  readonly suite: CryptoSuite;
  readonly state: ChainState;
  readonly keys: VerifyKeyCache;
  readonly log: LogView;
  readonly parent: { readonly height: number; readonly range: { readonly size: number } };
}

export interface Choice {
  readonly chosen: readonly Held[];
  /** Sum of the lengths of their lines 1. */
  readonly bytes: number;
}

/** `held`: in order; `time`: of the block. */
export function chooseRecords(chain: ChoiceChain, held: readonly Held[], time: number): Choice {
  const choosing = new Choosing(chain.state, time);
  for (const one of held) {
    if (choosing.isFull(one)) break;
    if (choosing.mustWait(one)) continue;
    if (choosing.hasGaps && mayNameKeys(one.record)) return chooseByTrying(chain, held, time);
    choosing.choose(one);
  }
  return choosing;
}

/** The records so far, and the keys of which one was left out. */
class Choosing implements Choice {
  readonly chosen: Held[] = [];
  bytes = 0;
  readonly #state: ChainState;
  readonly #time: number;
  readonly #counts = new Map<string, number>();
  readonly #waiting = new Set<string>();

  constructor(state: ChainState, time: number) {
    this.#state = state;
    this.#time = time;
  }

  get hasGaps(): boolean {
    return this.#waiting.size > 0;
  }

  isFull({ line1Chars }: Held): boolean {
    const { max_records, max_bytes } = this.#state.chain.params;
    return this.chosen.length >= max_records || this.bytes + line1Chars > max_bytes;
  }

  /** Whether the record is for a later block: too early, one too many of its key, or behind one that waits. */
  mustWait({ record }: Held): boolean {
    const { kid, typ, payload } = record;
    const instant = typ === "day" ? payload.to : typ === "event" ? payload.at : 0;
    const isEarly = instant > this.#time + MAX_AHEAD_S;
    // Members are not bound to a number of records, but no later record of a key may come before an earlier one.
    const isOneTooMany =
      (this.#counts.get(kid) ?? 0) >= MAX_RECORDS_OF_METER && this.#isOfMeter(record);
    if (isEarly || isOneTooMany) this.#waiting.add(kid);
    return this.#waiting.has(kid);
  }

  isWaiting(kid: string): boolean {
    return this.#waiting.has(kid);
  }

  leaveOut(kid: string): void {
    this.#waiting.add(kid);
  }

  choose(one: Held): void {
    const { kid } = one.record;
    this.#counts.set(kid, (this.#counts.get(kid) ?? 0) + 1);
    this.chosen.push(one);
    this.bytes += one.line1Chars;
  }

  #isOfMeter({ typ, kid }: ParsedRecord): boolean {
    if (typ === "correction") return this.#state.get("member", kid) === undefined;
    return isMeterTyp(typ);
  }
}

/**
 * Whether a record's rule looks at records of a key that is not its signer's. Evidence holds whatever else the key has
 * signed, and waits for nothing.
 */
function mayNameKeys({ typ }: ParsedRecord): boolean {
  switch (typ) {
    case "enrol":
    case "revoke":
    case "correction":
    case "exchange":
      return true;
    default:
      return false;
  }
}

function chooseByTrying(chain: ChoiceChain, held: readonly Held[], time: number): Choice {
  const { suite, keys, parent } = chain;
  const state = new ChainState(chain.state);
  const choosing = new Choosing(chain.state, time);
  const records: ParsedRecord[] = [];
  const leftOut = new Set<string>();
  const log = new ListedLog(records, chain.log);
  const place = { height: parent.height + 1, blockTime: time };
  for (const one of held) {
    if (choosing.isFull(one)) break;
    const { record } = one;
    const position = parent.range.size + records.length;
    const context = { suite, keys, log, position, ...place };
    const named = namedKeys(record, suite);
    const mustWait =
      choosing.mustWait(one) ||
      named.some((kid) => choosing.isWaiting(kid)) ||
      (record.typ === "correction" && leftOut.has(record.payload.of ?? "")) ||
      !fits(state, record, context);
    if (mustWait) {
      leftOut.add(record.leaf);
      for (const kid of [record.kid, ...named]) choosing.leaveOut(kid);
    } else {
      choosing.choose(one);
      records.push(record);
    }
  }
  return choosing;
}

/** Keys on whose records it depends what the record does. */
function namedKeys(record: ParsedRecord, suite: CryptoSuite): readonly string[] {
  switch (record.typ) {
    case "enrol":
      return [thumbprint(suite, record.payload.key)];
    case "revoke":
      return [record.payload.kid];
    case "exchange":
      return [record.payload.old, record.payload.new];
    default:
      return [];
  }
}

function fits(state: ChainState, record: ParsedRecord, context: RuleContext): boolean {
  try {
    applyRecord(state, record, context, true);
    return true;
  } catch (error) {
    if (!isCoded(error)) throw error;
    return false;
  }
}
