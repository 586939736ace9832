/**
 * A meter that is taken out: its last, shorter day is closed, sealed and published; nothing is measured any more.
 *
 * In: the journal as the measuring left it, or as a kill left this. Out: the end on disk, then the last day, then its
 * envelope, each durable before the next; what waits is sent until the signal is aborted.
 */
import { createClock, unixNow } from "../../shared/base/clock.ts";
import type { UnixMillis } from "../../shared/base/units.ts";
import type { SigningKey } from "../../shared/crypto/key.ts";
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import type { Join } from "../../shared/message/join.ts";
import { createCalendar } from "../day-close/calendar.ts";
import type { Journal } from "../journal/journal.ts";
import { loadRetirement, storeRetirement } from "../journal/retirement.ts";
import { commitSamples, loadSamplerState } from "../journal/sampler-store.ts";
import { Sampler } from "../sampler/sampler.ts";
import type { Trust } from "../uplink/trust.ts";
import { createUplink } from "./create-uplink.ts";
import { DayWork } from "./day-work.ts";
import { describeMeter } from "./describe-meter.ts";
import type { MeterOptions } from "./meter-options.ts";
import { pause } from "./pause.ts";
import { stopParts } from "./stop-parts.ts";

export interface ConcludedParts {
  readonly join: Join;
  readonly key: SigningKey;
  readonly trust: Trust;
  readonly journal: Journal;
  /** When the measuring ended; without it the newest reading or the machine's clock says. */
  readonly endMs: UnixMillis | undefined;
}

/** Sealing may have to wait for the enrolment, for the broker or for space. */
const SETTLE_MS = 1_000;

/** Resolves when the signal is aborted. */
export async function concludeMeter(
  options: MeterOptions,
  { join, key, trust, journal, endMs }: ConcludedParts,
): Promise<void> {
  const { config, configFolder, clockSpec, system, report, signal, live, random } = options;
  const simulated = clockSpec.kind === "simulated";
  const clock = createClock(clockSpec, system);
  const provenance = () => ({
    boot: journal.readState<number>("boot") ?? 1,
    sync: simulated ? "simulated" : "unchecked",
  });
  live.clock = () => ({ sync: provenance().sync, at: unixNow(clock) });
  live.expect(undefined);
  const state = loadSamplerState(journal);
  const calendar = createCalendar(join.time_zone, config.step ?? 900, state?.open);
  const maxGapMs = 1000 * (config.max_gap_s ?? 5);
  const sampler = new Sampler({ dayOf: calendar, maxGapMs, maxPowerW: config.max_power_w }, state);
  const lastMs = state?.lastMs ?? 0;
  retire(journal, sampler, endMs ?? (simulated ? lastMs : clock.wallMs()), provenance());
  report({ event: "retired", to: loadRetirement(journal)?.to ?? 0 });
  const monotonicMs = (): number => system.monotonicMs();
  const { uplink, guard } = createUplink({
    ...{ config, configFolder, join, key, trust, journal, clock, monotonicMs, random },
    ...{ report, simulated },
    sealSoon: () => days.sealSoon(),
  });
  const days: DayWork = new DayWork({
    ...{ journal, sampler, calendar, provenance, report },
    facts: describeMeter(join, config.sources),
    seal: { journal, suite: nobleSuite, key, randomBytes: options.randomBytes },
    maySeal: () => guard.maySeal,
    // Somebody waits for it: not spread over a window.
    onSealed: ({ seq }) => uplink.wake({ seq, delayMs: 0 }),
  });
  uplink.start();
  try {
    while (!signal.aborted) {
      await days.settle();
      live.progress();
      await pause(SETTLE_MS, signal);
    }
  } finally {
    await stopParts([() => days.stop(), () => uplink.stop()]);
  }
}

/**
 * Puts the end on disk together with the slots before it, unless it is there. The slot in which the measuring ended counts when
 * its time is over; else the slot before it is the last one, and what was counted since is in no day.
 */
export function retire(
  journal: Journal,
  sampler: Sampler,
  endMs: UnixMillis,
  provenance: { readonly boot: number; readonly sync: string },
): void {
  if (loadRetirement(journal) !== undefined) return;
  const { open } = sampler.state;
  if (open === undefined) {
    journal.transact("retire", () => storeRetirement(journal, { to: 0 }));
    return;
  }
  const to = open.to * 1000 <= endMs ? open.to : open.from;
  sampler.advance(to * 1000, 0);
  commitSamples(journal, {
    ...sampler.take(),
    ...provenance,
    state: sampler.state,
    also: () => storeRetirement(journal, { to }),
  });
}
