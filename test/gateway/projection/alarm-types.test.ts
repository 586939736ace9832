// Each kind of alarm has its codes, and each code that raises one has words for people.
import assert from "node:assert/strict";
import { test } from "node:test";
import { kindOfAlarm } from "../../../gateway/projection/alarm-types.ts";
import { codeWords, kindOfAlarmWords } from "../../../gateway/web/view/alarm-words.ts";
import { EVENT_CODES, isAlarming } from "../../../shared/event/event-code.ts";

const CODES: readonly (readonly [code: string, kind: string])[] = [
  ["no-data", "no-data"],
  ["evidence", "equivocation"],
  ["tamper", "tamper"],
  ["day-register", "register"],
  ["exchange-register", "register"],
  ["clock-refused", "clock"],
  ["day-calendar", "clock"],
  ["part-swap", "device"],
  ["meter-correction", "device"],
  ["revoked", "device"],
  ["storage-full", "device"],
  ["open-failed", "record"],
  ["constructor", "record"],
];

test("codes are sorted into kinds; what is nobody's is the gateway's own", () => {
  for (const [code, kind] of CODES) assert.equal(kindOfAlarm(code, false), kind, code);
  assert.equal(kindOfAlarm("prev", true), "gateway");
  assert.equal(kindOfAlarm("store-old", false), "gateway");
});

test("every event that alarms, and every kind, is put into words", () => {
  const alarming = Object.keys(EVENT_CODES).filter(isAlarming);
  assert.ok(alarming.length > 3);
  for (const code of [...alarming, ...CODES.map(([one]) => one).slice(0, -1)]) {
    const { title, advice } = kindOfAlarmWords(kindOfAlarm(code, false));
    assert.ok(title.length > 4 && advice.endsWith("."), code);
    assert.notEqual(codeWords(code), "No description", code);
  }
  assert.equal(codeWords("constructor"), "No description");
});
