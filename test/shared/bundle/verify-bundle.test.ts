/** Bill bundles: a right one verifies in both suites, and no change of it does. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import { canonicalize, type JsonObject } from "../../../shared/base/canonical-json.ts";
import type { BillBundle, BundleRecord } from "../../../shared/bundle/bill-bundle.ts";
import { formatBundle, parseBundle } from "../../../shared/bundle/bill-bundle.ts";
import { verifyBundle } from "../../../shared/bundle/verify-bundle.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { parseRecord } from "../../../shared/record/record.ts";
import { type BilledHouse, makeBilledHouse } from "../../support/billed-house.ts";
import { codeOf } from "../../support/code-of.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

const MUTATIONS = 4_000;

let house: BilledHouse;
before(() => {
  house = makeBilledHouse();
});
after(() => house.ledger.close());

const typOf = ({ line1 }: BundleRecord): string => parseRecord(nodeSuite, line1).typ;

/** The bundle after a change of its records. */
function changed(change: (records: BundleRecord[]) => BundleRecord[]): string {
  const bundle: BillBundle = { ...house.bundle, records: change([...house.bundle.records]) };
  return formatBundle(bundle);
}

function changedRecord(
  typ: string,
  change: (record: BundleRecord) => BundleRecord,
  nth = 0,
): string {
  return changed((records) => {
    const at = records.map(typOf).indexOf(typ) + nth;
    return records.map((record, i) => (i === at ? change(record) : record));
  });
}

describe("a bundle as it was made", () => {
  for (const suite of [nodeSuite, nobleSuite]) {
    it(`is right by the ${suite.name} suite`, () => {
      const report = verifyBundle(suite, house.text, { chain: house.ledger.ledger.state.chain.id });
      assert.equal(report.bill.no, house.no);
      assert.equal(report.days.length, 31);
      assert.equal(report.size, house.ledger.ledger.tip().logSize);
      assert.deepEqual(report.gateways, ["gw-1"]);
      assert.equal(report.bill.slots.measured, report.bill.slots.total);
    });
  }

  it("holds genesis, what the bill rests on, and nothing of the neighbour", () => {
    const counts = new Map<string, number>();
    for (const record of house.bundle.records) {
      counts.set(typOf(record), (counts.get(typOf(record)) ?? 0) + 1);
    }
    assert.deepEqual(
      [...counts],
      [
        ["genesis", 1],
        ["enrol", 1],
        ["tariff", 2],
        ["assign", 1],
        ["price", 5],
        ["day", 31],
        ["event", 1],
        ["bill", 1],
      ],
    );
    assert.ok(!house.text.includes(house.ledger.meters[1]?.id ?? "?"));
  });

  it("has lines of hours, tiers, prices, a peak and a tax", () => {
    const { bill } = verifyBundle(nodeSuite, house.text);
    assert.deepEqual(
      bill.lines.map(({ code, unit }) => `${code} ${unit}`),
      ["evening wh", "spot wh", "spot wh", "market wh-mean", "standing day", "demand w", "vat tax"],
    );
    assert.equal(
      bill.total,
      bill.lines.reduce((sum, { amount }) => sum + amount, 0),
    );
  });
});

