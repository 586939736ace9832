/** CSV and JSON of slots: read again as a spreadsheet would, over a clock change, a gap, an unusable day and a meter that feeds in. */
import assert from "node:assert/strict";
import path from "node:path";
import { describe, test } from "node:test";
import { formatCsv } from "../../../gateway/export/csv.ts";
import { slotsCsv, slotsJson } from "../../../gateway/export/slot-table.ts";
import { formatLocal, requirePeriod } from "../../../gateway/export/slots.ts";
import { nameUuid } from "../../../gateway/export/uuid.ts";
import { openReadOnly } from "../../../gateway/ledger/database.ts";
import { createReadModel } from "../../../gateway/projection/read-model.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { createFakeReadModel } from "../../support/fake-read-model.ts";
import { TestLedger } from "../../support/test-ledger.ts";
import { FIRST_METER } from "../../support/test-portal.ts";

/** RFC 4180. */
function parseCsv(text: string): string[][] {
  const rows: string[][] = [];
  for (const line of text.split("\r\n").slice(0, -1)) {
    rows.push(
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,"]*))/g)].map(
        ([, quoted, plain]) => quoted?.replaceAll('""', '"') ?? plain ?? "",
      ),
    );
  }
  return rows;
}

/** Rows as objects by the names of the head. */
function table(text: string): Record<string, string>[] {
  const [head = [], ...rows] = parseCsv(text);
  return rows.map((row) => {
    assert.equal(row.length, head.length);
    return Object.fromEntries(head.map((name, i) => [name, row[i] ?? ""]));
  });
}

describe("slots of a period", () => {
  const model = createFakeReadModel({
    days: 120,
    gapDates: ["2024-04-02"],
    silentDates: ["2024-04-03"],
    unusableDate: "2024-04-04",
  });
  const csvOf = (from: string, to: string): Record<string, string>[] =>
    table([...slotsCsv(model, { meter: FIRST_METER, from, to })].join(""));

  test("the day of the clock change has 92 slots, and the hour that is not there is not there", () => {
    const rows = csvOf("2024-03-31", "2024-03-31");
    assert.equal(rows.length, 92);
    assert.deepEqual(
      [rows[7], rows[8]].map((row) => [row?.["local_start"], row?.["utc_start"], row?.["seconds"]]),
      [
        ["2024-03-31T01:45:00+01:00", "2024-03-31T00:45:00Z", "900"],
        ["2024-03-31T03:00:00+02:00", "2024-03-31T01:00:00Z", "900"],
      ],
    );
    const day = model.day(FIRST_METER, "2024-03-31")[0];
    assert.deepEqual(
      rows.map((row) => Number(row["energy_wh"])),
      day?.slotWh,
    );
    assert.equal(Number(rows[0]?.["day_voltage_l1_v"]) * 1000, day?.voltageMilliVolt?.[0]?.mean);
    assert.equal(Number(rows[0]?.["day_humidity_pct"]) * 100, day?.humidityCentiPercent?.mean);
    assert.equal(rows[0]?.["day_voltage_l2_v"], "");
  });

  test("a gap is empty and not zero, an unusable record says so, a silent day has no row", () => {
    const rows = csvOf("2024-04-02", "2024-04-04");
    const of = (date: string) => rows.filter((row) => row["local_start"]?.startsWith(date));
    assert.equal(of("2024-04-02").length, 96);
    assert.ok(of("2024-04-02").every((row) => row["energy_wh"] === "" && row["quality"] === "G"));
    assert.deepEqual(of("2024-04-03"), []);
    assert.deepEqual(
      of("2024-04-04").map((row) => [row["energy_wh"], row["unusable"], row["seconds"]]),
      [["", "schema", "86400"]],
    );
  });

  test("JSON has the same slots", () => {
    const period = { meter: FIRST_METER, from: "2024-03-30", to: "2024-04-04" };
    const { days, chain } = JSON.parse([...slotsJson(model, period)].join(""));
    assert.equal(chain, model.overview().tip.chainId);
    const slots = days.flatMap((day: { slots: object[] }) => day.slots);
    const rows = csvOf("2024-03-30", "2024-04-04").filter((row) => row["quality"] !== "");
    assert.deepEqual(
      slots.map((slot: Record<string, unknown>) => [slot["utcStart"], String(slot["wh"] ?? "")]),
      rows.map((row) => [row["utc_start"], row["energy_wh"]]),
    );
  });

  test("an empty file has its head", () => {
    assert.deepEqual(csvOf("2030-01-01", "2030-01-31"), []);
    const period = { meter: FIRST_METER, from: "2030-01-01", to: "2030-01-31" };
    assert.deepEqual(JSON.parse([...slotsJson(model, period)].join("")).days, []);
  });

  test("one piece a day: a long period is never whole in memory", () => {
    const pieces = [
      ...slotsCsv(model, { meter: FIRST_METER, from: "2024-01-01", to: "2024-04-29" }),
    ];
    assert.ok(pieces.length > 100);
    assert.ok(pieces.every((piece) => piece.length < 20_000));
  });

  test("a period that ends before it begins, or is endless, is refused", () => {
    const meter = FIRST_METER;
    for (const [from, to] of [
      ["2024-02-02", "2024-02-01"],
      ["2000-01-01", "2024-02-01"],
    ] as const) {
      assert.throws(() => requirePeriod({ meter, from, to }), { code: "parameter" });
    }
  });
});

test("of a store: exported energy stands beside what was taken", () => {
  const house = new TestLedger();
  try {
    const meter = house.enrol();
    house.mine();
    const exported = Array.from({ length: 96 }, (_, i) => (i < 2 ? 0 : i % 5));
    house.hold(house.day(meter, { exported, quality: `GG${"M".repeat(94)}`, wh: whs() }));
    house.mine();
    const db = openReadOnly(path.join(house.folder, "gateway.db"));
    const model = createReadModel(db, { suite: nodeSuite });
    const period = { meter: meter.id, from: "2024-01-01", to: "2024-01-01" };
    const rows = table([...slotsCsv(model, period)].join(""));
    db.close();
    assert.deepEqual(
      rows.map((row) => row["export_wh"]),
      exported.map((wh, i) => (i < 2 ? "" : String(wh))),
    );
    assert.equal(rows[2]?.["energy_wh"], "7");
  } finally {
    house.close();
  }

  function whs(): number[] {
    return Array.from({ length: 96 }, (_, i) => (i < 2 ? 0 : 7));
  }
});

test("text that a spreadsheet would compute is made text; numbers stay numbers", () => {
  const cells = [
    "=1+1",
    "+a",
    "-x",
    "@SUM(A1)",
    "\tb",
    "＝1",
    "-12.5",
    "-33.1,151.2",
    'a"b,c',
    "a\nb",
  ];
  const text = formatCsv([cells]);
  assert.equal(text, `'=1+1,'+a,'-x,'@SUM(A1),'\tb,'＝1,-12.5,"-33.1,151.2","a""b,c","a\nb"\r\n`);
});

test("local time has the offset of its zone, also of half hours and west of Greenwich", () => {
  assert.equal(formatLocal(0, "Asia/Kolkata"), "1970-01-01T05:30:00+05:30");
  assert.equal(formatLocal(1_704_067_200, "America/St_Johns"), "2023-12-31T20:30:00-03:30");
});

test("a UUID of version 5 is the one of everybody else", () => {
  // RFC 9562, appendix A.4, has it for the DNS namespace; this one is Python's uuid5(NAMESPACE_URL, "x").
  assert.equal(nameUuid("x"), "4cd605e7-afa2-5360-b5b9-c5e9fb5c76f4");
});
