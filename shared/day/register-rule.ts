/**
 * The register goes on: local rule between a day and the one before it of the same key (records.md section 4).
 *
 * What is known after a record: its registers, if it opened and passed checkDay, whether or not they went on from
 * the record before; else nothing. So one day that cannot be read costs that day only, not all that follow it, and
 * every reader that opens the same records reaches the same verdicts.
 */
import { fail } from "../base/error.ts";
import type { WattHour } from "../base/units.ts";

/** Registers at the end of a day. */
export interface DayRegisters {
  readonly taken: WattHour;
  /** Export, where the meter has one. */
  readonly given?: WattHour;
}

/** What the rule looks at: first and last register, of a plaintext or of any other form of a day. */
interface Day {
  readonly register: readonly [WattHour, WattHour];
  readonly out?: { readonly register: readonly [WattHour, WattHour] };
}

/** The registers after a day that passed checkDay. */
export function registersAfter({ register, out }: Day): DayRegisters {
  const taken = register[1];
  return out === undefined ? { taken } : { taken, given: out.register[1] };
}

/**
 * `before`: registersAfter the key's record with the seq before this one; undefined where that is not known.
 * Throws `day-register`.
 */
export function checkRegisters(before: DayRegisters | undefined, { register, out }: Day): void {
  requireEqual(before?.taken, register[0]);
  requireEqual(before?.given, out?.register[0]);
}

function requireEqual(before: WattHour | undefined, first: WattHour | undefined): void {
  if (before === undefined || first === undefined || before === first) return;
  fail("day-register", "the register does not go on where the previous day ended", {
    before,
    first,
  });
}
