/**
 * A second computation of bills, in SQL: independent of shared/money in every rule that it computes.
 *
 * In:  one tariff body, hourly or quarter-hourly slots of whole local days of UTC-offset `offset`, or readings of which SQL
 *      finds out which count (sql-readings.ts), prices.
 * Out: amounts of the lines by code in minor units, in the order of the charges. SQLite does the calendar (strftime), the
 *      matching of rules, the steps, the peaks and the rounding in 64-bit integers; here is only the order of charges.
 */
import Database from "better-sqlite3";
import type { TariffBody } from "../../shared/money/tariff.ts";
import { type SqlReading, SqlReadings } from "./sql-readings.ts";

type Db = InstanceType<typeof Database>;
type Statement = ReturnType<Db["prepare"]>;
type Values = { readonly [name: string]: bigint };
type Charge = TariffBody["charges"][number];
type Rule = {
  months?: number[];
  weekdays?: number[];
  dates?: [string, string][];
  hours?: [number, number][];
};

export interface SqlSlot {
  readonly at: number;
  readonly step: number;
  readonly wh: number;
  readonly exported: number;
  readonly letter: string;
}

export interface SqlPrice {
  readonly id: string;
  readonly from: number;
  readonly step: number;
  readonly nano: readonly number[];
}

export interface SqlCase {
  readonly body: TariffBody;
  /** Seconds ahead of UTC, all the time. */
  readonly offset: number;
  /** Whole local days. */
  readonly from: number;
  readonly to: number;
  /** Slots, or the readings that have them. */
  readonly slots: readonly SqlSlot[] | { readonly readings: readonly SqlReading[] };
  readonly prices: readonly SqlPrice[];
}

const ROUND = (numerator: string, denominator: string): string =>
  `(CASE WHEN (${numerator}) < 0 THEN -1 ELSE 1 END * ((2 * ABS(${numerator}) + ${denominator}) / (2 * ${denominator})))`;

export class SqlBiller {
  readonly #db: Db = new Database(":memory:");
  readonly #statements = new Map<string, Statement>();
  readonly #readings = new SqlReadings(this.#db);

