/**
 * The meter's durable memory: one SQLite file that survives a power cut at any instant.
 *
 * Durability: WAL with `synchronous=FULL`, so a transaction that has returned is on the card. Concurrency:
 * one writing process a data folder (see `run-lock.ts`); `meter status` reads beside it. Wear: the meter
 * writes once a finished slot and once every few minutes in between, and the file stays small because
 * pages of released envelopes are used again.
 */
import Database from "better-sqlite3";
import type { Json } from "../../shared/base/canonical-json.ts";
import { fail } from "../../shared/base/error.ts";
import { migrate, readSchemaVersion, SCHEMA_VERSION } from "./schema.ts";

/**
 * Fault injection for tests, in pairs: `beforeCommit` throws when nothing may have been written,
 * `afterCommit` when everything has been but the caller does not learn of it.
 */
export interface JournalFaults {
  beforeCommit?(transaction: string): void;
  afterCommit?(transaction: string): void;
}

export interface JournalOptions {
  readonly faults?: JournalFaults;
  /** For `meter status`: nothing is created, migrated or written. */
  readonly readOnly?: boolean;
}

export class Journal {
  readonly #db: Database.Database;
  readonly #faults: JournalFaults;
  readonly #statements = new Map<string, Database.Statement>();

  /** Opens or creates the file. Throws `journal` when it is absent (read-only), newer or not a journal. */
  constructor(path: string, options: JournalOptions = {}) {
    this.#faults = options.faults ?? {};
    this.#db = openDatabase(path, options.readOnly === true);
  }

  /** Runs `work` as one durable transaction; `name` is what tests inject faults by. */
  transact<T>(name: string, work: () => T): T {
    const result = this.#db
      .transaction(() => {
        const value = work();
        this.#faults.beforeCommit?.(name);
        return value;
      })
      .immediate();
    this.#faults.afterCommit?.(name);
    return result;
  }

  all<Row>(sql: string, ...values: readonly (string | number | null)[]): Row[] {
    return this.#prepare(sql).all(...values) as Row[];
  }

  get<Row>(sql: string, ...values: readonly (string | number | null)[]): Row | undefined {
    return this.#prepare(sql).get(...values) as Row | undefined;
  }

  /** Returns the number of rows changed. Call it inside `transact`. */
  run(sql: string, ...values: readonly (string | number | null)[]): number {
    return this.#prepare(sql).run(...values).changes;
  }

  /** The journal wrote the value itself, so its shape is the one of the schema version. */
  readState<T>(key: string): T | undefined {
    const row = this.get<{ value: string }>("SELECT value FROM state WHERE key = ?", key);
    return row === undefined ? undefined : (JSON.parse(row.value) as T);
  }

  /** Call it inside `transact`. `undefined` removes the value. */
  writeState(key: string, value: Json | object | undefined): void {
    if (value === undefined) this.run("DELETE FROM state WHERE key = ?", key);
    else
      this.run(
        "INSERT INTO state (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
        key,
        JSON.stringify(value),
      );
  }

  /** Idempotent. */
  close(): void {
    this.#statements.clear();
    this.#db.close();
  }

  #prepare(sql: string): Database.Statement {
    let statement = this.#statements.get(sql);
    if (statement === undefined) {
      statement = this.#db.prepare(sql);
      this.#statements.set(sql, statement);
    }
    return statement;
  }
}

/** A failed `fsync` is not among them: what is on the card then is not known, so the process must begin again. */
const NO_SPACE = new Set(["SQLITE_FULL", "SQLITE_IOERR_WRITE", "SQLITE_IOERR_SHMSIZE"]);

/** Whether a transaction failed because the card has no space left or takes no more; nothing of it was written. */
export function isStorageFull(error: unknown): boolean {
  return error instanceof Database.SqliteError && NO_SPACE.has(error.code);
}

function openDatabase(path: string, readOnly: boolean): Database.Database {
  let db: Database.Database | undefined;
  try {
    db = new Database(path, readOnly ? { readonly: true, fileMustExist: true } : {});
    db.pragma("busy_timeout = 5000");
    if (readOnly) {
      if (readSchemaVersion(db) !== SCHEMA_VERSION) fail("journal", "written by another version");
      return db;
    }
    db.pragma("journal_mode = WAL");
    db.pragma("synchronous = FULL");
    db.pragma("wal_autocheckpoint = 256");
    db.pragma("journal_size_limit = 1048576");
    db.pragma("cache_size = -1024");
    migrate(db);
    return db;
  } catch (error) {
    db?.close();
    if (error instanceof Database.SqliteError) {
      fail("journal", `the journal ${path} cannot be opened: ${error.message}`);
    }
    throw error;
  }
}
