/**
 * An opened day in the few hundred bytes in which it crosses threads, waits in the mempool and stands in the
 * projection. Made once by whoever opens line 2, stored as it is.
 *
 * ```
 * version 1 ‖ flags ‖ date yyyymmdd ‖ from ‖ to-from ‖ step ‖ Σwh ‖ register ‖ 5 slot counts
 * [export: Σwh ‖ register] [correction: last register [of the export]] ‖ wh… ‖ quality as runs ‖ [export wh…] ‖ [current] [voltage] [temperature]
 * [humidity] [location] ‖ zone ‖ tz ‖ fw 32 ‖ [cal 32] ‖ events
 * ```
 *
 * Integers are varints. The last register is the first plus Σwh, which checkDay has made sure of; only a correction may have
 * other energy than its registers say. Its reason is not in here.
 */
import { decodeBase64url, encodeBase64url } from "../../shared/base/bytes.ts";
import type { CorrectionPlaintext, DayPlaintext } from "../../shared/day/day-plaintext.ts";
import { kindOfQuality } from "../../shared/day/quality.ts";
import { sumExactly } from "../../shared/money/amount.ts";
import type { MeteredDay } from "../../shared/money/slot-walk.ts";
import { ByteReader, ByteWriter } from "./byte-codec.ts";

const VERSION = 1;
const HAS_EXPORT = 1;
const HAS_CURRENT = 2;
const HAS_VOLTAGE = 4;
const HAS_TEMPERATURE = 8;
const HAS_HUMIDITY = 16;
const HAS_LOCATION = 32;
const HAS_CALIBRATION = 64;
const IS_CORRECTION = 128;

/** Slots by quality, of one day record. */
export interface DaySlotCounts {
  readonly measured: number;
  readonly partial: number;
  readonly recovered: number;
  readonly substituted: number;
  readonly gap: number;
}

/** What sums and continuity need: the fixed part, read without the slots. */
export interface DayHead {
  /** yyyymmdd of the local day. */
  readonly date: number;
  readonly from: number;
  readonly to: number;
  readonly step: number;
  /** Σwh. */
  readonly wh: number;
  readonly register: readonly [number, number];
  readonly counts: DaySlotCounts;
  readonly out?: { readonly wh: number; readonly register: readonly [number, number] };
}

type Triple = readonly [mean: number, min: number, max: number];
export type DayEvent = DayPlaintext["events"][number];

/** Mean, least and greatest of each quantity that the meter measures. */
export interface DaySensors {
  readonly current?: readonly Triple[];
  readonly voltage?: readonly Triple[];
  readonly temperature?: Triple;
  readonly humidity?: Triple;
}

export interface UnpackedDay extends DayHead, DaySensors {
  readonly slotWh: readonly number[];
  /** One letter a slot. */
  readonly quality: string;
  readonly slotExportWh?: readonly number[];
  readonly location?: readonly [number, number];
  readonly zone: string;
  readonly tz: string;
  readonly fw: string;
  readonly cal?: string;
  readonly events: readonly DayEvent[];
}

/** A day that passed checkDay. */
export function packDay(day: DayPlaintext): Uint8Array {
  const { register, out: exported } = day;
  return pack(
    day,
    0,
    register[1] - register[0],
    exported && exported.register[1] - exported.register[0],
  );
}

/** A correction that keeps the rules that look at it alone, but for its reason. */
export function packCorrection(correction: CorrectionPlaintext): Uint8Array {
  const { wh, out } = correction;
  return pack(correction, IS_CORRECTION, sumExactly(wh), out && sumExactly(out.wh));
}

