/**
 * The sampler: readings in, finished slots and the meter's own monotonic register out.
 *
 * In:  samples with civil and monotonic time, or recorded rows; the passing of time without a reading.
 * Out: finished slots; `state`, which the journal keeps in the same transaction as those slots.
 *
 * A reading stands for the interval since the reading before it. An interval up to `maxGapMs` is measured; a
 * longer one is a gap: a counter's delta over it is kept and marked R when it reaches into earlier slots,
 * a power source has nothing for it. Nothing is invented. When civil time steps back, energy goes on into
 * the open slot until the clock has caught up, and finished slots stay as they are.
 *
 * Several parts may count towards the register, each at its own pace: a slot that one of them has left waits,
 * unfinished, until the slower ones have covered it to its end or can do so no more.
 */
import type { UnixMillis, UnixSeconds, WattHour } from "../../shared/base/units.ts";
import {
  addReading,
  chooseParts,
  describeCounter,
  type EnergyReading,
  type LastReading,
  type PartState,
  placeParts,
  placeReading,
  STEP_MS,
} from "./energy-part.ts";
import type {
  MeasuredPiece,
  MeterRow,
  MeterSample,
  SamplerEvent,
  SamplerOptions,
  SamplerState,
} from "./sampler-types.ts";
import {
  addMeasured,
  coverSlot,
  type FinishedSlot,
  finishSlot,
  markMeasured,
  type OpenSlot,
  openSlotAt,
} from "./slot.ts";
import { addQuantities } from "./statistics.ts";

/** The one part of a recording's rows. */
const ROWS = "rows";

const LETTERS = { register: "M", power: "I", estimate: "E" } as const;

export class Sampler {
  readonly #options: SamplerOptions;
  readonly #state: SamplerState;
  #finished: FinishedSlot[] = [];
  #events: SamplerEvent[] = [];
  // Lost with the process: monotonic time means nothing after a restart.
  #lastSample: { at: UnixMillis; monotonicMs: number } | undefined;
  // The clock was behind the last reading: what it says of the time since is not known to be so.
  #behind = false;
  #last = new Map<string, LastReading>();
  // A part that speaks by itself has been heard: slots wait for it as long as it may be silent.
  #graceMs: number;
  // Parts that no longer count, as they were; said in the first events.
  #left: readonly string[];

