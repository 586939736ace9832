/**
 * One `meter run` a data folder: two processes with one key would sign two records with one seq.
 *
 * The lock is an exclusive SQLite transaction that is never committed: the kernel frees it however the
 * process ends, so no stale lock is left behind by a power cut.
 */
import Database from "better-sqlite3";
import { fail } from "../../shared/base/error.ts";

export interface RunLock {
  release(): void;
}

/** Throws `store-locked` while another process holds the folder, `journal` when nothing can be written there. */
export function acquireRunLock(path: string): RunLock {
  let db: Database.Database | undefined;
  try {
    db = new Database(path, { timeout: 0 });
    const held = db;
    db.pragma("journal_mode = MEMORY");
    db.exec("BEGIN EXCLUSIVE");
    return { release: () => held.close() };
  } catch (error) {
    db?.close();
    const { code = "", message } = error as Error & { readonly code?: string };
    if (code.startsWith("SQLITE_BUSY")) {
      fail("store-locked", "another meter process runs on this data folder");
    }
    fail("journal", `the lock ${path} cannot be taken: ${message}`);
  }
}