/** @param wh Σwh @param exportWh of the export, where there is one */
function pack(
  day: DayPlaintext,
  kind: typeof IS_CORRECTION | 0,
  wh: number,
  exportWh: number | undefined,
): Uint8Array {
  const out = new ByteWriter();
  out.byte(VERSION);
  out.byte(flagsOf(day) | kind);
  out.varint(dateNumber(day.day));
  out.varint(day.from);
  out.varint(day.to - day.from);
  out.varint(day.step);
  out.varint(wh);
  out.varint(day.register[0]);
  for (const count of countLetters(day.quality)) out.varint(count);
  if (day.out !== undefined) {
    out.varint(exportWh ?? 0);
    out.varint(day.out.register[0]);
  }
  if (kind === IS_CORRECTION) {
    out.varint(day.register[1]);
    if (day.out !== undefined) out.varint(day.out.register[1]);
  }
  for (const slot of day.wh) out.varint(slot);
  writeQuality(out, day.quality);
  for (const slot of day.out?.wh ?? []) out.varint(slot);
  for (const phases of [day.current, day.voltage]) {
    if (phases === undefined) continue;
    out.byte(phases.length);
    for (const triple of phases) writeTriple(out, triple);
  }
  for (const triple of [day.temperature, day.humidity]) {
    if (triple !== undefined) writeTriple(out, triple);
  }
  for (const degrees of day.location ?? []) out.signed(degrees);
  out.text(day.zone);
  out.text(day.tz);
  out.bytes(decodeBase64url(day.fw));
  if (day.cal !== undefined) out.bytes(decodeBase64url(day.cal));
  out.varint(day.events.length);
  for (const [at, code, note] of day.events) {
    out.varint(at - day.from);
    out.text(code);
    // A note is never empty, so an empty text means none.
    out.text(note ?? "");
  }
  return out.finish();
}

export function readDayHead(packed: Uint8Array): DayHead {
  return readHead(new ByteReader(packed)).head;
}

export function unpackDay(packed: Uint8Array): UnpackedDay {
  const input = new ByteReader(packed);
  const { head, flags } = readHead(input);
  const slots = head.step === 0 ? 1 : (head.to - head.from) / head.step;
  const list = (): number[] => {
    const values: number[] = [];
    for (let slot = 0; slot < slots; slot++) values.push(input.varint());
    return values;
  };
  const slotWh = list();
  const quality = readQuality(input, slots);
  const slotExportWh = flags & HAS_EXPORT ? { slotExportWh: list() } : {};
  const sensors = readTriples(input, flags);
  const location =
    flags & HAS_LOCATION ? { location: [input.signed(), input.signed()] as const } : {};
  const zone = input.text();
  const tz = input.text();
  const fw = encodeBase64url(input.bytes(32));
  const cal = flags & HAS_CALIBRATION ? { cal: encodeBase64url(input.bytes(32)) } : {};
  const events = Array.from({ length: input.varint() }, (): DayEvent => {
    const at = head.from + input.varint();
    const code = input.text();
    const note = input.text();
    return note === "" ? [at, code] : [at, code, note];
  });
  return {
    ...head,
    slotWh,
    quality,
    ...slotExportWh,
    ...sensors,
    ...location,
    zone,
    tz,
    fw,
    ...cal,
    events,
  };
}

/** What the sensors saw, without the slots. */
export function readSensors(packed: Uint8Array): DaySensors {
  const input = new ByteReader(packed);
  const { head, flags } = readHead(input);
  const slots = head.step === 0 ? 1 : (head.to - head.from) / head.step;
  input.skipVarints(slots);
  for (let slot = 0; slot < slots; ) {
    input.byte();
    slot += input.varint();
  }
  if (flags & HAS_EXPORT) input.skipVarints(slots);
  return readTriples(input, flags);
}

function readTriples(input: ByteReader, flags: number): DaySensors {
  const triple = (): Triple => [input.signed(), input.signed(), input.signed()];
  const phases = (): Triple[] => Array.from({ length: input.byte() }, triple);
  // In the order in which they stand.
  return {
    ...(flags & HAS_CURRENT ? { current: phases() } : {}),
    ...(flags & HAS_VOLTAGE ? { voltage: phases() } : {}),
    ...(flags & HAS_TEMPERATURE ? { temperature: triple() } : {}),
    ...(flags & HAS_HUMIDITY ? { humidity: triple() } : {}),
  };
}

