/**
 * When each envelope of the outbox is sent: in the order of seq, a bounded number at a time, and again until a
 * receipt lets it go.
 *
 * An envelope without an answer is repeated after a growing wait; one that is held only every few hours; a
 * refused one now and then, and nothing after it, because a key's chain cannot go on past it. A new connection
 * sends at once what has no answer, and within `rejoinMs` asks again for what is held, because receipts may
 * have been lost with the old one. This is volatile: the journal knows what is in the outbox, a restart only
 * makes the meter ask again.
 */
import type { OutboxRow } from "../journal/outbox-store.ts";
import { jitteredWait, type RandomFraction } from "./backoff.ts";

export interface SendPlanOptions {
  readonly retryMs: number;
  readonly retryMostMs: number;
  readonly heldRetryMs: number;
  readonly refusedRetryMs: number;
  readonly rejoinMs: number;
  /** Most publishes without a PUBACK. */
  readonly window: number;
  /** Most envelopes that were sent and not answered; as many may be sent without regard to `perMinute`. */
  readonly unanswered: number;
  /** Envelopes that may be sent on and on: what a long outage has gathered comes steadily, not in a flood. */
  readonly perMinute: number;
  readonly monotonicMs: () => number;
  readonly random: RandomFraction;
}

interface Progress {
  attempts: number;
  /** Not before this, by the monotonic clock. */
  dueMs: number;
  inFlight: boolean;
}

type Row = Pick<OutboxRow, "seq" | "answer">;

/** A `resend` that repeats what was just done is about envelopes that were already under way. */
const RESEND_QUIET_MS = 2000;

export class SendPlan {
  readonly #options: SendPlanOptions;
  readonly #progress = new Map<number, Progress>();
  #lastResend: { readonly from: number; readonly atMs: number } | undefined;
  /** How many may be sent now, and since when that holds. */
  #tokens: number;
  #tokensMs: number;

  constructor(options: SendPlanOptions) {
    this.#options = options;
    this.#tokens = options.unanswered;
    this.#tokensMs = options.monotonicMs();
  }

  /** A new connection: nothing is in flight. */
  reconnected(rows: readonly Row[]): void {
    const now = this.#options.monotonicMs();
    this.#progress.clear();
    this.#lastResend = undefined;
    for (const { seq, answer } of rows) {
      const waitMs = answer === "held" ? this.#options.random() * this.#options.rejoinMs : 0;
      this.#progress.set(seq, { attempts: 0, dueMs: now + waitMs, inFlight: false });
    }
  }

  /** The first sending of `seq` waits `waitMs`, to spread many meters over a window. */
  delay(seq: number, waitMs: number): void {
    const dueMs = this.#options.monotonicMs() + waitMs;
    this.#progress.set(seq, { attempts: 0, dueMs, inFlight: false });
  }

  /** What to send at `now`, of the outbox in the order of seq. */
  next(rows: readonly Row[], now: number): number[] {
    const all = [...this.#progress.values()];
    const free = this.#options.window - all.filter((p) => p.inFlight).length;
    let window = Math.min(free, Math.floor(this.#refill(now)));
    let unanswered = this.#options.unanswered;
    const chosen: number[] = [];
    for (const { seq, answer } of rows) {
      const progress = this.#progress.get(seq);
      if (window <= 0 || unanswered <= 0) break;
      if (answer === null) unanswered -= 1;
      if (progress === undefined || (!progress.inFlight && progress.dueMs <= now)) {
        chosen.push(seq);
        window -= 1;
      } else if (answer === null && progress.attempts === 0 && !progress.inFlight) break;
      if (answer?.startsWith("refused-")) break;
    }
    return chosen;
  }

  sent(row: Row): void {
    const attempts = (this.#progress.get(row.seq)?.attempts ?? 0) + 1;
    this.#tokens = Math.max(0, this.#tokens - 1);
    const dueMs = this.#options.monotonicMs() + this.#wait(row.answer, attempts);
    this.#progress.set(row.seq, { attempts, dueMs, inFlight: true });
  }

  /** The broker has it, which proves nothing. */
  acknowledged(seq: number): void {
    const progress = this.#progress.get(seq);
    if (progress !== undefined) progress.inFlight = false;
  }

  /** The gateway has answered `answer`, as it is in the outbox now. */
  answered(seq: number, answer: string | null): void {
    const dueMs = this.#options.monotonicMs() + this.#wait(answer, 1);
    this.#progress.set(seq, { attempts: 1, dueMs, inFlight: false });
  }

  /** Send it soon again, e.g. because its receipt did not fit. */
  again(seq: number): void {
    this.answered(seq, null);
  }

  /** It left the outbox. Older ones that are still there are in the log too: their receipts were lost. */
  released(seq: number): void {
    this.#progress.delete(seq);
    const soon = this.#options.monotonicMs() + this.#wait(null, 1);
    for (const [other, progress] of this.#progress) {
      if (other < seq) progress.dueMs = Math.min(progress.dueMs, soon);
    }
  }

  /** The gateway misses `seq` and what follows. Returns false when that was already under way. */
  resendFrom(seq: number, rows: readonly Row[]): boolean {
    const now = this.#options.monotonicMs();
    const last = this.#lastResend;
    if (last !== undefined && last.from === seq && now - last.atMs < RESEND_QUIET_MS) return false;
    this.#lastResend = { from: seq, atMs: now };
    for (const row of rows) {
      if (row.seq < seq) continue;
      const inFlight = this.#progress.get(row.seq)?.inFlight ?? false;
      this.#progress.set(row.seq, { attempts: 0, dueMs: now, inFlight });
    }
    return true;
  }

  /**
   * Milliseconds from `now` until something becomes due; undefined when nothing will by itself. What is due already
   * waits for an answer or an acknowledgement, which call for the next look themselves; so `now` must be the one at
   * which `next` looked, or what became due in between would be forgotten.
   */
  nextWait(rows: readonly Row[], now: number): number | undefined {
    let least: number | undefined;
    if (this.#tokens < 1) {
      least = ((1 - this.#tokens) * 60_000) / this.#options.perMinute;
    }
    for (const { seq } of rows) {
      const progress = this.#progress.get(seq);
      if (progress === undefined || progress.inFlight || progress.dueMs <= now) continue;
      least = Math.min(least ?? Number.POSITIVE_INFINITY, progress.dueMs - now);
    }
    return least;
  }

  #refill(now: number): number {
    const { unanswered, perMinute } = this.#options;
    const gained = ((now - this.#tokensMs) * perMinute) / 60_000;
    this.#tokens = Math.min(unanswered, this.#tokens + Math.max(0, gained));
    this.#tokensMs = now;
    return this.#tokens;
  }

  #wait(answer: string | null, attempts: number): number {
    const { retryMs, retryMostMs, heldRetryMs, refusedRetryMs, random } = this.#options;
    if (answer === "held") return heldRetryMs * (0.75 + random() / 2);
    if (answer !== null) return refusedRetryMs * (0.75 + random() / 2);
    const bounds = { firstMs: retryMs, mostMs: retryMostMs };
    return bounds.firstMs / 2 + jitteredWait(attempts - 1, bounds, random);
  }
}
