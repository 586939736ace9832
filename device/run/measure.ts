/**
 * A meter that measures: source → sampler → journal → day close → seal → outbox → uplink, started and stopped in order.
 *
 * In: what the folder holds, an opened source. Out: everything that was measured is durable when it resolves.
 */
import type { HostRestart } from "../../hardware/host/sensor-host.ts";
import type { OpenedSource } from "../../hardware/source.ts";
import { createClock, unixNow } from "../../shared/base/clock.ts";
import type { SigningKey } from "../../shared/crypto/key.ts";
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import type { Join } from "../../shared/message/join.ts";
import { createCalendar } from "../day-close/calendar.ts";
import { BOOT_EVENT } from "../day-close/day-body.ts";
import { EventRecorder } from "../event/event-recorder.ts";
import { loadAlarms } from "../journal/alarm-store.ts";
import type { Journal } from "../journal/journal.ts";
import { loadSavedClock, numberBoot } from "../journal/loose-store.ts";
import type { Reserve } from "../journal/reserve.ts";
import { countBoot, loadSamplerState } from "../journal/sampler-store.ts";
import { StorageWatch } from "../journal/storage-watch.ts";
import { Sampler } from "../sampler/sampler.ts";
import type { SamplerOptions } from "../sampler/sampler-types.ts";
import { MeterClock } from "../time/meter-clock.ts";
import { TimedSampler } from "../time/timed-sampler.ts";
import { spreadDelay } from "../uplink/spread-delay.ts";
import type { Trust } from "../uplink/trust.ts";
import { createLivePublisher } from "./create-live-publisher.ts";
import { createUplink } from "./create-uplink.ts";
import { DayWork } from "./day-work.ts";
import { chooseStep, countingParts, describeMeter, longestSilence } from "./describe-meter.ts";
import { replayRows } from "./measure-rows.ts";
import { sampleByRealClock, sampleBySimulatedClock } from "./measure-samples.ts";
import type { MeterOptions } from "./meter-options.ts";
import { noteCalibration, recordSwaps } from "./part-changes.ts";
import { createSourceReader } from "./read-source.ts";
import { stopParts } from "./stop-parts.ts";
import { wirePins } from "./wire-pins.ts";

/** Seconds before the chain's beginning from which a clock is taken for set. */
const CLOCK_SLACK_S = 86_400;

/** What is called when the sensors' process was replaced; set once there is somebody to tell. */
export interface RestartListener {
  heard?: (restart: HostRestart) => void;
}

/** What people may order of a running meter. */
export interface Orders {
  /** Aborted when the measuring is to end: the meter is stopped or taken out. */
  readonly signal: AbortSignal;
  /** Why it cannot be taken out now; set while it measures. */
  refuse?: () => string | undefined;
}

export interface MeasuringParts {
  readonly join: Join;
  readonly key: SigningKey;
  readonly trust: Trust;
  readonly journal: Journal;
  readonly source: OpenedSource;
  readonly restarts: RestartListener;
  readonly reserve: Reserve;
  /** The card was full. */
  readonly low: boolean;
  readonly orders: Orders;
}

