/**
 * Between the source and the sampler: readings whose civil time is known go to the sampler of the day, others to one on
 * the monotonic clock, whose slots are kept by boot and monotonic time until the clock is known.
 *
 * Then everything of this boot gets its time, to the slot, and a signed `retime` event says so. What earlier boots
 * measured without ever knowing the time goes, as recovered energy, into the first slot that is known. Nothing is
 * closed or sealed meanwhile, because the day's sampler stands still.
 */
import type { UnixMillis, UnixSeconds } from "../../shared/base/units.ts";
import type { RecordEvent } from "../event/event-recorder.ts";
import { dateNotices, insertNotice } from "../event/notice-store.ts";
import { clearAlarm, raiseAlarm } from "../journal/alarm-store.ts";
import type { Journal } from "../journal/journal.ts";
import {
  clearLoose,
  loadLooseState,
  readLoosePieces,
  storeLoose,
  storeSavedClock,
} from "../journal/loose-store.ts";
import type { MeterEvent } from "../meter-event.ts";
import { Sampler } from "../sampler/sampler.ts";
import type {
  MeasuredPiece,
  MeterSample,
  SamplerEvent,
  SamplerOptions,
} from "../sampler/sampler-types.ts";
import { cutPieces, finishedPiece, looseCalendar, mergePieces, openPieces } from "./loose-slots.ts";
import type { MeterClock } from "./meter-clock.ts";

export interface TimedSamplerOptions {
  readonly journal: Journal;
  readonly clock: MeterClock;
  /** The sampler of the day, and what it was made with. */
  readonly civil: Sampler;
  readonly sampling: SamplerOptions;
  /** Number of this boot of the machine. */
  readonly boot: number;
  readonly record: RecordEvent;
  /** Notes a clock entry of the day at an instant: civil time was put forward there by `offsetMs`. */
  readonly noteClock: (at: UnixMillis, offsetMs: number) => void;
  readonly report: (event: MeterEvent) => void;
}

/** What `commit` has yet to keep. */
interface Adopted {
  readonly anchorMs: number;
  readonly floor: UnixSeconds;
  readonly before: string;
  readonly after: string;
}

/** A time service needs some minutes after a start. */
const PATIENCE_MS = 600_000;

export class TimedSampler {
  readonly #options: TimedSamplerOptions;
  #loose: Sampler | undefined;
  /** Finished loose slots that are not in the journal yet. */
  #pieces: MeasuredPiece[] = [];
  #adopted: Adopted | undefined;
  /** Of loose readings, by monotonic time. */
  #events: SamplerEvent[] = [];

  readonly #startMs: number;
  #warned = false;

