/**
 * One process a data folder: a lock that the kernel drops with the process, so kill -9 leaves nothing behind.
 *
 * The lock is an exclusive SQLite transaction on a file of its own (`<data>/lock.db`): SQLite's file locks are
 * the one portable lock that Node reaches without a native module more.
 */
import { existsSync } from "node:fs";
import { join } from "node:path";
import Database from "better-sqlite3";
import { fail } from "../../shared/base/error.ts";

export interface StoreLock {
  release(): void;
}

/**
 * Takes the lock of a data folder; it is held as long as the result is. Throws `store-locked` when another process
 * holds it, and `no-gateway` when there is no such folder.
 */
export function lockStore(dataFolder: string): StoreLock {
  if (!existsSync(dataFolder)) fail("no-gateway", `there is no folder ${dataFolder}`);
  const db = new Database(join(dataFolder, "lock.db"), { timeout: 0 });
  try {
    db.pragma("journal_mode = DELETE");
    db.exec("BEGIN EXCLUSIVE");
  } catch (error) {
    db.close();
    const code = (error as { code?: string }).code ?? "";
    if (!code.startsWith("SQLITE_BUSY")) throw error;
    fail("store-locked", `another gateway has ${dataFolder} open`);
  }
  return { release: () => db.close() };
}
