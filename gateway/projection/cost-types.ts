// What making blocks took, as readers see it. Times are microseconds of real time.

export interface Spent {
  readonly records: number;
  /** Choosing the records and hashing them into a header. */
  readonly templateMicros: number;
  /** Searching the nonce. */
  readonly miningMicros: number;
  /** Tries of that search. */
  readonly hashes: number;
  /** Checking by all rules. */
  readonly checkMicros: number;
  /** Writing durably, projection included. */
  readonly writeMicros: number;
  /** Size of the store afterwards. */
  readonly storeBytes: number;
}

export interface BlockCostRow extends Spent {
  readonly height: number;
  readonly timeSeconds: number;
}

/** Sums over the blocks of a civil day of the gateway. */
export interface DayCostRow extends Spent {
  readonly date: string;
  readonly blocks: number;
}
