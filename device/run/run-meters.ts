/**
 * The meters of one process: usually one, or several that share serial lines and buses.
 *
 * In: what each of them needs, a signal to stop. Out: all of them run until then. One meter's error ends it, and the
 * process; of several, the one that failed is started again after a growing pause and the others go on.
 */
import { isCoded } from "../../shared/base/error.ts";
import type { MeterOptions } from "./meter-options.ts";
import { pause } from "./pause.ts";

const RESTART = { firstMs: 5_000, mostMs: 300_000 };

export async function runMeters(
  meters: readonly MeterOptions[],
  run: (options: MeterOptions) => Promise<void>,
  restart = RESTART,
): Promise<void> {
  const [only, ...others] = meters;
  if (only !== undefined && others.length === 0) return run(only);
  await Promise.all(meters.map((options) => runAgain(options, run, restart)));
}

async function runAgain(
  options: MeterOptions,
  run: (options: MeterOptions) => Promise<void>,
  { firstMs, mostMs }: typeof RESTART,
): Promise<void> {
  const { signal, report } = options;
  for (let waitMs = firstMs; !signal.aborted; waitMs = Math.min(mostMs, 2 * waitMs)) {
    try {
      return await run(options);
    } catch (error) {
      const code = isCoded(error) ? error.code : "failed";
      const reason = error instanceof Error ? error.message : String(error);
      report({ event: "failed", code, reason });
    }
    // It does nothing until then, and that is as it should be.
    options.live.expect(undefined);
    options.live.progress();
    await pause(waitMs, signal);
  }
}
