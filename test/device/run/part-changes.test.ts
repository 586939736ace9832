/** Changes of what measures become events with before and after; secrets and places are no settings. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { Journal } from "../../../device/journal/journal.ts";
import { hashCalibration, noteCalibration, recordSwaps } from "../../../device/run/part-changes.ts";
import { decodeSources } from "../../../hardware/source-config.ts";
import type { Json } from "../../../shared/base/canonical-json.ts";
import { makeTestFolder } from "../../support/process.ts";

const PZEM = { kind: "pzem-004t", port: "/dev/ttyUSB0", address: 1 };

function start(t: { after(end: () => void): void }) {
  const journal = new Journal(path.join(makeTestFolder(), "meter.db"));
  t.after(() => journal.close());
  return (sources: Json): (string | undefined)[][] => {
    const events: (string | undefined)[][] = [];
    noteCalibration(journal, decodeSources(sources), (...event) => events.push(event));
    return events;
  };
}

test("the first start is no change, nor is another port; another ratio is, with before and after", (t) => {
  const restart = start(t);
  assert.deepEqual(restart([PZEM]), []);
  assert.deepEqual(restart([{ ...PZEM, port: "/dev/ttyUSB1" }]), []);
  const calibration = { ct_ratio: [200, 5] };
  const text = "pzem-004t calibration: none";
  const scaled = 'pzem-004t calibration: {"ct_ratio":[200,5]}';
  assert.deepEqual(restart([{ ...PZEM, calibration }]), [["calibration", text, scaled]]);
  assert.deepEqual(restart([{ ...PZEM, calibration }]), []);
  assert.deepEqual(restart([PZEM]), [["calibration", scaled, text]]);
});

test("each setting that changed is said by itself", (t) => {
  const restart = start(t);
  restart([{ ...PZEM, calibration: { voltage_gain: [1001, 1000] } }]);
  const both = restart([{ ...PZEM, address: 2, calibration: { voltage_gain: [999, 1000] } }]);
  assert.deepEqual(both, [
    ["calibration", "pzem-004t address: 1", "pzem-004t address: 2"],
    [
      "calibration",
      'pzem-004t calibration: {"voltage_gain":[1001,1000]}',
      'pzem-004t calibration: {"voltage_gain":[999,1000]}',
    ],
  ]);
});

test("a part that begins to count, or ends, is a change; one that is only watched is not", (t) => {
  const restart = start(t);
  restart([PZEM]);
  const second = { ...PZEM, address: 2, name: "shed" };
  assert.deepEqual(restart([PZEM, { ...second, use: "watch" }]), []);
  const counted = 'shed {"address":2,"kind":"pzem-004t","use":"add"}';
  assert.deepEqual(restart([PZEM, { ...second, use: "add" }]), [
    ["calibration", "shed none", counted],
  ]);
  assert.deepEqual(restart([PZEM]), [["calibration", counted, "shed none"]]);
});

test("the hash covers what turns readings into Wh, and no secret", () => {
  const of = (sources: Json) => hashCalibration(decodeSources(sources));
  const p1 = { kind: "dsmr-p1", port: "/dev/ttyUSB0", key: "00112233445566778899aabbccddeeff" };
  assert.equal(of([{ kind: "mock", seed: 1 }]), undefined);
  assert.equal(of([PZEM]), of([{ ...PZEM, port: "/dev/ttyUSB1" }]));
  assert.notEqual(of([PZEM]), of([{ ...PZEM, calibration: { voltage_gain: [1001, 1000] } }]));
  assert.equal(of([p1]), of([{ ...p1, key: "ffeeddccbbaa99887766554433221100" }]));
});

test("what the sampler notes of its counters is said as before and after", () => {
  const events: (string | undefined)[][] = [];
  const noted = [
    { at: 1, code: "counter-swap", note: "p1: p1 E1 at 10 Wh; now p1: p1 E2 at 5 Wh" },
    { at: 1, code: "part-removed", note: "a: a at 9 Wh" },
    { at: 1, code: "part-added", note: "c: c at 8 Wh" },
    { at: 1, code: "counter-back", note: "p1: 7 to 6 Wh, counted 0" },
  ];
  recordSwaps(noted, (...event) => events.push(event));
  assert.deepEqual(events, [
    ["part-swap", "p1: p1 E1 at 10 Wh", "p1: p1 E2 at 5 Wh"],
    ["part-swap", "a: a at 9 Wh", "no longer counted"],
    ["part-swap", "not counted", "c: c at 8 Wh"],
  ]);
});
