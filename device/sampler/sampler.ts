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
 */
import type { UnixMillis, UnixSeconds, WattHour } from "../../shared/base/units.ts";
import { type Integrated, integratePower } from "./energy-integral.ts";
import { type Baseline, type Counted, countEnergy, mostEnergy } from "./energy-register.ts";
import {
  coverSlot,
  type FinishedSlot,
  finishSlot,
  type OpenSlot,
  openSlotAt,
  type SlotDay,
} from "./slot.ts";
import { addQuantities, type Quantities } from "./statistics.ts";

export interface MeterSample extends Quantities {
  /** Civil time of the reading. */
  readonly at: UnixMillis;
  readonly monotonicMs: number;
  /** What identifies the part that measures energy. */
  readonly sensor: string;
  readonly energy: "register" | "power" | "estimate" | "none";
  readonly register?: WattHour;
  readonly registerSpan?: WattHour;
  /** mW */
  readonly power?: number;
}

export interface MeterRow extends Quantities {
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
  readonly wh: WattHour;
  readonly partial: boolean;
  readonly measured: "M" | "I";
}

export interface SamplerState {
  /** Own register at the start of the open slot; it only grows. */
  register: WattHour;
  /** Where the very first slot began. */
  begin?: UnixSeconds;
  open?: OpenSlot;
  baseline?: Baseline;
  /** Half microjoules that are not yet a whole Wh. */
  carry: number;
  /** Civil time of the last energy reading, or the end of the last row. */
  lastMs?: UnixMillis;
}

export interface SamplerOptions {
  /** The local day of an instant. */
  readonly dayOf: (instant: UnixSeconds) => SlotDay;
  /** Longest time between two readings that still counts as measured. */
  readonly maxGapMs: number;
  /** More than the connection can carry is not counted. */
  readonly maxPowerW: number;
}

export interface SamplerEvent {
  readonly at: UnixSeconds;
  readonly code: string;
  readonly note?: string;
}

/** Civil and monotonic time may drift apart this far between two samples before it is a step. */
const STEP_MS = 2000;

export class Sampler {
  readonly #options: SamplerOptions;
  readonly #state: SamplerState;
  #finished: FinishedSlot[] = [];
  #events: SamplerEvent[] = [];
  // Lost with the process: monotonic time means nothing after a restart.
  #lastSample: { at: UnixMillis; monotonicMs: number } | undefined;
  // The clock was behind the last reading: what it says of the time since is not known to be so.
  #behind = false;
  #lastEnergy: { monotonicMs: number; power: number | undefined } | undefined;

  /** Takes over `state` as the journal had it. */
  constructor(options: SamplerOptions, state: SamplerState = { register: 0, carry: 0 }) {
    this.#options = options;
    this.#state = structuredClone(state);
  }

