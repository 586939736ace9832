// What a meter tells of itself, from its journal to the portal: sealed with the days in one chain of its key, admitted
// by a real gateway, mined, shown, dumped, verified. One that a person should see becomes an alarm.
import assert from "node:assert/strict";
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { insertNotice } from "../../device/event/notice-store.ts";
import { Journal } from "../../device/journal/journal.ts";
import { dataFolder } from "../../device/run/data-folder.ts";
import {
  addMeter,
  configureGateway,
  dumpChain,
  readOpened,
  readRecords,
  simulatedClock,
  startGateway,
  startMeter,
  verify,
} from "../support/e2e-house.ts";
import { makeTestFolder, waitFor } from "../support/process.ts";

const METER = "352300017";
const MIDNIGHT_S = 1_704_063_600;
/** A simulated day in 2 s. */
const RATE = 43_200;

test("events of a meter between its days reach chain, portal and alarms", async (t) => {
  const folder = makeTestFolder();
  const data = path.join(folder, "gateway");
  configureGateway(data);
  const gateway = await startGateway(t, data, simulatedClock(MIDNIGHT_S, RATE));
  const meterFolder = path.join(folder, "meter");
  const config = { sources: [{ kind: "mock", seed: 3 }] };
  await addMeter(gateway, meterFolder, {
    meter: METER,
    zone: "Europe/Berlin",
    label: "an eventful house",
    config,
  });
  mkdirSync(meterFolder, { recursive: true });
  const files = dataFolder(meterFolder);
  writeFileSync(files.config, JSON.stringify(config));
  const journal = new Journal(files.journal);
  journal.transact("test", () => {
    const time = { boot: 1, monotonicMs: 1000, at: MIDNIGHT_S };
    insertNotice(journal, { code: "retime", before: "boot 1", after: "<2024>" }, time);
    insertNotice(journal, { code: "tamper", after: "open" }, { ...time, at: MIDNIGHT_S + 60 });
  });
  journal.close();
  const meter = startMeter(t, meterFolder, gateway.clock);
  const records = await waitFor(
    "both events and two days in the chain",
    60_000,
    async () => {
      const own = readRecords(await dumpChain(data)).filter(
        ({ typ }) => typ === "day" || typ === "event",
      );
      const days = own.filter(({ typ }) => typ === "day").length;
      return own.length - days === 2 && days >= 2 && own;
    },
    () => [...gateway.process.text, ...meter.text].join("\n"),
  );
  await meter.stop();
  assert.deepEqual(
    records.map(({ seq }) => seq),
    records.map((_, i) => i + 1),
    "one chain of the key",
  );
  const opened = readOpened(await dumpChain(data, "--opened")).filter((one) => "code" in one);
  assert.deepEqual(
    opened.map(({ code, at }) => [code, at]),
    [
      ["retime", MIDNIGHT_S],
      ["tamper", MIDNIGHT_S + 60],
    ],
  );
  const page = await (await fetch(new URL(`meters/${METER}`, gateway.portal))).text();
  assert.match(page, /What the meter told.*tamper.*retime.*boot 1 → &lt;2024&gt;/s);
  const alarms = await (await fetch(new URL("alarms", gateway.portal))).text();
  assert.match(alarms, /The tamper switch.*open/s);
  assert.doesNotMatch(alarms, /retime/);
  assert.match(await verify("--data", data), /verified|ok|chain/i);
  const dump = path.join(folder, "dump.jsonl");
  writeFileSync(dump, await dumpChain(data, "--opened"));
  assert.match(await verify(dump), /2 events that count, 0 that do not/);
});
