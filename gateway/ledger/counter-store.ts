/** How often intake answered with a code since the store was made. Counts, nothing that a proof rests on. */
import type { Db, Statement } from "./database.ts";

export interface CodeCount {
  readonly code: string;
  readonly count: number;
}

export class CounterStore {
  readonly #db: Db;
  readonly #add: Statement<[string, number]>;

  constructor(db: Db) {
    this.#db = db;
    this.#add = db.prepare(
      "INSERT INTO vault_counter (code, count) VALUES (?, ?) ON CONFLICT (code) DO UPDATE SET count = count + excluded.count",
    );
  }

  /** Adds to the counters in one transaction. */
  add(counts: readonly CodeCount[]): void {
    this.#db.transaction(() => {
      for (const { code, count } of counts) this.#add.run(code, count);
    })();
  }
}
