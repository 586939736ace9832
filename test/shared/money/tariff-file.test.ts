/** Tariff files: what a person writes, the schema that editors use, and the body that is logged. */
import assert from "node:assert/strict";
import { readFileSync } from "node:fs";
import path from "node:path";
import { describe, it } from "node:test";
import { Ajv2020 } from "ajv/dist/2020.js";
import { isCoded } from "../../../shared/base/error.ts";
import { readTariffFile } from "../../../shared/money/tariff-file.ts";
import { codeOf } from "../../support/code-of.ts";
import { projectRoot } from "../../support/project-root.ts";

const docs = path.join(projectRoot(), "docs");
const schema = JSON.parse(readFileSync(path.join(docs, "tariff.schema.json"), "utf8"));
const isValid = new Ajv2020({ strict: false }).compile(schema);
const example = /```json\n([\s\S]*?)```/.exec(readFileSync(path.join(docs, "tariffs.md"), "utf8"));
const FILE = JSON.parse(example?.[1] ?? "") as { charges: Record<string, unknown>[] } & Record<
  string,
  unknown
>;

describe("the file of docs/tariffs.md", () => {
  it("is what the schema describes", () => {
    assert.equal(isValid(FILE), true, JSON.stringify(isValid.errors));
  });

  it("becomes this body", () => {
    const { id, body } = readTariffFile(FILE);
    assert.equal(id, "evening");
    const [energy, , standing, , , vat] = body.charges;
    assert.deepEqual(energy, {
      kind: "energy",
      code: "energy",
      label: "Energy",
      bands: [
        {
          code: "peak",
          label: "evening",
          nano: 412_000_000,
          when: [{ weekdays: [1, 2, 3, 4, 5], hours: [[960, 1260]] }],
        },
        {
          code: "base",
          label: "other hours",
          per: "month",
          steps: [{ upto: 200_000, nano: 250_000_000 }, { nano: 290_000_000 }],
        },
      ],
    });
    assert.deepEqual(
      [standing, vat].map((charge) => charge && "nano" in charge && charge.nano),
      [330_000_000, 190_000_000],
    );
    assert.equal(body.from, Date.parse("2026-01-01T00:00:00+01:00") / 1000);
    assert.equal(body.minor, 2);
  });

  it("the body is a file too, with the same meaning", () => {
    const { body } = readTariffFile(FILE);
    assert.equal(isValid(body), true, JSON.stringify(isValid.errors));
    assert.deepEqual(readTariffFile(body).body, body);
  });
});

const [ENERGY, , STANDING] = FILE.charges;
const charges = (...list: unknown[]): object => ({ ...FILE, charges: list });
const flat = { kind: "energy", code: "e", label: "E", rate: "0.3" };

describe("a file that is wrong is refused by its reader and by the schema, at its place", () => {
  const cases: [string, unknown, string][] = [
    ["no object", [], "tariff"],
    ["a number as a rate", charges({ ...flat, rate: 0.3 }), "charges[0].rate"],
    ["ten decimals", charges({ ...flat, rate: "0.1234567891" }), "charges[0].rate"],
    ["a comma", charges({ ...flat, rate: "0,3" }), "charges[0].rate"],
    ["a rate twice", charges({ ...flat, nano: 1 }), "charges[0]"],
    [
      "hours without minutes",
      charges({ ...flat, kind: "demand", when: [{ hours: ["16-21"] }] }),
      "charges[0].when[0].hours[0]",
    ],
    [
      "a weekday that does not exist",
      charges({ ...flat, kind: "demand", when: [{ weekdays: ["someday"] }] }),
      "charges[0].when[0].weekdays[0]",
    ],
    ["an id with spaces", { ...FILE, id: "my tariff" }, "tariff.id"],
    ["a date that is none", { ...FILE, valid_from: "1.1.2026" }, "tariff.valid_from"],
    ["a date without a zone", { ...FILE, zone: undefined }, "tariff.valid_from"],
    ["a charge per week", charges({ ...STANDING, per: "week" }), "body.charges[0].per"],
    ["no charges", charges(), "body.charges"],
    ["a kind that does not exist", charges({ ...flat, kind: "water" }), "body.charges[0].kind"],
    ["a member that does not exist", charges({ ...flat, price: 3 }), "body.charges[0].price"],
    ["no currency", { ...FILE, currency: undefined }, "body.currency"],
  ];
  for (const [name, given, place] of cases) {
    it(`${name}: ${place}`, () => {
      const file = JSON.parse(JSON.stringify(given));
      assert.equal(isValid(file), false);
      assert.throws(
        () => readTariffFile(file),
        (error) => {
          assert.ok(isCoded(error, "tariff-file") || isCoded(error, "tariff-body"));
          assert.ok(error.message.startsWith(place), error.message);
          return true;
        },
      );
    });
  }

  it("what a schema cannot say is refused by the reader: bands in the wrong order, a day that does not exist", () => {
    const bands = (ENERGY as { bands: unknown[] }).bands.toReversed();
    assert.equal(
      codeOf(() => readTariffFile(charges({ ...ENERGY, bands }))),
      "tariff-body",
    );
    assert.equal(
      codeOf(() => readTariffFile({ ...FILE, valid_from: "2026-02-30" })),
      "tariff-file",
    );
  });
});
