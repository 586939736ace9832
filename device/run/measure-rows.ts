/**
 * Replay of recorded intervals: each row as it was recorded, up to the clock's now; missing rows are gaps.
 *
 * A recording that has ended is not continued with gaps: nobody knows what came after it.
 */
import { setImmediate } from "node:timers/promises";
import type { Row, RowSource } from "../../hardware/source.ts";
import type { Clock } from "../../shared/base/clock.ts";
import type { Sampler } from "../sampler/sampler.ts";
import type { DayWork } from "./day-work.ts";
import { pause } from "./pause.ts";

export interface RowOptions {
  readonly source: RowSource;
  readonly sampler: Sampler;
  readonly days: DayWork;
  readonly clock: Clock;
  readonly signal: AbortSignal;
}

/** Rows between two commits while a clock is being caught up with. */
const BURST = 360;
const LOOK_MS = 50;

/**
 * Resolves when the recording has ended or the signal is aborted. Throws `replay-row`, `-time`, `-order`; the rows
 * before a malformed one count.
 */
export async function replayRows(options: RowOptions): Promise<void> {
  // What a power cut has left unclosed or unsealed: there may be no further row that would call for it.
  await options.days.settle();
  try {
    await addRows(options);
  } finally {
    await options.days.conclude();
  }
}

async function addRows(options: RowOptions): Promise<void> {
  const { source, sampler, clock, signal } = options;
  const measured = source.energy === "metered" ? "M" : "I";
  let burst = 0;
  for await (const row of source.rows(sampler.nextRow)) {
    while (row.to * 1000 > clock.wallMs() && !signal.aborted) {
      burst = 0;
      await keep(options, clock.wallMs());
      await pause(LOOK_MS, signal);
    }
    if (signal.aborted) return;
    sampler.addRow({ ...describeRow(row), measured });
    if (++burst < BURST) continue;
    burst = 0;
    await keep(options, row.to * 1000);
    await setImmediate();
  }
}

/** Everything before `nowMs` is known: finishes, commits, closes and seals. */
async function keep(options: RowOptions, nowMs: number): Promise<void> {
  const { sampler, days } = options;
  if (sampler.finishedTo === undefined) return;
  const before = sampler.finishedTo;
  sampler.advance(nowMs, 0);
  if (!sampler.hasFinished && sampler.finishedTo === before) return;
  days.commit();
  await days.settle();
}

function describeRow(row: Row) {
  const { from, to, wh, partial, voltage, current, temperature, humidity } = row;
  return {
    from,
    to,
    wh,
    partial,
    ...(voltage === undefined ? {} : { voltage: [voltage] }),
    ...(current === undefined ? {} : { current: [current] }),
    ...(temperature === undefined ? {} : { temperature }),
    ...(humidity === undefined ? {} : { humidity }),
  };
}
