/** The messages between the meter and the process that reads its sensors: whole through JSON, refused when damaged. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { decodeReply, decodeRequest, encodeSample } from "../../../hardware/host/message.ts";
import type { Sample } from "../../../hardware/source.ts";
import type { Json } from "../../../shared/base/canonical-json.ts";
import { throwsWith } from "../../support/sensor-doubles.ts";

const QUANTITIES = {
  energy: "register",
  register: 38,
  registerSpan: 10_000_000,
  registerStep: 40,
  exported: 0,
  identity: "1234",
  epoch: "00112233aabbccdd",
  lost: 3,
  takenMs: 12_345,
  power: -24_400,
  voltage: [225_700, 1, 2],
  current: [108],
  frequency: 50_000,
  powerFactor: 1_000,
  temperature: -12_000,
  humidity: 5_000,
} as const;

const SAMPLE: Sample = {
  ...QUANTITIES,
  at: 1_704_063_600_000,
  parts: [{ ...QUANTITIES, part: "main", sensor: "pzem-004t", counts: true, counter: "pzem 1" }],
  evidence: [{ sensor: "pzem-004t", raw: Uint8Array.of(1, 0, 255) }],
  faults: [{ part: "climate", sensor: "sht31", code: "sensor-nack" }],
};

const onWire = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;

test("a sample comes through JSON as it was, to the millisecond", () => {
  const reply = decodeReply(onWire(encodeSample(7, SAMPLE)));
  assert.deepEqual(reply, { op: "sample", id: 7, sample: SAMPLE });
  const late = decodeReply(onWire(encodeSample(7, { ...SAMPLE, takenMs: 0.6 })));
  assert.equal(late.op === "sample" && late.sample.takenMs, 1);
});

test("requests and replies of another form are refused", () => {
  const good = onWire(encodeSample(7, SAMPLE)) as { [name: string]: Json };
  const sample = good["sample"] as { [name: string]: Json };
  const bad: Json[] = [
    "sample",
    [],
    {},
    { op: "sample", id: 7 },
    { ...good, id: -1 },
    { ...good, sample: { ...sample, power: 1.5 } },
    { ...good, sample: { ...sample, voltage: [] } },
    { ...good, sample: { ...sample, evidence: [{ sensor: "a", raw: "0" }] } },
    { ...good, sample: { ...sample, more: 1 } },
    { op: "failed", id: 1, code: "no-such-code", message: "", faults: [] },
  ];
  for (const value of bad) throwsWith(() => decodeReply(value), "schema");
  for (const value of [{ op: "close", id: 1 }, { op: "read", id: 1, source: 0 }, 7] as Json[]) {
    throwsWith(() => decodeRequest(value), "schema");
  }
  assert.deepEqual(decodeRequest({ op: "read", id: 1, source: 0, at: 5 }), {
    op: "read",
    id: 1,
    source: 0,
    at: 5,
  });
});
