/**
 * Brings a store of version 2 what its state has had since version 3: of each point at which more happened than one
 * key's coming, which keys were there in turn (shared/chain/place.ts). What is written is what a fold of the records
 * would have left.
 */
import type Database from "better-sqlite3";
import { decodeBase64url } from "../../shared/base/bytes.ts";
import type { DeviceEntity } from "../../shared/chain/chain-state.ts";

interface OpenStay {
  readonly kid: string;
  readonly after: number;
  last?: number;
}

export function addPlaces(db: Database.Database): void {
  const seqs = new KeySeqs(db);
  const places = new Map<string, OpenStay[]>();
  const current = new Map<string, string>();
  const moved = new Map<string, string[]>();
  const leave = (kid: string, point: string, last: number): void => {
    const stay = places.get(point)?.findLast((one) => one.kid === kid && one.last === undefined);
    if (stay !== undefined) stay.last = last;
  };
  const enrolments = db.prepare<[], { pos: number; point: string; kid: string }>(
    "SELECT pos, point, kid FROM enrolment ORDER BY pos",
  );
  for (const { pos, point, kid } of enrolments.iterate()) {
    const before = current.get(kid);
    if (before === point) continue;
    const after = before === undefined ? 0 : seqs.before(kid, pos);
    if (before !== undefined) {
      leave(kid, before, after);
      moved.set(kid, [...(moved.get(kid) ?? []), before]);
    }
    current.set(kid, point);
    const stays = places.get(point);
    if (stays === undefined) places.set(point, [{ kid, after }]);
    else stays.push({ kid, after });
  }
  const frozen = db.prepare<[], { key: string; value: string }>(
    `SELECT key, value FROM state WHERE key LIKE 'device:%' AND value LIKE '%"status":"frozen"%'`,
  );
  for (const { key, value } of frozen.iterate()) {
    const kid = key.slice("device:".length);
    leave(kid, (JSON.parse(value) as DeviceEntity).point, seqs.newest(kid));
  }
  const put = db.prepare("INSERT INTO state (key, value) VALUES (?, ?)");
  for (const [point, stays] of places) {
    const [first, second] = stays;
    const isPlain = second === undefined && first?.after === 0 && first.last === undefined;
    if (!isPlain) put.run(`place:${point}`, JSON.stringify({ stays, exchanged: [], fills: [] }));
  }
  for (const [kid, points] of moved) put.run(`moved:${kid}`, JSON.stringify({ points }));
}

/** What seq a key had. */
class KeySeqs {
  readonly #tip: Database.Statement<[Uint8Array], { pos: number | null; seq: number }>;
  readonly #prev: Database.Statement<[number], { prev: number | null }>;

  constructor(db: Database.Database) {
    this.#tip = db.prepare("SELECT pos, seq FROM key_tip WHERE kid = ?");
    this.#prev = db.prepare("SELECT prev FROM record WHERE pos = ?");
  }

  newest(kid: string): number {
    return this.#tipOf(kid)?.seq ?? 0;
  }

  /** Of its newest record below `position`. */
  before(kid: string, position: number): number {
    const tip = this.#tipOf(kid);
    let seq = tip?.seq ?? 0;
    let at = tip?.pos ?? null;
    for (; at !== null && at >= position; seq--) at = this.#prev.get(at)?.prev ?? null;
    return seq;
  }

  #tipOf(kid: string): { pos: number | null; seq: number } | undefined {
    return this.#tip.get(decodeBase64url(kid));
  }
}
