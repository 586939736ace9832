/**
 * Live messages on the main thread: what needs no cryptography is judged here, the rest by a crypto worker, and the newest
 * value of each meter is handed on.
 *
 * Two bounds keep them from hurting the intake of envelopes: a bucket for each meter, and one for all meters together.
 * Every message ends in one coded outcome, which is counted; none is answered, for the next one says more.
 */
import type { ErrorCode } from "../../shared/base/error-code.ts";
import { type LiveReading, MAX_LIVE } from "../../shared/message/live.ts";
import type { CodeCount } from "../ledger/counter-store.ts";
import { Counters } from "./counters.ts";
import type { LiveVerdict } from "./live-admission.ts";
import { TokenBuckets } from "./token-bucket.ts";

export interface LiveIntakeOptions {
  /** Messages a minute that one meter may send. */
  readonly perMinute: number;
  /** Messages a second of all meters together that are opened. */
  readonly perSecond: number;
  readonly monotonicMs: () => number;
  /** Whether a meter, nine digits, is enrolled here. */
  readonly knows: (meter: string) => boolean;
  /** Hands a message to a worker; false when too many are under way. */
  readonly judge: (meter: string, bytes: Uint8Array) => boolean;
  readonly onReading: (meter: string, reading: LiveReading) => void;
}

const BURST_OF_A_METER = 10;
const SECONDS_A_MINUTE = 60;
/** The one bucket of all meters together. */
const ALL = 0;

export class LiveIntake {
  readonly #options: LiveIntakeOptions;
  readonly #counters = new Counters();
  readonly #ofMeter: TokenBuckets;
  readonly #ofAll: TokenBuckets;

  constructor(options: LiveIntakeOptions) {
    this.#options = options;
    const { perMinute, perSecond } = options;
    this.#ofMeter = new TokenBuckets(BURST_OF_A_METER, perMinute);
    this.#ofAll = new TokenBuckets(perSecond, perSecond * SECONDS_A_MINUTE);
  }

  /** A message on the topic of `meter`, nine digits. */
  receive(
    meter: string,
    message: { readonly payload: Uint8Array; readonly retain: boolean },
  ): void {
    const code = this.#refuse(meter, message);
    if (code !== undefined) this.#counters.add(`live-refused-${code}`);
  }

  /** A worker has judged a message. */
  judged(meter: string, verdict: LiveVerdict): void {
    if ("refused" in verdict) this.#counters.add(`live-refused-${verdict.refused}`);
    else {
      this.#counters.add("live-taken");
      this.#options.onReading(meter, verdict.reading);
    }
  }

  /** Outcomes since the last call. */
  takeCounts(): CodeCount[] {
    return this.#counters.takeChanges();
  }

  #refuse(
    meter: string,
    { payload, retain }: { readonly payload: Uint8Array; readonly retain: boolean },
  ): ErrorCode | undefined {
    const { knows, judge, monotonicMs } = this.#options;
    if (retain) return "retained";
    if (payload.byteLength > MAX_LIVE) return "size";
    if (!knows(meter)) return "unknown-meter";
    const now = monotonicMs();
    if (!this.#ofMeter.take(Number(meter), now)) return "live-rate";
    if (!this.#ofAll.take(ALL, now)) return "live-rate";
    return judge(meter, payload) ? undefined : "live-rate";
  }
}
