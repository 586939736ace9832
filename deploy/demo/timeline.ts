/**
 * The simulated time of a demo, kept on disk so that the next start goes on where this one ended.
 *
 * in: the data folder, the pace → out: one clock specification for all processes
 * (`simulated:<realOriginMs>:<simOriginS>:<rate>`, shared/base/clock.ts).
 */
import { existsSync, readFileSync, renameSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { ClockSpec } from "../../shared/base/clock.ts";

type SimulatedSpec = Extract<ClockSpec, { kind: "simulated" }>;

const DAY_S = 86_400;
/** How often the instant is written down; after a crash the next start skips this much. */
const SAVE_EVERY_MS = 1000;

interface Kept {
  /** Unix seconds of simulated time that all processes have reached. */
  readonly instant: number;
  /** False while a demo runs: found so at a start, the last one was killed. */
  readonly stopped: boolean;
}

export interface Timeline {
  readonly spec: SimulatedSpec;
  /** The specification as the command lines take it. */
  readonly text: string;
  /** True when an earlier demo ran in this folder. */
  readonly continued: boolean;
  /** Simulated unix seconds now. */
  now(): number;
  /** Begins to write the instant down, until `stop`. */
  start(): void;
  /** Writes the last instant: the next start continues there. */
  stop(): void;
}

function readKept(file: string): Kept | undefined {
  return existsSync(file) ? (JSON.parse(readFileSync(file, "utf8")) as Kept) : undefined;
}

export interface TimelineOptions {
  readonly folder: string;
  /** Unix seconds with which a new demo begins. */
  readonly firstInstant: number;
  /** Real seconds that a simulated day takes. */
  readonly secondsPerDay: number;
  nowMs(): number;
}

/** The only effects are on `<folder>/simulated-time.json`. */
export function openTimeline(options: TimelineOptions): Timeline {
  const { folder, firstInstant, secondsPerDay, nowMs } = options;
  const file = path.join(folder, "simulated-time.json");
  const rate = Math.max(1, Math.round(DAY_S / secondsPerDay));
  const kept = readKept(file);
  const skipped = kept === undefined || kept.stopped ? 0 : (rate * SAVE_EVERY_MS) / 1000;
  const spec: SimulatedSpec = {
    kind: "simulated",
    realOriginMs: nowMs(),
    simOriginS: Math.ceil((kept?.instant ?? firstInstant) + skipped),
    rate,
  };
  const now = () => spec.simOriginS + Math.floor(((nowMs() - spec.realOriginMs) * rate) / 1000);
  const save = (stopped: boolean) => {
    writeFileSync(`${file}.new`, `${JSON.stringify({ instant: now(), stopped })}\n`);
    renameSync(`${file}.new`, file);
  };
  let timer: NodeJS.Timeout | undefined;
  return {
    spec,
    text: `simulated:${spec.realOriginMs}:${spec.simOriginS}:${rate}`,
    continued: kept !== undefined,
    now,
    start: () => {
      save(false);
      timer = setInterval(() => save(false), SAVE_EVERY_MS);
    },
    stop: () => {
      clearInterval(timer);
      save(true);
    },
  };
}
