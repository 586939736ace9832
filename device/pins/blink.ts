/**
 * What the status light shows: so many flashes, a pause, and again.
 *
 *   1 flash    the meter runs, all is well
 *   2 flashes  no connection to the broker: days wait
 *   3 flashes  a sensor fails
 *   4 flashes  the clock is not set
 *   5 flashes  another alarm: `meter status` says which
 *
 * Of several it shows the first of `URGENCY`; after a press of the button all of them, one after the other.
 */

/** What may be wrong. */
export type Trouble = "sensor" | "clock" | "alarm" | "broker";

const URGENCY: readonly Trouble[] = ["sensor", "clock", "alarm", "broker"];
const FLASHES: { readonly [T in Trouble]: number } = { broker: 2, sensor: 3, clock: 4, alarm: 5 };
const MEANING: { readonly [T in Trouble]: string } = {
  broker: "no connection to the broker",
  sensor: "a sensor fails",
  clock: "the clock is not set",
  alarm: "there is an alarm",
};

export interface Step {
  readonly lit: boolean;
  readonly ms: number;
}

const FLASH: readonly Step[] = [
  { lit: true, ms: 150 },
  { lit: false, ms: 250 },
];
/** From the first flash to the next first flash, unless there are many. */
const CYCLE_MS = 4_000;
/** Longer than any darkness between flashes. */
const PAUSE_MS = 1_200;
/** The button was heard. */
const HEARD: Step = { lit: true, ms: 1_000 };

/** One round for what is wrong now. */
export function blink(troubles: ReadonlySet<Trouble>): readonly Step[] {
  const worst = URGENCY.find((trouble) => troubles.has(trouble));
  return flash(worst === undefined ? 1 : FLASHES[worst]);
}

/** Everything that is wrong now, once. */
export function blinkAll(troubles: ReadonlySet<Trouble>): readonly Step[] {
  const present = URGENCY.filter((trouble) => troubles.has(trouble));
  const counts = present.length === 0 ? [1] : present.map((trouble) => FLASHES[trouble]);
  return [HEARD, { lit: false, ms: PAUSE_MS }, ...counts.flatMap(flash)];
}

function flash(count: number): readonly Step[] {
  const flashes = Array.from({ length: count }, () => FLASH).flat();
  const ms = flashes.reduce((sum, step) => sum + step.ms, 0);
  return [...flashes, { lit: false, ms: Math.max(PAUSE_MS, CYCLE_MS - ms) }];
}

/** The same in words. */
export function describeTroubles(troubles: ReadonlySet<Trouble>): string {
  const present = URGENCY.filter((trouble) => troubles.has(trouble));
  return present.map((trouble) => MEANING[trouble]).join("; ") || "all is well";
}
