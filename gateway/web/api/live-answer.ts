/** Schema of a live value. */
import type { LiveValue } from "../../live/live-values.ts";
import { METER } from "./answers.ts";
import { arrayOf, integer, named, natural, objectOf, optional } from "./schema.ts";

export const LIVE_VALUE = named(
  "LiveValue",
  "What a meter measures now: signed by it, opened here, on no chain. A quantity that it does not measure is absent",
  objectOf<LiveValue>({
    meter: METER,
    atSeconds: natural("When it was measured, by the meter's clock, unix seconds"),
    ageMs: natural("Milliseconds since then"),
    powerMilliWatt: optional(integer("Active power, mW; negative while feeding in")),
    voltageMilliVolt: optional(arrayOf(natural("mV"), { minItems: 1, maxItems: 3 })),
    currentMilliAmp: optional(arrayOf(natural("mA"), { minItems: 1, maxItems: 3 })),
    temperatureMilliCelsius: optional(integer("m°C")),
    humidityCentiPercent: optional(natural("0.01 %")),
    registerWh: optional(natural("The meter's register, Wh")),
  }),
);
