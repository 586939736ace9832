/**
 * What chain rules may ask of the log (shared/chain/log-view.ts), answered from the facts of the blocks of a dump.
 *
 * Nothing is looked at before the first question, which only revocations and corrections ask; then each record is
 * looked at once, and what is kept of a day is its place among the facts.
 */

import { isCoded } from "../../shared/base/error.ts";
import type { LoggedDay, LogView } from "../../shared/chain/log-view.ts";
import { toLoggedDay } from "../../shared/chain/log-view.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { type ParsedRecord, parseRecord } from "../../shared/record/record.ts";
import { DAY, LEAF_AT, NUMBERS, type RecordFacts } from "./facts.ts";
import { hashText } from "./record-facts.ts";

interface Batch {
  /** Number of its first record, counted over all batches. */
  readonly first: number;
  readonly facts: RecordFacts;
}

/** Days of one key by ascending seq: where they are, or themselves where a reader gave only their text. */
interface KeyDays {
  readonly days: (number | LoggedDay)[];
  seq: number;
}

export class SeenDays implements LogView {
  readonly #kidOf: (no: number) => string;
  readonly #batches: Batch[] = [];
  #count = 0;
  #looked = 0;
  readonly #byKid = new Map<string, KeyDays>();
  /** The same by the number of the key. */
  readonly #byNo: (KeyDays | undefined)[] = [];

  /** @param kidOf the kid of a key that readers name by this number */
  constructor(kidOf: (no: number) => string) {
    this.#kidOf = kidOf;
  }

  /** The next block's records, before they are judged: rules ask for seqs that were accepted only. */
  add(block: readonly RecordFacts[]): void {
    for (const facts of block) {
      this.#batches.push({ first: this.#count, facts });
      this.#count += facts.count;
    }
  }

  /** No more blocks come: lets go of what it has. */
  forget(): void {
    this.#batches.length = 0;
    this.#byNo.length = 0;
    this.#byKid.clear();
  }

  *daysUpTo(kid: string, seq: number): Iterable<LoggedDay> {
    this.#look();
    const days = this.#byKid.get(kid)?.days ?? [];
    for (let i = days.length - 1; i >= 0; i--) {
      const at = days[i] as number | LoggedDay;
      const day = typeof at === "number" ? this.#dayAt(at, kid) : at;
      if (day.seq <= seq) yield day;
    }
  }

  #dayAt(index: number, kid: string): LoggedDay {
    let low = 0;
    for (let high = this.#batches.length; high - low > 1; ) {
      const middle = (low + high) >> 1;
      if ((this.#batches[middle] as Batch).first <= index) low = middle;
      else high = middle;
    }
    const { first, facts } = this.#batches[low] as Batch;
    const i = index - first;
    const [seq, from, to] = facts.numbers.subarray(i * NUMBERS + 1, (i + 1) * NUMBERS);
    const leaf = hashText(facts, i, LEAF_AT);
    return { kid, seq: seq ?? 0, leaf, from: from ?? 0, to: to ?? 0 };
  }

  #look(): void {
    for (; this.#looked < this.#batches.length; this.#looked++) {
      const { first, facts } = this.#batches[this.#looked] as Batch;
      let text = 0;
      for (let i = 0; i < facts.count; i++) {
        if (facts.status[i] === DAY) {
          const at = i * NUMBERS;
          this.#note(
            this.#keyOf(facts.numbers[at] as number),
            facts.numbers[at + 1] as number,
            first + i,
          );
        } else {
          const day = readDay(facts.texts[text++] ?? "");
          if (day !== undefined) this.#note(this.#keyOfKid(day.kid), day.seq, day);
        }
      }
    }
  }

  /** A record that is judged later and refused may repeat a seq; it never comes before the one that was accepted. */
  #note(key: KeyDays, seq: number, day: number | LoggedDay): void {
    if (seq <= key.seq) return;
    key.seq = seq;
    key.days.push(day);
  }

  #keyOf(no: number): KeyDays {
    let key = this.#byNo[no];
    if (key === undefined) {
      key = this.#keyOfKid(this.#kidOf(no));
      this.#byNo[no] = key;
    }
    return key;
  }

  #keyOfKid(kid: string): KeyDays {
    let key = this.#byKid.get(kid);
    if (key === undefined) {
      key = { days: [], seq: 0 };
      this.#byKid.set(kid, key);
    }
    return key;
  }
}

/** A day of which no reader knew the key. */
function readDay(line1: string): LoggedDay | undefined {
  let record: ParsedRecord;
  try {
    record = parseRecord(nodeSuite, line1);
  } catch (error) {
    // Its turn to be judged comes, and then its fault is named.
    if (!isCoded(error)) throw error;
    return undefined;
  }
  return record.typ === "day" ? toLoggedDay(record) : undefined;
}
