/** Test only: a seeded household's day, by slot, plausible enough to judge a chart by. */
import type { Conditions, SlotCounts } from "../../gateway/projection/read-model-types.ts";

/** mulberry32: small, seeded, good enough for pictures. */
function seededNumbers(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let t = Math.imul(state ^ (state >>> 15), state | 1);
    t = (t + Math.imul(t ^ (t >>> 7), t | 61)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
  };
}

/** Offset of a zone from UTC at an instant, in seconds. */
function offsetAt(zone: string, seconds: number): number {
  const parts = new Intl.DateTimeFormat("sv-SE", {
    timeZone: zone,
    dateStyle: "short",
    timeStyle: "medium",
  }).format(seconds * 1000);
  return Date.parse(`${parts.replace(" ", "T")}Z`) / 1000 - seconds;
}

/** First instant of a civil date, for zones whose midnight exists. */
export function midnight(zone: string, date: string): number {
  const naive = Date.parse(`${date}T00:00:00Z`) / 1000;
  const guess = naive - offsetAt(zone, naive);
  return naive - offsetAt(zone, guess);
}

export interface HouseholdDay {
  readonly slotWh: number[];
  readonly quality: string;
  readonly conditions: Conditions;
}

/** `dayIndex` counts from 1 January; `scale` is the size of the household, 1 for about 10 kWh a day. */
export function simulateDay(
  seed: number,
  dayIndex: number,
  slots: number,
  scale: number,
): HouseholdDay {
  const random = seededNumbers(seed);
  const season = 1 + 0.28 * Math.cos((2 * Math.PI * dayIndex) / 365);
  const weekday = dayIndex % 7;
  const lively = (weekday > 4 ? 1.18 : 1) * (0.85 + random() * 0.35) * scale;
  const appliances = Array.from({ length: 3 + Math.floor(random() * 3) }, () => ({
    at: random() < 0.4 ? 7 + random() * 2 : 17 + random() * 5,
    hours: 0.3 + random() * 0.9,
    wh: 120 + random() * 260,
  }));
  const slotWh = Array.from({ length: slots }, (_, i) => {
    const hour = (i / slots) * 24;
    const bump = (at: number, width: number): number => Math.exp(-(((hour - at) / width) ** 2));
    const base = 28 + 60 * bump(7.4, 1.3) + 45 * bump(12.6, 1.6) + 150 * bump(19.2, 2.3);
    const running = appliances
      .filter((a) => hour >= a.at && hour < a.at + a.hours)
      .reduce((sum, a) => sum + a.wh, 0);
    const wh = (base * season * (0.82 + random() * 0.36) + running) * lively;
    return Math.round(slots === 1 ? 96 * wh : wh);
  });
  const volts = 229_500 + Math.round(random() * 3_000);
  const amps = Math.round(1_500 + 700 * lively * season + random() * 300);
  const warm = Math.round(
    20_500 - 2_600 * Math.cos((2 * Math.PI * dayIndex) / 365) + random() * 900,
  );
  const damp = Math.round(4_200 + random() * 900);
  const spread = (mean: number, down: number, up: number) => ({
    mean,
    min: Math.max(0, Math.round(mean - down * (0.6 + random() * 0.6))),
    max: Math.round(mean + up * (0.6 + random() * 0.6)),
  });
  return {
    slotWh,
    quality: "M".repeat(slots),
    conditions: {
      voltageMilliVolt: [spread(volts, 4_200, 3_600)],
      currentMilliAmp: [spread(amps, amps * 0.85, 11_000)],
      temperatureMilliCelsius: spread(warm, 1_300, 1_900),
      humidityCentiPercent: spread(damp, 380, 520),
    },
  };
}

/** Slots by quality letter. */
export function countSlots(quality: string): SlotCounts {
  const of = (letters: string): number => [...quality].filter((q) => letters.includes(q)).length;
  return {
    total: quality.length,
    measured: of("MIE"),
    partial: of("mie"),
    recovered: of("R"),
    substituted: of("S"),
    gap: of("G"),
    missing: 0,
  };
}

export function sum(values: readonly number[]): number {
  return values.reduce((total, value) => total + value, 0);
}
