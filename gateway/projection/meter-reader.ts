/** Meters for readers: enrolment from the chain, place and label from the vault, presence from the status topic. */
import type { Db, Statement } from "../ledger/database.ts";
import type { ChainReader } from "./chain-reader.ts";
import type { DayReader } from "./day-reader.ts";
import { dateText } from "./day-table.ts";
import { meterText } from "./meter-text.ts";
import type { MeterPage, MeterQuery, MeterState, MeterSummary } from "./read-model-types.ts";

interface MeterRow {
  readonly meter: number;
  readonly pos: number;
  readonly point: string;
  readonly kid: string;
  readonly at: number;
  readonly zone: string | null;
  readonly latitude: number | null;
  readonly longitude: number | null;
  readonly label: string | null;
  readonly online: number | null;
  readonly frozen: number | null;
  readonly revoked: number | null;
  readonly alarms: number;
}

const SELECT = `SELECT m.meter, m.pos, e.point, e.kid, e.at, v.zone, v.latitude, v.longitude, v.label,
    o.online, f.pos AS frozen, r.pos AS revoked, (SELECT count(*) FROM vault_alarm a WHERE a.meter = m.meter AND a.state < 2) AS alarms
  FROM meter m JOIN enrolment e ON e.pos = m.pos
  LEFT JOIN vault_point v ON v.point = e.point
  LEFT JOIN vault_online o ON o.meter = v.meter
  LEFT JOIN frozen f ON f.kid = e.kid
  LEFT JOIN revoked r ON r.kid = e.kid`;
const LABELLED =
  "SELECT CAST(meter AS INTEGER) FROM vault_point WHERE instr(lower(label), lower(?)) > 0";
const MATCH = `(m.meter >= ? AND m.meter < ?) OR m.meter IN (${LABELLED})`;
/** Rows of a page when no limit is given. */
const DEFAULT_LIMIT = 100_000;

export class MeterReader {
  readonly #chain: ChainReader;
  readonly #days: DayReader;
  readonly #one: Statement<[number], MeterRow>;
  readonly #all: Statement<[number, number], MeterRow>;
  readonly #matching: Statement<[number, number, string, number, number], MeterRow>;
  readonly #countMatching: Statement<[number, number, string], { n: number }>;
  readonly #total: Statement<[], { value: number }>;
  readonly #online: Statement<[], { n: number }>;
  readonly #tariff: Statement<[string, number, number], { tariff: string }>;

  constructor(db: Db, chain: ChainReader, days: DayReader) {
    this.#chain = chain;
    this.#days = days;
    this.#one = db.prepare(`${SELECT} WHERE m.meter = ?`);
    this.#all = db.prepare(`${SELECT} ORDER BY m.meter LIMIT ? OFFSET ?`);
    this.#matching = db.prepare(`${SELECT} WHERE ${MATCH} ORDER BY m.meter LIMIT ? OFFSET ?`);
    this.#countMatching = db.prepare(`SELECT count(*) AS n FROM meter m WHERE ${MATCH}`);
    this.#total = db.prepare("SELECT value FROM total WHERE name = 'meters'");
    this.#online = db.prepare("SELECT count(*) AS n FROM vault_online WHERE online = 1");
    this.#tariff = db.prepare(
      `SELECT tariff FROM assignment WHERE point = ? AND from_s <= ? AND (to_s IS NULL OR to_s > ?)
       ORDER BY pos DESC LIMIT 1`,
    );
  }

  count(): number {
    return this.#total.get()?.value ?? 0;
  }

  countOnline(): number {
    return this.#online.get()?.n ?? 0;
  }

  meters({ search, offset = 0, limit = DEFAULT_LIMIT }: MeterQuery): MeterPage {
    const facts = this.#facts();
    if (search === undefined || search === "") {
      const rows = this.#all.all(limit, offset).map((row) => this.#summarise(row, facts));
      return { rows, total: this.count() };
    }
    const [low, high] = prefixRange(search);
    const rows = this.#matching.all(low, high, search, limit, offset);
    const total = this.#countMatching.get(low, high, search)?.n ?? 0;
    return { rows: rows.map((row) => this.#summarise(row, facts)), total };
  }

  meter(id: string): MeterSummary | undefined {
    const row = this.#one.get(Number(id));
    return row === undefined ? undefined : this.#summarise(row, this.#facts());
  }

  #facts(): { readonly final: number; readonly time: number } {
    const tip = this.#chain.tip();
    return { final: this.#chain.finalHeight(tip), time: tip.header.time };
  }

  #summarise(row: MeterRow, { final, time }: { final: number; time: number }): MeterSummary {
    const months = this.#days.monthRows(row.meter);
    const newest = months.at(-1);
    const lastDay =
      newest === undefined ? undefined : this.#days.last(row.meter, newest.last, final);
    const first = months[0];
    const tariff = this.#tariff.get(row.point, time, time)?.tariff;
    return {
      meter: meterText(row.meter),
      state: stateOf(row, lastDay !== undefined),
      zone: row.zone ?? "UTC",
      ...(row.latitude === null || row.longitude === null
        ? {}
        : { latitudeE7: row.latitude, longitudeE7: row.longitude }),
      ...(row.label === null ? {} : { label: row.label }),
      ...(row.online === null ? {} : { online: row.online === 1 }),
      kid: row.kid,
      point: row.point,
      enrolPosition: row.pos,
      enrolledAtSeconds: row.at,
      days: months.reduce((sum, { records }) => sum + records, 0),
      ...(first === undefined ? {} : { firstDate: dateText(first.first) }),
      ...(lastDay === undefined ? {} : { lastDay }),
      ...(tariff === undefined ? {} : { tariff }),
      openAlarms: row.alarms,
    };
  }
}

function stateOf(row: MeterRow, hasDays: boolean): MeterState {
  if (row.revoked !== null) return "revoked";
  if (row.frozen !== null) return "frozen";
  return hasDays ? "active" : "waiting";
}

/** Meter ids that begin with these digits, as a half-open range; empty for any other text. */
function prefixRange(search: string): readonly [low: number, high: number] {
  if (!/^\d{1,9}$/.test(search)) return [0, 0];
  const width = 10 ** (9 - search.length);
  return [Number(search) * width, (Number(search) + 1) * width];
}
