/** Green Button files: their shape by a schema and a checker of others, their numbers against the read model. */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import path from "node:path";
import { describe, test } from "node:test";
import { greenButton } from "../../../gateway/export/green-button.ts";
import type { DayDetail, ReadModel } from "../../../gateway/projection/read-model-types.ts";
import { createFakeReadModel } from "../../support/fake-read-model.ts";
import { projectRoot } from "../../support/project-root.ts";
import { findProgram, requireSystemPart } from "../../support/system-part.ts";
import { FIRST_METER, HOSTILE_TEXT } from "../../support/test-portal.ts";

const SCHEMA = path.join(projectRoot(), "test", "gateway", "export", "atom.xsd");
const QUARTER = { meter: FIRST_METER, from: "2024-01-01", to: "2024-03-31" };
const GAP = "2024-01-10";

/** The village's first meter feeds in as well; one day is a gap, one has some, one counts whole days. */
const village = createFakeReadModel({
  days: 91,
  gapDates: [GAP],
  partialDates: ["2024-02-05"],
  unusableDate: "2024-02-07",
});
const model: ReadModel = {
  ...village,
  day: (meter, date) =>
    village.day(meter, date).map((day): DayDetail => {
      const exported = { ...day, slotExportWh: day.slotWh.map((wh) => wh % 7) };
      if (date !== "2024-03-02") return exported;
      return { ...exported, stepSeconds: 0, slotWh: [day.wh], slotExportWh: [5], quality: "E" };
    }),
  bill: (no) => {
    const bill = village.bill(no);
    const [line, ...others] = bill?.lines ?? [];
    if (bill === undefined || line === undefined) return bill;
    const hostile = { ...(others[0] ?? line), label: `${HOSTILE_TEXT}\u0007\ud800`.repeat(4) };
    return { ...bill, lines: [line, hostile] };
  },
};
const file = [...greenButton(model, QUARTER)].join("");

function validate(xml: string): { ok: boolean; said: string } {
  const args = ["--noout", "--nonet", "--schema", SCHEMA, "-"];
  const { status, stderr } = spawnSync(findProgram("xmllint") ?? "", args, {
    input: xml,
    encoding: "utf8",
  });
  return { ok: status === 0, said: stderr };
}

interface Reading {
  readonly start: number;
  readonly seconds: number;
  readonly value: number;
  readonly qualities: readonly number[];
}

/** Readings of one direction, by the entries' links. */
function readingsOf(xml: string, flow: 1 | 19): Reading[] {
  const entries = xml.split("<entry>").slice(1);
  const linkOf = (entry: string, rel: string): string[] =>
    [...entry.matchAll(new RegExp(`<link rel="${rel}" href="([^"]+)"`, "g"))].map(
      (m) => m[1] ?? "",
    );
  const types = entries
    .filter((entry) => entry.includes(`<flowDirection>${flow}</flowDirection>`))
    .flatMap((entry) => linkOf(entry, "self"));
  const blocks = entries
    .filter((entry) => entry.includes("<MeterReading"))
    .filter((entry) => linkOf(entry, "related").some((href) => types.includes(href)))
    .flatMap((entry) => linkOf(entry, "related").filter((href) => href.endsWith("IntervalBlock")));
  return entries
    .filter((entry) => linkOf(entry, "up").some((href) => blocks.includes(href)))
    .flatMap((entry) => [...entry.matchAll(/<IntervalReading>(.*?)<\/IntervalReading>/g)])
    .map(([, text = ""]) => ({
      start: Number(/<start>(\d+)/.exec(text)?.[1]),
      seconds: Number(/<duration>(\d+)/.exec(text)?.[1]),
      value: Number(/<value>(-?\d+)/.exec(text)?.[1]),
      qualities: [...text.matchAll(/<quality>(\d+)/g)].map((m) => Number(m[1])),
    }));
}

