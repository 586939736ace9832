import assert from "node:assert/strict";
import { describe, test } from "node:test";
import type { Sensor } from "../../../hardware/driver/driver.ts";
import { ina219, parseIna219 } from "../../../hardware/driver/ina219.ts";
import { ina226, parseIna226 } from "../../../hardware/driver/ina226.ts";
import { ina260, parseIna260 } from "../../../hardware/driver/ina260.ts";
import type { I2cDevice } from "../../../hardware/simulated/simulated-i2c-bus.ts";
import { SimulatedTiming } from "../../../hardware/simulated/simulated-timing.ts";
import { InaDevice } from "../../support/i2c-power-devices.ts";
import { rejectsWith, scriptI2c, throwsWith } from "../../support/sensor-doubles.ts";

function words(first: number, second: number): Uint8Array {
  return Uint8Array.of((first >> 8) & 255, first & 255, second >> 8, second & 255);
}

const TENTH = { shunt_uohm: 100_000 };
const TWO_MILLI = { shunt_uohm: 2_000 };

describe("INA219", () => {
  test("12.004 V and 40 mV across 0.1 Ω: 0.4 A, 4.802 W", () => {
    const raw = words(0x0fa0, 0x5dc8);
    assert.deepEqual(parseIna219(raw, TENTH), {
      energy: "power",
      power: 4_802,
      voltage: [12_004],
      current: [400],
      raw,
    });
  });

  test("the data sheet's example: 2 mΩ, 20 mV, 11.98 V: 10 A, 119.8 W", () => {
    const { voltage, current, power } = parseIna219(words(2_000, (2_995 << 3) | 2), TWO_MILLI);
    assert.deepEqual([voltage, current, power], [[11_980], [10_000], 119_800]);
  });

  test("current that flows back is negative; the power of a small current is not rounded with it", () => {
    const back = parseIna219(words(-4_000, 0x5dc8), TENTH);
    assert.deepEqual([back.current, back.power], [[-400], -4_802]);
    const little = parseIna219(words(4, 6_000 << 3), TENTH);
    assert.deepEqual([little.current, little.power], [[0], 10]);
    assert.ok(Object.is(parseIna219(words(-1, 0), TENTH).power, 0));
  });

  test("overflow, a saturated shunt, more volts than it bears, more amperes than believed, a wrong length", () => {
    throwsWith(() => parseIna219(words(2_000, (2_995 << 3) | 1), TENTH), "sensor-range");
    throwsWith(() => parseIna219(words(32_000, 0x5dc8), TENTH), "sensor-range");
    throwsWith(() => parseIna219(words(-32_000, 0x5dc8), TENTH), "sensor-range");
    throwsWith(() => parseIna219(words(0, 6_826 << 3), TENTH), "sensor-range");
    throwsWith(() => parseIna219(words(0xffff, 0xffff), TENTH), "sensor-range");
    const most = { ...TENTH, max_current_ma: 399 };
    throwsWith(() => parseIna219(words(4_000, 0x5dc8), most), "sensor-range");
    throwsWith(() => parseIna219(Uint8Array.of(0, 0), TENTH), "sensor-range");
  });
});

describe("INA226", () => {
  test("the data sheet's example: 2 mΩ, 20 mV, 11.98 V: 10 A, 119.8 W", () => {
    const raw = words(0x1f40, 0x2570);
    assert.deepEqual(parseIna226(raw, TWO_MILLI), {
      energy: "power",
      power: 119_800,
      voltage: [11_980],
      current: [10_000],
      raw,
    });
  });

  test("a saturated shunt, more volts than it bears, more amperes than believed, a wrong length", () => {
    throwsWith(() => parseIna226(words(0x7fff, 0x2570), TWO_MILLI), "sensor-range");
    throwsWith(() => parseIna226(words(0x8000, 0x2570), TWO_MILLI), "sensor-range");
    throwsWith(() => parseIna226(words(0, 30_241), TWO_MILLI), "sensor-range");
    const most = { ...TWO_MILLI, max_current_ma: 9_999 };
    throwsWith(() => parseIna226(words(0x1f40, 0x2570), most), "sensor-range");
    throwsWith(() => parseIna226(new Uint8Array(5), TWO_MILLI), "sensor-range");
  });
});

describe("INA260", () => {
  test("8000 counts are 10 A, 9600 are 12 V", () => {
    const raw = words(8_000, 9_600);
    assert.deepEqual(parseIna260(raw, {}), {
      energy: "power",
      power: 120_000,
      voltage: [12_000],
      current: [10_000],
      raw,
    });
    assert.deepEqual(parseIna260(words(-1, 9_600), {}).power, -15);
  });

  test("15 A and 36 V, a twentieth more, and no further", () => {
    assert.deepEqual(parseIna260(words(12_600, 0), {}).current, [15_750]);
    throwsWith(() => parseIna260(words(12_601, 0), {}), "sensor-range");
    throwsWith(() => parseIna260(words(0, 30_241), {}), "sensor-range");
    throwsWith(() => parseIna260(words(8_000, 0), { max_current_ma: 5_000 }), "sensor-range");
    throwsWith(() => parseIna260(new Uint8Array(0), {}), "sensor-range");
  });
});

