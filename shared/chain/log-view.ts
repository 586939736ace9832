/**
 * What chain rules may ask of the log below a record: the days of one key, newest first.
 *
 * The state holds all that plain days need. Rare records (a revocation, a correction) name days of long ago, which
 * no state should carry for every meter; whoever applies records answers from what it has anyway: the ledger from its
 * rows and held records, the verifier from what it has read, tests from memory. Days cost nothing by it.
 */
import type { ParsedRecord } from "../record/record.ts";

/** A day record below the present one, in its block or held before it. */
export interface LoggedDay {
  readonly kid: string;
  readonly seq: number;
  /** H. */
  readonly leaf: string;
  /** Unix seconds. */
  readonly from: number;
  readonly to: number;
}

export interface LogView {
  /** The days of a key with a seq of at most `seq`, which is at most the key's seq in the state; newest first. */
  daysUpTo(kid: string, seq: number): Iterable<LoggedDay>;
}

export function toLoggedDay({ kid, seq, leaf, payload }: ParsedRecord<"day">): LoggedDay {
  const { from, to } = payload;
  return { kid, seq, leaf, from, to };
}

/**
 * Records in their order over another view. They are looked at when something is first asked, so that a block or a
 * chain of plain days pays nothing; more records may be added to the list meanwhile.
 */
export class ListedLog implements LogView {
  readonly #records: readonly ParsedRecord[];
  readonly #base: LogView | undefined;
  readonly #days = new Map<string, LoggedDay[]>();
  #looked = 0;

  constructor(records: readonly ParsedRecord[], base?: LogView) {
    this.#records = records;
    this.#base = base;
  }

  *daysUpTo(kid: string, seq: number): Iterable<LoggedDay> {
    this.#look();
    const days = this.#days.get(kid) ?? [];
    for (let i = days.length - 1; i >= 0; i--) {
      const day = days[i] as LoggedDay;
      if (day.seq <= seq) yield day;
    }
    if (this.#base !== undefined) yield* this.#base.daysUpTo(kid, seq);
  }

  #look(): void {
    for (; this.#looked < this.#records.length; this.#looked++) {
      const record = this.#records[this.#looked] as ParsedRecord;
      if (record.typ !== "day") continue;
      const days = this.#days.get(record.kid);
      if (days === undefined) this.#days.set(record.kid, [toLoggedDay(record)]);
      else days.push(toLoggedDay(record));
    }
  }
}
