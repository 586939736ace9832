/**
 * A meter in a world of its own: true time, a counter that follows it, and a machine whose clock may say anything.
 *
 * `run` lets true time pass with a reading every ten seconds (or as it is told); `kill` ends the process without a goodbye, `boot` also
 * the machine. What a slot of the day should hold follows from true time alone.
 */
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import path from "node:path";
import { createCalendar } from "../../device/day-close/calendar.ts";
import { BOOT_EVENT, type DayBody } from "../../device/day-close/day-body.ts";
import { EventRecorder } from "../../device/event/event-recorder.ts";
import { Journal } from "../../device/journal/journal.ts";
import { loadSavedClock, numberBoot } from "../../device/journal/loose-store.ts";
import { storeEnrolment } from "../../device/journal/outbox-store.ts";
import { countBoot, loadSamplerState } from "../../device/journal/sampler-store.ts";
import { DayWork } from "../../device/run/day-work.ts";
import { Sampler } from "../../device/sampler/sampler.ts";
import type { MachineClock, SyncState } from "../../device/time/machine-clock.ts";
import { MeterClock } from "../../device/time/meter-clock.ts";
import { TimedSampler } from "../../device/time/timed-sampler.ts";
import { encodeBase64url } from "../../shared/base/bytes.ts";
import { unixNow } from "../../shared/base/clock.ts";
import { createRecipientKey, createSigningKey } from "../../shared/crypto/key.ts";
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import { makeTestFolder } from "./process.ts";
import { seededBytes } from "./seeded-bytes.ts";

const FOLDER = makeTestFolder();
const STEP_S = 900;
const SAVE_EVERY_MS = 300_000;

const QUARTERS = 96;

/** Wh of a quarter of an hour. */
function energyOf(quarter: number): number {
  return 300 + 5 * Math.abs(QUARTERS / 2 - (quarter % QUARTERS));
}

const BEFORE = Array.from({ length: QUARTERS + 1 }, (_, end) =>
  Array.from({ length: end }, (__, i) => energyOf(i)).reduce((sum, wh) => sum + wh, 0),
);

function energyBefore(quarters: number): number {
  return BEFORE[quarters] ?? 0;
}

interface Running {
  readonly journal: Journal;
  readonly clock: MeterClock;
  readonly timed: TimedSampler;
  readonly sampler: Sampler;
  readonly days: DayWork;
  savedMs: number;
}

export class ClockBench {
  /** True time. */
  nowMs: number;
  /** What the machine's clock is off by. */
  errorMs = 0;
  sync: SyncState["code"] = "unset";
  #syncedMs = 0;
  #bootMs: number;
  #boots = 1;
  #running: Running | undefined;
  readonly #file: string;
  readonly #random = seededBytes("clock bench");
  readonly #key = createSigningKey(nobleSuite, this.#random);
  readonly #zone: string;
  readonly #sinceMs: number;
  /** Alarms that were reported. */
  readonly alarms: string[] = [];

  readonly #everyMs: number;
  readonly #randomEnrol = seededBytes("clock bench enrolment");

  constructor(startMs: number, zone = "Europe/Berlin", everyMs = 10_000) {
    this.#everyMs = everyMs;
    this.nowMs = startMs;
    this.#bootMs = startMs - 20_000;
    this.#sinceMs = startMs - 400 * 86_400_000;
    this.#zone = zone;
    this.#file = path.join(mkdtempSync(path.join(FOLDER, "clock-")), "meter.db");
  }

  /** The part's counter at a true instant: 1 to 2 kW, changing a little every quarter of an hour. */
  static counter(ms: number): number {
    const quarter = Math.floor(ms / 900_000);
    const within = Math.floor(energyOf(quarter) * ((ms % 900_000) / 900_000));
    const day = Math.floor(quarter / QUARTERS);
    return day * energyBefore(QUARTERS) + energyBefore(quarter % QUARTERS) + within;
  }

  /** A time service synchronises: the clock is right from now on. */
  synchronise(errorMs = 0): void {
    this.errorMs = errorMs;
    this.sync = "ntp";
    this.#syncedMs = this.nowMs - this.#bootMs + 1;
  }

