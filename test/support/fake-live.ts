/** Test only: live values out of nothing, and a hub that tells them, for pages over the seeded read model. */
import type { LiveReader, LiveValue } from "../../gateway/live/live-values.ts";
import type { ReadModel } from "../../gateway/projection/read-model-types.ts";
import { EventHub } from "../../gateway/web/live/event-hub.ts";

export interface FakeLive {
  readonly live: LiveReader;
  readonly events: EventHub;
}

/** A kettle now and then, and the rest of a household; the same for the same second. */
function powerAt(meter: string, second: number): number {
  const seed = Number(meter) % 97;
  const kettle = (second + seed * 7) % 90 < 12 ? 1_850_000 : 0;
  return Math.round(180_000 + 60_000 * Math.sin(second / 17 + seed) + kettle);
}

function liveValue(meter: string, second: number, register: number | undefined): LiveValue {
  const power = powerAt(meter, second);
  return {
    ...{ meter, atSeconds: second, ageMs: 800, powerMilliWatt: power },
    voltageMilliVolt: [Math.round(231_400 + 900 * Math.sin(second / 29))],
    currentMilliAmp: [Math.round(power / 231.4)],
    ...{ temperatureMilliCelsius: 21_380, humidityCentiPercent: 4_420 },
    ...(register !== undefined && { registerWh: register }),
  };
}

/** Every meter of the model but the last says what it measures. */
export function makeFakeLive(readModel: ReadModel, tickMs = 1000): FakeLive {
  const silent = readModel.meters().rows.at(-1)?.meter;
  const registers = new Map<string, number | undefined>();
  const registerOf = (meter: string): number | undefined => {
    if (!registers.has(meter)) {
      const date = readModel.meter(meter)?.lastDay?.date ?? "";
      const last = readModel.day(meter, date).at(-1)?.registerLastWh;
      registers.set(meter, last === undefined ? undefined : last + 3_420);
    }
    return registers.get(meter);
  };
  const live: LiveReader = {
    newest: (meter) =>
      meter === silent || readModel.meter(meter) === undefined
        ? undefined
        : liveValue(meter, Math.floor(Date.now() / 1000), registerOf(meter)),
  };
  const events = new EventHub({ overview: () => readModel.overview(), live, run: "fake", tickMs });
  return { live, events };
}
