/**
 * When to mine and when to bill: a list of "what is not yet done", looked at again and again.
 *
 * Nothing is remembered here but when records began to wait: each look finds out from the ledger and the clock
 * what is due, so a restart, a clock step or a night without power needs no special case.
 */
import { type Clock, unixNow } from "../../shared/base/clock.ts";
import type { BlockHeader } from "../../shared/chain/block.ts";
import { localDayOf } from "../../shared/time/civil-day.ts";

/** What the scheduler needs to know of the ledger. */
interface ScheduledLedger {
  /** Records that wait for a block. */
  heldCount(): number;
  /** The tip's header. */
  tipHeader(): Pick<BlockHeader, "time" | "height">;
}

export interface SchedulerOptions {
  readonly ledger: ScheduledLedger;
  readonly clock: Clock;
  /** Real time, whatever the clock simulates: milliseconds, monotonic. */
  readonly realMs: () => number;
  /** IANA zone of the gateway's midnight. */
  readonly timeZone: string;
  readonly mineAfterMs: number;
  readonly mineAtRecords: number;
  /** So many records are not kept waiting once no more come; 0: they are. */
  readonly mineQuietRecords: number;
  readonly mining: boolean;
  /** Mines one block; resolves when it is appended, with its number of records, or given up, with 0. */
  readonly mine: () => Promise<number>;
  /** Issues every bill that is due and not issued; idempotent. Undefined: this gateway does not bill. */
  readonly bill: (() => void) | undefined;
  /** Another reason not to mine, or undefined. */
  readonly refusal: () => "store-old" | "log-forked" | undefined;
  /** Says once that mining is refused, and why. */
  readonly onRefusal: (
    code: "clock-behind" | "store-old" | "log-forked",
    detail: Record<string, number>,
  ) => void;
}

/** A gateway whose clock is so far behind its tip does not mine (records.md section 6), seconds. */
const MAX_BEHIND = 600;

/**
 * Looks in a row at which nothing new was held before as many records as a burst has are not kept waiting, wherever they came
 * from. Looks, not milliseconds: after a long block the loop looks before it takes in what came meanwhile.
 */
const QUIET_LOOKS = 4;

export class Scheduler {
  readonly #options: SchedulerOptions;
  #heldBefore = 0;
  #quietLooks = 0;
  /** Records that a burst left, not yet in blocks. */
  #burstRecords = 0;
  #waitingSinceMs: number | undefined;
  #dayClosedSinceMs: number | undefined;
  #mining = false;
  #refused: "clock-behind" | "store-old" | "log-forked" | undefined;
  #billedAt = -1;

  constructor(options: SchedulerOptions) {
    this.#options = options;
  }

  get mining(): boolean {
    return this.#mining;
  }

  /** A burst of envelopes is over: all that is held now need not wait for anything. */
  endBurst(): void {
    this.#burstRecords = this.#options.ledger.heldCount();
  }

  /** Looks at what is due. Call a few times a second. */
  async tick(): Promise<void> {
    const { clock, ledger, timeZone, bill } = this.#options;
    const now = unixNow(clock);
    const tip = ledger.tipHeader();
    const today = localDayOf(timeZone, now);
    const dayClosed = today > localDayOf(timeZone, tip.time);
    // A bill waits for the block that carries the last day of its month, so each new block is a reason to look.
    if (bill !== undefined && !dayClosed && this.#billedAt !== tip.height) {
      this.#billedAt = tip.height;
      bill();
    }
    const held = ledger.heldCount();
    if (held === 0) this.#waitingSinceMs = undefined;
    else this.#waitingSinceMs ??= this.#options.realMs();
    this.#quietLooks = held === this.#heldBefore ? this.#quietLooks + 1 : 0;
    this.#heldBefore = held;
    // The block of the new day waits as long as records do, so that it carries the days that just ended.
    if (!dayClosed) this.#dayClosedSinceMs = undefined;
    else this.#dayClosedSinceMs ??= this.#options.realMs();
    if (!this.#options.mining || this.#mining || !this.#isDue(held)) return;
    if (this.#isRefused(now, tip.time)) return;
    this.#mining = true;
    try {
      const mined = await this.#options.mine();
      this.#burstRecords = mined === 0 ? 0 : Math.max(0, this.#burstRecords - mined);
    } finally {
      this.#mining = false;
      this.#waitingSinceMs = undefined;
    }
  }

  #isDue(held: number): boolean {
    const { mineAtRecords, mineQuietRecords } = this.#options;
    if (held >= mineAtRecords || (held > 0 && this.#burstRecords > 0)) return true;
    const isMany = mineQuietRecords > 0 && held >= mineQuietRecords;
    if (isMany && this.#quietLooks >= QUIET_LOOKS) return true;
    const now = this.#options.realMs();
    return [this.#waitingSinceMs, this.#dayClosedSinceMs].some(
      (sinceMs) => sinceMs !== undefined && now - sinceMs >= this.#options.mineAfterMs,
    );
  }

  #isRefused(now: number, tipTime: number): boolean {
    const behind = tipTime - now;
    const code = behind > MAX_BEHIND ? "clock-behind" : this.#options.refusal();
    if (code !== undefined && code !== this.#refused) {
      this.#options.onRefusal(code, code === "clock-behind" ? { seconds: behind } : {});
    }
    this.#refused = code;
    return code !== undefined;
  }
}
