/**
 * Local rules of a correction (records.md sections 3 and 4): a day that a meter or a registrar signs in another's place, or for
 * a day that never came.
 *
 * In:  line 1's period, the decoded plaintext, and the registers of what it corrects. Out: nothing, or the code of the first rule
 *      broken; a correction that breaks one enters the log and does not count. Its energy may be any: the register stays what the
 *      device counted, and the difference is what was corrected.
 */
import { fail } from "../base/error.ts";
import type { UnixSeconds, WattHour } from "../base/units.ts";
import { checkPlausible, checkQuality, checkSpan } from "./check-day.ts";
import type { CorrectionPlaintext } from "./day-plaintext.ts";

type Register = readonly [WattHour, WattHour];

/** Registers of a day or correction at begin and end. */
export interface ReadingRegisters {
  readonly register: Register;
  /** Export, where the reading has any. */
  readonly out?: { readonly register: Register };
}

export interface CorrectionContext {
  /** Nine digits: the meter of the point. */
  readonly meter: string;
  /** What `of` names; "fill" without `of`; undefined where its registers are not known (registersToRepeat). */
  readonly corrected: ReadingRegisters | "fill" | undefined;
  /** Ceiling of the mean power of a slot; default that of checkDay. */
  readonly maxWatt?: number;
}

/** Throws the codes of checkDay but `day-sum` and `day-register`, and `correction-register`. */
export function checkCorrection(
  period: { readonly from: UnixSeconds; readonly to: UnixSeconds },
  correction: CorrectionPlaintext,
  { meter, corrected, maxWatt }: CorrectionContext,
): void {
  checkSpan(period, correction, meter);
  checkQuality(correction);
  checkPlausible(correction, maxWatt);
  if (corrected === undefined) return;
  const { register, out } = correction;
  if (corrected === "fill") {
    requireSame([0, 0], register);
    if (out !== undefined) requireSame([0, 0], out.register);
    return;
  }
  requireSame(corrected.register, register);
  if ((corrected.out === undefined) !== (out === undefined)) {
    fail("correction-register", "only one of the correction and what it corrects has an export");
  }
  if (corrected.out !== undefined && out !== undefined) {
    requireSame(corrected.out.register, out.register);
  }
}

/** A reading that `of` names, as far as it was read. */
export interface CorrectedReading {
  readonly of?: string;
  readonly typ: "day" | "correction";
  /** Its plaintext; undefined unless it opened and kept all rules that look at it alone. */
  readonly plaintext: ReadingRegisters | undefined;
  /** Within all its local rules. */
  readonly isUsable: boolean;
}

/**
 * The registers that a correction of `leaf` repeats: those of the day at its root, if that one kept all rules that look at it
 * alone; else of the nearest correction on the way to it that is usable; undefined where there is none.
 */
export function registersToRepeat(
  leaf: string,
  find: (leaf: string) => CorrectedReading | undefined,
): ReadingRegisters | "fill" | undefined {
  const way: CorrectedReading[] = [];
  for (let next: string | undefined = leaf; next !== undefined; ) {
    const reading = find(next);
    if (reading === undefined) break;
    way.push(reading);
    next = reading.of;
  }
  const root = way.at(-1);
  if (root?.typ === "correction" && root.of === undefined) return "fill";
  if (root?.typ === "day" && root.plaintext !== undefined) return root.plaintext;
  return way.find(({ typ, isUsable }) => typ === "correction" && isUsable)?.plaintext;
}

function requireSame([first, last]: Register, [ownFirst, ownLast]: Register): void {
  if (first === ownFirst && last === ownLast) return;
  fail("correction-register", "the registers are not those of what is corrected", {
    first,
    last,
  });
}
