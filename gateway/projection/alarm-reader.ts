/** Alarms for readers: by state, by meter, newest first, and how many want a look. */
import type { Db, Statement } from "../ledger/database.ts";
import { ALARM_STATES } from "../vault/alarm-vault.ts";
import {
  type AlarmLook,
  type AlarmQuery,
  type AlarmRow,
  type AlarmState,
  kindOfAlarm,
} from "./alarm-types.ts";
import { meterText } from "./meter-text.ts";

interface AlarmTableRow {
  readonly id: number;
  readonly code: string;
  readonly meter: number | null;
  readonly leaf: string | null;
  readonly pos: number | null;
  readonly at: number;
  readonly detail: string | null;
  readonly state: number;
  readonly taken: number | null;
  readonly taken_by: string | null;
  readonly note: string | null;
  readonly closed: number | null;
  readonly closed_by: string | null;
  readonly closing: string | null;
}

export class AlarmReader {
  readonly #all: Statement<[number, number], AlarmTableRow>;
  readonly #inState: Statement<[number, number, number], AlarmTableRow>;
  readonly #ofMeter: Statement<[number, number, number, number], AlarmTableRow>;
  readonly #count: Statement<[number], { n: number }>;

  constructor(db: Db) {
    const end = "id < ? ORDER BY id DESC LIMIT ?";
    this.#all = db.prepare(`SELECT * FROM vault_alarm WHERE ${end}`);
    this.#inState = db.prepare(`SELECT * FROM vault_alarm WHERE state = ? AND ${end}`);
    this.#ofMeter = db.prepare(
      `SELECT * FROM vault_alarm WHERE meter = ? AND state = ? AND ${end}`,
    );
    this.#count = db.prepare("SELECT count(*) AS n FROM vault_alarm WHERE state = ?");
  }

  alarms({ state, meter, before = Number.MAX_SAFE_INTEGER, limit }: AlarmQuery): AlarmRow[] {
    const states = state === undefined ? ALARM_STATES : [state];
    const numbers = states.map((name) => ALARM_STATES.indexOf(name));
    if (meter === undefined) {
      const [only] = numbers;
      const rows =
        numbers.length > 1 || only === undefined
          ? this.#all.all(before, limit)
          : this.#inState.all(only, before, limit);
      return rows.map(toRow);
    }
    return numbers
      .flatMap((number) => this.#ofMeter.all(Number(meter), number, before, limit))
      .sort((a, b) => b.id - a.id)
      .slice(0, limit)
      .map(toRow);
  }

  count(state: AlarmState): number {
    return this.#count.get(ALARM_STATES.indexOf(state))?.n ?? 0;
  }
}

function toRow(row: AlarmTableRow): AlarmRow {
  const { id, code, meter, leaf, pos, at, detail } = row;
  const acknowledged = toLook(row.taken, row.taken_by, row.note);
  const closed = toLook(row.closed, row.closed_by, row.closing);
  return {
    id,
    kind: kindOfAlarm(code, leaf === null && meter === null),
    code,
    atSeconds: at,
    ...(meter === null ? {} : { meter: meterText(meter) }),
    ...(pos === null ? {} : { position: pos }),
    ...(detail === null ? {} : { detail }),
    state: ALARM_STATES[row.state] ?? "open",
    ...(acknowledged === undefined ? {} : { acknowledged }),
    ...(closed === undefined ? {} : { closed }),
  };
}

function toLook(at: number | null, by: string | null, note: string | null): AlarmLook | undefined {
  if (at === null) return undefined;
  return { atSeconds: at, ...(by === null ? {} : { by }), ...(note === null ? {} : { note }) };
}
