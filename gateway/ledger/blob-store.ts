/**
 * Line 2 by content: written when a record is held, found by its `ct`, shared by records with the same `ct`.
 *
 * The index holds 48 bits of `ct`, which a number carries exactly; the full hash is compared when a row is found.
 */
import { decodeBase64url, encodeUtf8, equalBytes } from "../../shared/base/bytes.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { unpackLine2 } from "../../shared/record/compact.ts";
import type { Db, Statement } from "./database.ts";

export class BlobStore {
  readonly #suite: Pick<CryptoSuite, "sha256">;
  readonly #insert: Statement<[number, Uint8Array]>;
  readonly #has: Statement<[number]>;
  readonly #find: Statement<[number], { id: number; body: Uint8Array }>;
  readonly #body: Statement<[number], { body: Uint8Array }>;
  readonly #share: Statement<[number, number]>;
  readonly #remove: Statement<[number]>;

  constructor(db: Db, suite: Pick<CryptoSuite, "sha256">) {
    this.#suite = suite;
    this.#insert = db.prepare("INSERT INTO blob (ct, refs, body) VALUES (?, 1, ?)");
    this.#has = db.prepare("SELECT 1 FROM blob WHERE ct = ?").pluck();
    this.#find = db.prepare("SELECT id, body FROM blob WHERE ct = ?");
    this.#body = db.prepare("SELECT body FROM blob WHERE id = ?");
    this.#share = db.prepare("UPDATE blob SET refs = refs + ? WHERE id = ?");
    this.#remove = db.prepare("DELETE FROM blob WHERE id = ? AND refs <= 0");
  }

  /** Stores the packed line 2 whose hash is `ct` (H), or counts one more record that shares it. Returns its row. */
  put(ct: string, packed: Uint8Array): number {
    const key = keyOf(ct);
    const shared = this.#findRow(key, ct);
    if (shared !== undefined) {
      this.#share.run(1, shared);
      return shared;
    }
    return Number(this.#insert.run(key, packed).lastInsertRowid);
  }

  /** Line 2 of a row. */
  read(id: number): string | undefined {
    const row = this.#body.get(id);
    return row === undefined ? undefined : unpackLine2(row.body);
  }

  /** Row of the line 2 whose hash is `ct` (H). */
  find(ct: string): number | undefined {
    return this.#findRow(keyOf(ct), ct);
  }

  /** One record fewer uses the row; the last one takes it away. */
  release(id: number): void {
    this.#share.run(-1, id);
    this.#remove.run(id);
  }

  #findRow(key: number, ct: string): number | undefined {
    // Almost always there is none, which the index alone tells.
    if (this.#has.get(key) === undefined) return undefined;
    for (const { id, body } of this.#find.all(key)) {
      const hash = this.#suite.sha256(encodeUtf8(unpackLine2(body)));
      if (equalBytes(hash, decodeBase64url(ct))) return id;
    }
    return undefined;
  }
}

/** The first 48 bits of a hash. */
function keyOf(ct: string): number {
  return Buffer.from(ct.slice(0, 8), "base64url").readUIntBE(0, 6);
}
