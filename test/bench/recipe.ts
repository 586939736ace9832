/**
 * The bench's recipe: every number that could move a ratio by accident, in one place (docs/performance.md lists it).
 *
 * Changing a number here makes new envelopes; the folder in which they are kept is named after the recipe.
 */

export interface Recipe {
  /** Enrolled meters; each sends one envelope a day. */
  readonly meters: number;
  /** Days that each meter has sealed beforehand, beginning with `firstDay`. */
  readonly days: number;
  /** The first of them are taken in before the clock starts, so that compiling the program is not counted. */
  readonly warmUpDays: number;
  /** Days that are taken in against the clock, and how often. What is left then follows, for a chain that is worth verifying. */
  readonly intakeDays: number;
  /** Of which the best counts, as the best of the measurements of the limit does: others on the machine only ever take from either. */
  readonly turns: number;
  readonly firstDay: string;
  readonly zone: string;
  /** Recipients of each line 2: the utility, then customers. */
  readonly recipients: number;
  /** Publisher's connections; one meter stays on one of them. */
  readonly connections: number;
  /** Seconds for which each limit is measured, before and after. */
  readonly limitS: number;
  /** Seconds of each of the alternating turns of the mining measurement. */
  readonly miningS: number;
  readonly miningTurns: number;
  /** Seconds for which the meter process is watched. */
  readonly meterS: number;
}

/**
 * A quarter of a year of 2,000 meters: sealed, published, mined, billed, verified. Intake is measured on its months. A chain of one
 * month is verified in three seconds, a quarter of which goes to starting and to the keys, for a chain of any length.
 */
export const FULL_RECIPE: Recipe = {
  meters: 2_000,
  days: 91,
  warmUpDays: 3,
  intakeDays: 28,
  turns: 3,
  firstDay: "2024-01-01",
  zone: "Europe/Berlin",
  recipients: 2,
  connections: 4,
  limitS: 3,
  miningS: 1,
  miningTurns: 3,
  meterS: 30,
};

/** The same with a tenth of the work, to see that it runs; its figures mean little. */
export const QUICK_RECIPE: Recipe = {
  ...FULL_RECIPE,
  meters: 200,
  days: 36,
  turns: 1,
  limitS: 1,
  miningS: 0.5,
  miningTurns: 1,
  meterS: 8,
};

/** The store that the portal answers from: two years of a thousand meters; one in ten has records of its own. */
export const PORTAL_RECIPE = { meters: 100, twins: 9, days: 731, samples: 100 } as const;
export const QUICK_PORTAL_RECIPE = { meters: 20, twins: 4, days: 62, samples: 4 } as const;

/** What differs from the gateway's defaults in the intake run. */
export const GATEWAY_CONFIG = {
  portal_port: 0,
  portal_access: "open",
  broker_port: 0,
  /** Blocks follow each other while envelopes come in, instead of one a minute. */
  mine_after_ms: 1_000,
  /** The month is billed afterwards, by itself. */
  billing: "off",
} as const;

/** What the project asks of itself; a part holds when `ratio` is on the right side. */
export const TARGETS = {
  intake: 0.55,
  mining: 0.9,
  verify: 0.75,
  /** Resident bytes of the meter process. */
  meterBytes: 90_000_000,
  /** Share of one core of the meter process. */
  meterCpu: 0.02,
  loopDelayMs: 20,
  /** Bytes a meter-day on the wire and in the store. */
  meterDayBytes: 2_900,
  /** 99 of 100 answers of each page and API route. */
  portalMs: 50,
} as const;
