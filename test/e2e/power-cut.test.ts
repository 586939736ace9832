/**
 * A real `meter run`, killed at random instants again and again: what it has said it keeps. The register never goes
 * back, a finished slot never changes, no seq is used twice or left out, and in the end all slots are those of a meter
 * that nobody has killed.
 */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { cliScript } from "../../deploy/project-root.ts";
import { createCalendar } from "../../device/day-close/calendar.ts";
import { Journal } from "../../device/journal/journal.ts";
import { loadClosingState, loadSamplerState } from "../../device/journal/sampler-store.ts";
import { Sampler } from "../../device/sampler/sampler.ts";
import { openSources } from "../../hardware/open-source.ts";
import { decodeUtf8 } from "../../shared/base/bytes.ts";
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import type { DayPlaintext } from "../../shared/day/day-plaintext.ts";
import { parsePlaintext } from "../../shared/record/plaintext.ts";
import { parseRecord } from "../../shared/record/record.ts";
import { openLine2, parseLine2 } from "../../shared/record/sealed-box.ts";
import { enrolLoneMeter, type LoneMeter, prepareLoneMeter } from "../support/lone-meter.ts";

const KILLS = 50;
const ZONE = "Europe/Berlin";
const START_S = 1_711_753_200; // 2024-03-30T00:00 in Berlin; the clocks change on the 31st
/** Of a life: after it has begun to work, in the middle of days and at seals; every fifth dies while it starts. */
const LIFE_MS = 600;

/** mulberry32 */
function createRandom(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 2 ** 32;
  };
}

interface Slot {
  readonly wh: number;
  readonly quality: string;
}

/** What was seen of the journal so far. */
class Witness {
  readonly #meter: LoneMeter;
  readonly slots = new Map<number, Slot>();
  readonly #leaves = new Map<number, string>();
  #register = 0;
  days = 0;

  constructor(meter: LoneMeter) {
    this.#meter = meter;
  }

  look(): void {
    const journal = new Journal(this.#meter.files.journal);
    try {
      assert.equal(
        journal.get<{ integrity_check: string }>("SELECT * FROM pragma_integrity_check")
          ?.integrity_check,
        "ok",
      );
      this.#lookAtRegister(journal);
      this.#lookAtOutbox(journal);
      type Row = Slot & { start: number };
      for (const { start, wh, quality } of journal.all<Row>(
        "SELECT start, wh, quality FROM slot",
      )) {
        this.#remember(start, { wh, quality });
      }
      for (const { body } of journal.all<{ body: string }>(
        "SELECT body FROM day WHERE seq IS NULL",
      )) {
        this.#rememberDay(JSON.parse(body) as DayPlaintext);
      }
    } finally {
      journal.close();
    }
  }

  #lookAtRegister(journal: Journal): void {
    const state = loadSamplerState(journal);
    const closing = loadClosingState(journal);
    if (state === undefined || closing === undefined) return;
    const register = state.register + (state.open?.wh ?? 0);
    assert.ok(register >= this.#register, "the register went back");
    this.#register = register;
    const { wh } = journal.get<{ wh: number }>("SELECT coalesce(sum(wh), 0) AS wh FROM slot") ?? {
      wh: 0,
    };
    const settling = state.settling?.wh ?? 0;
    assert.equal(closing.register + wh + settling, state.register, "slots and register differ");
  }

  #lookAtOutbox(journal: Journal): void {
    const rows = journal.all<{ seq: number; leaf: string; envelope: string }>(
      "SELECT seq, leaf, envelope FROM outbox ORDER BY seq",
    );
    assert.deepEqual(
      rows.map(({ seq }) => seq),
      rows.map((_, i) => i + 1),
      "seq has a hole",
    );
    const position = journal.readState<{ seq: number; leaf: string }>("chain");
    assert.equal(position?.seq ?? 0, rows.length);
    rows.forEach(({ seq, leaf, envelope }, i) => {
      const known = this.#leaves.get(seq);
      assert.equal(leaf, known ?? leaf, `two records with seq ${seq}`);
      if (known !== undefined) return;
      this.#leaves.set(seq, leaf);
      const [line1 = "", line2 = ""] = envelope.split("\n");
      const record = parseRecord(nobleSuite, line1);
      assert.deepEqual([record.leaf, record.seq], [leaf, seq]);
      if (i > 0) assert.equal(record.prev, rows[i - 1]?.leaf);
      if (record.typ !== "day") return;
      const { utility, kid } = this.#meter;
      const text = decodeUtf8(openLine2(nobleSuite, parseLine2(line2), utility, kid, "day"));
      this.#rememberDay(parsePlaintext("day", text));
      this.days += 1;
    });
  }