describe("green button", () => {
  test("has the schema's shape, also with hostile text", (t) => {
    if (!requireSystemPart(t, "xmllint")) return;
    const { ok, said } = validate(file);
    assert.ok(ok, said);
    assert.ok(!file.includes("<img"), "escaped");
    assert.ok([...file.matchAll(/<note>(.*?)<\/note>/g)].length >= 2);
  });

  test("the schema refuses what is not of its shape", (t) => {
    if (!requireSystemPart(t, "xmllint")) return;
    const wrong: readonly (readonly [RegExp, string])[] = [
      [/(<timePeriod>.*?<\/timePeriod>)(<value>\d+<\/value>)/, "$2$1"],
      [/<value>\d+<\/value>/, "<value>1.5</value>"],
      [/<quality>0</, "<quality>5<"],
      [/<dstEndRule>[0-9A-F]+</, "<dstEndRule>A02<"],
      [/<statusTimeStamp>\d+<\/statusTimeStamp>/, ""],
      [/<itemKind>\d+<\/itemKind>/, ""],
      [/<id>urn:uuid:[^<]+<\/id><link rel="self" href="[^"]+Block/, '<link rel="self" href="x'],
      [/<MeterReading[^>]+>/, '<Other xmlns="http://naesb.org/espi"/>'],
    ];
    for (const [from, to] of wrong) {
      const changed = file.replace(from, to);
      assert.notEqual(changed, file, String(from));
      assert.equal(validate(changed).ok, false, String(from));
    }
  });

  test("holds every slot of both directions once, and none of a gap", () => {
    const days = daysOf(model);
    for (const [flow, pick] of [
      [1, (day: DayDetail) => day.slotWh],
      [19, (day: DayDetail) => day.slotExportWh ?? []],
    ] as const) {
      const expected = days.flatMap((day) =>
        [...day.quality].flatMap((letter, i) => {
          const seconds = day.stepSeconds || day.toSeconds - day.fromSeconds;
          return letter === "G" ? [] : [[day.fromSeconds + i * seconds, seconds, pick(day)[i]]];
        }),
      );
      const readings = readingsOf(file, flow).sort((a, b) => a.start - b.start);
      assert.deepEqual(
        readings.map(({ start, seconds, value }) => [start, seconds, value]),
        expected,
      );
    }
    const gap = days.find(({ date }) => date === GAP);
    assert.ok(gap);
    const inGap = readingsOf(file, 1).filter(
      ({ start }) => start >= gap.fromSeconds && start < gap.toSeconds,
    );
    assert.deepEqual(inGap, []);
  });

  test("says the quality of each reading", () => {
    const day = model.day(FIRST_METER, "2024-02-05")[0];
    const whole = model.day(FIRST_METER, "2024-03-02")[0];
    assert.ok(day && whole);
    const at = (slot: number): readonly number[] | undefined =>
      readingsOf(file, 1).find(({ start }) => start === day.fromSeconds + slot * 900)?.qualities;
    assert.deepEqual([at(0), at(37), at(38), at(53)], [[0], [10], undefined, [11]]);
    const [estimated] = readingsOf(file, 1).filter(({ start }) => start === whole.fromSeconds);
    assert.deepEqual([estimated?.seconds, estimated?.qualities], [86_400, [11, 10]]);
  });

  test("sums up each bill of the period in hundred-thousandths of its currency", () => {
    const bills = model.bills({ meter: FIRST_METER }).rows;
    assert.ok(bills.length >= 2);
    for (const { no, totalMinor, wh } of bills) {
      const entry = file.split("<entry>").find((text) => text.includes(`<title>Bill ${no}<`)) ?? "";
      assert.match(entry, new RegExp(`<billLastPeriod>${totalMinor * 1000}</billLastPeriod>`));
      assert.match(entry, /<currency>978<\/currency>/);
      assert.match(entry, new RegExp(`<uom>72</uom><value>${wh}</value>`));
      const [, additional] = /<costAdditionalLastPeriod>(-?\d+)</.exec(entry) ?? [];
      const parts = [...entry.matchAll(/<amount>(-?\d+)</g)].map((m) => Number(m[1]));
      assert.equal(
        parts.reduce((sum, part) => sum + part, 0),
        Number(additional),
      );
    }
    const january = [...greenButton(model, { ...QUARTER, to: "2024-01-31" })].join("");
    assert.equal(january.match(/<UsageSummary/g)?.length, 1);
  });

  test("is the same every time, and another meter's ids are others", () => {
    assert.equal([...greenButton(model, QUARTER)].join(""), file);
    const other = model.meters().rows[1]?.meter ?? "";
    const theirs = [...greenButton(model, { ...QUARTER, meter: other })].join("");
    const ids = (xml: string): string[] => xml.match(/urn:uuid:[0-9a-f-]+/g) ?? [];
    assert.deepEqual(
      ids(theirs).filter((id) => ids(file).includes(id)),
      [],
    );
  });

  test("an empty period is a feed without readings", (t) => {
    if (!requireSystemPart(t, "xmllint")) return;
    const empty = [...greenButton(model, { ...QUARTER, from: "2030-01-01", to: "2030-01-02" })];
    const { ok, said } = validate(empty.join(""));
    assert.ok(ok, said);
    assert.doesNotMatch(empty.join(""), /IntervalReading/);
  });
});

function daysOf(from: ReadModel): DayDetail[] {
  return from
    .days(FIRST_METER, QUARTER.from, QUARTER.to)
    .flatMap(({ date }) => from.day(FIRST_METER, date));
}
