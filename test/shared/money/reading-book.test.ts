/** Readings of a log: what counts under which digits, what nobody opened, and what revocations do as of a position. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import type { CorrectionPlaintext, DayPlaintext } from "../../../shared/day/day-plaintext.ts";
import { ExchangeBook } from "../../../shared/money/exchange-book.ts";
import { type LoggedReading, ReadingBook } from "../../../shared/money/reading-book.ts";
import { codeOf } from "../../support/code-of.ts";

const DAY = 86_400;
const START = 1_704_067_200;
const METER = "352522395";
const H = "A".repeat(43);

const SPAN = { from: START, to: START + 9 * DAY };

class Log {
  readonly logged = new Map<string, LoggedReading>();
  readonly book = new ReadingBook((leaf) => this.logged.get(leaf));
  #position = 0;

  log(typ: "day" | "correction", date: number, more: Partial<LoggedReading> = {}): LoggedReading {
    const position = ++this.#position;
    const from = START + date * DAY;
    const place = { position, kid: "k", seq: position, point: "P", from, to: from + DAY };
    const reading = { typ, leaf: `${typ}${position}`, ...place, ...more };
    this.logged.set(reading.leaf, reading);
    return reading;
  }

  leaves(position = 99, meter = METER): readonly string[] {
    return this.book.effective("P", meter, SPAN, position).map(({ leaf }) => leaf);
  }
}

function plaintext({ from, to }: LoggedReading, register: [number, number], meter = METER) {
  const day = new Date(from * 1000).toISOString().slice(0, 10);
  const members = { v: 1, meter, salt: H, pad: "", day, zone: "Etc/UTC", tz: "2024a", from, to };
  const wh = [register[1] - register[0]];
  const more = { step: 0, wh, quality: "M", register, events: [], clock: [], fw: H };
  return { ...members, ...more } as unknown as DayPlaintext;
}

const correction = (reading: LoggedReading, register: [number, number], wh = 5) =>
  ({ ...plaintext(reading, register), wh: [wh], reason: "x" }) as unknown as CorrectionPlaintext;

describe("a book of readings", () => {
  it("counts days whose registers go on, and forgets nothing of one that does not", () => {
    const log = new Log();
    const days = [0, 1, 2].map((date) => log.log("day", date));
    const [first, second, third] = days as [LoggedReading, LoggedReading, LoggedReading];
    log.book.addDay(first, plaintext(first, [0, 5]), undefined);
    assert.equal(
      codeOf(() => log.book.addDay(second, plaintext(second, [6, 9]), first.seq)),
      "day-register",
    );
    log.book.addDay(third, plaintext(third, [9, 12]), second.seq);
    assert.deepEqual(log.leaves(), ["day1", "day3"]);
    const mend = log.log("correction", 1, { of: second.leaf });
    assert.equal(
      codeOf(() => log.book.addCorrection(mend, correction(mend, [5, 9]))),
      "correction-register",
    );
    const again = log.log("correction", 1, { of: mend.leaf });
    log.book.addCorrection(again, correction(again, [6, 9]));
    assert.deepEqual(log.leaves(), ["day1", "correction5", "day3"]);
    assert.deepEqual(log.leaves(5), ["day1", "day3"]);
  });

  it("counts nothing under other digits, and lets it harm nothing", () => {
    const log = new Log();
    const [first, second] = [log.log("day", 0), log.log("day", 1)];
    log.book.addDay(first, plaintext(first, [0, 5], "111111111"), undefined);
    log.book.addDay(second, plaintext(second, [7, 9]), first.seq);
    assert.deepEqual(log.leaves(), ["day2"]);
    assert.deepEqual(log.leaves(99, "111111111"), ["day1"]);
    const mend = log.log("correction", 0, { of: first.leaf });
    log.book.addCorrection(mend, correction(mend, [1, 2]));
    assert.deepEqual(log.leaves(), ["correction3", "day2"]);
  });

  it("knows that a day which nobody opened is void, and its corrections with it", () => {
    const log = new Log();
    const lost = log.log("day", 0, { seq: 4 });
    const mend = log.log("correction", 0, { of: lost.leaf, kid: "office", seq: 9 });
    const more = log.log("correction", 0, { of: mend.leaf, kid: "office", seq: 10 });
    log.book.addCorrection(more, correction(more, [1, 2]));
    assert.deepEqual(log.leaves(), ["correction3"]);
    log.book.revoke("k", 3, 10);
    assert.deepEqual(log.leaves(10), ["correction3"]);
    assert.deepEqual(log.leaves(11), []);
  });

  it("gives the registers that an exchange is held to, where they were read", () => {
    const log = new Log();
    const old = log.log("day", 0);
    const next = log.log("day", 1, { kid: "n" });
    log.book.addDay(old, plaintext(old, [0, 5]), undefined);
    log.book.addDay(next, plaintext(next, [70, 75]), undefined);
    const exchanges = new ExchangeBook(log.book);
    const payload = { point: "P", old: "k", new: "n", at: old.to } as never;
    const isMatching = (final: number, first: number, meter = METER): boolean =>
      exchanges.isMatching({
        payload,
        plaintext: { meter, final, first, unmetered: 0, reason: "x" } as never,
      });
    assert.equal(isMatching(1, 1), true, "days that it was not told of");
    exchanges.note(payload);
    for (const day of [old, next]) exchanges.addDay(day);
    assert.equal(isMatching(5, 70), true);
    assert.equal(isMatching(5, 71), false);
    assert.equal(isMatching(6, 70), false);
    assert.equal(isMatching(6, 70, "111111111"), true, "of other digits nothing is known");
  });
});
