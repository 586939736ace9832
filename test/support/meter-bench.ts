/**
 * A meter without its process: sampler, journal, day close and sealing over a real file, with a restart at will
 * and invariants that are checked after every step.
 *
 * `reload` is a power cut: what was not committed is gone. `check` walks the whole journal: the register
 * never goes back, slots and days add up to it, days tile time, seq has no hole and each prev is the leaf before.
 */
import assert from "node:assert/strict";
import { mkdtempSync } from "node:fs";
import path from "node:path";
import { type Calendar, createCalendar } from "../../device/day-close/calendar.ts";
import { type ClosedDay, closeEndedDays } from "../../device/day-close/close-days.ts";
import type { DayBody, MeterFacts } from "../../device/day-close/day-body.ts";
import { Journal, type JournalFaults } from "../../device/journal/journal.ts";
import { type Enrolment, storeEnrolment } from "../../device/journal/outbox-store.ts";
import {
  commitSamples,
  countBoot,
  loadClosingState,
  loadSamplerState,
} from "../../device/journal/sampler-store.ts";
import type { EnergyReading } from "../../device/sampler/energy-part.ts";
import { Sampler } from "../../device/sampler/sampler.ts";
import type { MeterRow, MeterSample } from "../../device/sampler/sampler-types.ts";
import { type SealedDay, sealNextDay } from "../../device/seal/seal-day.ts";
import { decodeUtf8, encodeBase64url } from "../../shared/base/bytes.ts";
import { createRecipientKey, createSigningKey } from "../../shared/crypto/key.ts";
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import { checkDay } from "../../shared/day/check-day.ts";
import type { DayPlaintext } from "../../shared/day/day-plaintext.ts";
import { parsePlaintext } from "../../shared/record/plaintext.ts";
import { parseRecord, verifyRecordSignature } from "../../shared/record/record.ts";
import { openLine2, parseLine2 } from "../../shared/record/sealed-box.ts";
import { makeTestFolder } from "./process.ts";
import { seededBytes } from "./seeded-bytes.ts";

export interface BenchOptions {
  readonly zone?: string;
  readonly step?: number;
  readonly maxGapMs?: number;
  readonly maxPowerW?: number;
}

/** All folders of this test process, removed at its end. */
const FOLDER = makeTestFolder();

export const BENCH_METER = "352522395";

export class MeterBench {
  readonly folder = mkdtempSync(path.join(FOLDER, "meter-"));
  readonly randomBytes = seededBytes("meter-bench");
  readonly key = createSigningKey(nobleSuite, this.randomBytes);
  /** Who the days are sealed for. */
  utility = createRecipientKey(nobleSuite, this.randomBytes);
  readonly facts: MeterFacts;
  faults: JournalFaults = {};
  journal: Journal;
  sampler: Sampler;
  calendar: Calendar;
  boot = 0;
  readonly #options: BenchOptions;
  #leastRegister = 0;

  constructor(options: BenchOptions = {}) {
    this.#options = options;
    const fw = encodeBase64url(new Uint8Array(32));
    this.facts = { meter: BENCH_METER, zone: options.zone ?? "Europe/Berlin", tz: "2024a", fw };
    this.calendar = createCalendar(this.facts.zone, options.step ?? 900);
    this.journal = this.#openJournal();
    this.sampler = this.#startSampler();
  }

  /** Power cut and restart. `options` may change what a configuration may change. */
  reload(options: Pick<BenchOptions, "step"> = {}): void {
    this.journal.close();
    this.journal = this.#openJournal();
    const step = options.step ?? this.#options.step ?? 900;
    this.calendar = createCalendar(this.facts.zone, step, loadSamplerState(this.journal)?.open);
    this.sampler = this.#startSampler();
    this.check();
  }

  /** One reading of a meter with one part, which counts energy where a register is given. */
  add(
    sample: Partial<MeterSample> & Pick<MeterSample, "at"> & Partial<Omit<EnergyReading, "part">>,
  ): void {
    const { register, registerSpan, exported, sensor = "pzem", ...rest } = sample;
    const counter: EnergyReading = {
      part: "pzem",
      sensor,
      energy: "register",
      ...(register === undefined ? {} : { register }),
      ...(registerSpan === undefined ? {} : { registerSpan }),
      ...(exported === undefined ? {} : { exported }),
    };
    const energies = register === undefined ? [] : [counter];
    this.sampler.add({ monotonicMs: sample.at, energies, ...rest });
  }

  addRow(row: Pick<MeterRow, "from" | "to" | "wh"> & Partial<MeterRow>): void {
    this.sampler.addRow({ partial: false, measured: "M", ...row });
  }

  commit(): void {
    const { slots, events } = this.sampler.take();
    const state = this.sampler.state;
    commitSamples(this.journal, { slots, events, state, boot: this.boot, sync: "test" });
  }

