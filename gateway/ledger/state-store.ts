/**
 * The chain's state on disk: only what a block touched is written, and opening the store folds nothing.
 *
 * Almost every record is a day, which changes five numbers of its device and one of its point. Those go to a row of
 * 60 bytes in `key_tip`; the entities with their keys and recipients are written only when those change.
 */
import { decodeBase64url, encodeBase64url } from "../../shared/base/bytes.ts";
import type {
  ChainState,
  DeviceEntity,
  Entity,
  PointEntity,
  StateChange,
  StateKey,
} from "../../shared/chain/chain-state.ts";
import type { Db, Statement } from "./database.ts";

interface KeyTip {
  readonly no: number;
  /** Position of the key's newest record; null before its first. */
  pos: number | null;
}

interface TipRow {
  readonly no: number;
  readonly kid: Uint8Array;
  readonly pos: number | null;
  readonly seq: number;
  readonly last_to: number | null;
  readonly ended: number;
  readonly point_to: number | null;
}

/** What takes one block's effect back. Plain JSON. */
interface BlockUndo {
  readonly changes: readonly { readonly key: StateKey; readonly before?: Entity }[];
  /** Keys with records in the block, and their newest positions before it. */
  readonly tips: readonly (readonly [kid: string, pos: number | null])[];
}

export class StateStore {
  readonly #tips = new Map<string, KeyTip>();
  readonly #putState: Statement<[string, string]>;
  readonly #removeState: Statement<[string]>;
  readonly #insertTip: Statement<[Uint8Array]>;
  readonly #putTip: Statement<(number | null)[]>;
  readonly #removeTip: Statement<[number]>;
  readonly #putUndo: Statement<[number, string]>;
  readonly #getUndo: Statement<[number], { entries: string }>;
  readonly #removeUndo: Statement<[number]>;
  readonly #db: Db;

  constructor(db: Db) {
    this.#db = db;
    this.#putState = db.prepare(
      "INSERT INTO state (key, value) VALUES (?, ?) ON CONFLICT (key) DO UPDATE SET value = excluded.value",
    );
    this.#removeState = db.prepare("DELETE FROM state WHERE key = ?");
    this.#insertTip = db.prepare("INSERT INTO key_tip (kid, seq, ended) VALUES (?, 0, 0)");
    this.#putTip = db.prepare(
      "UPDATE key_tip SET pos = ?, seq = ?, last_to = ?, ended = ?, point_to = ? WHERE no = ?",
    );
    this.#removeTip = db.prepare("DELETE FROM key_tip WHERE no = ?");
    this.#putUndo = db.prepare("INSERT OR REPLACE INTO undo (height, entries) VALUES (?, ?)");
    this.#getUndo = db.prepare("SELECT entries FROM undo WHERE height = ?");
    this.#removeUndo = db.prepare("DELETE FROM undo WHERE height >= ?");
  }

  /** The stored entities. `leafAt` gives the leaf (H) of the record at a position. */
  load(leafAt: (position: number) => string): ReadonlyMap<StateKey, Entity> {
    const entities = new Map<StateKey, Entity>();
    const rows = this.#db.prepare<[], { key: StateKey; value: string }>(
      "SELECT key, value FROM state",
    );
    for (const { key, value } of rows.iterate()) entities.set(key, JSON.parse(value) as Entity);
    this.#tips.clear();
    const tips = this.#db.prepare<[], TipRow>("SELECT * FROM key_tip ORDER BY no");
    for (const tip of tips.all()) {
      const kid = encodeBase64url(tip.kid);
      this.#tips.set(kid, { no: tip.no, pos: tip.pos });
      if (tip.pos !== null) mergeTip(entities, kid, tip, leafAt(tip.pos));
    }
    return entities;
  }

  /** Position of the key's newest record in the main chain. */
  lastPosition(kid: string): number | undefined {
    return this.#tips.get(kid)?.pos ?? undefined;
  }

  /** The record at `position` is its key's newest; returns the position of the one before. */
  advance(kid: string, position: number): number | null {
    const tip = this.#tips.get(kid);
    if (tip === undefined) {
      const no = Number(this.#insertTip.run(decodeBase64url(kid)).lastInsertRowid);
      this.#tips.set(kid, { no, pos: position });
      return null;
    }
    const before = tip.pos;
    tip.pos = position;
    return before;
  }

  /** Writes what a block changed; `state` is the state after it. */
  write(state: ChainState, changes: readonly StateChange[]): void {
    for (const { key, before, after } of changes) {
      if (after === undefined) this.#remove(key);
      else this.#write(state, key, before, after);
    }
  }

  /** Remembers how to take the block at `height` back: what it changed, and the newest positions before it. */
  putUndo(
    height: number,
    changes: readonly StateChange[],
    tips: ReadonlyMap<string, number | null>,
  ): void {
    const befores = changes.map(({ key, before }) =>
      before === undefined ? { key } : { key, before },
    );
    const undo: BlockUndo = { changes: befores, tips: [...tips] };
    this.#putUndo.run(height, JSON.stringify(undo));
  }

  /** Takes the block at `height`, the newest one, back: in `state` and on disk. */
  undo(state: ChainState, height: number): void {
    const row = this.#getUndo.get(height);
    if (row === undefined) throw new Error(`block ${height} is final and cannot be taken back`);
    const { changes, tips } = JSON.parse(row.entries) as BlockUndo;
    for (const [kid, pos] of tips) {
      const tip = this.#tips.get(kid);
      if (tip !== undefined) tip.pos = pos;
    }
    const inverse = changes.map(({ key, before }) => ({ key, before, after: undefined }));
    state.revert(inverse);
    this.write(
      state,
      changes.map(({ key, before }) => ({ key, before: undefined, after: before })),
    );
    for (const { key, before } of changes) {
      if (before !== undefined && key.startsWith("point:")) {
        this.#writeOccupant(state, before as PointEntity);
      }
    }
    this.#removeUndo.run(height);
  }

  #remove(key: StateKey): void {
    this.#removeState.run(key);
    const kid = signerOf(key);
    const tip = kid === undefined ? undefined : this.#tips.get(kid);
    if (kid === undefined || tip === undefined) return;
    this.#removeTip.run(tip.no);
    this.#tips.delete(kid);
  }

  #write(state: ChainState, key: StateKey, before: Entity | undefined, after: Entity): void {
    const kid = signerOf(key);
    if (kid !== undefined) this.#writeTip(state, kid, after as DeviceEntity);
    const shrunk = isShrunk(key, before, after);
    if (shrunk) this.#writeOccupant(state, after as PointEntity);
    // The row of a key without records says nothing of its point.
    if (shrunk || !onlyDayFieldsDiffer(key, before, after)) {
      this.#putState.run(key, JSON.stringify(after));
    }
  }

  /** A point's last day changed without a day: the row of its active key, which may not have changed, says so. */
  #writeOccupant(state: ChainState, { kid }: PointEntity): void {
    const device = kid === undefined ? undefined : state.get("device", kid);
    if (kid !== undefined && device !== undefined) this.#writeTip(state, kid, device);
  }

  #writeTip(state: ChainState, kid: string, entity: DeviceEntity): void {
    let tip = this.#tips.get(kid);
    if (tip === undefined) {
      const no = Number(this.#insertTip.run(decodeBase64url(kid)).lastInsertRowid);
      tip = { no, pos: null };
      this.#tips.set(kid, tip);
    }
    const point = entity.point === undefined ? undefined : state.get("point", entity.point);
    const pointTo = point?.kid === kid ? point.last_to : null;
    this.#putTip.run(
      tip.pos,
      entity.seq,
      entity.last_to ?? null,
      entity.ended ?? 0,
      pointTo,
      tip.no,
    );
  }
}

