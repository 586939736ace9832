/**
 * Sampling: asks the source at each instant and hands what it says to the sampler.
 *
 * Real clock: at each multiple of the interval, a slot is durable as soon as it is finished; days are closed at
 * each minute. Simulated clock: nominal instants one after the other up to the simulated now,
 * as fast as the machine can, with the same sampler, journal and day close. There time stands still while the
 * process does not run, so the instants go on where the journal ends and a demo is the same however it is cut.
 */
import { setImmediate } from "node:timers/promises";
import type { Clock } from "../../shared/base/clock.ts";
import type { UnixMillis } from "../../shared/base/units.ts";
import type { Sampler } from "../sampler/sampler.ts";
import type { TimedSampler } from "../time/timed-sampler.ts";
import type { DayWork } from "./day-work.ts";
import { startMinuteTick } from "./minute-tick.ts";
import { pause } from "./pause.ts";
import type { ReadSource } from "./read-source.ts";

export interface SamplingOptions {
  readonly read: ReadSource;
  readonly days: DayWork;
  readonly clock: Clock;
  readonly intervalMs: number;
  readonly saveEveryMs: number;
  /** Called whenever the sampler has done its work, whether or not a sensor has answered. */
  readonly onProgress: () => void;
  readonly signal: AbortSignal;
}

/**
 * Samples by the machine's clock until the signal is aborted or a recording has ended. Readings from before the clock is
 * known wait in `timed` for their time.
 */
export async function sampleByRealClock(
  options: SamplingOptions & { readonly timed: TimedSampler },
): Promise<void> {
  const { read, timed, days, clock, intervalMs, signal } = options;
  const ticks = await startMinuteTick(() => days.settle());
  let savedMs = clock.monotonicMs();
  try {
    while (!signal.aborted) {
      await pause(untilNext(clock.wallMs(), intervalMs), signal);
      options.onProgress();
      if (signal.aborted) continue;
      timed.look();
      const at = clock.wallMs();
      await ticks.follow(timed.isLoose ? undefined : at - clock.monotonicMs());
      const before = timed.finishedTo;
      if (!(await read(at, () => clock.monotonicMs()))) return await days.conclude();
      timed.advance(at);
      const finished = timed.hasFinished || timed.finishedTo !== before;
      if (!finished && clock.monotonicMs() - savedMs < options.saveEveryMs) continue;
      days.commit();
      savedMs = clock.monotonicMs();
    }
  } finally {
    await ticks.stop();
  }
}

/** To the next multiple of the interval; past one that is so near that the timer has only fired early. */
function untilNext(nowMs: UnixMillis, intervalMs: number): number {
  const left = intervalMs - (nowMs % intervalMs);
  return left < intervalMs / 10 ? left + intervalMs : left;
}

/** Instants between two commits while a simulated clock is being caught up with: six hours at one a minute. */
const BURST = 360;
/** Real time between two looks at a simulated clock. */
const LOOK_MS = 50;

/**
 * Samples by a simulated clock from `fromMs` on, never ahead of it, until the signal is aborted or a recording has
 * ended.
 */
export async function sampleBySimulatedClock(
  options: SamplingOptions & { readonly sampler: Sampler; readonly fromMs: UnixMillis },
): Promise<void> {
  const { read, sampler, days, clock, intervalMs, signal } = options;
  let next = Math.ceil(options.fromMs / intervalMs) * intervalMs;
  while (!signal.aborted) {
    const now = clock.wallMs();
    let steps = 0;
    for (; next <= now && steps < BURST && !signal.aborted; next += intervalMs, steps++) {
      const at = next;
      if (!(await read(at, () => at))) return await days.conclude();
      sampler.advance(at);
    }
    options.onProgress();
    if (steps > 0) {
      days.commit();
      await days.settle();
    }
    if (steps === BURST) await setImmediate();
    else await pause(LOOK_MS, signal);
  }
}
