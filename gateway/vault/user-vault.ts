/**
 * People and programs that may use the portal: users with a password, tokens for programs, and the secret of the sessions.
 *
 * The vault keeps hashes only: of passwords by scrypt (web/access/password.ts), of tokens by SHA-256, because a token is random.
 */
import type { Db, Statement } from "../ledger/database.ts";

export interface UserRow {
  readonly name: string;
  readonly role: string;
  /** Nine-digit ids of a customer's meters. */
  readonly meters: readonly string[];
  readonly password: string;
  /** Counts password changes: sessions of an older epoch have ended. */
  readonly epoch: number;
}

export interface AccessToken {
  readonly name: string;
  readonly role: string;
  readonly meters: readonly string[];
  /** H of SHA-256 of the token. */
  readonly hash: string;
}

interface StoredUser {
  readonly name: string;
  readonly role: string;
  readonly meters: string;
  readonly password: string;
  readonly epoch: number;
}

interface StoredToken {
  readonly name: string;
  readonly role: string;
  readonly meters: string;
  readonly hash: string;
}

export class UserVault {
  readonly #putUser: Statement<(string | number)[]>;
  readonly #user: Statement<[string], StoredUser>;
  readonly #users: Statement<[], StoredUser>;
  readonly #dropUser: Statement<[string]>;
  readonly #putToken: Statement<string[]>;
  readonly #token: Statement<[string], StoredToken>;
  readonly #tokens: Statement<[], StoredToken>;
  readonly #dropToken: Statement<[string]>;
  readonly #secret: Statement<[], { value: Uint8Array }>;
  readonly #putSecret: Statement<[Uint8Array]>;

  constructor(db: Db) {
    this.#putUser = db.prepare(
      `INSERT INTO vault_user (name, role, meters, password, epoch) VALUES (?, ?, ?, ?, 1)
       ON CONFLICT (name) DO UPDATE SET role = excluded.role, meters = excluded.meters,
       password = excluded.password, epoch = epoch + 1`,
    );
    this.#user = db.prepare("SELECT * FROM vault_user WHERE name = ?");
    this.#users = db.prepare("SELECT * FROM vault_user ORDER BY name");
    this.#dropUser = db.prepare("DELETE FROM vault_user WHERE name = ?");
    this.#putToken = db.prepare(
      "INSERT OR REPLACE INTO vault_access_token (name, role, meters, hash) VALUES (?, ?, ?, ?)",
    );
    this.#token = db.prepare("SELECT * FROM vault_access_token WHERE hash = ?");
    this.#tokens = db.prepare("SELECT * FROM vault_access_token ORDER BY name");
    this.#dropToken = db.prepare("DELETE FROM vault_access_token WHERE name = ?");
    this.#secret = db.prepare("SELECT value FROM vault_secret WHERE name = 'session'");
    this.#putSecret = db.prepare(
      "INSERT OR IGNORE INTO vault_secret (name, value) VALUES ('session', ?)",
    );
  }

  /** Adds a user, or changes one and ends its sessions. */
  putUser(user: Omit<UserRow, "epoch">): void {
    this.#putUser.run(user.name, user.role, JSON.stringify(user.meters), user.password);
  }

  user(name: string): UserRow | undefined {
    const row = this.#user.get(name);
    return row === undefined ? undefined : { ...row, meters: readMeters(row.meters) };
  }

  users(): readonly UserRow[] {
    return this.#users.all().map((row) => ({ ...row, meters: readMeters(row.meters) }));
  }

  /** Whether there was one. */
  dropUser(name: string): boolean {
    return this.#dropUser.run(name).changes > 0;
  }

  putToken({ name, role, meters, hash }: AccessToken): void {
    this.#putToken.run(name, role, JSON.stringify(meters), hash);
  }

  /** The token with this hash. */
  token(hash: string): AccessToken | undefined {
    const row = this.#token.get(hash);
    return row === undefined ? undefined : { ...row, meters: readMeters(row.meters) };
  }

  tokens(): readonly AccessToken[] {
    return this.#tokens.all().map((row) => ({ ...row, meters: readMeters(row.meters) }));
  }

  /** Whether there was one. */
  dropToken(name: string): boolean {
    return this.#dropToken.run(name).changes > 0;
  }

  /** The secret of the sessions, if the store has one. */
  sessionSecret(): Uint8Array | undefined {
    return this.#secret.get()?.value;
  }

  /** Keeps the first secret that is offered. */
  offerSessionSecret(secret: Uint8Array): void {
    this.#putSecret.run(secret);
  }
}

function readMeters(json: string): readonly string[] {
  return JSON.parse(json) as string[];
}