  #rememberDay(day: DayPlaintext): void {
    day.wh.forEach((wh, i) => {
      this.#remember(day.from + i * day.step, { wh, quality: day.quality.charAt(i) });
    });
  }

  #remember(start: number, slot: Slot): void {
    assert.deepEqual(slot, this.slots.get(start) ?? slot, `slot ${start} has changed`);
    this.slots.set(start, slot);
  }
}

/** The slots of a meter that was left alone. */
async function measureUndisturbed(to: number): Promise<Map<number, Slot>> {
  const sources = [{ kind: "mock", seed: 7 }] as const;
  const opened = await openSources(sources, {
    zone: ZONE,
    folder: ".",
    sensors: () => assert.fail(),
  });
  assert.ok(opened.kind === "samples");
  const dayOf = createCalendar(ZONE, 900);
  const sampler = new Sampler({ dayOf, maxGapMs: 90_000, maxPowerW: 100_000, parts: ["mock"] });
  for (let at = START_S * 1000; at <= to * 1000; at += 60_000) {
    const { parts, ...sample } = await opened.source.read(at);
    const energies = parts.flatMap(
      ({ part, counter: sensor, register = 0, registerSpan, energy }) =>
        energy === "register"
          ? [{ part, sensor, energy, register, ...(registerSpan && { registerSpan }) }]
          : [],
    );
    sampler.add({ ...sample, at, monotonicMs: at, energies });
    sampler.advance(at);
  }
  await opened.source.close();
  return new Map(sampler.take().slots.map(({ start, wh, quality }) => [start, { wh, quality }]));
}

test(`${KILLS} kills of a meter: nothing that was kept is lost, changed or doubled`, async () => {
  const meter = prepareLoneMeter({ sources: [{ kind: "mock", seed: 7 }] }, ZONE);
  enrolLoneMeter(meter);
  const random = createRandom(20_240_330);
  const witness = new Witness(meter);
  const folder = path.dirname(meter.files.journal);
  // The simulated present lies years ahead: the meter works as fast as it can.
  const clock = `simulated:0:${START_S}:1`;
  const args = ["run", "--data", folder, "--clock", clock, "--log", "json"];
  for (let kill = 0; kill < KILLS; kill++) {
    const child = spawn(process.execPath, [cliScript("device"), ...args], {
      stdio: ["ignore", "pipe", "inherit"],
    });
    const ended = once(child, "exit") as Promise<[number | null, string | null]>;
    if (kill % 5 !== 0) await Promise.race([once(child.stdout, "data"), ended]);
    child.stdout.resume();
    await sleep(random() * LIFE_MS);
    child.kill("SIGKILL");
    const [code, signal] = await ended;
    assert.deepEqual([code, signal], [null, "SIGKILL"], "it must not end by itself");
    witness.look();
  }
  const last = Math.max(...witness.slots.keys());
  const expected = await measureUndisturbed(last + 3600);
  const differing = [...witness.slots].filter(([start, slot]) => {
    const true_ = expected.get(start);
    return true_?.wh !== slot.wh || true_.quality !== slot.quality;
  });
  assert.deepEqual(differing, []);
  assert.ok(witness.days >= 10, `only ${witness.days} days were sealed`);
});
