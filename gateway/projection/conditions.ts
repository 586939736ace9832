/** What sensors saw in a day, in the shapes of readers, and what days come to together. */
import type { DaySensors } from "./packed-day.ts";
import type { Conditions, Spread } from "./read-model-types.ts";

type Triple = readonly [mean: number, min: number, max: number];

function toSpread([mean, min, max]: Triple): Spread {
  return { mean, min, max };
}

export function conditionsOf(day: DaySensors): Conditions {
  const { voltage, current, temperature, humidity } = day;
  return {
    ...(voltage === undefined ? {} : { voltageMilliVolt: voltage.map(toSpread) }),
    ...(current === undefined ? {} : { currentMilliAmp: current.map(toSpread) }),
    ...(temperature === undefined ? {} : { temperatureMilliCelsius: toSpread(temperature) }),
    ...(humidity === undefined ? {} : { humidityCentiPercent: toSpread(humidity) }),
  };
}

/** Mean of means, least and greatest over days; a quantity that no day has is absent. */
export function mergeConditions(days: readonly Conditions[]): Conditions {
  const phases = (
    pick: (day: Conditions) => readonly Spread[] | undefined,
  ): Spread[] | undefined => {
    const lists = days.map(pick).filter((list) => list !== undefined);
    const count = Math.max(0, ...lists.map((list) => list.length));
    const merged = Array.from({ length: count }, (_, phase) =>
      mergeSpreads(lists.map((list) => list[phase]).filter((spread) => spread !== undefined)),
    ).filter((spread) => spread !== undefined);
    return merged.length === 0 ? undefined : merged;
  };
  const one = (pick: (day: Conditions) => Spread | undefined): Spread | undefined =>
    mergeSpreads(days.map(pick).filter((spread) => spread !== undefined));
  const voltageMilliVolt = phases((day) => day.voltageMilliVolt);
  const currentMilliAmp = phases((day) => day.currentMilliAmp);
  const temperatureMilliCelsius = one((day) => day.temperatureMilliCelsius);
  const humidityCentiPercent = one((day) => day.humidityCentiPercent);
  return {
    ...(voltageMilliVolt === undefined ? {} : { voltageMilliVolt }),
    ...(currentMilliAmp === undefined ? {} : { currentMilliAmp }),
    ...(temperatureMilliCelsius === undefined ? {} : { temperatureMilliCelsius }),
    ...(humidityCentiPercent === undefined ? {} : { humidityCentiPercent }),
  };
}

function mergeSpreads(spreads: readonly Spread[]): Spread | undefined {
  if (spreads.length === 0) return undefined;
  const sum = spreads.reduce((total, { mean }) => total + mean, 0);
  return {
    mean: Math.round(sum / spreads.length),
    min: Math.min(...spreads.map(({ min }) => min)),
    max: Math.max(...spreads.map(({ max }) => max)),
  };
}
