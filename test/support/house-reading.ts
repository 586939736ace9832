/**
 * Readings of a house of swapped meters (swapped-house.ts): hours of energy with their letters, registers and export, as they are
 * sealed. in: what each hour has, the registers before → out: values, and the members of a plaintext.
 */
import { encodeBase64url } from "../../shared/base/bytes.ts";
import type { JsonObject } from "../../shared/base/canonical-json.ts";
import type { ReadingRegisters } from "../../shared/day/check-correction.ts";
import type { Reading } from "../../shared/day/effective-readings.ts";
import type { BillableDay } from "../../shared/money/bill.ts";
import { localDayOf, type Span } from "../../shared/time/civil-day.ts";

export const ZONE = "Europe/Berlin";
export const STEP = 3_600;

export type Fault = "none" | "lost" | "wrong" | "jump";

export interface HouseReading extends Omit<Reading, "isVoid"> {
  readonly kid: string;
  readonly seq: number;
  readonly registers: ReadingRegisters;
  readonly fault: Fault;
  readonly day: BillableDay;
  /** Position of the revocation that makes it void. */
  voidBy?: number;
}

export interface ReadingValues extends Span {
  readonly wh: readonly number[];
  readonly quality: string;
  readonly register: readonly [number, number];
  readonly out?: { readonly wh: readonly number[]; readonly register: readonly [number, number] };
}

/** Registers at an instant: taken, given. */
export type Ends = readonly [number, number];

const sumOf = (values: readonly number[]): number => values.reduce((sum, value) => sum + value, 0);
const exportOf = (wh: readonly number[]): number[] => wh.map((value) => (value % 5) * 100);
const hoursOf = ({ from, to }: Span, wh: (hour: number) => number): number[] =>
  Array.from({ length: (to - from) / STEP }, (_, hour) => wh(hour));

/** What a meter measured: an hour of nothing is a gap, after which some hours are recovered. */
export function measure(
  span: Span,
  hour: (hour: number) => number,
  [taken, given]: Ends,
  hasExport: boolean,
): ReadingValues {
  const wh = hoursOf(span, hour);
  const quality = wh.map((value, i) => {
    if (value === 0) return "G";
    return wh[i - 1] === 0 && value % 3 === 0 ? "R" : "M";
  });
  const values = { ...span, wh, quality: quality.join("") };
  const register = [taken, taken + sumOf(wh)] as const;
  if (!hasExport) return { ...values, register };
  const out = exportOf(wh);
  return { ...values, register, out: { wh: out, register: [given, given + sumOf(out)] } };
}

/** What somebody says instead, with the registers of what is corrected; any where these are not known. */
export function substitute(
  span: Span,
  hour: (hour: number) => number,
  known: ReadingRegisters | "fill" | undefined,
  hasExport: boolean,
): ReadingValues {
  const wh = hoursOf(span, hour);
  const quality = wh.map((value) => (value === 0 ? "G" : "S")).join("");
  const any = known === "fill" ? ([0, 0] as const) : ([7, 7] as const);
  const repeated = known === "fill" ? undefined : known;
  const values = { ...span, wh, quality, register: repeated?.register ?? any };
  if (repeated === undefined ? !hasExport : repeated.out === undefined) return values;
  return { ...values, out: { wh: exportOf(wh), register: repeated?.out?.register ?? any } };
}

/** The same with a register that is not where it should be. */
export function moveRegister(values: ReadingValues, by: number): ReadingValues {
  const [first, last] = values.register;
  return { ...values, register: [first + by, last + by] };
}

export function endOf({ register, out }: ReadingValues): Ends {
  return [register[1], out?.register[1] ?? 0];
}

/** What a bill takes from it. */
export function toDay(leaf: string, { from, to, wh, quality, out }: ReadingValues): BillableDay {
  const day = { leaf, from, to, step: STEP, wh, quality };
  return out === undefined ? day : { ...day, exported: out.wh };
}

/** Members of a plaintext but for meter and salt; one that is "wrong" breaks a rule of its own. */
export function toMembers(
  typ: "day" | "correction",
  values: ReadingValues,
  fault: Fault,
): JsonObject {
  return {
    ...values,
    ...{ day: localDayOf(ZONE, values.from), zone: ZONE, tz: "2024a", step: STEP },
    ...{ fw: encodeBase64url(new Uint8Array(32)), events: [], clock: [] },
    ...(typ === "day" ? {} : { reason: "wrong-ratio" }),
    ...(fault === "wrong" ? { humidity: [5, 6, 7] } : {}),
  } as unknown as JsonObject;
}
