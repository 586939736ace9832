/** Bundles of a bill with a swap, a correction, a fill and two credits: right as they are made, and no change of one is accepted. */
import assert from "node:assert/strict";
import { after, before, describe, it } from "node:test";
import {
  type BillBundle,
  type BundleRecord,
  formatBundle,
} from "../../../shared/bundle/bill-bundle.ts";
import { verifyBundle } from "../../../shared/bundle/verify-bundle.ts";
import { nobleSuite } from "../../../shared/crypto/noble-suite.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { parseRecord } from "../../../shared/record/record.ts";
import { codeOf } from "../../support/code-of.ts";
import { type CreditedHouse, makeCreditedHouse } from "../../support/credited-house.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";

const MUTATIONS = 2_200;

let house: CreditedHouse;
let bundle: BillBundle;
let text: string;
before(() => {
  house = makeCreditedHouse();
  bundle = house.bundle(house.numbers[2]);
  text = formatBundle(bundle);
});
after(() => house.ledger.close());

const typOf = ({ line1 }: BundleRecord): string => parseRecord(nodeSuite, line1).typ;
const dateOf = ({ day }: { readonly day: { readonly day: string } }): string => day.day;

describe("the bundle of a second credit", () => {
  for (const suite of [nodeSuite, nobleSuite]) {
    it(`is right by the ${suite.name} suite, and says what happened`, () => {
      const report = verifyBundle(suite, text);
      assert.equal(report.leaf, report.credits[1]?.leaf);
      assert.deepEqual(
        [report.bill.no, ...report.credits.map(({ credit }) => credit.no)],
        house.numbers,
      );
      const [first, second] = report.credits;
      assert.deepEqual(
        first?.changes.map(({ before: old, after: next }) => [
          old?.typ,
          next && dateOf(next),
          next?.reason,
        ]),
        [
          [undefined, "2024-01-05", "unreadable"],
          [undefined, "2024-01-15", "meter-swap"],
          [undefined, "2024-01-31", "no-contact"],
        ],
      );
      assert.deepEqual(
        second?.changes.map(({ before: old, after: next }) => [old?.reason, next?.typ]),
        [["no-contact", "day"]],
      );
      assert.deepEqual(
        [report.bill, ...report.credits.map(({ credit }) => credit)].map(({ slots }) => [
          slots.measured,
          slots.substituted,
          slots.missing,
        ]),
        [
          [28 * 96, 0, 3 * 96],
          [28 * 96, 3 * 96, 0],
          [29 * 96, 2 * 96, 0],
        ],
      );
      assert.equal(report.days.length, 31);
      assert.equal(report.readings.length, 32);
      assert.deepEqual(
        report.unopened.map(({ typ, from }) => [typ, from]),
        [["day", report.bill.from + 4 * 86_400]],
      );
      assert.deepEqual(
        report.exchanges.map(({ signer, exchange, isMatching }) => [
          signer,
          exchange.reason,
          isMatching,
        ]),
        [["gw-1", "calibration-due", true]],
      );
      assert.deepEqual(
        report.revocations.map(({ kid, reason }) => [kid, reason]),
        [[house.meter.key.kid, "calibration-due"]],
      );
      const totals = [report.bill, ...report.credits.map(({ credit }) => credit)];
      const fresh = totals.reduce((sum, { total }) => sum + total, 0);
      const lines = second?.credit.lines.slice(2) ?? [];
      assert.equal(
        lines.reduce((sum, { amount }) => sum + amount, 0),
        fresh,
      );
    });
  }

  it("is not the bundle of its bill, which stays as it was", () => {
    const [no, first] = house.numbers;
    const billed = verifyBundle(nodeSuite, house.text(no));
    assert.deepEqual([billed.days.length, billed.credits, billed.readings.length], [28, [], 28]);
    const one = verifyBundle(nodeSuite, house.text(first));
    assert.deepEqual([one.days.length, one.credits.length, one.readings.length], [31, 1, 31]);
  });
});

describe("a change of it", () => {
  it(`of one byte, anywhere: ${MUTATIONS} at random, none is accepted`, () => {
    const bytes = Buffer.from(text, "latin1");
    assert.equal(bytes.toString("utf8"), text, "the bundle is ASCII");
    const random = seededBytes("credit bundle mutations");
    for (let i = 0; i < MUTATIONS; i++) {
      const roll = random(6);
      const at = Buffer.from(roll).readUInt32BE(0) % bytes.length;
      const copy = Buffer.from(bytes);
      // Half of them flip one bit, the others put in a character that such a text has.
      const flip = (roll[4] ?? 0) % 2 === 0;
      const now = copy[at] ?? 0;
      const value = flip ? now ^ (1 << ((roll[5] ?? 0) % 7)) : 48 + ((roll[5] ?? 0) % 75);
      copy[at] = value === now ? (value + 1) % 128 : value;
      codeOf(() => verifyBundle(nodeSuite, copy.toString("latin1")));
    }
  });

  const without =
    (typ: string, nth = 0) =>
    (records: BundleRecord[]): BundleRecord[] => {
      const found = records.filter((record) => typOf(record) === typ);
      return records.filter((record) => record !== found.at(nth));
    };
  const closed =
    (typ: string, nth = 0) =>
    (records: BundleRecord[]): BundleRecord[] => {
      const found = records.filter((record) => typOf(record) === typ).at(nth);
      return records.map((record) => {
        const { plaintext: _, ...line } = record;
        return record === found ? line : record;
      });
    };
  const cases: [string, string, (records: BundleRecord[]) => BundleRecord[]][] = [
    ["the correction left out", "credit-differs", without("correction")],
    ["the fill left out", "credit-differs", without("correction", 1)],
    ["the fill not opened", "credit-differs", closed("correction", 1)],
    ["the first credit left out", "credit-differs", without("credit")],
    ["the first credit not opened", "bundle", closed("credit")],
    ["the bill left out", "bundle", without("bill")],
    ["the exchange not opened", "bundle", closed("exchange")],
    ["the new device's enrolment left out", "unknown-key", without("enrol", 1)],
    ["the unreadable day left out", "seq", without("day", 4)],
    ["the late day left out", "credit-differs", without("day", -1)],
    [
      "the last credit left out: the first one's bundle with a day after it",
      "bundle",
      without("credit", -1),
    ],
    [
      "the credits in each other's place",
      "bundle",
      (records) => {
        const at = records.map(typOf).indexOf("credit");
        const [first, last] = [records[at], records.at(-1)] as [BundleRecord, BundleRecord];
        return records.map((record) =>
          record === first ? last : record === last ? first : record,
        );
      },
    ],
    [
      "a reason that is another",
      "opened",
      (records) =>
        records.map((record) =>
          typOf(record) === "correction"
            ? { ...record, plaintext: { ...record.plaintext, reason: "meter-fault" } }
            : record,
        ),
    ],
  ];
  for (const [name, code, change] of cases) {
    it(`${name}: ${code}`, () => {
      const changed = formatBundle({ ...bundle, records: change([...bundle.records]) });
      assert.equal(
        codeOf(() => verifyBundle(nodeSuite, changed)),
        code,
      );
    });
  }

  it("a revocation left out is not seen where nothing was void, as the page says", () => {
    const changed = { ...bundle, records: without("revoke")([...bundle.records]) };
    assert.deepEqual(verifyBundle(nodeSuite, formatBundle(changed)).revocations, []);
  });
});
