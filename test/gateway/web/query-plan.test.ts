/**
 * No page scans a table that grows. The whole portal is opened over one connection that writes down every statement prepared on it,
 * then every page, file and API route is asked, and SQLite explains how it would go about each statement.
 */
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, test } from "node:test";
import { exportBundle } from "../../../gateway/bundle/export-bundle.ts";
import { type Db, openReadOnly } from "../../../gateway/ledger/database.ts";
import { createReadModel } from "../../../gateway/projection/read-model.ts";
import { UserVault } from "../../../gateway/vault/user-vault.ts";
import { API_ROUTES } from "../../../gateway/web/api/api-routes.ts";
import { createPortal } from "../../../gateway/web/portal.ts";
import { ROUTES } from "../../../gateway/web/routes.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { type BilledHouse, makeBilledHouse } from "../../support/billed-house.ts";

/**
 * What may be read from end to end, and why. Everything else is found by a key or an index, or is a page of an index in its order.
 */
const SMALL: Readonly<Record<string, string>> = {
  vault_counter: "as many rows as there are answers of the intake",
  vault_user: "people, on the sign-in page only while nobody is set up",
  vault_access_token: "programs, for the command line only",
  vault_point: "a search in labels, which the reader asks for",
  held: "records that wait for a block: the intake bounds them",
  asked: "dates that were asked for, a table of the statement itself",
  "CONSTANT ROW": "no table",
};

let house: BilledHouse;
let db: Db;
const statements = new Set<string>();
/** Routes that did not answer. */
const failures: string[] = [];

before(async () => {
  house = makeBilledHouse();
  db = openReadOnly(path.join(house.ledger.folder, "gateway.db"));
  const prepare = db.prepare.bind(db);
  Object.defineProperty(db, "prepare", {
    value: (sql: string) => {
      statements.add(sql);
      return prepare(sql);
    },
  });
  new UserVault(db);
  const readModel = createReadModel(db, { suite: nodeSuite });
  const { clock, keys } = house.ledger;
  const app = createPortal({
    readModel,
    clock,
    suite: nodeSuite,
    exportBundle: (no) => exportBundle(db, no, { suite: nodeSuite, recipient: keys.utility }),
  });
  const parts: Readonly<Record<string, string>> = {
    meter: house.meter.id,
    date: "2024-01-09",
    no: house.no,
    height: "2",
    position: "5",
    id: "1",
  };
  const fill = (route: string): string =>
    route
      .replace(/\{\.\+([^}]*)\}/g, (_, end: string) => end.replaceAll("\\", ""))
      .replace(/:(\w+)/g, (_, name: string) => parts[name] ?? assert.fail(`no example of ${name}`))
      .replace("/find", "/find?q=1");
  const queries = [
    "",
    "?q=35",
    "?page=2",
    "?month=2024-01",
    "?year=2024",
    `?meter=${house.meter.id}`,
  ];
  const asked = [
    ...ROUTES.flatMap(({ path: route }) => queries.map((query) => fill(route) + query)),
    ...API_ROUTES.flatMap(({ path: route }) =>
      [...queries, "?state=open", "?before=9", "?from=3", "?offset=1"].map(
        (query) => `/api/v1${fill(route)}${query}`,
      ),
    ),
    "/metrics",
    `/find?q=${readModel.record(5)?.leaf}`,
  ];
  for (const address of asked) {
    const response = await app.request(address);
    await response.arrayBuffer();
    const isPlain = !address.includes("?");
    if (response.status >= 500 || (isPlain && response.status >= 400)) {
      failures.push(`${address}: ${response.status}`);
    }
  }
});
after(() => {
  db.close();
  house.ledger.close();
});

const reads = (): string[] => [...statements].filter((sql) => /^\s*(SELECT|WITH)/i.test(sql));

/** The steps of a statement that go through something from end to end. */
function scansOf(sql: string): string[] {
  const plan = db.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`);
  const rows = plan.all(...Array.from({ length: sql.split("?").length - 1 }, () => 0));
  const steps = rows.map(({ detail }) => detail);
  // To sort what is equal in the first terms, SQLite reads no further than those.
  const sorts = steps.some((step) => /TEMP B-TREE FOR (?!LAST TERM)/.test(step));
  return steps.filter((step) => {
    const table = /^SCAN (.*?)(?: USING .*)?$/.exec(step)?.[1];
    return table !== undefined && !(table in SMALL) && !(isPage(sql) && !sorts);
  });
}

/** The first rows in the order of a key: SQLite stops at the limit, unless it has to look for rows that fit a condition. */
function isPage(sql: string): boolean {
  let outer = sql;
  for (let inner = ""; inner !== outer; ) {
    inner = outer;
    outer = inner.replace(/\([^()]*\)/g, "");
  }
  return /\bLIMIT\b/.test(outer) && !/\bWHERE\b/.test(outer);
}

test("every route answers, so every statement was prepared", () => {
  assert.deepEqual(failures, []);
  assert.ok(reads().length > 60, String(reads().length));
});

test("no statement of the portal scans a table that grows", () => {
  const found = reads().flatMap((sql) => scansOf(sql).map((scan) => `${scan}: ${sql}`));
  assert.deepEqual(found, []);
});

/** Keyed by date first, of all meters: a range of dates alone goes through everybody's days. */
function rangesOf(sql: string): string[] {
  if (!/\b(FROM|JOIN) (day|month|statement)\b/.test(sql)) return [];
  const plan = db.prepare<unknown[], { detail: string }>(`EXPLAIN QUERY PLAN ${sql}`);
  return plan
    .all(...Array.from({ length: sql.split("?").length - 1 }, () => 0))
    .map(({ detail }) => detail)
    .filter((detail) => /\((date|month)[<>]/.test(detail));
}

test("no statement reads everybody's days for one meter", () => {
  const found = reads().flatMap((sql) => rangesOf(sql).map((step) => `${step}: ${sql}`));
  assert.deepEqual(found, []);
  const wrong = "SELECT * FROM day WHERE date >= ? AND date <= ? AND meter = ?";
  assert.equal(rangesOf(wrong).length, 1);
});

test("a scan would be found: behind a condition, behind a sort, and without a limit", () => {
  for (const sql of [
    "SELECT * FROM day WHERE code IS NOT NULL LIMIT 5",
    "SELECT * FROM bill ORDER BY body LIMIT 5",
    "SELECT count(*) FROM record",
    "SELECT * FROM meter m JOIN enrolment e ON e.kid > m.meter",
  ]) {
    assert.ok(scansOf(sql).length > 0, sql);
  }
  assert.deepEqual(scansOf("SELECT * FROM bill ORDER BY from_s DESC, meter, pos LIMIT ?"), []);
});