  constructor() {
    this.#db.exec(`
      CREATE TABLE slot (at INTEGER PRIMARY KEY, step INTEGER, wh INTEGER, exported INTEGER, letter TEXT,
        day TEXT, minute INTEGER, month INTEGER, weekday INTEGER, monthday TEXT, ym TEXT);
      CREATE TABLE day (day TEXT, ym TEXT, days INTEGER);
      CREATE TABLE band (charge INTEGER, no INTEGER, code TEXT, nano INTEGER, per TEXT, anytime INTEGER);
      CREATE TABLE step (charge INTEGER, band INTEGER, no INTEGER, upto INTEGER, nano INTEGER);
      CREATE TABLE rule (charge INTEGER, band INTEGER, no INTEGER, months TEXT, weekdays TEXT,
        anydate INTEGER, anyhour INTEGER);
      CREATE TABLE rule_date (charge INTEGER, band INTEGER, rule INTEGER, f TEXT, t TEXT);
      CREATE TABLE rule_hour (charge INTEGER, band INTEGER, rule INTEGER, f INTEGER, t INTEGER);
      CREATE TABLE holiday (day);
      CREATE TABLE price (id TEXT, f INTEGER, t INTEGER, nano INTEGER);
    `);
  }

  close(): void {
    this.#db.close();
  }

  /** [code, amount] in the order of the charges; lines of nothing are left out. */
  bill(given: SqlCase): [string, number][] {
    this.#load(given);
    const lines: [string, number, boolean][] = [];
    for (const [i, charge] of given.body.charges.entries()) {
      for (const [code, amount] of this.#lines(given, i, charge, lines)) {
        lines.push([code, amount, charge.kind === "tax"]);
      }
    }
    return lines.map(([code, amount]) => [code, amount]);
  }

  #load({ body, offset, from, to, slots, prices }: SqlCase): void {
    const db = this.#db;
    for (const table of [
      "slot",
      "day",
      "band",
      "step",
      "rule",
      "rule_date",
      "rule_hour",
      "holiday",
      "price",
    ]) {
      db.exec(`DELETE FROM ${table}`);
    }
    const holiday = db.prepare("INSERT INTO holiday VALUES (?)");
    for (const day of body.holidays ?? []) holiday.run(day);
    const insert = db.prepare(
      "INSERT INTO slot (at, step, wh, exported, letter) VALUES (?, ?, ?, ?, ?)",
    );
    const counting = "readings" in slots ? this.#readings.counting(slots.readings) : slots;
    for (const slot of counting) {
      insert.run(slot.at, slot.step, slot.wh, slot.exported, slot.letter);
    }
    db.prepare(`UPDATE slot SET day = date(at + :o, 'unixepoch'), minute = ((at + :o) % 86400) / 60,
      month = CAST(strftime('%m', at + :o, 'unixepoch') AS INTEGER), monthday = strftime('%m-%d', at + :o, 'unixepoch'),
      ym = strftime('%Y-%m', at + :o, 'unixepoch'),
      weekday = CASE strftime('%w', at + :o, 'unixepoch') WHEN '0' THEN 7 ELSE CAST(strftime('%w', at + :o, 'unixepoch') AS INTEGER) END`).run(
      { o: BigInt(offset) },
    );
    db.exec("UPDATE slot SET weekday = 8 WHERE day IN (SELECT day FROM holiday)");
    db.prepare(`WITH RECURSIVE d(at) AS (SELECT :f UNION ALL SELECT at + 86400 FROM d WHERE at + 86400 < :t)
      INSERT INTO day SELECT date(at + :o, 'unixepoch'), strftime('%Y-%m', at + :o, 'unixepoch'),
      CAST(strftime('%d', at + :o, 'unixepoch', 'start of month', '+1 month', '-1 day') AS INTEGER) FROM d`).run(
      { f: BigInt(from), t: BigInt(to), o: BigInt(offset) },
    );
    for (const [i, charge] of body.charges.entries()) this.#loadBands(i, charge);
    const price = db.prepare("INSERT INTO price VALUES (?, ?, ?, ?)");
    for (const { id, from: start, step, nano } of prices) {
      for (const [i, rate] of nano.entries())
        price.run(id, start + i * step, start + (i + 1) * step, rate);
    }
  }

  #loadBands(i: number, charge: Charge): void {
    const db = this.#db;
    const list = "bands" in charge ? charge.bands : [charge];
    for (const [no, band] of list.entries()) {
      const any = band as {
        nano?: number;
        per?: string;
        steps?: { upto?: number; nano: number }[];
        when?: Rule[];
        code: string;
      };
      db.prepare("INSERT INTO band VALUES (?, ?, ?, ?, ?, ?)").run(
        i,
        no,
        any.code,
        any.nano ?? any.steps?.[0]?.nano ?? null,
        any.per ?? null,
        any.when ? 0 : 1,
      );
      for (const [n, { upto, nano }] of (any.steps ?? []).entries()) {
        db.prepare("INSERT INTO step VALUES (?, ?, ?, ?, ?)").run(i, no, n, upto ?? null, nano);
      }
      for (const [n, rule] of (any.when ?? []).entries()) {
        const inList = (all: readonly number[] | undefined): string =>
          all === undefined ? "*" : `,${all.join(",")},`;
        db.prepare("INSERT INTO rule VALUES (?, ?, ?, ?, ?, ?, ?)").run(
          i,
          no,
          n,
          inList(rule.months),
          inList(rule.weekdays),
          rule.dates ? 0 : 1,
          rule.hours ? 0 : 1,
        );
        for (const [f, t] of rule.dates ?? [])
          db.prepare("INSERT INTO rule_date VALUES (?, ?, ?, ?, ?)").run(i, no, n, f, t);
        for (const [f, t] of rule.hours ?? [])
          db.prepare("INSERT INTO rule_hour VALUES (?, ?, ?, ?, ?)").run(i, no, n, f, t);
      }
    }
  }

  /** SQL of the band in force for a row `s` of slot. */
  #bandOf(charge: number): string {
    return `(SELECT MIN(b.no) FROM band b WHERE b.charge = ${charge} AND (b.anytime = 1 OR EXISTS (
      SELECT 1 FROM rule r WHERE r.charge = b.charge AND r.band = b.no
      AND (r.months = '*' OR instr(r.months, ',' || s.month || ',') > 0)
      AND (r.weekdays = '*' OR instr(r.weekdays, ',' || s.weekday || ',') > 0)
      AND (r.anydate = 1 OR EXISTS (SELECT 1 FROM rule_date d WHERE d.charge = r.charge AND d.band = r.band AND d.rule = r.no
        AND ((d.f < d.t AND s.monthday >= d.f AND s.monthday < d.t) OR (d.f >= d.t AND (s.monthday >= d.f OR s.monthday < d.t)))))
      AND (r.anyhour = 1 OR EXISTS (SELECT 1 FROM rule_hour h WHERE h.charge = r.charge AND h.band = r.band AND h.rule = r.no
        AND s.minute >= h.f AND s.minute < h.t)))))`;
  }

  #lines(
    given: SqlCase,
    i: number,
    charge: Charge,
    before: readonly [string, number, boolean][],
  ): [string, number][] {
    const { minor } = given.body;
    if (charge.kind === "energy" || charge.kind === "export") return this.#energy(given, i, charge);
    if (charge.kind === "demand") return this.#demand(i, charge, minor);
    const days = this.#scalar("SELECT COUNT(*) FROM day");
    const months = this.#scalar("SELECT COUNT(*) FROM day WHERE day LIKE '%-01'");
    const of = (count: number): number => this.#round(count, charge.nano, 10 ** minor);
    if (charge.kind === "standing") {
      return [[charge.code, of(charge.per === "day" ? days : charge.per === "month" ? months : 1)]];
    }
    if (charge.kind === "minimum") {
      const least = of(charge.per === "day" ? days : months);
      const sum = before.reduce((all, [, amount]) => all + amount, 0);
      return least > sum ? [[charge.code, least - sum]] : [];
    }
    const taxed = before.filter(([code, , isTax]) => charge.on?.includes(code) ?? !isTax);
    const base = taxed.reduce((all, [, amount]) => all + amount, 0);
    return [[charge.code, this.#round(base, charge.nano)]];
  }

  #energy(
    { body }: SqlCase,
    i: number,
    charge: Charge & { kind: "energy" | "export" },
  ): [string, number][] {
    const isExport = charge.kind === "export";
    const wh = isExport ? "s.exported" : "s.wh";
    const sign = isExport ? "-1" : "1";
    const own = "recovered" in charge && charge.recovered !== undefined;
    const recovered = isExport ? "0" : `s.letter = 'R'`;
    const scale = `${10 ** body.minor}`;
    const lines: [string, number][] = [];
    if ("series" in charge) {
      const priced = `SELECT (CASE WHEN ${recovered} THEN (SELECT MIN(q.nano) FROM price q WHERE q.id = '${charge.series}' AND q.t > ${GAP} AND q.f <= s.at)
        ELSE p.nano END) + :add AS nano, ${wh} AS wh FROM slot s JOIN price p ON p.id = '${charge.series}' AND p.f <= s.at AND s.at < p.t
        WHERE ${wh} > 0 AND ${own ? `NOT (${recovered})` : "1"}`;
      const rows = this.#all(
        `SELECT nano, SUM(wh) AS wh, ${ROUND(`SUM(wh) * nano * ${scale} * ${sign}`, "1000000000000")} AS amount FROM (${priced}) GROUP BY nano ORDER BY nano`,
        { add: BigInt(charge.add ?? 0) },
      );
      if (rows.length > 24) {
        lines.push([
          charge.code,
          this.#scalar(
            `SELECT ${ROUND(`SUM(wh * nano) * ${scale} * ${sign}`, "1000000000000")} FROM (${priced})`,
            { add: BigInt(charge.add ?? 0) },
          ),
        ]);
      } else
        lines.push(
          ...rows.map(({ amount }) => [charge.code, amount as number] as [string, number]),
        );
    } else {
      const banded = `SELECT CASE WHEN ${recovered} THEN (SELECT g.no FROM (SELECT b.no, b.nano, b.no <> ${this.#bandOf(i)} AS other FROM band b WHERE b.charge = ${i}
          AND b.no IN (SELECT ${this.#bandOf(i)} FROM slot s JOIN slot o ON o.rowid = outer_slot.rowid WHERE s.at >= ${GAP_OF_OUTER} AND s.at <= outer_slot.at)) g ORDER BY g.nano, g.other LIMIT 1)
        ELSE ${this.#bandOf(i)} END AS band, s.ym, ${wh} AS wh FROM slot s JOIN slot outer_slot ON outer_slot.rowid = s.rowid WHERE ${wh} > 0 AND ${own ? `NOT (${recovered})` : "1"}`;
      for (const {
        code,
        amount,
      } of this.#all(`WITH use AS (SELECT band, ym, SUM(wh) AS wh FROM (${banded}) GROUP BY band, ym),
        top AS (SELECT st.band, st.no, st.nano, u.ym, u.wh, CASE WHEN st.upto IS NULL THEN NULL WHEN b.per = 'day' THEN st.upto * d.counted ELSE st.upto * d.counted / d.days END AS upto
          FROM step st JOIN band b ON b.charge = st.charge AND b.no = st.band JOIN use u ON u.band = st.band
          JOIN (SELECT ym, days, COUNT(*) AS counted FROM day GROUP BY ym) d ON d.ym = u.ym WHERE st.charge = ${i})
        SELECT code, amount FROM (
          SELECT b.no AS band, '' AS ym, 0 AS step, b.code, SUM(u.wh) AS wh, ${ROUND(`SUM(u.wh) * b.nano * ${scale} * ${sign}`, "1000000000000")} AS amount
            FROM use u JOIN band b ON b.charge = ${i} AND b.no = u.band WHERE b.per IS NULL GROUP BY b.no
          UNION ALL SELECT t.band, t.ym, t.no, b.code, MIN(t.wh, COALESCE(t.upto, t.wh)) - MIN(t.wh, COALESCE((SELECT q.upto FROM top q WHERE q.band = t.band AND q.ym = t.ym AND q.no = t.no - 1), 0)) AS wh,
            ${ROUND(`(MIN(t.wh, COALESCE(t.upto, t.wh)) - MIN(t.wh, COALESCE((SELECT q.upto FROM top q WHERE q.band = t.band AND q.ym = t.ym AND q.no = t.no - 1), 0))) * t.nano * ${scale} * ${sign}`, "1000000000000")}
            FROM top t JOIN band b ON b.charge = ${i} AND b.no = t.band)
        WHERE wh <> 0 ORDER BY band, ym, step`)) {
        lines.push([code as string, amount as number]);
      }
    }
    if (own) {
      const amount = this.#all(
        `SELECT SUM(s.wh) AS wh, ${ROUND(`SUM(s.wh) * :recovered * ${scale}`, "1000000000000")} AS amount FROM slot s WHERE s.letter = 'R'`,
        { recovered: BigInt(charge.recovered) },
      )[0];
      if (Number(amount?.["wh"] ?? 0) > 0) lines.push([charge.code, amount?.["amount"] as number]);
    }
    return lines;
  }

  #demand(i: number, charge: Charge & { kind: "demand" }, minor: number): [string, number][] {
    const rows = this.#all(
      `WITH w AS (SELECT s.ym, s.at - s.at % 900 AS start, SUM(s.wh) * 4 AS watts, MIN(s.at) AS first FROM slot s
        WHERE s.letter <> 'R' AND s.step = 900 GROUP BY start)
      SELECT s.ym, ${ROUND(`MAX(w.watts) * :nano * ${10 ** minor}`, "1000000000000")} AS amount FROM w JOIN slot s ON s.at = w.first
      WHERE w.watts > 0 AND ${this.#bandOf(i)} IS NOT NULL GROUP BY s.ym ORDER BY s.ym`,
      { nano: BigInt(charge.nano) },
    );
    return rows.map(({ amount }) => [charge.code, amount as number]);
  }

  #round(...factors: readonly number[]): number {
    const product = factors.reduce((all, factor) => all * BigInt(factor), 1n);
    return this.#scalar(`SELECT ${ROUND(":n", "1000000000")}`, { n: product });
  }

  #scalar(sql: string, values: Values = {}): number {
    return Object.values(this.#all(sql, values)[0] ?? {})[0] as number;
  }

  /** Statements are kept: preparing them costs more than running them. */
  #all(sql: string, values: Values = {}): Record<string, number | string>[] {
    const known = this.#statements.get(sql);
    const statement = known ?? this.#db.prepare(sql);
    if (known === undefined) this.#statements.set(sql, statement);
    return statement.all(values) as Record<string, number | string>[];
  }
}

/** Beginning of the gap before the R slot `s`: the end of the last slot before it that is no gap. */
const GAP =
  "COALESCE((SELECT g.at + g.step FROM slot g WHERE g.at < s.at AND g.letter <> 'G' ORDER BY g.at DESC LIMIT 1), (SELECT MIN(at) FROM slot))";
const GAP_OF_OUTER =
  "COALESCE((SELECT g.at + g.step FROM slot g WHERE g.at < outer_slot.at AND g.letter <> 'G' ORDER BY g.at DESC LIMIT 1), (SELECT MIN(at) FROM slot))";