type Model = "ina219" | "ina226" | "ina260";
const CASES: readonly (readonly [Model, readonly [number, number], number, readonly number[]])[] = [
  // 0.4 A at 12.004 V; the settings after the first reading.
  ["ina219", [4_000, 0x5dc8], 4_802, [0x3fff, 4_096]],
  ["ina226", [16_000, 9_603], 4_802, [0x4d27, 2_048]],
  ["ina260", [320, 9_603], 4_802, [0x6d27, 0]],
];

function open(model: Model, device: I2cDevice) {
  const ports = scriptI2c(0x41, device, new SimulatedTiming());
  const place = { bus: 1, address: 0x41 } as const;
  if (model === "ina219") return ina219.open({ kind: model, ...place, ...TENTH }, ports);
  if (model === "ina226") return ina226.open({ kind: model, ...place, ...TENTH }, ports);
  return ina260.open({ kind: model, ...place }, ports);
}

for (const [model, measured, power, settings] of CASES) {
  describe(`the driver of the ${model}`, () => {
    test("sets the part up at the first reading, says when it was reset, and goes on", async () => {
      const device = new InaDevice(model);
      device.measured = measured;
      const driver = await open(model, device);
      assert.equal((await driver.read()).power, power);
      assert.deepEqual([device.word(0), device.word(5)], settings);
      assert.equal((await driver.read()).power, power);
      device.reset();
      await rejectsWith(driver.read(), "sensor-busy");
      assert.equal((await driver.read()).power, power);
      assert.deepEqual([device.word(0), device.word(5)], settings);
    });

    test("another process finds the part as it was left", async () => {
      const device = new InaDevice(model);
      device.measured = measured;
      await (await open(model, device)).read();
      const again = await open(model, device);
      assert.equal((await again.read()).power, power);
      device.reset();
      await rejectsWith(again.read(), "sensor-busy");
    });

    test("a part that keeps no settings is gone", async () => {
      const device = new InaDevice(model);
      device.stuck = true;
      await rejectsWith((await open(model, device)).read(), "sensor-gone");
    });

    test("probe names the part with what it measures, changes nothing, and refuses the two others", async () => {
      const device = new InaDevice(model);
      device.measured = measured;
      const before = [device.word(0), device.word(5)];
      const text = await (await open(model, device)).probe();
      assert.match(text, new RegExp(`^${model.toUpperCase()} at address 0x41: 12\\.004 V, 40`));
      assert.deepEqual([device.word(0), device.word(5)], before);
      for (const [other] of CASES.filter(([name]) => name !== model)) {
        await rejectsWith((await open(other, device)).probe(), "sensor-gone");
      }
    });
  });
}

test("an INA219 is told from other parts at its addresses by bits that it keeps at 0", async () => {
  const registers = (values: { readonly [register: number]: number }): I2cDevice => {
    let pointer = 0;
    return {
      write: ([register = 0]) => {
        pointer = register;
        return true;
      },
      read: () => Uint8Array.of((values[pointer] ?? 0) >> 8, (values[pointer] ?? 0) & 255),
    };
  };
  const others = {
    // Its address registers of the power-on state: 0xE2, 0xE4.
    "PCA9685, a pulse-width driver": { 0: 0x1104, 2: 0xe2e4, 5: 0xe0e8 },
    "ADS1115: its pointer has two bits": { 0: 0x1234, 2: 0x8000, 5: 0x8583 },
    "LM75, 25 °C": { 0: 0x1900, 2: 0x4b00, 5: 0x1900 },
    INA228: { 0: 0x0000, 2: 0x1000, 62: 0x5449 },
    "a bus that stays high": { 0: 0xffff, 2: 0xffff, 5: 0xffff, 254: 0xffff, 62: 0xffff },
  };
  for (const [name, values] of Object.entries(others)) {
    const driver = await open("ina219", registers(values));
    await assert.rejects(driver.probe(), { code: "sensor-gone" }, name);
  }
});

test("probe says nothing but 0 to an Si7021 at its address, which 0xFE would reset", async () => {
  const written: number[] = [];
  const humidity: I2cDevice = {
    write: ([command = 0]) => {
      written.push(command);
      return command === 0xfe;
    },
    read: () => undefined,
  };
  for (const [model] of CASES) {
    await rejectsWith((await open(model, humidity)).probe(), "sensor-nack");
  }
  assert.deepEqual(written, [0, 0, 0]);
});

test("an INA219's shunt must be stated; candidates take 0.1 Ω", () => {
  throwsWith(() => ina219.decode({ kind: "ina219", bus: 1 }, "x"), "schema");
  throwsWith(
    () => ina226.decode({ kind: "ina226", bus: 1, address: 0x50, shunt_uohm: 1 }, "x"),
    "schema",
  );
  for (const sensor of [ina219, ina226, ina260] as readonly Sensor<{ kind: string }>[]) {
    const found = sensor.candidates({ kind: "i2c", bus: 3 });
    assert.equal(found.length, 16);
    for (const config of found) assert.deepEqual(sensor.decode(config, "x"), config);
    assert.deepEqual(sensor.candidates({ kind: "serial", port: "/dev/ttyUSB0" }), []);
  }
});
