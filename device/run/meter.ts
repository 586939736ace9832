/**
 * A running meter: its parts put together, started and stopped in order.
 *
 * source → sampler → journal → day close → seal → outbox → uplink. Everything outside the process is an option:
 * folder, clock, randomness, where events go.
 */

import type { HostRestart } from "../../hardware/host/sensor-host.ts";
import { openSources } from "../../hardware/open-source.ts";
import type { DigitalPin, PinSettings } from "../../hardware/port/digital-pin.ts";
import type { OpenedSource, Source } from "../../hardware/source.ts";
import type { SensorConfig } from "../../hardware/source-config.ts";
import { type ClockSpec, createClock, type RandomBytes, unixNow } from "../../shared/base/clock.ts";
import type { SigningKey } from "../../shared/crypto/key.ts";
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import type { Join } from "../../shared/message/join.ts";
import type { MeterConfig } from "../config.ts";
import { createCalendar } from "../day-close/calendar.ts";
import { BOOT_EVENT } from "../day-close/day-body.ts";
import { EventRecorder } from "../event/event-recorder.ts";
import { loadAlarms } from "../journal/alarm-store.ts";
import { Journal } from "../journal/journal.ts";
import { loadSavedClock, numberBoot } from "../journal/loose-store.ts";
import { Reserve } from "../journal/reserve.ts";
import { loadRetirement } from "../journal/retirement.ts";
import { acquireRunLock } from "../journal/run-lock.ts";
import { countBoot, loadSamplerState } from "../journal/sampler-store.ts";
import { StorageWatch } from "../journal/storage-watch.ts";
import type { MeterEvent } from "../meter-event.ts";
import { Sampler } from "../sampler/sampler.ts";
import type { SamplerOptions } from "../sampler/sampler-types.ts";
import type { MachineClock } from "../time/machine-clock.ts";
import { MeterClock } from "../time/meter-clock.ts";
import { TimedSampler } from "../time/timed-sampler.ts";
import { RestoreGuard } from "../uplink/restore-guard.ts";
import { spreadDelay } from "../uplink/spread-delay.ts";
import { createTrust, type Trust } from "../uplink/trust.ts";
import { concludeMeter } from "./conclude-meter.ts";
import { createLivePublisher } from "./create-live-publisher.ts";
import { createUplink } from "./create-uplink.ts";
import { type DataFolder, readJoin, readKey } from "./data-folder.ts";
import { DayWork } from "./day-work.ts";
import {
  chooseStep,
  claimJournal,
  countingParts,
  describeMeter,
  longestSilence,
} from "./describe-meter.ts";
import type { LiveState } from "./live-state.ts";
import { replayRows } from "./measure-rows.ts";
import { sampleByRealClock, sampleBySimulatedClock } from "./measure-samples.ts";
import { noteCalibration, recordSwaps } from "./part-changes.ts";
import { createSourceReader } from "./read-source.ts";
import { serveStatus } from "./status-server.ts";
import { stopParts } from "./stop-parts.ts";
import { wirePins } from "./wire-pins.ts";

export interface MeterOptions {
  readonly files: DataFolder;
  readonly config: MeterConfig;
  /** The folder that relative paths of the configuration are relative to. */
  readonly configFolder: string;
  readonly clockSpec: ClockSpec;
  /** The machine's clock. */
  readonly system: MachineClock;
  readonly randomBytes: RandomBytes;
  /** Uniform in [0, 1); spreads retries, protects nothing. */
  readonly random: () => number;
  /** Opens real sensors; told when the process that reads them was replaced. */
  readonly openSensors: (
    configs: readonly SensorConfig[],
    onRestart: (restart: HostRestart) => void,
  ) => Promise<Source>;
  /** Opens a pin of the header for light, tamper switch and button. */
  readonly openPin: (settings: PinSettings) => Promise<DigitalPin>;
  readonly live: LiveState;
  readonly report: (event: MeterEvent) => void;
  /** Aborted to stop the meter. */
  readonly signal: AbortSignal;
  /** Nothing is measured: the meter is taken out. */
  readonly retire?: true;
}

/** A broker that has been down for half a day does not keep a day from being sealed. */
const CONTACT_WAIT_S = 43_200;
/** Seconds before the chain's beginning from which a clock is taken for set. */
const CLOCK_SLACK_S = 86_400;

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

/** What is called when the sensors' process was replaced; set once there is somebody to tell. */
interface RestartListener {
  heard?: (restart: HostRestart) => void;
}

/** What people may order of a running meter. */
interface Orders {
  /** Aborted when the measuring is to end: the meter is stopped or taken out. */
  readonly signal: AbortSignal;
  /** Why it cannot be taken out now; set while it measures. */
  refuse?: () => string | undefined;
}

interface Parts {
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
async function measure(options: MeterOptions, parts: Parts): Promise<number | undefined> {
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
  const guard = new RestoreGuard({
    ...{ journal, suite: nobleSuite, trust, clock, monotonicMs, report },
    waitMs: 1000 * (config.contact_wait_s ?? (simulated ? 0 : CONTACT_WAIT_S)),
    onOpen: () => days.sealSoon(),
  });
  const uplink = createUplink({
    ...{ config, configFolder, join, key, trust, journal, clock, monotonicMs, random },
    ...{ report, guard },
    onEnrolment: () => days.sealSoon(),
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