/** What a bill takes from a day. */
export function meteredOf(day: UnpackedDay): MeteredDay {
  const { from, to, step, slotWh, quality, slotExportWh } = day;
  const exported = slotExportWh === undefined ? {} : { exported: slotExportWh };
  return { from, to, step, wh: slotWh, quality, ...exported };
}

function flagsOf(day: DayPlaintext): number {
  let flags = 0;
  if (day.out !== undefined) flags |= HAS_EXPORT;
  if (day.current !== undefined) flags |= HAS_CURRENT;
  if (day.voltage !== undefined) flags |= HAS_VOLTAGE;
  if (day.temperature !== undefined) flags |= HAS_TEMPERATURE;
  if (day.humidity !== undefined) flags |= HAS_HUMIDITY;
  if (day.location !== undefined) flags |= HAS_LOCATION;
  if (day.cal !== undefined) flags |= HAS_CALIBRATION;
  return flags;
}

function readHead(input: ByteReader): { readonly head: DayHead; readonly flags: number } {
  const version = input.byte();
  if (version !== VERSION) throw new RangeError(`packed day of version ${version}`);
  const flags = input.byte();
  const date = input.varint();
  const from = input.varint();
  const to = from + input.varint();
  const step = input.varint();
  const wh = input.varint();
  const first = input.varint();
  const counts: DaySlotCounts = {
    measured: input.varint(),
    partial: input.varint(),
    recovered: input.varint(),
    substituted: input.varint(),
    gap: input.varint(),
  };
  const head: DayHead = { date, from, to, step, wh, register: [first, first + wh], counts };
  if ((flags & (HAS_EXPORT | IS_CORRECTION)) === 0) return { head, flags };
  const exported = flags & HAS_EXPORT ? [input.varint(), input.varint()] : undefined;
  const isCorrection = (flags & IS_CORRECTION) !== 0;
  const register = isCorrection ? ([first, input.varint()] as const) : head.register;
  if (exported === undefined) return { head: { ...head, register }, flags };
  const [exportWh = 0, exportFirst = 0] = exported;
  const exportLast = isCorrection ? input.varint() : exportFirst + exportWh;
  const out = { wh: exportWh, register: [exportFirst, exportLast] as const };
  return { head: { ...head, register, out }, flags };
}

/** yyyymmdd of `yyyy-mm-dd`. */
function dateNumber(date: string): number {
  let number = 0;
  for (let i = 0; i < date.length; i++) {
    const digit = date.charCodeAt(i) - 0x30;
    if (digit >= 0) number = number * 10 + digit;
  }
  return number;
}

/** Counted run by run: a day has one letter, or a few in turn. */
function countLetters(quality: string): readonly number[] {
  const counts = { measured: 0, partial: 0, recovered: 0, substituted: 0, gap: 0 };
  for (let at = 0; at < quality.length; ) {
    const end = endOfRun(quality, at);
    const kind = kindOfQuality(quality.charAt(at));
    if (kind !== undefined) counts[kind] += end - at;
    at = end;
  }
  return [counts.measured, counts.partial, counts.recovered, counts.substituted, counts.gap];
}

/** Place after the letters from `at` on that are the same. */
function endOfRun(quality: string, at: number): number {
  const letter = quality.charCodeAt(at);
  let end = at + 1;
  while (end < quality.length && quality.charCodeAt(end) === letter) end += 1;
  return end;
}

function writeQuality(out: ByteWriter, quality: string): void {
  for (let at = 0; at < quality.length; ) {
    const end = endOfRun(quality, at);
    out.byte(quality.charCodeAt(at));
    out.varint(end - at);
    at = end;
  }
}

function readQuality(input: ByteReader, slots: number): string {
  let quality = "";
  while (quality.length < slots)
    quality += String.fromCharCode(input.byte()).repeat(input.varint());
  return quality;
}

function writeTriple(out: ByteWriter, triple: Triple): void {
  for (const value of triple) out.signed(value);
}