  /** Commits and closes what has ended. */
  close(): ClosedDay[] {
    this.commit();
    const { finishedTo } = this.sampler;
    if (finishedTo === undefined) return [];
    return closeEndedDays(this, finishedTo);
  }

  enrol(): Enrolment {
    const enrolment: Enrolment = {
      leaf: encodeBase64url(this.randomBytes(32)),
      position: 1,
      recipients: [{ kid: this.utility.kid, key: this.utility.jwk.x }],
    };
    this.journal.transact("enrolment", () => storeEnrolment(this.journal, enrolment));
    return enrolment;
  }

  seal(): SealedDay | undefined {
    const { journal, key, randomBytes } = this;
    return sealNextDay({ journal, suite: nobleSuite, key, randomBytes });
  }

  /** Closed days that have not left the outbox, sealed ones opened as the utility would. In order. */
  days(): (DayBody | DayPlaintext)[] {
    const rows = this.journal.all<{ body: string; seq: number | null }>(
      "SELECT body, seq FROM day WHERE seq IS NULL OR seq IN (SELECT seq FROM outbox) ORDER BY start",
    );
    return rows.map(({ body, seq }) =>
      seq === null ? (JSON.parse(body) as DayBody) : this.open(seq),
    );
  }

  envelopes(): { seq: number; leaf: string; envelope: string }[] {
    return this.journal.all("SELECT seq, leaf, envelope FROM outbox ORDER BY seq");
  }

  /** The plaintext of an envelope in the outbox. */
  open(seq: number): DayPlaintext {
    const row = this.envelopes().find((envelope) => envelope.seq === seq);
    const line2 = parseLine2(row?.envelope.split("\n")[1] ?? "");
    const text = decodeUtf8(openLine2(nobleSuite, line2, this.utility, this.key.kid, "day"));
    return parsePlaintext("day", text);
  }

  check(): void {
    const closing = loadClosingState(this.journal);
    const state = loadSamplerState(this.journal);
    if (closing === undefined || state === undefined) return;
    const register = state.register + (state.open?.wh ?? 0);
    assert.ok(register >= this.#leastRegister, "the register went back");
    this.#leastRegister = register;
    const slots = this.journal.get<{ wh: number }>("SELECT coalesce(sum(wh), 0) AS wh FROM slot");
    const known = closing.register + (slots?.wh ?? 0) + (state.settling?.wh ?? 0);
    assert.equal(known, state.register, "slots and register differ");
    this.#checkDays(closing.from);
    this.#checkOutbox();
  }

  #checkDays(end: number): void {
    let previous: DayBody | DayPlaintext | undefined;
    for (const day of this.days()) {
      const context = {
        meter: BENCH_METER,
        ...(previous === undefined ? {} : { before: { taken: previous.register[1] } }),
      };
      checkDay(day, { ...day, salt: "", pad: "" } as DayPlaintext, context);
      if (previous !== undefined) assert.equal(day.from, previous.to, "days do not tile time");
      previous = day;
    }
    if (previous !== undefined) assert.equal(previous.to, end);
  }

  #checkOutbox(): void {
    const verifyKey = nobleSuite.importVerifyKey(this.key.jwk);
    let before: { seq: number; leaf: string } | undefined;
    for (const row of this.envelopes()) {
      const line1 = row.envelope.split("\n")[0] ?? "";
      const record = parseRecord(nobleSuite, line1);
      assert.equal(record.seq, row.seq);
      assert.equal(record.leaf, row.leaf);
      assert.ok(verifyRecordSignature(nobleSuite, verifyKey, line1));
      if (before !== undefined) {
        assert.equal(row.seq, before.seq + 1, "seq has a hole");
        assert.equal(record.prev, before.leaf, "prev is not the leaf before");
      }
      before = row;
    }
    const position = this.journal.readState<{ seq: number; leaf: string }>("chain");
    if (before !== undefined) assert.deepEqual(position, { seq: before.seq, leaf: before.leaf });
  }

  #openJournal(): Journal {
    const faults: JournalFaults = {
      beforeCommit: (name) => this.faults.beforeCommit?.(name),
      afterCommit: (name) => this.faults.afterCommit?.(name),
    };
    return new Journal(path.join(this.folder, "meter.db"), { faults });
  }

  #startSampler(): Sampler {
    this.boot = countBoot(this.journal);
    const { maxGapMs = 5000, maxPowerW = 100_000 } = this.#options;
    const dayOf = (instant: number) => this.calendar(instant);
    return new Sampler({ dayOf, maxGapMs, maxPowerW }, loadSamplerState(this.journal));
  }
}

/** Epoch seconds of a civil time with its offset, e.g. `2024-03-31T00:00+01:00`. */
export function instant(text: string): number {
  return Date.parse(text) / 1000;
}