describe("a change of a bundle", () => {
  it(`of one byte, anywhere: ${MUTATIONS} at random, none is accepted`, () => {
    const bytes = Buffer.from(house.text, "latin1");
    assert.equal(bytes.toString("utf8"), house.text, "the bundle is ASCII");
    const random = seededBytes("bundle mutations");
    const codes = new Set<string>();
    for (let i = 0; i < MUTATIONS; i++) {
      const roll = random(6);
      const at = Buffer.from(roll).readUInt32BE(0) % bytes.length;
      const copy = Buffer.from(bytes);
      // Half of them flip one bit, the others put in a character that such a text has.
      const value =
        (roll[4] ?? 0) % 2 === 0
          ? (copy[at] ?? 0) ^ (1 << ((roll[5] ?? 0) % 7))
          : 48 + ((roll[5] ?? 0) % 75);
      copy[at] = value === copy[at] ? (value + 1) % 128 : value;
      codes.add(codeOf(() => verifyBundle(nodeSuite, copy.toString("latin1"))));
    }
    for (const code of ["bundle", "signature", "proof", "opened", "checkpoint"]) {
      assert.ok(codes.has(code), `${code} was among ${[...codes].join(", ")}`);
    }
  });

  it("every byte of the checkpoint counts", () => {
    const note = Buffer.from(house.bundle.checkpoint, "base64url");
    for (let at = 0; at < note.length; at++) {
      const copy = Buffer.from(note);
      copy[at] = (copy[at] ?? 0) ^ 1;
      const text = formatBundle({ ...house.bundle, checkpoint: copy.toString("base64url") });
      const code = codeOf(() => verifyBundle(nodeSuite, text));
      assert.ok(["checkpoint", "proof", "utf8", "bundle"].includes(code), `byte ${at}: ${code}`);
    }
  });

  const refused: [string, string, () => string][] = [
    ["of another chain", "chain", () => house.text],
    ["a byte more", "bundle", () => `${house.text}\n`],
    [
      "another order of members",
      "bundle",
      () =>
        JSON.stringify({
          v: 1,
          records: house.bundle.records,
          checkpoint: house.bundle.checkpoint,
        }),
    ],
    [
      "a day left out",
      "seq",
      () =>
        changed((records) => records.filter((_, i) => i !== records.map(typOf).indexOf("day") + 5)),
    ],
    [
      "the event left out",
      "seq",
      () => changed((records) => records.filter((record) => typOf(record) !== "event")),
    ],
    [
      "the last day left out",
      "bill-differs",
      () =>
        changed((records) => records.filter((_, i) => i !== records.map(typOf).lastIndexOf("day"))),
    ],
    [
      "a day not opened",
      "bill-differs",
      () => changedRecord("day", ({ plaintext: _, ...record }) => record, 3),
    ],
    [
      "the bill not opened",
      "bundle",
      () => changedRecord("bill", ({ plaintext: _, ...record }) => record),
    ],
    [
      "the enrolment left out",
      "unknown-key",
      () => changed((records) => records.filter((record) => typOf(record) !== "enrol")),
    ],
    [
      "the assignment left out",
      "tariff-none",
      () => changed((records) => records.filter((record) => typOf(record) !== "assign")),
    ],
    [
      "a tariff's first version left out",
      "bundle",
      () =>
        changed((records) => records.filter((_, i) => i !== records.map(typOf).indexOf("tariff"))),
    ],
    [
      "a price left out",
      "price-none",
      () =>
        changed((records) => records.filter((_, i) => i !== records.map(typOf).indexOf("price"))),
    ],
    [
      "two records in each other's place",
      "bundle",
      () =>
        changed(
          ([first, second, third, ...rest]) => [first, third, second, ...rest] as BundleRecord[],
        ),
    ],
    [
      "a record twice",
      "bundle",
      () =>
        changed(([first, second, ...rest]) => [first, second, second, ...rest] as BundleRecord[]),
    ],
    ["genesis left out", "bundle", () => changed((records) => records.slice(1))],
    [
      "a record at another position",
      "proof",
      () => changedRecord("assign", (record) => ({ ...record, at: record.at + 1 })),
    ],
    ["a reading made smaller", "opened", () => changedRecord("day", withWh)],
    [
      "a bill's total made smaller",
      "opened",
      () =>
        changedRecord("bill", (record) => ({
          ...record,
          plaintext: { ...record.plaintext, total: 1 },
        })),
    ],
  ];
  for (const [name, code, text] of refused) {
    it(`${name}: ${code}`, () => {
      const options = code === "chain" ? { chain: "A".repeat(43) } : {};
      assert.equal(
        codeOf(() => verifyBundle(nodeSuite, text(), options)),
        code,
      );
    });
  }

  it("the error names the record", () => {
    assert.throws(
      () => verifyBundle(nodeSuite, changedRecord("day", withWh, 2)),
      (error: { detail?: { record?: number } }) => typeof error.detail?.record === "number",
    );
  });
});

function withWh(record: BundleRecord): BundleRecord {
  const { wh } = record.plaintext as unknown as { wh: number[] };
  const plaintext = { ...record.plaintext, wh: [1 + (wh[0] ?? 0), ...wh.slice(1)] } as JsonObject;
  return { ...record, plaintext };
}

it("a bundle parses to what was formatted", () => {
  assert.equal(canonicalize(parseBundle(house.text) as unknown as JsonObject), house.text);
});
