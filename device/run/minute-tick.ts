/**
 * When the meter asks "which days have ended and are not closed": now, after each minute of the monotonic clock, and, while
 * civil time is known, at each civil minute by node-cron, so that a day is closed in the first second after its midnight.
 *
 * The question is idempotent, so asking too often does nothing. node-cron alone would not do: after a jump of civil time it goes
 * through every minute between, and from 1980 to the present these are 23 million. It is therefore started only when the time is
 * known, and anew after each jump (docs/decisions/one-minute-tick.md).
 */
import type { ScheduledTask } from "node-cron";

const MINUTE_MS = 60_000;
/** Civil and monotonic time may drift apart this far between two looks before it is a jump. */
const JUMP_MS = 2_000;

export interface MinuteTick {
  /**
   * Call often. @param offsetMs civil minus monotonic time, while civil time is known
   * Throws what a tick threw.
   */
  follow(offsetMs: number | undefined): Promise<void>;
  stop(): Promise<void>;
}

/** Asks once before it returns. `ask` never runs twice at once. */
export async function startMinuteTick(ask: () => Promise<void>): Promise<MinuteTick> {
  let failure: unknown;
  let isAsking = false;
  let task: ScheduledTask | undefined;
  let offset: number | undefined;
  const guarded = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    try {
      await ask();
    } catch (error) {
      failure ??= error;
    }
    isAsking = false;
  };
  const endTask = async (): Promise<void> => {
    const ending = task;
    task = undefined;
    await ending?.destroy();
  };
  await guarded();
  const timer = setInterval(() => void guarded(), MINUTE_MS);
  return {
    async follow(offsetMs) {
      if (failure !== undefined) throw failure;
      const jumped = Math.abs((offsetMs ?? 0) - (offset ?? 0)) > JUMP_MS;
      if (offsetMs === undefined || jumped) await endTask();
      offset = offsetMs;
      if (offsetMs === undefined || task !== undefined) return;
      const { schedule } = await import("node-cron");
      task = schedule("* * * * *", guarded, { noOverlap: true, timezone: "Etc/UTC" });
    },
    async stop() {
      clearInterval(timer);
      await endTask();
    },
  };
}
