/**
 * Meter swaps: do the registers that a registrar wrote down agree with the days of the two devices?
 *
 * In:  exchange records, the days of the devices that they name, opened exchanges. Out: how many show other registers. That is a
 *      local rule: it is told and changes nothing that is billed, for a device that was torn out has no last day.
 */
import { isCoded } from "../base/error.ts";
import { checkExchange, type ExchangePlaintext } from "../day/exchange-plaintext.ts";
import type { ExchangePayload } from "../record/payload.ts";
import type { LoggedReading, ReadingBook } from "./reading-book.ts";

export interface OpenedExchange {
  readonly payload: ExchangePayload;
  readonly plaintext: ExchangePlaintext;
}

export class ExchangeBook {
  readonly #readings: ReadingBook;
  /** By kid of a device that an exchange names: its days in log order. */
  readonly #days = new Map<string, LoggedReading[]>();
  readonly #opened: OpenedExchange[] = [];

  constructor(readings: ReadingBook) {
    this.#readings = readings;
  }

  /** An exchange of the log; all of them come before the first day. */
  note({ old, new: next }: ExchangePayload): void {
    for (const kid of [old, next]) if (!this.#days.has(kid)) this.#days.set(kid, []);
  }

  /** A day of the log, in log order. */
  addDay(day: LoggedReading): void {
    this.#days.get(day.kid)?.push(day);
  }

  addOpened(exchange: OpenedExchange): void {
    this.#opened.push(exchange);
  }

  get count(): number {
    return this.#opened.length;
  }

  /** How many show other registers than the devices' days, as far as these were read. */
  countMismatched(): number {
    return this.#opened.filter((exchange) => !this.isMatching(exchange)).length;
  }

  /** Whether the old device's last day until the exchange and the new one's first show these registers. */
  isMatching({ payload, plaintext }: OpenedExchange): boolean {
    const { point, old, new: next, at } = payload;
    const last = this.#daysOf(old, point).findLast(({ to }) => to <= at);
    const [first] = this.#daysOf(next, point);
    const { meter } = plaintext;
    try {
      checkExchange(plaintext, {
        final: last && this.#readings.registersOf(last, meter)?.register[1],
        first: first && this.#readings.registersOf(first, meter)?.register[0],
      });
      return true;
    } catch (error) {
      if (!isCoded(error)) throw error;
      return false;
    }
  }

  #daysOf(kid: string, point: string): readonly LoggedReading[] {
    return (this.#days.get(kid) ?? []).filter(
      (day) => day.point === point && !this.#readings.isVoid(day, Number.MAX_SAFE_INTEGER),
    );
  }
}
