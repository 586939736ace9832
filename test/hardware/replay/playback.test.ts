import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Source } from "../../../hardware/source.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { openDevice, openRecording, writeRecording } from "../../support/recording.ts";
import { rejectsWith } from "../../support/sensor-doubles.ts";

const START = 1_704_063_600;
const HOUR = 3600;
const HOURLY = {
  step: 3600,
  zone: "+01:00",
  time: { column: "t" },
  energy: { column: "kwh", unit: "kWh" },
  quality: { column: "q" },
} as const;

/** Registers by minute, undefined where the device kept silent. */
async function registersOf(source: Source, from: number, to: number, stepS: number) {
  const registers: (number | undefined)[] = [];
  for (let at = from; at <= to; at += stepS) {
    try {
      registers.push((await source.read(at * 1000)).register);
    } catch (error) {
      assert.ok(isCoded(error, "sensor-timeout"), String(error));
      registers.push(undefined);
    }
  }
  return registers;
}

describe("a recording played as a PZEM", () => {
  test("the register rises through each row and is silent where nothing was recorded", async (t) => {
    const file = writeRecording(
      t,
      "t,kwh,q\n2024-01-01T00:00,0.6,\n2024-01-01T01:00,0.3,\n2024-01-01T05:00,0.1,\n",
    );
    const source = await openDevice({ ...HOURLY, file });
    assert.deepEqual(await registersOf(source, START - HOUR, START + 7 * HOUR, HOUR / 2), [
      ...[undefined, undefined],
      ...[0, 300, 600, 750, 900],
      ...[undefined, undefined, undefined, undefined, undefined],
      ...[900, 950, 1000],
      ...[undefined, undefined],
    ]);
    await source.close();
  });

  test("a partial row answers in the half that touches what was recorded, with all of its energy", async (t) => {
    const file = writeRecording(
      t,
      "t,kwh,q\n2024-01-01T00:00,0.6,\n2024-01-01T01:00,0.3,partial\n2024-01-01T05:00,0.1,partial\n2024-01-01T06:00,0.2,\n",
    );
    const source = await openDevice({ ...HOURLY, file });
    assert.deepEqual(await registersOf(source, START + HOUR, START + 7 * HOUR, HOUR / 4), [
      ...[600, 750, 900, undefined],
      ...new Array(12).fill(undefined),
      ...[undefined, undefined, 900, 950, 1000],
      ...[1050, 1100, 1150, 1200],
    ]);
  });

  test("quantities come through the registers; what was not recorded is absent from the samples", async (t) => {
    const file = writeRecording(
      t,
      "t,kw,v,a,temp\n2024-01-01T00:00,2.552,241.97,10.6,\n2024-01-01T00:01,1.2,,,20.5\n",
    );
    const opened = await openRecording({
      file,
      step: 60,
      zone: "+01:00",
      time: { column: "t" },
      power: { column: "kw", unit: "kW" },
      voltage: { column: "v", unit: "V" },
      current: { column: "a", unit: "A" },
      temperature: { column: "temp", unit: "°C" },
    });
    // Step 60 is played as a device unless the configuration says otherwise.
    assert.equal(opened.kind, "samples");
    if (opened.kind !== "samples") return;
    const first = await opened.source.read(START * 1000);
    assert.deepEqual(first.voltage, [242_000]);
    assert.deepEqual(first.current, [10_600]);
    assert.equal(first.power, 2_552_000);
    assert.deepEqual(first.faults, [{ part: "climate", sensor: "sht31", code: "sensor-nack" }]);
    for (const name of ["temperature", "humidity", "frequency", "powerFactor"]) {
      assert.ok(!(name in first), name);
    }
    const second = await opened.source.read((START + 60) * 1000);
    assert.equal(second.register, 43);
    assert.ok(Math.abs((second.temperature ?? 0) - 20_500) <= 2);
    for (const name of ["voltage", "current", "humidity"]) assert.ok(!(name in second), name);
  });

  test("a restart in the middle goes on with the same register", async (t) => {
    const rows = Array.from({ length: 24 }, (_, i) => {
      return `2024-01-01T${String(i).padStart(2, "0")}:00,0.${i + 1}0073,`;
    });
    const file = writeRecording(t, `t,kwh,q\n${rows.join("\n")}\n`);
    const running = await openDevice({ ...HOURLY, file });
    const expected = await registersOf(running, START, START + 20 * HOUR, HOUR / 6);
    const restarted = await openDevice({ ...HOURLY, file });
    const late = await registersOf(restarted, START + 10 * HOUR, START + 20 * HOUR, HOUR / 6);
    assert.deepEqual(late, expected.slice(60));
  });

  test("a malformed row fails the reads from its place on, not those before", async (t) => {
    const file = writeRecording(t, "t,kwh,q\n2024-01-01T00:00,0.6,\n2024-01-01T01:00,zero,\n");
    const source = await openDevice({ ...HOURLY, file });
    assert.equal((await source.read(START * 1000)).register, 0);
    assert.equal((await source.read((START + HOUR) * 1000)).register, 600);
    for (const minutes of [1, 30, 600]) {
      await rejectsWith(source.read((START + HOUR + 60 * minutes) * 1000), "replay-row");
    }
  });
});
