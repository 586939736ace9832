/** What is shown of a live value: one text for each quantity, nothing for what a meter does not say. */
import assert from "node:assert/strict";
import { test } from "node:test";
import {
  formatAge,
  formatLive,
  LIVE_FIGURES,
  unsealedWh,
} from "../../../../gateway/web/live/live-figures.ts";

const VALUE = { meter: "352522395", atSeconds: 1, ageMs: 0 };
const shown = (value: Parameters<typeof formatLive>[1]): Record<string, string | undefined> =>
  Object.fromEntries(LIVE_FIGURES.map((figure) => [figure.key, formatLive(figure, value)]));

test("each quantity with its digits, phase by phase", () => {
  assert.deepEqual(
    shown({
      ...VALUE,
      powerMilliWatt: -1_234_567,
      voltageMilliVolt: [230_449, 231_000, 229_951],
      currentMilliAmp: [1_785],
      temperatureMilliCelsius: 21_350,
      humidityCentiPercent: 4_449,
      registerWh: 1_234_567,
    }),
    {
      power: "\u22121,235",
      voltage: "230.4 / 231.0 / 230.0",
      current: "1.79",
      temperature: "21.4",
      humidity: "44",
      register: "1,234.57",
    },
  );
  assert.deepEqual(
    Object.values(shown(VALUE)).filter((text) => text !== undefined),
    [],
  );
});

test("an age as people say it", () => {
  assert.deepEqual([0, 1_400, 1_600, 59_000, 60_000, 299_000].map(formatAge), [
    "now",
    "now",
    "2 s ago",
    "59 s ago",
    "1 min ago",
    "4 min ago",
  ]);
});

test("what is not sealed yet is what the register went on by; never less than nothing", () => {
  assert.equal(unsealedWh({ ...VALUE, registerWh: 500 }, 420), 80);
  assert.equal(unsealedWh({ ...VALUE, registerWh: 400 }, 420), undefined, "another device");
  assert.equal(unsealedWh(VALUE, 420), undefined);
  assert.equal(unsealedWh({ ...VALUE, registerWh: 500 }, undefined), undefined);
});
