/**
 * The opened readings of a log, or of a part of one: which days and corrections keep their local rules, and which of them count below a position
 * of the log (shared/day/effective-readings.ts).
 *
 * In:  day and correction records with their plaintexts, in log order, and revocations. Out: for a point and a span what a bill
 *      or credit at a position rests on. A reading counts under the digits of its point only, which a bill's opening proves, so
 *      readings under other digits never help or harm one.
 */
import {
  type CorrectedReading,
  checkCorrection,
  type ReadingRegisters,
  registersToRepeat,
} from "../day/check-correction.ts";
import { checkDay } from "../day/check-day.ts";
import type { CorrectionPlaintext, DayPlaintext } from "../day/day-plaintext.ts";
import { listEffective } from "../day/effective-readings.ts";
import { checkRegisters, type DayRegisters, registersAfter } from "../day/register-rule.ts";
import type { Span } from "../time/civil-day.ts";
import { type BillableDay, toBillableDay } from "./bill.ts";

/** A day or correction record, as line 1 and the log show it. */
export interface LoggedReading extends Span {
  readonly typ: "day" | "correction";
  readonly leaf: string;
  readonly position: number;
  readonly kid: string;
  readonly seq: number;
  /** P: where it was logged. */
  readonly point: string;
  readonly of?: string;
}

interface KnownReading {
  readonly logged: LoggedReading;
  readonly isUsable: boolean;
  readonly meter: string;
  readonly registers: ReadingRegisters;
  readonly day: BillableDay;
}

interface LastRegisters extends DayRegisters {
  readonly seq: number;
  readonly meter: string;
}

export class ReadingBook {
  readonly #find: (leaf: string) => LoggedReading | undefined;
  /** Readings that keep all rules that look at one alone, by point and leaf. */
  readonly #points = new Map<string, Map<string, KnownReading>>();
  /** By kid: the revocation's position, and the seq above which records are void. */
  readonly #revoked = new Map<string, { readonly position: number; readonly last: number }>();
  /** Registers after each key's last day that kept the rules of one day, and its seq. */
  readonly #registers = new Map<string, LastRegisters>();

  /** `find`: any day or correction record of the log, opened or not. */
  constructor(find: (leaf: string) => LoggedReading | undefined) {
    this.#find = find;
  }

  revoke(kid: string, last: number, position: number): void {
    this.#revoked.set(kid, { last, position });
  }

  /** `previous`: seq of the key's day before this one. Throws the local rule that the day breaks; it then does not count. */
  addDay(logged: LoggedReading, day: DayPlaintext, previous: number | undefined): void {
    const { meter } = day;
    checkDay(logged, day, { meter });
    const before = this.#registers.get(logged.kid);
    this.#registers.set(logged.kid, { seq: logged.seq, meter, ...registersAfter(day) });
    this.#judge(logged, day, () => {
      const isKnown = before?.seq === previous && before?.meter === meter;
      checkRegisters(isKnown ? before : undefined, day);
    });
  }

  /** Throws the local rule that the correction breaks; it then does not count. */
  addCorrection(logged: LoggedReading, correction: CorrectionPlaintext): void {
    const { meter } = correction;
    checkCorrection(logged, correction, { meter, corrected: undefined });
    this.#judge(logged, correction, () => {
      const corrected =
        logged.of === undefined
          ? "fill"
          : registersToRepeat(logged.of, (leaf) => this.#correctedReading(leaf, meter));
      checkCorrection(logged, correction, { meter, corrected });
    });
  }

  /** What counts below `position`, in the span or reaching into it, under the meter's digits; by from. */
  effective(point: string, meter: string, span: Span, position: number): readonly BillableDay[] {
    const all = this.#points.get(point) ?? new Map<string, KnownReading>();
    const judge = (logged: LoggedReading, known?: KnownReading) => {
      const { typ, leaf, position: at, from, to, of } = logged;
      const isUsable = known?.isUsable === true && known.meter === meter;
      const reading = { typ, leaf, position: at, from, to, isUsable, day: known?.day };
      const isVoid = this.isVoid(logged, position);
      return { ...reading, isVoid, ...(of === undefined ? {} : { of }) };
    };
    const near = [...all.values()].filter(
      ({ logged }) => logged.position < position && logged.from < span.to && span.from < logged.to,
    );
    const unread = this.#listUnread(near, all);
    const judged = [
      ...near.map((one) => judge(one.logged, one)),
      ...unread.map((one) => judge(one)),
    ];
    return listEffective(judged).flatMap(({ day }) => (day === undefined ? [] : [day]));
  }

  /** Whether a revocation below `position` makes the record void. */
  isVoid({ kid, seq }: Pick<LoggedReading, "kid" | "seq">, position: number): boolean {
    const revoked = this.#revoked.get(kid);
    return revoked !== undefined && revoked.position < position && seq > revoked.last;
  }

  /** The registers that a reading shows, if it keeps all rules that look at one alone. */
  registersOf(reading: LoggedReading, meter: string): ReadingRegisters | undefined {
    const known = this.#points.get(reading.point)?.get(reading.leaf);
    return known?.meter === meter ? known.registers : undefined;
  }

  #judge(logged: LoggedReading, plaintext: DayPlaintext, checkOthers: () => void): void {
    let isUsable = false;
    try {
      checkOthers();
      isUsable = true;
    } finally {
      const { register, out, meter } = plaintext;
      const registers = out === undefined ? { register } : { register, out };
      const day = toBillableDay(logged.leaf, plaintext);
      this.#pointOf(logged.point).set(logged.leaf, { logged, isUsable, meter, registers, day });
    }
  }

  #correctedReading(leaf: string, meter: string): CorrectedReading | undefined {
    const logged = this.#find(leaf);
    if (logged === undefined) return undefined;
    const known = this.#points.get(logged.point)?.get(leaf);
    const { typ, of } = logged;
    const place = of === undefined ? { typ } : { typ, of };
    if (known?.meter !== meter) return { ...place, plaintext: undefined, isUsable: false };
    return { ...place, plaintext: known.registers, isUsable: known.isUsable };
  }

  /** Records that corrections go back to and that nobody could read: they count for nothing but their being void. */
  #listUnread(
    readings: readonly KnownReading[],
    known: ReadonlyMap<string, KnownReading>,
  ): readonly LoggedReading[] {
    const unread = new Map<string, LoggedReading>();
    for (const { logged: reading } of readings) {
      for (let leaf = reading.of; leaf !== undefined && !known.has(leaf); ) {
        const logged = this.#find(leaf);
        if (logged === undefined) break;
        unread.set(leaf, logged);
        leaf = logged.of;
      }
    }
    return [...unread.values()];
  }

  #pointOf(point: string): Map<string, KnownReading> {
    let readings = this.#points.get(point);
    if (readings === undefined) {
      readings = new Map();
      this.#points.set(point, readings);
    }
    return readings;
  }
}
