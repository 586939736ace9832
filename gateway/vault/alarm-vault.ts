/**
 * Alarms and what became of them: open → acknowledged (by whom, when, why) → closed (by itself when its cause ended, else by
 * a person). Kept in the vault, because a rebuild of the projection must not forget who has looked.
 *
 * Alarms that records raise come from the projection's table `alarm`, in the transaction of their block; the others are
 * raised by the gateway itself. Every method is part of its caller's transaction.
 */
import { fail } from "../../shared/base/error.ts";
import type { Db, Statement } from "../ledger/database.ts";

export const ALARM_STATES = ["open", "acknowledged", "closed"] as const;
const [OPEN, ACKNOWLEDGED, CLOSED] = [0, 1, 2];
/** Why an alarm was closed whose record left the chain; when the record comes back, it is open again. */
const TAKEN_BACK = "the record was taken back";

/** An alarm that no record raises. */
export interface OwnAlarm {
  readonly code: string;
  /** Nine digits. */
  readonly meter?: string;
  /** Unix seconds. */
  readonly at: number;
  readonly detail?: string;
}

/** Somebody's look at an alarm. */
export interface AlarmMark {
  readonly id: number;
  /** Absent: the cause ended by itself. */
  readonly by?: string;
  /** Unix seconds. */
  readonly at: number;
  readonly note?: string;
}

interface ProjectedAlarm {
  readonly pos: number;
  readonly at: number;
  readonly code: string;
  readonly meter: number | null;
  readonly detail: string | null;
}

export class AlarmVault {
  readonly #leafAt: (position: number) => string | undefined;
  readonly #projected: Statement<[number], ProjectedAlarm>;
  readonly #newest: Statement<[], { pos: number | null }>;
  readonly #detach: Statement<[number]>;
  readonly #attach: Statement<(string | number | null)[]>;
  readonly #orphans: Statement<[], { id: number }>;
  readonly #raise: Statement<(string | number | null)[]>;
  readonly #unclosed: Statement<[string, number | null], { id: number }>;
  readonly #acknowledge: Statement<[number, string, string | null, number]>;
  readonly #close: Statement<[number, string | null, string | null, number]>;
  readonly #meters: Statement<[string], { meter: number }>;
  readonly #state: Statement<[number], { state: number }>;

  /** @param leafAt leaf of the record at a position of the main chain */
  constructor(db: Db, leafAt: (position: number) => string | undefined) {
    this.#leafAt = leafAt;
    this.#projected = db.prepare("SELECT * FROM alarm WHERE pos >= ? ORDER BY pos");
    this.#newest = db.prepare("SELECT max(pos) AS pos FROM vault_alarm WHERE pos IS NOT NULL");
    this.#detach = db.prepare("UPDATE vault_alarm SET pos = NULL WHERE pos >= ?");
    this.#attach = db.prepare(
      `INSERT INTO vault_alarm (code, meter, leaf, pos, at, detail, state) VALUES (?, ?, ?, ?, ?, ?, ${OPEN})
       ON CONFLICT (leaf) WHERE leaf IS NOT NULL DO UPDATE SET pos = excluded.pos,
         state = CASE WHEN closing = '${TAKEN_BACK}' THEN ${OPEN} ELSE state END`,
    );
    this.#orphans = db.prepare(
      `SELECT id FROM vault_alarm WHERE state < ${CLOSED} AND leaf IS NOT NULL AND pos IS NULL`,
    );
    this.#raise = db.prepare(
      `INSERT INTO vault_alarm (code, meter, at, detail, state) VALUES (?, ?, ?, ?, ${OPEN})`,
    );
    this.#unclosed = db.prepare(
      `SELECT id FROM vault_alarm WHERE state < ${CLOSED} AND code = ? AND meter IS ?`,
    );
    this.#acknowledge = db.prepare(
      `UPDATE vault_alarm SET state = ${ACKNOWLEDGED}, taken = ?, taken_by = ?, note = ? WHERE id = ?`,
    );
    this.#close = db.prepare(
      `UPDATE vault_alarm SET state = ${CLOSED}, closed = ?, closed_by = ?, closing = ? WHERE id = ?`,
    );
    this.#meters = db.prepare(
      `SELECT meter FROM vault_alarm WHERE state < ${CLOSED} AND code = ? AND meter IS NOT NULL`,
    );
    this.#state = db.prepare("SELECT state FROM vault_alarm WHERE id = ?");
  }

  /** Takes in the alarms of records from `position` on; those of records that were taken back are closed. */
  follow(position: number, now: number): void {
    const isTakenBack = this.#detach.run(position).changes > 0;
    for (const { pos, at, code, meter, detail } of this.#projected.all(position)) {
      this.#attach.run(code, meter, this.#leafAt(pos) ?? null, pos, at, detail);
    }
    if (!isTakenBack) return;
    for (const { id } of this.#orphans.all()) this.#close.run(now, null, TAKEN_BACK, id);
  }

  /** Takes in what a store of an earlier version, or one whose projection knows more now, has beyond the newest. */
  catchUp(now: number): void {
    this.follow((this.#newest.get()?.pos ?? -1) + 1, now);
  }

  /** Returns the alarm's id; that of the one that is not closed yet where there is one of this code and meter. */
  raise({ code, meter, at, detail }: OwnAlarm): number {
    const number = meter === undefined ? null : Number(meter);
    const known = this.#unclosed.get(code, number)?.id;
    return known ?? Number(this.#raise.run(code, number, at, detail ?? null).lastInsertRowid);
  }

  /** Throws `not-found`, `alarm-state` for one that is not open. */
  acknowledge({ id, by = "", at, note }: AlarmMark): void {
    const state = this.#stateOf(id);
    if (state !== OPEN) fail("alarm-state", `alarm ${id} is ${ALARM_STATES[state]} already`);
    this.#acknowledge.run(at, by, note ?? null, id);
  }

  /** Throws `not-found`, `alarm-state` for one that is closed. */
  close({ id, by, at, note }: AlarmMark): void {
    if (this.#stateOf(id) === CLOSED) fail("alarm-state", `alarm ${id} is closed already`);
    this.#close.run(at, by ?? null, note ?? null, id);
  }

  /** Closes what is not closed of this code and meter, because its cause has ended. */
  end(code: string, meter: string, at: number): void {
    for (const { id } of this.#unclosed.all(code, Number(meter))) this.close({ id, at });
  }

  /** Meters with an alarm of this code that is not closed. */
  metersOf(code: string): readonly string[] {
    return this.#meters.all(code).map(({ meter }) => String(meter).padStart(9, "0"));
  }

  #stateOf(id: number): number {
    return this.#state.get(id)?.state ?? fail("not-found", `alarm ${id} is not here`);
  }
}
