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

/** Throws `store-locked` while another process holds the folder. */
export function acquireRunLock(path: string): RunLock {
  const db = new Database(path, { timeout: 0 });
  try {
    db.pragma("journal_mode = MEMORY");
    db.exec("BEGIN EXCLUSIVE");
  } catch {
    db.close();
    fail("store-locked", "another meter process runs on this data folder");
  }
  return { release: () => db.close() };
}