  /** Takes over `state` as the journal had it; parts that do not count any more are left out of it. */
  constructor(options: SamplerOptions, state: SamplerState = { register: 0, parts: {} }) {
    this.#options = options;
    this.#graceMs = options.maxGapMs;
    this.#state = structuredClone(state);
    const chosen = chooseParts(this.#state.parts, options.parts);
    this.#state.parts = chosen.parts;
    this.#left = chosen.left;
  }

  /** What the journal has to keep together with the finished slots. */
  get state(): SamplerState {
    return structuredClone(this.#state);
  }

  /** Every instant before it lies in a finished slot or in a gap; undefined before the first reading. */
  get finishedTo(): UnixSeconds | undefined {
    return this.#state.settling?.from ?? this.#state.open?.from;
  }

  /** Whether `take` would hand over a slot. */
  get hasFinished(): boolean {
    return this.#finished.length > 0;
  }

  /** Rows that begin before this have been added. */
  get nextRow(): UnixSeconds | undefined {
    const { lastMs } = this.#state;
    return lastMs === undefined ? undefined : lastMs / 1000;
  }

  /** The own register now. */
  get register(): WattHour {
    return this.#state.register + (this.#state.open?.wh ?? 0);
  }

  /** What has been finished since the last call; the caller commits it. */
  take(): { slots: FinishedSlot[]; events: SamplerEvent[] } {
    const taken = { slots: this.#finished, events: this.#events };
    this.#finished = [];
    this.#events = [];
    return taken;
  }

  /** What was taken could not be kept: the next `take` hands it over again. */
  giveBack(taken: { slots: readonly FinishedSlot[]; events: readonly SamplerEvent[] }): void {
    this.#finished = [...taken.slots, ...this.#finished];
    this.#events = [...taken.events, ...this.#events];
  }

  /** Something for the day's list of events. */
  note(at: UnixMillis, code: string, note: string): void {
    this.#events.push({ at: Math.floor(at / 1000), code, note });
  }

  /**
   * One reading. After a restart with a clock behind the last reading it is passed over: the clock is not set
   * yet, and a counter keeps what it counts until it is.
   */
  add(sample: MeterSample): void {
    if (this.#lastSample === undefined && sample.at < (this.#state.lastMs ?? 0)) {
      this.#behind = true;
      return;
    }
    this.#noteStep(sample);
    this.#noteParts(sample);
    let open = this.#openAt(Math.floor(sample.at / 1000));
    if (!this.#awaits(sample)) open = this.#rollTo(open, sample.at - 1);
    for (const reading of sample.energies) open = this.#addEnergy(open, sample, reading);
    open.statistics = addQuantities(open.statistics, sample);
    this.#lastSample = { at: sample.at, monotonicMs: sample.monotonicMs };
  }

  /** One recorded interval; it lies within one slot. Rows that were added before are passed over. */
  addRow(row: MeterRow): void {
    if (row.from * 1000 < (this.#state.lastMs ?? 0)) return;
    const part = this.#partOf(ROWS);
    const open = this.#rollTo(this.#openAt(row.from), row.from * 1000);
    this.#settle();
    open.wh += row.wh;
    markMeasured(open, row.measured);
    // Of a row that was recorded in part nobody knows how much it covers.
    const covered = row.partial ? (row.to - row.from) / 2 : row.to - row.from;
    coverSlot(open, ROWS, row.from * 1000, (row.from + covered) * 1000);
    open.statistics = addQuantities(open.statistics, row);
    part.lastMs = row.to * 1000;
    this.#state.lastMs = row.to * 1000;
  }

  /**
   * The civil time of everything that `loose` has measured is known now: `pieces` are its intervals, in order, each in
   * one slot; its parts go on here without a gap. `anchorMs`: civil minus monotonic time.
   */
  adopt(loose: Sampler, pieces: readonly MeasuredPiece[], anchorMs: number): void {
    const shift = (ms: UnixMillis): UnixMillis => Math.round(ms + anchorMs);
    const { parts, lastMs } = loose.state;
    this.#state.parts = placeParts(parts, this.#state.parts, shift);
    for (const piece of pieces) this.#addPiece(piece);
    if (lastMs !== undefined) this.#state.lastMs = Math.max(shift(lastMs), this.#state.lastMs ?? 0);
    this.#last = new Map(loose.#last);
    const last = loose.#lastSample;
    if (last !== undefined) this.#lastSample = { ...last, at: shift(last.at) };
    this.#graceMs = Math.max(this.#graceMs, loose.#graceMs);
    this.#left = loose.#left;
  }

  /** What comes too late for its slot goes into the open one, as recovered. */
  #addPiece(piece: MeasuredPiece): void {
    const open = this.#rollTo(this.#openAt(Math.floor(piece.fromMs / 1000)), piece.fromMs);
    this.#settle();
    this.#addWh(open, piece);
    addMeasured(open, piece, Object.keys(this.#state.parts));
  }

  /** Time has passed, with or without readings: slots that ended more than `graceMs` ago are finished. */
  advance(at: UnixMillis, graceMs: number = this.#graceMs): void {
    this.#rollTo(this.#openAt(Math.floor(at / 1000)), at - graceMs);
    const { settling } = this.#state;
    if (settling !== undefined && settling.to * 1000 <= at - graceMs) this.#settle();
  }

  #addEnergy(before: OpenSlot, sample: MeterSample, reading: EnergyReading): OpenSlot {
    const { takenMs, energy } = reading;
    const { maxGapMs, maxSilenceMs = maxGapMs, maxPowerW } = this.#options;
    const part = this.#partOf(reading.part);
    const last = this.#last.get(reading.part);
    // The same telegram again: nothing was said since.
    if (takenMs !== undefined && last !== undefined && takenMs <= last.monotonicMs) return before;
    const gapMs = takenMs === undefined ? maxGapMs : Math.max(maxGapMs, maxSilenceMs);
    this.#graceMs = Math.max(this.#graceMs, gapMs);
    const { lastMs } = part;
    const trusted = !this.#behind || last !== undefined;
    const instant = { ...sample, gapMs, trusted };
    const { at, ms, monotonicMs, close, from } = placeReading(part, last, reading, instant);
    part.lastMs = at;
    this.#state.lastMs = sample.at;
    this.#last.set(reading.part, { monotonicMs, power: reading.power });
    const cover = (slot: OpenSlot): void => {
      if (from !== undefined) coverSlot(slot, reading.part, from, at);
    };
    if (this.#state.settling !== undefined) cover(this.#state.settling);
    cover(before);
    // A reading exactly on a boundary ends the slot before it.
    const open = this.#rollTo(before, at - 1);
    if (open !== before) cover(open);
    this.#settleCovered();
    const added = addReading(part, reading, { ms, close, last }, maxPowerW);
    this.#addWh(open, added);
    markMeasured(open, LETTERS[energy]);
    for (const { code, note } of added.events) this.note(at, code, note);
    const early = lastMs !== undefined && lastMs < open.from * 1000;
    // What a counter says of a gap is recovered; one that has not moved says that there was nothing.
    if (energy === "register" && !close && early && added.wh > 0) open.recovered = true;
    // A gap that the clock has slept through.
    if (added.beyond) open.recovered = true;
    return open;
  }

  #addWh(open: OpenSlot, { wh, out }: Pick<FinishedSlot, "wh" | "out">): void {
    open.wh += wh;
    if (out === undefined) return;
    this.#state.out ??= 0;
    open.out = (open.out ?? 0) + out;
  }

  #partOf(name: string): PartState {
    this.#state.parts[name] ??= { carry: 0 };
    return this.#state.parts[name];
  }

  #noteParts({ at, energies }: MeterSample): void {
    for (const note of this.#left) this.note(at, "part-removed", note);
    this.#left = [];
    if (this.#state.lastMs === undefined) return;
    for (const { part, sensor, register } of energies) {
      if (this.#state.parts[part]?.lastMs !== undefined) continue;
      const counter = register === undefined ? undefined : { sensor, register };
      this.note(at, "part-added", describeCounter(part, counter));
    }
  }

  /** Whether a part that this sample lacks may still cover the open slot to its end. */
  #awaits({ at, energies }: MeterSample): boolean {
    if (energies.length > 0) return true;
    const parts = Object.values(this.#state.parts);
    return parts.some(({ lastMs }) => lastMs !== undefined && at - lastMs <= this.#graceMs);
  }

  #noteStep(sample: MeterSample): void {
    if (this.#lastSample === undefined) return;
    const civil = sample.at - this.#lastSample.at;
    const step = civil - (sample.monotonicMs - this.#lastSample.monotonicMs);
    if (Math.abs(step) > STEP_MS) this.note(sample.at, "clock-step", `${Math.round(step)} ms`);
  }

  /** Leaves `open` if `ms` lies behind it; returns the slot that is open then. */
  #rollTo(open: OpenSlot, ms: UnixMillis): OpenSlot {
    if (ms < open.to * 1000) return open;
    this.#settle();
    this.#state.register += open.wh;
    if (this.#state.out !== undefined) this.#state.out += open.out ?? 0;
    this.#state.settling = open;
    this.#state.open = this.#slotAt(Math.floor(ms / 1000));
    this.#settleCovered();
    return this.#state.open;
  }

  /** Finishes the slot that waits as soon as no part can cover more of it. */
  #settleCovered(): void {
    const end = (this.#state.settling?.to ?? 0) * 1000;
    const waits = Object.values(this.#state.parts).some(
      ({ lastMs = 0 }) => lastMs < end && end - lastMs <= this.#graceMs,
    );
    if (!waits) this.#settle();
  }

  #settle(): void {
    const { settling, parts } = this.#state;
    delete this.#state.settling;
    const finished = settling && finishSlot(settling, Object.keys(parts));
    if (finished !== undefined) this.#finished.push(finished);
  }

  /** The open slot; the very first one is the one that `instant` lies in. */
  #openAt(instant: UnixSeconds): OpenSlot {
    this.#state.open ??= this.#slotAt(instant);
    this.#state.begin ??= this.#state.open.from;
    return this.#state.open;
  }

  #slotAt(instant: UnixSeconds): OpenSlot {
    return openSlotAt(this.#options.dayOf(instant), instant);
  }
}
