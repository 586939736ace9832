/**
 * The simulated time of a demo, kept on disk so that the next start goes on where this one ended.
 *
 * in: the data folder, the pace → out: one clock specification for all processes
 * (`simulated:<realOriginMs>:<simOriginS>:<rate>`, shared/base/clock.ts).
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";

const DAY_S = 86_400;
/** How often the instant is written down; after a crash the next start skips this much. */
const SAVE_EVERY_MS = 1000;

interface Kept {
  /** Unix seconds of simulated time that all processes have reached. */
  readonly instant: number;
  /** False while a demo runs: found so at a start, the last one was killed. */
  readonly stopped: boolean;
}

export interface TimelineOptions {
  readonly folder: string;
  /** Unix seconds with which a new demo begins. */
  readonly firstInstant: number;
  /** Real seconds that a simulated day takes. */
  readonly secondsPerDay: number;
  nowMs(): number;
}

/** A time that passes from `begin` to `stop`. */
export interface Timeline {
  /** True when an earlier demo ran in this folder. */
  readonly continued: boolean;
  /** Clock specification for preparations: simulated time that all but stands still at the beginning. */
  stillClock(): string;
  /** Simulated time begins to run, and is written down from now on; the clock for all processes. */
  begin(): string;
  /** Simulated unix seconds now. Call after `begin`. */
  now(): number;
  /** Real milliseconds that so many simulated days take. */
  msOfDays(days: number): number;
  /** Writes the last instant: the next start continues there. Call when the processes have ended. */
  stop(): void;
}

function readKept(file: string): Kept | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Kept) : undefined;
}

/** The only effects of the timeline are on `<folder>/simulated-time.json`. */
export function openTimeline(options: TimelineOptions): Timeline {
  const { folder, firstInstant, secondsPerDay, nowMs } = options;
  const file = path.join(folder, "simulated-time.json");
  const rate = Math.max(1, Math.round(DAY_S / secondsPerDay));
  const kept = readKept(file);
  const skipped = kept === undefined || kept.stopped ? 0 : (rate * SAVE_EVERY_MS) / 1000;
  const origin = Math.ceil((kept?.instant ?? firstInstant) + skipped);
  let begunMs = nowMs();
  let timer: NodeJS.Timeout | undefined;
  const now = () => origin + Math.floor(((nowMs() - begunMs) * rate) / 1000);
  const save = (stopped: boolean) => {
    writeFileSync(`${file}.new`, `${JSON.stringify({ instant: now(), stopped })}\n`);
    renameSync(`${file}.new`, file);
  };
  return {
    continued: kept !== undefined,
    stillClock: () => `simulated:${nowMs()}:${origin}:1`,
    begin: () => {
      begunMs = nowMs();
      save(false);
      timer = setInterval(() => save(false), SAVE_EVERY_MS);
      return `simulated:${begunMs}:${origin}:${rate}`;
    },
    now,
    msOfDays: (days) => days * secondsPerDay * 1000,
    stop: () => {
      clearInterval(timer);
      save(true);
    },
  };
}
