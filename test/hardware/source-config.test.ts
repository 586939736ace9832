import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { decodeSources } from "../../hardware/source-config.ts";
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
      [["mock"], /sources\[0\]\.kind: expected one of mock, replay, pzem-004t, sht31/],
      [[{ kind: "bme280" }], /sources\[0\]\.kind/],
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
});
