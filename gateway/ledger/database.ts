/**
 * The one SQLite file of a gateway: opened for the writer or for readers, with the settings that durability needs.
 *
 * WAL with `synchronous = FULL`: a commit that returned survives a power cut. `secure_delete = FAST`: what is deleted is cleared
 * in pages that stay in use; a page that becomes free keeps what it held until it is used again.
 */
import Database from "better-sqlite3";
import { fail } from "../../shared/base/error.ts";
import { PROJECTION_TABLES, STORE_UPGRADES } from "../projection/schema.ts";
import { addPlaces } from "./add-places.ts";
import { joinHeld } from "./join-held.ts";
import { PAGE_SIZE, STORE_VERSION, TRUTH_TABLES, VAULT_TABLES } from "./schema.ts";

export type Db = Database.Database;
export type Statement<P extends unknown[] = unknown[], R = unknown> = Database.Statement<P, R>;

/** WAL pages between checkpoints: 32 MB. */
const CHECKPOINT_PAGES = 2_000;

/** A new store. The file must not exist or be empty. Throws `store`. */
export function createDatabase(path: string): Db {
  const db = new Database(path);
  if (db.prepare("SELECT 1 FROM sqlite_master").get() !== undefined) {
    db.close();
    fail("store", `${path} already holds a store`);
  }
  db.pragma(`page_size = ${PAGE_SIZE}`);
  configureWriter(db);
  db.transaction(() => {
    db.exec(TRUTH_TABLES);
    db.exec(VAULT_TABLES);
    db.exec(PROJECTION_TABLES);
    db.pragma(`user_version = ${STORE_VERSION}`);
  })();
  return db;
}

/** The existing store for its one writer, brought to this version. Throws `store`. */
export function openDatabase(path: string): Db {
  const db = openExisting(path, false);
  configureWriter(db);
  upgrade(db);
  return db;
}

/** The existing store for a reader beside the writer. Throws `store`. */
export function openReadOnly(path: string): Db {
  const db = openExisting(path, true);
  db.pragma("query_only = ON");
  return db;
}

function openExisting(path: string, readonly: boolean): Db {
  let db: Db;
  try {
    db = new Database(path, { fileMustExist: true, readonly });
  } catch {
    fail("store", `${path} cannot be opened as a store`);
  }
  const version = readVersion(db);
  if (version === STORE_VERSION || (!readonly && version in STORE_UPGRADES)) return db;
  db.close();
  fail("store", `${path} is not a store of this version`, { version });
}

function upgrade(db: Db): void {
  db.transaction(() => {
    for (let version = readVersion(db); version < STORE_VERSION; version++) {
      db.exec(STORE_UPGRADES[version] ?? "");
      if (version === 2) addPlaces(db);
      if (version === 3) joinHeld(db);
      db.pragma(`user_version = ${version + 1}`);
    }
  }).immediate();
}

function readVersion(db: Db): number {
  try {
    return db.pragma("user_version", { simple: true }) as number;
  } catch {
    return -1;
  }
}

function configureWriter(db: Db): void {
  db.pragma("journal_mode = WAL");
  db.pragma("synchronous = FULL");
  db.pragma("secure_delete = FAST");
  db.pragma("cache_size = -65536");
  db.pragma(`wal_autocheckpoint = ${CHECKPOINT_PAGES}`);
}