  /** What the journal has to keep together with the finished slots. */
  get state(): SamplerState {
    return structuredClone(this.#state);
  }

  /** Every instant before it lies in a finished slot or in a gap; undefined before the first reading. */
  get finishedTo(): UnixSeconds | undefined {
    return this.#state.open?.from;
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
    const stepped = this.#noteStep(sample);
    const before = this.#openAt(Math.floor(sample.at / 1000));
    const open =
      sample.energy === "none"
        ? this.#rollTo(before, sample.at - 1)
        : this.#addEnergy(before, sample, stepped);
    open.statistics = addQuantities(open.statistics, sample);
    this.#lastSample = { at: sample.at, monotonicMs: sample.monotonicMs };
  }

  /** One recorded interval; it lies within one slot. Rows that were added before are passed over. */
  addRow(row: MeterRow): void {
    if (row.from * 1000 < (this.#state.lastMs ?? 0)) return;
    const open = this.#rollTo(this.#openAt(row.from), row.from * 1000);
    open.wh += row.wh;
    open.measured = row.measured;
    if (!row.partial) coverSlot(open, row.from * 1000, row.to * 1000);
    open.statistics = addQuantities(open.statistics, row);
    this.#state.lastMs = row.to * 1000;
  }

  /** Time has passed, with or without readings: slots that ended more than `graceMs` ago are finished. */
  advance(at: UnixMillis, graceMs: number = this.#options.maxGapMs): void {
    this.#rollTo(this.#openAt(Math.floor(at / 1000)), at - graceMs);
  }

  #addEnergy(before: OpenSlot, sample: MeterSample, stepped: boolean): OpenSlot {
    const { lastMs } = this.#state;
    const elapsedMs = this.#elapsed(sample);
    const known = sample.energy === "register" || this.#lastEnergy?.power !== undefined;
    const close = lastMs !== undefined && elapsedMs <= this.#options.maxGapMs && !this.#behind;
    this.#behind = false;
    const measured = close && known && !stepped && sample.at >= lastMs;
    if (measured) coverSlot(before, lastMs, sample.at);
    // A reading exactly on a boundary ends the slot before it.
    const open = this.#rollTo(before, sample.at - 1);
    if (measured && open !== before) coverSlot(open, lastMs, sample.at);
    if (sample.energy === "register") {
      const counted = this.#count(sample, elapsedMs);
      open.wh += counted.wh;
      open.measured = "M";
      const kept = counted.event === undefined || counted.wh > 0;
      const early = lastMs !== undefined && lastMs < open.from * 1000;
      if (!close && early && kept) open.recovered = true;
      // More than the slot's part of the clock allows: a gap that the clock has slept through.
      if (counted.wh > mostEnergy(elapsedMs, this.#options.maxPowerW)) open.recovered = true;
    } else {
      open.wh += this.#integrate(sample, close ? elapsedMs : undefined).wh;
      open.measured = sample.energy === "estimate" ? "E" : "I";
    }
    this.#state.lastMs = sample.at;
    this.#lastEnergy = { monotonicMs: sample.monotonicMs, power: sample.power };
    return open;
  }

  #count(sample: MeterSample, elapsedMs: number): Counted {
    const reading = {
      sensor: sample.sensor,
      register: sample.register ?? 0,
      ...(sample.registerSpan === undefined ? {} : { span: sample.registerSpan }),
    };
    const before = this.#state.baseline;
    const elapsed = { ms: elapsedMs, restarted: this.#lastEnergy === undefined };
    const counted = countEnergy(before, reading, elapsed, this.#options.maxPowerW);
    this.#state.baseline = counted.baseline;
    if (counted.event !== undefined) {
      const note = `${before?.register ?? 0} to ${reading.register} Wh, counted ${counted.wh}`;
      this.note(sample.at, counted.event, note);
    }
    return counted;
  }

  #integrate(sample: MeterSample, elapsedMs: number | undefined): Integrated {
    const before = this.#lastEnergy?.power;
    if (before === undefined || elapsedMs === undefined) return { wh: 0, carry: this.#state.carry };
    const result = integratePower(before, sample.power ?? 0, elapsedMs, this.#state.carry);
    this.#state.carry = result.carry;
    return result;
  }

  /** Since the last energy reading: by the monotonic clock, or by the civil one after a restart. */
  #elapsed(sample: MeterSample): number {
    if (this.#lastEnergy !== undefined) return sample.monotonicMs - this.#lastEnergy.monotonicMs;
    return Math.max(0, sample.at - (this.#state.lastMs ?? sample.at));
  }

  #noteStep(sample: MeterSample): boolean {
    if (this.#lastSample === undefined) return false;
    const civil = sample.at - this.#lastSample.at;
    const step = civil - (sample.monotonicMs - this.#lastSample.monotonicMs);
    if (Math.abs(step) <= STEP_MS) return false;
    this.note(sample.at, "clock-step", `${Math.round(step)} ms`);
    return true;
  }

  /** Finishes `open` if `ms` lies behind it; returns the slot that is open then. */
  #rollTo(open: OpenSlot, ms: UnixMillis): OpenSlot {
    if (ms < open.to * 1000) return open;
    const finished = finishSlot(open);
    if (finished !== undefined) this.#finished.push(finished);
    this.#state.register += open.wh;
    this.#state.open = this.#slotAt(Math.floor(ms / 1000));
    return this.#state.open;
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
