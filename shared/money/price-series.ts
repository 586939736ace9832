/**
 * Prices that change with time: the `price` records of one id, found by instant.
 *
 * In:  price records of the log. Out: the rate at an instant and the record that gives it. Records of an id never
 *      overlap (chain rule), so each instant has at most one price.
 */
import { fail } from "../base/error.ts";
import type { Nano, UnixSeconds } from "../base/units.ts";

/** A `price` record of the log. */
export interface LoggedPrice {
  /** H */
  readonly leaf: string;
  readonly position: number;
  readonly id: string;
  readonly from: UnixSeconds;
  /** Seconds that each price holds. */
  readonly step: number;
  /** Per kWh. */
  readonly nano: readonly Nano[];
}

export class PriceSeries {
  readonly #records: readonly LoggedPrice[];
  readonly #used = new Map<string, number>();
  #index = 0;

  /** @param records of one id */
  constructor(records: readonly LoggedPrice[]) {
    this.#records = [...records].sort((a, b) => a.from - b.from);
  }

  /** Leaf and position of every record that gave a price so far. */
  get used(): ReadonlyMap<string, number> {
    return this.#used;
  }

  /** The price at an instant, undefined where none is logged. */
  find(at: UnixSeconds): Nano | undefined {
    const record = this.#recordAt(at);
    if (record === undefined) return undefined;
    this.#used.set(record.leaf, record.position);
    return record.nano[Math.floor((at - record.from) / record.step)];
  }

  /** Throws `price-none`. */
  at(at: UnixSeconds): Nano {
    return this.find(at) ?? fail("price-none", "no price is published for a slot", { at });
  }

  #recordAt(at: UnixSeconds): LoggedPrice | undefined {
    const records = this.#records;
    if ((records[this.#index]?.from ?? 0) > at) this.#index = 0;
    for (; this.#index < records.length; this.#index++) {
      const record = records[this.#index] as LoggedPrice;
      if (record.from > at) return undefined;
      if (at < record.from + record.step * record.nano.length) return record;
    }
    this.#index = 0;
    return undefined;
  }
}
