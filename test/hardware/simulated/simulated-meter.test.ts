import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeReadInput, sealFrame } from "../../../hardware/driver/modbus-rtu.ts";
import { openSources } from "../../../hardware/open-source.ts";
import { answerPzem } from "../../../hardware/simulated/pzem-slave.ts";
import { openSimulatedMeter } from "../../../hardware/simulated/simulated-meter.ts";
import type { Source } from "../../../hardware/source.ts";
import { decodeHex, encodeHex } from "../../../shared/base/bytes.ts";
import { rejectsWith } from "../../support/sensor-doubles.ts";

const START = 1_704_063_600_000;
const MAINS = {
  voltage: 2_257,
  current: 108,
  power: 244,
  energy: 38,
  frequency: 500,
  powerFactor: 100,
};

async function openMock(seed: number): Promise<Source> {
  const opened = await openSources([{ kind: "mock", seed }], {
    zone: "Europe/Berlin",
    folder: "/",
    sensors: () => assert.fail("a household has no sensors"),
  });
  assert.equal(opened.kind, "samples");
  return opened.kind === "samples" ? opened.source : assert.fail();
}

describe("the simulated PZEM as a Modbus slave", () => {
  const answer = (hex: string): string => {
    const reply = answerPzem(decodeHex(hex), 1, () => MAINS);
    return reply === undefined ? "" : encodeHex(reply);
  };

  test("gives the documented reply byte for byte, to its own and to the general address", () => {
    const documented = "01041408d1006c000000f400000026000001f4006400005134";
    assert.equal(answer("01040000000a700d"), documented);
    assert.equal(answer("f8040000000a6464"), documented);
  });

  test("gives a part of its registers", () => {
    const voltage = sealFrame(decodeHex("01040208d10000"));
    assert.equal(answer(encodeHex(encodeReadInput(1, 0, 1))), encodeHex(voltage));
  });

  test("refuses registers that it does not have, and other functions", () => {
    assert.equal(answer(encodeHex(encodeReadInput(1, 0, 11))), "018402c2c1");
    assert.equal(answer(encodeHex(encodeReadInput(1, 9, 2))), "018402c2c1");
    assert.equal(answer(encodeHex(sealFrame(decodeHex("0103000200010000")))).slice(0, 6), "018301");
  });

  test("is silent on a wrong checksum, another address, and without mains", () => {
    assert.equal(answer("01040000000a700e"), "");
    assert.equal(answer(encodeHex(encodeReadInput(2, 0, 10))), "");
    assert.equal(answer("01040000000a70"), "");
    assert.equal(
      answerPzem(decodeHex("01040000000a700d"), 1, () => undefined),
      undefined,
    );
  });
});

describe("a mock meter", () => {
  test("samples energy, mains and climate through the real drivers, with the bytes as evidence", async () => {
    const source = await openMock(1);
    const sample = await source.read(START);
    assert.equal(sample.energy, "register");
    assert.deepEqual(sample.faults, []);
    assert.deepEqual(
      sample.evidence.map(({ sensor, raw }) => [sensor, raw.length]),
      [
        ["pzem-004t", 25],
        ["sht31", 6],
      ],
    );
    assert.ok((sample.register ?? -1) >= 0);
    assert.equal(sample.voltage?.length, 1);
    assert.ok((sample.temperature ?? 0) > 10_000);
    assert.ok((sample.humidity ?? 0) > 1_000);
    await source.close();
    await rejectsWith(source.read(START + 60_000), "sensor-gone");
  });

  test("is the same meter after a restart, and each seed is another", async () => {
    const running = await openMock(5);
    for (let minute = 0; minute < 200; minute++) await running.read(START + minute * 60_000);
    const at = START + 200 * 60_000;
    const expected = await running.read(at);
    assert.deepEqual(await (await openMock(5)).read(at), expected);
    assert.notEqual((await (await openMock(6)).read(at)).register, expected.register);
  });

  test("can be asked twice for one instant", async () => {
    const source = await openMock(5);
    assert.deepEqual(await source.read(START), await source.read(START));
  });

  test("a day of minutes adds up to the register's difference, without a fault", async () => {
    const source = await openMock(8);
    let previous = (await source.read(START)).register ?? 0;
    const first = previous;
    let sum = 0;
    for (let minute = 1; minute <= 1440; minute++) {
      const sample = await source.read(START + minute * 60_000);
      assert.deepEqual(sample.faults, []);
      const step = (sample.register ?? 0) - previous;
      assert.ok(step >= 0 && step < 200);
      sum += step;
      previous = sample.register ?? 0;
    }
    assert.equal(sum, previous - first);
    assert.ok(sum > 2_000 && sum < 30_000, String(sum));
  });
});

describe("one of two sensors fails", () => {
  test("without mains the climate is still there, and the fault is named", async () => {
    const source = await openSimulatedMeter({
      counter: "mock 1",
      mainsAt: () => undefined,
      climateAt: () => ({ temperature: 20_000, humidity: 5_000 }),
    });
    const sample = await source.read(START);
    assert.equal(sample.energy, "none");
    assert.equal(sample.register, undefined);
    assert.equal(sample.humidity, 5_000);
    assert.deepEqual(sample.faults, [
      { part: "mock", sensor: "pzem-004t", code: "sensor-timeout" },
    ]);
  });

  test("without climate the energy is still there", async () => {
    const source = await openSimulatedMeter({
      counter: "mock 1",
      mainsAt: () => MAINS,
      climateAt: () => undefined,
    });
    const sample = await source.read(START);
    assert.equal(sample.register, 38);
    assert.deepEqual(sample.faults, [{ part: "climate", sensor: "sht31", code: "sensor-nack" }]);
  });

  test("with neither the read fails with the first sensor's code, and the next may succeed", async () => {
    let mains: typeof MAINS | undefined;
    const source = await openSimulatedMeter({
      counter: "mock 1",
      mainsAt: () => mains,
      climateAt: () => undefined,
    });
    await rejectsWith(source.read(START), "sensor-timeout");
    mains = MAINS;
    assert.equal((await source.read(START + 1000)).register, 38);
  });
});