/** Resolves with the instant when the measuring ended; the newest reading's where time is simulated. */
export async function measure(
  options: MeterOptions,
  parts: MeasuringParts,
): Promise<number | undefined> {
  const { config, clockSpec, system, report, live } = options;
  const { join, key, journal, source, orders } = parts;
  const { signal } = orders;
  const simulated = clockSpec.kind === "simulated";
  const state = loadSamplerState(journal);
  const start = countBoot(journal);
  const boot = numberBoot(journal, simulated ? undefined : system.bootId, start);
  const disciplined =
    simulated || source.kind === "rows"
      ? undefined
      : new MeterClock({
          machine: system,
          saved: loadSavedClock(journal),
          sinceMs: (parts.trust.since - CLOCK_SLACK_S) * 1000,
          newestMs: state?.lastMs,
        });
  const clock = disciplined ?? createClock(clockSpec, system);
  const provenance = () => ({
    boot,
    sync: disciplined?.sync ?? (simulated ? "simulated" : "unchecked"),
  });
  live.clock = () => ({ sync: provenance().sync, at: unixNow(clock) });
  const intervalMs = (config.interval_s ?? (simulated ? 60 : 1)) * 1000;
  const step = chooseStep(config, source);
  const row = source.kind === "rows" ? Math.max(1, source.source.step) : 1;
  const calendar = createCalendar(join.time_zone, step, state?.open, row);
  const sampling: SamplerOptions = {
    dayOf: calendar,
    maxGapMs: 1000 * (config.max_gap_s ?? Math.max(5, (1.5 * intervalMs) / 1000)),
    maxSilenceMs: longestSilence(config),
    maxPowerW: config.max_power_w,
    ...countingParts(config.sources, source),
  };
  const sampler = new Sampler(sampling, state);
  const noteClock = (at: number, offsetMs: number): void =>
    sampler.note(at, BOOT_EVENT, `${boot} ${provenance().sync} ${offsetMs}`);
  const isKnown = (): boolean => disciplined === undefined || disciplined.anchorMs !== undefined;
  if (isKnown()) noteClock(clock.wallMs(), 0);
  orders.refuse = () => {
    if (!isKnown()) return "clock";
    return loadAlarms(journal).some((alarm) => alarm.code === "storage") ? "storage" : undefined;
  };
  const events = new EventRecorder({
    journal,
    now: () => ({
      boot,
      monotonicMs: system.monotonicMs(),
      ...(isKnown() ? { at: unixNow(clock) } : {}),
    }),
    onRecorded: () => days.sealSoon(),
  });
  const timed =
    disciplined &&
    new TimedSampler({
      ...{ journal, clock: disciplined, civil: sampler, sampling, boot, noteClock },
      record: events.record,
      report,
    });
  parts.restarts.heard = ({ cause, silentMs, pid }) => {
    report({ event: "sensor-host", cause, silentMs, pid });
    events.record("sensor-restart", cause, `no readings for ${Math.round(silentMs / 1000)} s`);
  };
  const monotonicMs = (): number => system.monotonicMs();
  const { random, configFolder } = options;
  const { trust } = parts;
  const { uplink, guard } = createUplink({
    ...{ config, configFolder, join, key, trust, journal, clock, monotonicMs, random },
    ...{ report, simulated },
    sealSoon: () => days.sealSoon(),
  });
  const windowMs = config.publish_window_ms ?? (simulated ? 0 : 600_000);
  const delayMs = spreadDelay(nobleSuite, join.meter, windowMs);
  const { reserve, low } = parts;
  const storage = new StorageWatch({ journal, clock, report, reserve, record: events.record });
  const days: DayWork = new DayWork({
    journal,
    sampler,
    calendar,
    facts: describeMeter(join, config.sources),
    seal: { journal, suite: nobleSuite, key, randomBytes: options.randomBytes },
    provenance,
    timed,
    maySeal: () => guard.maySeal,
    storage,
    report,
    beforeCommit: () => events.flush(),
    onCommitted: (noted) => recordSwaps(noted, events.record),
    onSealed: ({ typ, seq }) => uplink.wake({ seq, delayMs: typ === "day" ? delayMs : 0 }),
  });
  storage.begin(low);
  noteCalibration(journal, config.sources, events.record);
  report({ event: "started", boot: start, kid: key.kid });
  const pins = await wirePins({
    ...{ config: config.pins, open: options.openPin, live, journal, monotonicMs, report },
    ...{ isClockKnown: isKnown, now: () => unixNow(clock), record: events.record },
  });
  const teller = createLivePublisher({
    ...{ config, join, key, journal, boot: start, randomBytes: options.randomBytes },
    register: () => sampler.register,
    publish: (text) => uplink.tellLive(text),
  });
  uplink.start();
  teller?.start();
  let endMs: number | undefined;
  try {
    const common = { sampler, days, clock, signal };
    if (source.kind === "rows") {
      live.progress();
      await replayRows({ ...common, source: source.source });
    } else {
      const read = createSourceReader({
        source: source.source,
        sampler: timed ?? sampler,
        report,
        watch: (said) => {
          live.watch(said);
          if (said.whole !== undefined && isKnown()) teller?.note(said.whole);
        },
      });
      const saveEveryMs = config.save_every_s * 1000;
      const onProgress = (): void => live.progress();
      const work = { ...common, read, onProgress, intervalMs, saveEveryMs };
      live.expect(intervalMs);
      if (timed !== undefined) {
        await sampleByRealClock({ ...work, timed });
      } else {
        const beginMs = clockSpec.kind === "simulated" ? clockSpec.simOriginS * 1000 : 0;
        const last = state?.lastMs;
        const fromMs = last === undefined ? beginMs : last + intervalMs;
        await sampleBySimulatedClock({ ...work, fromMs });
      }
    }
    live.expect(undefined);
    // Only a recording ends by itself; what it gave is still to be published.
    if (!signal.aborted) report({ event: "recording-ended" });
    await untilAborted(signal);
    endMs = simulated ? sampler.state.lastMs : clock.wallMs();
  } finally {
    orders.refuse = () => undefined;
    await stopParts([
      () => teller?.stop(),
      () => pins.close(),
      () => days.stop(),
      () => days.commit(),
      () => uplink.stop(),
      () => (source.kind === "samples" ? source.source.close() : undefined),
    ]);
  }
  return endMs;
}

function untilAborted(signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    if (signal.aborted) resolve();
    else signal.addEventListener("abort", () => resolve(), { once: true });
  });
}
