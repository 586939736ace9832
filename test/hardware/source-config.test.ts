import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeSources, sensorsOf } from "../../hardware/source-config.ts";
import { planParts } from "../../hardware/source-plan.ts";
import type { Json } from "../../shared/base/canonical-json.ts";
import { throwsWith } from "../support/sensor-doubles.ts";

const PZEM = { kind: "pzem-004t", port: "/dev/serial0" };
const SHT31 = { kind: "sht31", bus: 1 };
const REPLAY = {
  kind: "replay",
  file: "a.csv",
  step: 3600,
  time: { column: "timestamp" },
  energy: { column: "kwh", unit: "kWh" },
};

describe("sources of a configuration", () => {
  test("the four kinds", () => {
    assert.deepEqual(decodeSources([{ kind: "mock", seed: 7 }]), [{ kind: "mock", seed: 7 }]);
    assert.deepEqual(decodeSources([PZEM, SHT31]), [PZEM, SHT31]);
    assert.deepEqual(decodeSources([{ ...PZEM, baud: 9600, address: 2 }])[0], {
      ...PZEM,
      baud: 9600,
      address: 2,
    });
    const [replay] = decodeSources([REPLAY]);
    assert.ok(replay?.kind === "replay");
    assert.deepEqual(replay.energy?.column, ["kwh"]);
  });

  test("what is refused, and where", () => {
    const cases: [Json, RegExp][] = [
      [[], /sources/],
      ["mock", /sources/],
      [["mock"], /sources\[0\]\.kind: expected one of mock, replay, pzem-004t, /],
      [[{ kind: "bme999" }], /sources\[0\]\.kind/],
      [[{ kind: "mock" }], /sources\[0\]\.seed/],
      [[{ kind: "mock", seed: -1 }], /sources\[0\]\.seed/],
      [[{ ...PZEM, baud: 300 }], /sources\[0\]\.baud/],
      [[{ ...PZEM, address: 0 }], /sources\[0\]\.address/],
      [[{ ...PZEM, adress: 1 }], /sources\[0\]\.adress: expected no such member/],
      [[SHT31, { ...SHT31, address: 0x46 }], /sources\[1\]\.address/],
      [[PZEM, { ...PZEM, address: 2 }], /more than one sensor that measures energy/],
      [[{ kind: "mock", seed: 1 }, SHT31], /a mock source stands alone/],
      [[SHT31, REPLAY], /a replay source stands alone/],
      [[{ ...REPLAY, step: 7200 }], /sources\[0\]\.step/],
      [[{ ...REPLAY, energy: { column: "kwh", unit: "MWh" } }], /sources\[0\]\.energy\.unit/],
      [[{ ...REPLAY, power: { column: "kw", unit: "kW" } }], /either energy or power/],
      [[{ ...REPLAY, step: 0, as: "device" }], /step 0/],
    ];
    for (const [config, message] of cases) {
      assert.throws(() => decodeSources(config), message);
      throwsWith(() => decodeSources(config), "schema");
    }
  });

  test("what each sensor is for: a second circuit adds, a third is watched, climate comes from another", () => {
    const sources = decodeSources([
      PZEM,
      { ...PZEM, address: 2, use: "add", name: "heat pump", calibration: { ct_ratio: [200, 5] } },
      { ...PZEM, address: 3, use: "watch" },
      SHT31,
    ]);
    const plans = planParts(sensorsOf(sources));
    assert.deepEqual(
      plans.map(({ name, use, counter }) => [name, use, counter]),
      [
        ["pzem-004t", "energy", "pzem-004t"],
        ["heat pump", "add", "pzem-004t 2 ct 200/5"],
        ["pzem-004t 3", "watch", "pzem-004t 3"],
        ["sht31", "climate", "sht31"],
      ],
    );
  });

  test("uses that contradict each other, and calibrations that are none, are refused", () => {
    const ratio = (by: Json): Json => [{ ...PZEM, calibration: { ct_ratio: by } }];
    const cases: [Json, RegExp][] = [
      [[PZEM, { ...PZEM, use: "energy" }], /sources\[1\]\.use: more than one/],
      [[{ ...PZEM, use: "add" }], /none has the use "energy"/],
      [[{ ...SHT31, use: "add" }], /a sht31 measures no energy/],
      [[PZEM, { ...SHT31, name: "pzem-004t" }], /another part called pzem-004t/],
      [[{ ...PZEM, name: "" }], /sources\[0\]\.name/],
      [[{ ...PZEM, use: "main" }], /sources\[0\]\.use/],
      [ratio([200, 0]), /ct_ratio\[1\]/],
      [ratio([1.5, 1]), /ct_ratio\[0\]/],
      [ratio(40), /ct_ratio/],
      [[{ ...PZEM, calibration: { ct: [1, 1] } }], /calibration\.ct: expected no such member/],
    ];
    for (const [config, message] of cases) {
      assert.throws(() => decodeSources(config), message);
      throwsWith(() => decodeSources(config), "schema");
    }
  });
});
