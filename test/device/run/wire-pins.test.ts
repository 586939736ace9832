import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { setImmediate } from "node:timers/promises";
import Database from "better-sqlite3";
import { loadAlarms, raiseAlarm } from "../../../device/journal/alarm-store.ts";
import { Journal, type JournalFaults } from "../../../device/journal/journal.ts";
import type { MeterEvent } from "../../../device/meter-event.ts";
import { LiveState } from "../../../device/run/live-state.ts";
import { wirePins } from "../../../device/run/wire-pins.ts";
import { FakePin } from "../../support/fake-pin.ts";
import { makeTestFolder } from "../../support/process.ts";
import { waitFor } from "../../support/wait.ts";

const NOW = 1_760_000_000;

/** A meter with a tamper switch on 27 and a button on 22, over a journal that stays. */
async function start(file: string, opened: 0 | 1, faults: JournalFaults = {}) {
  const journal = new Journal(file, { faults });
  const live = new LiveState(() => 0);
  const records: string[] = [];
  const events: MeterEvent[] = [];
  const pins = new Map([
    [27, new FakePin(opened)],
    [22, new FakePin(1)],
  ]);
  let nowMs = 0;
  const clock = { known: true };
  const wired = await wirePins({
    config: { tamper: 27, button: 22 },
    open: async ({ pin }) => pins.get(pin) ?? assert.fail(`pin ${pin}`),
    live,
    journal,
    isClockKnown: () => clock.known,
    now: () => NOW,
    monotonicMs: () => nowMs,
    record: (code, before = "", after = "") => records.push(`${code}: ${before} > ${after}`),
    report: (event) => events.push(event),
  });
  return {
    ...{ journal, live, records, events, clock },
    tamper: pins.get(27) ?? assert.fail(),
    press() {
      const button = pins.get(22);
      button?.set(0);
      nowMs += 100;
      button?.set(1);
      const last = events.at(-1);
      return last?.event === "button" ? last.status : undefined;
    },
    async stop() {
      await wired.close();
      journal.close();
    },
  };
}

test("an opened case is an alarm until it is closed, through restarts", async () => {
  const file = path.join(makeTestFolder(), "meter.db");
  const first = await start(file, 0);
  await waitFor("a look at the case", () => first.journal.readState("case") !== undefined);
  assert.deepEqual(first.records, []);
  first.tamper.set(1);
  await waitFor("an alarm", () => loadAlarms(first.journal).length === 1);
  assert.deepEqual(loadAlarms(first.journal), [
    { code: "tamper", at: NOW, note: "the case is open" },
  ]);
  assert.deepEqual(first.records, ["tamper: the case is closed > the case is open"]);
  await first.stop();

  const second = await start(file, 1);
  second.tamper.set(1);
  await new Promise((resolve) => setTimeout(resolve, 450));
  assert.deepEqual(second.records, [], "it was open before");
  await second.stop();

  const third = await start(file, 0);
  await waitFor("no alarm", () => loadAlarms(third.journal).length === 0);
  assert.deepEqual(third.records, ["tamper: the case is open > the case is closed"]);
  await third.stop();
});

test("a press of the button tells what the live state, the clock and the alarms say", async () => {
  const meter = await start(path.join(makeTestFolder(), "meter.db"), 0);
  assert.equal(meter.press(), "no connection to the broker");
  meter.live.note({ event: "online", broker: "mqtt://broker" });
  assert.equal(meter.press(), "all is well");
  const fault = { part: "mains", sensor: "pzem-004t", code: "sensor-timeout" } as const;
  meter.live.watch({ parts: [], evidence: [], faults: [fault] });
  meter.clock.known = false;
  raiseAlarm(meter.journal, { code: "storage", at: NOW, note: "full" });
  raiseAlarm(meter.journal, { code: "clock", at: NOW, note: "not known" });
  assert.equal(meter.press(), "a sensor fails; the clock is not set; there is an alarm");
  await meter.stop();
});

test("a full card costs the note of the case, not the event", async () => {
  const file = path.join(makeTestFolder(), "meter.db");
  const faults: JournalFaults = {};
  const meter = await start(file, 0, faults);
  await waitFor("a look at the case", () => meter.journal.readState("case") !== undefined);
  faults.beforeCommit = () => {
    throw new Database.SqliteError("database or disk is full", "SQLITE_FULL");
  };
  meter.tamper.set(1);
  await waitFor("an event", () => meter.records.length === 1);
  await setImmediate();
  assert.deepEqual(meter.journal.readState("case"), { opened: false });
  assert.ok(meter.events.every(({ event }) => event === "tamper"));
  assert.ok(meter.tamper.watched);
  await meter.stop();
});

test("without pins in the configuration nothing is opened", async () => {
  const journal = new Journal(path.join(makeTestFolder(), "meter.db"));
  const pins = await wirePins({
    config: undefined,
    open: () => assert.fail("no pin is wired"),
    live: new LiveState(() => 0),
    journal,
    isClockKnown: () => true,
    now: () => NOW,
    monotonicMs: () => 0,
    record: () => {},
    report: () => {},
  });
  await pins.close();
  journal.close();
});