  enrol(): void {
    const { journal } = this.#start();
    const { kid, jwk } = createRecipientKey(nobleSuite, this.#randomEnrol);
    const leaf = encodeBase64url(new Uint8Array(32));
    const recipients = [{ kid, key: jwk.x }];
    journal.transact("enrolment", () => storeEnrolment(journal, { leaf, position: 1, recipients }));
  }

  /** Records in the outbox. */
  get sealed(): number {
    const sql = "SELECT count(*) AS n FROM outbox";
    return this.#start().journal.get<{ n: number }>(sql)?.n ?? 0;
  }

  /** The process ends without a goodbye; the next `run` starts another one. */
  kill(): void {
    this.#running?.journal.close();
    this.#running = undefined;
  }

  /** The machine is off for `offMs` and wakes up with a clock that is off by `errorMs`. */
  boot(offMs: number, errorMs: number): void {
    this.kill();
    this.nowMs += offMs;
    this.#bootMs = this.nowMs - 20_000;
    this.#boots += 1;
    this.errorMs = errorMs;
    this.sync = "unset";
    this.#syncedMs = 0;
  }

  get isKnown(): boolean {
    return this.#start().clock.anchorMs !== undefined;
  }

  async run(ms: number): Promise<void> {
    const running = this.#start();
    const { timed, clock, days } = running;
    for (const end = this.nowMs + ms; this.nowMs < end; ) {
      this.nowMs += this.#everyMs;
      timed.look();
      const at = clock.wallMs();
      const before = timed.finishedTo;
      const register = ClockBench.counter(this.nowMs);
      const reading = { part: "pzem", sensor: "pzem 1", energy: "register", register } as const;
      const monotonicMs = clock.monotonicMs();
      const voltage = [230_000 + ((this.nowMs / 1000) % 977)];
      const climate = { temperature: 21_000, humidity: 4500 };
      timed.add({ at, monotonicMs, energies: [reading], voltage, current: [4000], ...climate });
      timed.advance(at);
      const finished = timed.hasFinished || timed.finishedTo !== before;
      if (!finished && monotonicMs - running.savedMs < SAVE_EVERY_MS) continue;
      days.commit();
      running.savedMs = monotonicMs;
      await days.settle();
    }
  }

  /** Everything that is in the journal of closed days and finished slots, by true first instant. */
  slots(): Map<number, { wh: number; quality: string }> {
    const { journal } = this.#start();
    const found = new Map<number, { wh: number; quality: string }>();
    for (const body of this.bodies()) {
      body.wh.forEach((wh, i) => {
        const quality = body.quality.charAt(i);
        if (quality !== "G") found.set(body.from + i * body.step, { wh, quality });
      });
    }
    type Row = { start: number; wh: number; quality: string };
    for (const { start, wh, quality } of journal.all<Row>("SELECT * FROM slot ORDER BY start")) {
      found.set(start, { wh, quality });
    }
    return found;
  }

  bodies(): DayBody[] {
    const sql = "SELECT body FROM day WHERE seq IS NULL ORDER BY start";
    const rows = this.#start().journal.all<{ body: string }>(sql);
    return rows.map(({ body }) => JSON.parse(body) as DayBody);
  }

  notices(): { code: string; before: string | null; after: string | null; at: number | null }[] {
    return this.#start().journal.all("SELECT code, before, after, at FROM notice ORDER BY id");
  }

  /** The meter's own register, and the sum of all slots with what is open. */
  get register(): number {
    return this.#start().sampler.register;
  }

  /**
   * Every slot is what true time says, to the count: a slot that begins and ends within `[fromMs, toMs)`; counted by the
   * part from its first to its last instant.
   */
  assertTrue(fromMs: number, toMs: number, off = 0): void {
    const slots = this.slots();
    const first = Math.ceil(fromMs / 1000 / STEP_S) * STEP_S;
    for (let start = first; (start + STEP_S) * 1000 <= toMs; start += STEP_S) {
      const wh = ClockBench.counter((start + STEP_S) * 1000) - ClockBench.counter(start * 1000);
      const slot = slots.get(start);
      const name = new Date(start * 1000).toISOString();
      assert.ok(slot, `no slot ${name}`);
      assert.equal(slot.quality, "M", name);
      assert.ok(Math.abs(slot.wh - wh) <= off, `${name}: ${slot.wh} Wh, should be ${wh}`);
    }
  }

  #start(): Running {
    this.#running ??= this.#open();
    return this.#running;
  }

  #open(): Running {
    const journal = new Journal(this.#file);
    const bootId = `boot-${this.#boots}`;
    const machine: MachineClock = {
      bootId,
      wallMs: () => this.nowMs + this.errorMs,
      // A kernel counts finer than milliseconds.
      monotonicMs: () => this.nowMs - this.#bootMs + 0.371,
      sync: () => ({ code: this.sync, asOfMs: this.#syncedMs }),
    };
    const boot = numberBoot(journal, bootId, countBoot(journal));
    const state = loadSamplerState(journal);
    const clock = new MeterClock({
      machine,
      saved: loadSavedClock(journal),
      sinceMs: this.#sinceMs,
      newestMs: state?.lastMs,
    });
    const calendar = createCalendar(this.#zone, STEP_S, state?.open);
    const sampling = { dayOf: calendar, maxGapMs: 15_000, maxPowerW: 100_000, parts: ["pzem"] };
    const sampler = new Sampler(sampling, state);
    const noteClock = (at: number, offsetMs: number): void =>
      sampler.note(at, BOOT_EVENT, `${boot} ${clock.sync} ${offsetMs}`);
    if (clock.anchorMs !== undefined) noteClock(clock.wallMs(), 0);
    const events = new EventRecorder({
      journal,
      now: () => ({
        boot,
        monotonicMs: clock.monotonicMs(),
        ...(clock.anchorMs === undefined ? {} : { at: unixNow(clock) }),
      }),
      onRecorded: () => undefined,
    });
    const timed = new TimedSampler({
      ...{ journal, clock, civil: sampler, sampling, boot, noteClock },
      record: events.record,
      report: (event) => {
        if (event.event === "alarm") this.alarms.push(event.code);
      },
    });
    const fw = encodeBase64url(new Uint8Array(32));
    const days = new DayWork({
      ...{ journal, sampler, calendar, timed },
      facts: { meter: "352522395", zone: this.#zone, tz: "2024a", fw },
      seal: { journal, suite: nobleSuite, key: this.#key, randomBytes: this.#random },
      provenance: () => ({ boot, sync: clock.sync }),
      report: () => undefined,
      onSealed: () => undefined,
    });
    return { journal, clock, timed, sampler, days, savedMs: clock.monotonicMs() };
  }
}