  constructor(options: TimedSamplerOptions) {
    this.#options = options;
    this.#startMs = options.clock.monotonicMs();
    if (options.clock.anchorMs === undefined) this.#loose = this.#startLoose();
    else if (this.#hasLoose()) this.#adoptLoose(this.#startLoose(), options.clock.anchorMs);
  }

  /** Whether readings are waiting for their civil time. */
  get isLoose(): boolean {
    return this.#loose !== undefined;
  }

  /** The day's sampler has something that must not wait to be kept; loose slots may. */
  get hasFinished(): boolean {
    return this.#adopted !== undefined || this.#options.civil.hasFinished;
  }

  get finishedTo(): UnixSeconds | undefined {
    return this.#options.civil.finishedTo;
  }

  /** Looks at the machine's clock; called before every reading. */
  look(): void {
    const { clock, record, noteClock } = this.#options;
    const change = clock.look();
    if (change === undefined) {
      if (clock.anchorMs === undefined) this.#warnOfUnknown();
      return;
    }
    if (change.kind === "known" && clock.anchorMs !== undefined && this.#loose !== undefined) {
      this.#adoptLoose(this.#loose, clock.anchorMs);
      this.#loose = undefined;
    } else if (change.kind === "step") {
      const after = clock.wallMs();
      noteClock(after, change.ms);
      record("clock-step", formatInstant(after - change.ms), formatInstant(after));
    } else if (change.kind === "refused") {
      const now = clock.wallMs();
      record("clock-refused", formatInstant(now), formatInstant(now + change.ms));
      const note = `the machine's clock jumped by ${change.ms} ms and is not believed`;
      this.#raise(note);
    } else if (change.kind === "sync") {
      noteClock(clock.wallMs(), 0);
    }
    if (change.kind !== "refused") clearAlarm(this.#options.journal, "clock");
  }

  #warnOfUnknown(): void {
    const { clock } = this.#options;
    if (this.#warned || clock.monotonicMs() - this.#startMs < PATIENCE_MS) return;
    this.#warned = true;
    this.#raise("nobody vouches for the clock: readings wait for their time");
  }

  #raise(note: string): void {
    const { journal, clock, report } = this.#options;
    const at = Math.floor(clock.wallMs() / 1000);
    raiseAlarm(journal, { code: "clock", at, note });
    report({ event: "alarm", code: "clock", detail: note });
  }

  /** A reading: of `at` where civil time is known, else of its monotonic time. */
  add(sample: MeterSample): void {
    if (this.#loose === undefined) this.#options.civil.add(sample);
    else this.#loose.add({ ...sample, at: Math.round(sample.monotonicMs) });
  }

  /** Time has passed. */
  advance(at: UnixMillis, graceMs?: number): void {
    if (this.#loose === undefined) this.#options.civil.advance(at, graceMs);
    else this.#loose.advance(this.#options.clock.monotonicMs(), graceMs);
  }

  /** Keeps what belongs to the clock. Called within the transaction that keeps the day's slots. */
  store(): void {
    const { journal, clock, boot } = this.#options;
    storeSavedClock(journal, clock.saved);
    const loose = this.#loose;
    if (loose !== undefined) {
      this.#takePieces(loose);
      storeLoose(journal, { boot, state: loose.state }, this.#pieces);
      return;
    }
    if (this.#adopted === undefined) return;
    const { anchorMs, floor, before, after } = this.#adopted;
    clearLoose(journal);
    dateNotices(journal, boot, anchorMs, floor);
    const now = clock.monotonicMs();
    const at = Math.floor((now + anchorMs) / 1000);
    insertNotice(journal, { code: "retime", before, after }, { boot, monotonicMs: now, at });
  }

  /** The transaction of `store` has been committed. Returns whether there is a new event to be sealed. */
  stored(): boolean {
    if (this.#loose !== undefined) {
      this.#pieces = [];
      return false;
    }
    const told = this.#adopted !== undefined;
    this.#adopted = undefined;
    return told;
  }

  /** On from where an earlier process of this boot was, or anew with what the parts had counted. */
  #startLoose(): Sampler {
    const { journal, civil, sampling, boot } = this.#options;
    const options = { ...sampling, dayOf: looseCalendar(sampling.maxGapMs) };
    const kept = loadLooseState(journal);
    if (kept?.boot === boot) return new Sampler(options, kept.state);
    // What another boot had open is finished, as far as it came.
    const { parts } = kept?.state ?? civil.state;
    if (kept !== undefined) {
      const left = openPieces(kept.state);
      journal.transact("loose", () => {
        storeLoose(journal, { boot: kept.boot, state: { register: 0, parts } }, left);
      });
    }
    // Monotonic time of another boot, and civil time, mean nothing here.
    const anew = Object.entries(parts).map(([name, { lastMs: _, ...part }]) => [name, part]);
    return new Sampler(options, { register: 0, parts: Object.fromEntries(anew) });
  }

  #hasLoose(): boolean {
    return loadLooseState(this.#options.journal) !== undefined;
  }

  #takePieces(loose: Sampler): void {
    const { slots, events } = loose.take();
    this.#pieces.push(...slots.map(finishedPiece));
    this.#events.push(...events);
  }

  /** Everything gets its civil time in the day's sampler; the journal follows with the next commit. */
  #adoptLoose(loose: Sampler, anchorMs: number): void {
    const { journal, civil, sampling, boot } = this.#options;
    const kept = readLoosePieces(journal);
    this.#takePieces(loose);
    const own = kept.filter((row) => row.boot === boot).map(({ piece }) => piece);
    const pieces = [...own, ...this.#pieces, ...openPieces(loose.state)];
    const lost = kept.filter((row) => row.boot !== boot).map(({ piece }) => piece);
    this.#pieces = [];
    const floor = Math.floor((civil.state.lastMs ?? anchorMs) / 1000);
    const placed = cutPieces(pieces, anchorMs, sampling.dayOf);
    const first = placed[0]?.fromMs ?? Math.round(this.#options.clock.monotonicMs() + anchorMs);
    this.#options.noteClock(first, 0);
    const events = this.#events.splice(0);
    if (placed.length === 0 && lost.length === 0) return;
    const recovered = mergePieces(lost, first);
    civil.adopt(loose, recovered === undefined ? placed : [recovered, ...placed], anchorMs);
    for (const { at, code, note = "" } of events) {
      // Nobody knew how long the meter had been off.
      if (code !== "counter-ahead") civil.note(at * 1000 + anchorMs, code, note);
    }
    this.#adopted = { anchorMs, floor, ...this.#describe(placed, recovered, anchorMs) };
  }

  #describe(
    placed: readonly MeasuredPiece[],
    recovered: MeasuredPiece | undefined,
    anchorMs: number,
  ): { before: string; after: string } {
    const { boot } = this.#options;
    const [first, last] = [placed[0], placed.at(-1)];
    const lost = recovered === undefined ? "" : `, ${recovered.wh} Wh of earlier boots recovered`;
    if (first === undefined || last === undefined) {
      return { before: "earlier boots without a clock", after: lost.slice(2) };
    }
    const wh = placed.reduce((sum, piece) => sum + piece.wh, 0);
    const since = (ms: number): string => `${((ms - anchorMs) / 1000).toFixed(1)} s`;
    return {
      before: `boot ${boot}, ${since(first.fromMs)} to ${since(last.toMs)} after its start`,
      after: `${formatInstant(first.fromMs)} to ${formatInstant(last.toMs)}, ${wh} Wh${lost}`,
    };
  }
}

function formatInstant(ms: UnixMillis): string {
  return Number.isFinite(ms) && Math.abs(ms) < 8.64e15 ? new Date(ms).toISOString() : `${ms} ms`;
}
