/**
 * A running meter: its folder is taken and opened, then it measures, or is taken out, until it is told to stop.
 *
 * Everything outside the process is an option: folder, clock, randomness, where events go.
 */
import { openSources } from "../../hardware/open-source.ts";
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import { Journal } from "../journal/journal.ts";
import { Reserve } from "../journal/reserve.ts";
import { loadRetirement } from "../journal/retirement.ts";
import { acquireRunLock } from "../journal/run-lock.ts";
import type { MeterEvent } from "../meter-event.ts";
import { createTrust } from "../uplink/trust.ts";
import { concludeMeter } from "./conclude-meter.ts";
import { readJoin, readKey } from "./data-folder.ts";
import { claimJournal } from "./describe-meter.ts";
import { measure, type Orders, type RestartListener } from "./measure.ts";
import type { MeterOptions } from "./meter-options.ts";
import { serveStatus } from "./status-server.ts";

/**
 * Runs until the signal is aborted; everything is durable and said goodbye to when it resolves. Throws
 * `store-locked, no-meter, meter-key, join, journal, config` and what opening the source throws.
 */
export async function runMeter(given: MeterOptions): Promise<void> {
  const { files, signal, live } = given;
  const report = (event: MeterEvent): void => {
    live.note(event);
    given.report(event);
  };
  const options = { ...given, report };
  const join = readJoin(files.join);
  const key = readKey(nobleSuite, files.key);
  const trust = createTrust(nobleSuite, join);
  const lock = acquireRunLock(files.lock);
  try {
    const reserve = new Reserve(files.reserve);
    const low = reserve.releaseIfFull();
    const journal = new Journal(files.journal);
    const order = new AbortController();
    const orders: Orders = { signal: AbortSignal.any([signal, order.signal]) };
    const endStatus = await serveStatus(files.socket, {
      status: () => live.snapshot(),
      retire: () => {
        const code = orders.refuse?.();
        if (code === undefined) order.abort();
        return code === undefined ? {} : { code };
      },
    });
    try {
      claimJournal(journal, join, key);
      const base = { join, key, trust, journal };
      let endMs: number | undefined;
      if (options.retire !== true && loadRetirement(journal) === undefined) {
        const restarts: RestartListener = {};
        const source = await openSources(options.config.sources, {
          zone: join.time_zone,
          folder: options.configFolder,
          sensors: (configs) =>
            options.openSensors(configs, (restart) => restarts.heard?.(restart)),
        });
        endMs = await measure(options, { ...base, source, restarts, reserve, low, orders });
      }
      if (!signal.aborted) await concludeMeter(options, { ...base, endMs });
    } finally {
      await endStatus?.();
      journal.close();
    }
  } finally {
    lock.release();
  }
  if (signal.aborted) report({ event: "stopped" });
}
