/** A whole meter in this process, without a broker: recordings, a simulated household, real time, a changed chain. */
import assert from "node:assert/strict";
import { existsSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import Database from "better-sqlite3";
import { parseMeterConfig } from "../../../device/config.ts";
import type { DayBody } from "../../../device/day-close/day-body.ts";
import { Journal } from "../../../device/journal/journal.ts";
import type { MeterEvent } from "../../../device/meter-event.ts";
import { type DataFolder, dataFolder, writeKey } from "../../../device/run/data-folder.ts";
import { LiveState } from "../../../device/run/live-state.ts";
import { runMeter } from "../../../device/run/meter.ts";
import { askToRetire, type RetireAnswer } from "../../../device/run/status-server.ts";
import { readStatus } from "../../../device/status.ts";
import { encodeBase64url } from "../../../shared/base/bytes.ts";
import { type Clock, type ClockSpec, ManualClock } from "../../../shared/base/clock.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { createSigningKey } from "../../../shared/crypto/key.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { formatJoin } from "../../../shared/message/join.ts";
import { netOf } from "../../../shared/message/topic.ts";
import { makeTestFolder } from "../../support/process.ts";
import { projectRoot, requireSharedData, sharedDataPath } from "../../support/project-root.ts";
import { SampleChain } from "../../support/sample-chain.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";
import { waitFor } from "../../support/wait.ts";

const ROOT = projectRoot();
const HOURLY = ["household", "uci_sceaux_hourly_2006-2010.csv"];
const randomBytes = seededBytes("meter test");

/** A data folder that is ready to run; nothing listens at its broker's address. */
function prepare(zone: string, seed = "sample-chain"): DataFolder {
  const files = dataFolder(makeTestFolder());
  const chain = new SampleChain(nobleSuite, undefined, seed);
  const join = {
    v: 1 as const,
    chain: chain.chainId,
    genesis: chain.genesisLine,
    net: netOf(chain.chainId),
    zone: "000",
    meter: "352522395",
    salt: encodeBase64url(new Uint8Array(32)),
    token: encodeBase64url(new Uint8Array(32)),
    broker: "mqtt://127.0.0.1:1",
    time_zone: zone,
  };
  writeFileSync(files.join, formatJoin(join));
  writeKey(files.key, createSigningKey(nobleSuite, randomBytes));
  return files;
}

/** Runs the meter until `done`; returns its closed days and events. */
async function runUntil(
  files: DataFolder,
  config: unknown,
  clockSpec: ClockSpec,
  system: Clock,
  done: (events: readonly MeterEvent[]) => boolean,
): Promise<{ days: DayBody[]; events: MeterEvent[] }> {
  const stop = new AbortController();
  const events: MeterEvent[] = [];
  const running = runMeter({
    files,
    config: parseMeterConfig(JSON.stringify(config)),
    configFolder: ROOT,
    clockSpec,
    system,
    randomBytes,
    random: () => 0.5,
    openSensors: () => assert.fail("these meters have no real sensors"),
    openPin: () => assert.fail("these meters have no pins"),
    live: new LiveState(() => system.monotonicMs()),
    report: (event) => events.push(event),
    signal: stop.signal,
  });
  let ended = false;
  const end = running.finally(() => {
    ended = true;
  });
  end.catch(() => undefined);
  await waitFor("the meter", () => ended || done(events), 60_000);
  stop.abort();
  await running;
  const journal = new Journal(files.journal, { readOnly: true });
  const rows = journal.all<{ body: string }>("SELECT body FROM day ORDER BY start");
  journal.close();
  return { days: rows.map(({ body }) => JSON.parse(body) as DayBody), events };
}

const simulated = (simOriginS: number): ClockSpec => ({
  kind: "simulated",
  realOriginMs: 0,
  simOriginS,
  rate: 1,
});
const after = (days: number): Clock => new ManualClock(days * 86_400_000);
const has = (name: string) => (events: readonly MeterEvent[]) =>
  events.some(({ event }) => event === name);

test("the paper's rows: one day each, to the printed digit; nothing after the last", async () => {
  const config = {
    sources: [
      {
        kind: "replay",
        file: "deploy/paper-rows.csv",
        step: 0,
        time: { column: "timestamp", format: "YYYY-MM-DD hh:mm:ss" },
        energy: { column: "energy_kwh", unit: "kWh" },
        current: { column: "current_a", unit: "A" },
        voltage: { column: "voltage_v", unit: "V" },
        temperature: { column: "temperature_c", unit: "°C" },
        humidity: { column: "humidity_pct", unit: "%" },
      },
    ],
  };
  const files = prepare("America/Los_Angeles");
  const { days } = await runUntil(
    files,
    config,
    simulated(1_704_067_200),
    after(30),
    has("recording-ended"),
  );
  const rows = readFileSync(path.join(ROOT, "deploy/paper-rows.csv"), "utf8").trim().split("\n");
  const printed = rows.slice(1).map((row) => row.split(",").slice(-6));
  assert.ok(printed.length >= 4);
  assert.deepEqual(
    days.map((day) => [day.day, day.wh, day.quality]),
    printed.map(([at = "", kwh]) => [at.slice(0, 10), [Math.round(Number(kwh) * 1000)], "M"]),
  );
  for (const [i, [, , amps, volts, degrees, percent]] of printed.entries()) {
    assert.equal(days[i]?.current?.[0]?.[0], Math.round(Number(amps) * 1000));
    assert.equal(days[i]?.voltage?.[0]?.[0], Math.round(Number(volts) * 1000));
    assert.equal(days[i]?.temperature?.[0], Math.round(Number(degrees) * 1000));
    assert.equal(days[i]?.humidity?.[0], Math.round(Number(percent) * 100));
  }
});

test("half a year of a real house by the hour: each day's energy, outages as gaps", async (t) => {
  if (!requireSharedData(t, ...HOURLY)) return;
  const config = {
    step: 3600,
    sources: [
      {
        kind: "replay",
        file: sharedDataPath(...HOURLY),
        step: 3600,
        zone: "+01:00",
        time: { column: "timestamp" },
        energy: { column: "energy_kwh", unit: "kWh" },
        voltage: { column: "voltage_v", unit: "V" },
        quality: { column: "quality", partial: ["partial"], missing: ["missing"] },
      },
    ],
  };
  const begin = Date.parse("2006-12-16T17:00+01:00") / 1000;
  const end = Date.parse("2007-06-01T00:00+01:00") / 1000;
  const system = new ManualClock((end - begin) * 1000);
  const closed = (events: readonly MeterEvent[]) =>
    events.some((event) => event.event === "day-closed" && event.date === "2007-05-31");
  const { days } = await runUntil(prepare("Etc/GMT-1"), config, simulated(begin), system, closed);
  const kwhByDate = new Map<string, number>();
  const hoursByDate = new Map<string, number>();
  for (const line of readFileSync(sharedDataPath(...HOURLY), "utf8")
    .split("\n")
    .slice(1)) {
    const [at = "", kwh = "", , , quality] = line.split(",");
    const date = at.slice(0, 10);
    if (kwh === "" || quality === "missing" || date > "2007-05-31") continue;
    kwhByDate.set(date, (kwhByDate.get(date) ?? 0) + Number(kwh));
    hoursByDate.set(date, (hoursByDate.get(date) ?? 0) + 1);
  }
  assert.equal(days.length, 167);
  let gaps = 0;
  for (const day of days) {
    const wh = day.register[1] - day.register[0];
    const recorded = (kwhByDate.get(day.day) ?? 0) * 1000;
    assert.ok(Math.abs(wh - recorded) <= 1, `${day.day}: ${wh} Wh, recorded ${recorded}`);
    const measured = [...day.quality].filter((letter) => letter !== "G").length;
    assert.equal(measured, hoursByDate.get(day.day) ?? 0, day.day);
    gaps += day.wh.length - measured;
  }
  assert.ok(gaps > 48, "the outage of April 2007 is in the data");
});

/** Minutes of 600 W from midnight on, as a CSV that is played at driver level. */
function writeMinutes(days: number, more = ""): unknown {
  const file = path.join(makeTestFolder(), "minutes.csv");
  const rows = Array.from({ length: days * 1440 }, (_, i) =>
    new Date(Date.UTC(2024, 0, 10, 0, i)).toISOString().slice(0, 16),
  );
  writeFileSync(file, `t,w\n${rows.map((at) => `${at},600`).join("\n")}\n${more}`);
  return {
    sources: [
      {
        kind: "replay",
        file,
        step: 60,
        zone: "+01:00",
        time: { column: "t" },
        power: { column: "w", unit: "W" },
      },
    ],
  };
}
const MINUTES_FROM = Date.parse("2024-01-10T00:00+01:00") / 1000;

test("a recording at driver level ends like one of rows: no days of gaps after its last minute", async () => {
  const files = prepare("Europe/Berlin");
  const ended = has("recording-ended");
  const { days } = await runUntil(
    files,
    writeMinutes(2),
    simulated(MINUTES_FROM),
    after(30),
    ended,
  );
  assert.deepEqual(
    days.map(({ day, quality, register }) => [day, quality, register]),
    [
      ["2024-01-10", "M".repeat(96), [0, 14_400]],
      ["2024-01-11", "M".repeat(96), [14_400, 28_800]],
    ],
  );
});

test("a malformed row of a recording at driver level ends the run and is named", async () => {
  const files = prepare("Europe/Berlin");
  const config = writeMinutes(1, "2024-01-11T00:00,a lot\n");
  for (const _ of ["first", "again"]) {
    const run = runUntil(files, config, simulated(MINUTES_FROM), after(30), has("stopped"));
    await assert.rejects(
      run,
      (error) => isCoded(error, "replay-row") && /line 1442/.test(error.message),
    );
  }
  const journal = new Journal(files.journal, { readOnly: true });
  assert.equal(readStatus(journal, "Europe/Berlin").register, 14_400);
  journal.close();
});

const UNUSABLE: readonly (readonly [what: string, config: object])[] = [
  ["an address that is none of a broker", { broker: "http://127.0.0.1/" }],
  ["a certificate that is not there", { tls_ca: "nowhere/ca.pem" }],
];
for (const [what, config] of UNUSABLE) {
  test(`refused at the start: ${what}`, async () => {
    const all = { sources: [{ kind: "mock", seed: 3 }], ...config };
    const clock = simulated(1_704_067_200);
    const run = runUntil(prepare("Europe/Berlin"), all, clock, after(0.1), has("stopped"));
    await assert.rejects(run, (error) => isCoded(error, "config"));
  });
}

test("where the last commit fails, nothing of the meter goes on in the process", async () => {
  const files = prepare("Europe/Berlin");
  const config = {
    sources: [{ kind: "mock", seed: 3 }],
    reconnect_first_ms: 10,
    reconnect_most_ms: 10,
  };
  let seen: readonly MeterEvent[] = [];
  let writer: Database.Database | undefined;
  const run = runUntil(files, config, simulated(1_704_067_200), after(0.1), (events) => {
    seen = events;
    if (!has("offline")(events)) return false;
    writer = new Database(files.journal);
    writer.exec("BEGIN IMMEDIATE");
    return true;
  });
  await assert.rejects(run, /locked/);
  writer?.close();
  const count = seen.length;
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(seen.length, count);
});

test("a simulated household is the same however its process is cut", async () => {
  const config = { sources: [{ kind: "mock", seed: 3 }] };
  const origin = Date.parse("2024-03-30T00:00+01:00") / 1000;
  const closed = (count: number) => (events: readonly MeterEvent[]) =>
    events.filter(({ event }) => event === "day-closed").length >= count;
  const whole = prepare("Europe/Berlin");
  const cut = prepare("Europe/Berlin");
  const spec = simulated(origin);
  const one = await runUntil(whole, config, spec, after(3.1), closed(3));
  await runUntil(cut, config, spec, after(0.51), has("started"));
  await runUntil(cut, config, spec, after(1.3), has("day-closed"));
  const two = await runUntil(cut, config, spec, after(3.1), closed(2));
  const body = ({ wh, quality, register, voltage, temperature, from, to }: DayBody) => ({
    wh,
    quality,
    register,
    voltage,
    temperature,
    from,
    to,
  });
  assert.deepEqual(two.days.map(body), one.days.map(body));
  assert.equal(one.days[1]?.quality, "M".repeat(92), "the day of the clock change");
});

test("by the real clock: readings are durable within seconds, and it stops when told to", async () => {
  const files = prepare("Europe/Berlin");
  const system: Clock = { wallMs: () => Date.now(), monotonicMs: () => performance.now() };
  const config = { sources: [{ kind: "mock", seed: 3 }], save_every_s: 10 };
  let journal: Journal | undefined;
  const read = (): boolean => {
    if (!existsSync(files.journal)) return false;
    try {
      journal ??= new Journal(files.journal, { readOnly: true });
      return readStatus(journal, "Europe/Berlin").lastReading !== undefined;
    } catch {
      return false;
    }
  };
  await runUntil(files, config, { kind: "real" }, system, read);
  journal?.close();
});

test("a journal never changes its key or chain", async () => {
  const files = prepare("Europe/Berlin");
  const config = { sources: [{ kind: "mock", seed: 3 }] };
  await runUntil(files, config, simulated(1_704_067_200), after(0.1), has("started"));
  const other = prepare("Europe/Berlin", "another chain");
  writeFileSync(files.join, readFileSync(other.join));
  const again = runUntil(files, config, simulated(1_704_067_200), after(0.1), has("started"));
  await assert.rejects(again, (error) => isCoded(error, "join"));
});

test("a meter is not taken out while nobody could say when its last day ends", async () => {
  const files = prepare("Europe/Berlin");
  let isAsked = false;
  let answer: RetireAnswer | undefined;
  const ask = async (): Promise<void> => {
    answer = await askToRetire(files.socket);
  };
  // The clock of a machine that was just switched on.
  const system = new ManualClock(0);
  const config = { sources: [{ kind: "mock", seed: 1 }] };
  await runUntil(files, config, { kind: "real" }, system, (events) => {
    if (!isAsked && events.some(({ event }) => event === "started")) {
      isAsked = true;
      void ask();
    }
    return answer !== undefined;
  });
  assert.deepEqual(answer, { code: "clock" });
  const journal = new Journal(files.journal, { readOnly: true });
  assert.equal(readStatus(journal, "Europe/Berlin").retired, undefined);
  journal.close();
});