/** The kid of an entity that signs records. */
function signerOf(key: StateKey): string | undefined {
  return key.startsWith("device:") || key.startsWith("member:") ? key.slice(7) : undefined;
}

/** Whether days of a point are void now, so that its last one ends earlier. */
function isShrunk(key: StateKey, before: Entity | undefined, after: Entity): boolean {
  if (before === undefined || !key.startsWith("point:")) return false;
  return (after as PointEntity).last_to < (before as PointEntity).last_to;
}

/** Whether `key_tip` holds all that differs between two entities. */
function onlyDayFieldsDiffer(key: StateKey, before: Entity | undefined, after: Entity): boolean {
  if (before === undefined) return false;
  if (key.startsWith("device:")) {
    const a = before as DeviceEntity;
    const b = after as DeviceEntity;
    if (a.status !== b.status || a.revoked !== b.revoked) return false;
    return a.key === b.key && a.to === b.to && a.point === b.point;
  }
  if (key.startsWith("point:")) {
    const a = before as PointEntity;
    const b = after as PointEntity;
    return a.kid !== undefined && a.kid === b.kid && a.bills === b.bills;
  }
  return false;
}

function mergeTip(entities: Map<StateKey, Entity>, kid: string, tip: TipRow, leaf: string): void {
  const device = entities.get(`device:${kid}`) as DeviceEntity | undefined;
  if (device === undefined) return;
  const { last_to: _, ...rest } = device;
  const lastTo = tip.last_to === null ? {} : { last_to: tip.last_to };
  const ended = tip.ended === 1 ? 1 : 0;
  entities.set(`device:${kid}`, { ...rest, ...lastTo, seq: tip.seq, leaf, ended });
  const point = entities.get(`point:${device.point}`) as PointEntity | undefined;
  if (point?.kid !== kid || tip.point_to === null) return;
  entities.set(`point:${device.point}`, { ...point, last_to: tip.point_to });
}
