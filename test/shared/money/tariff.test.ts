import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { canonicalize, type Json } from "../../../shared/base/canonical-json.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { createFlatTariff, decodeTariffBody } from "../../../shared/money/tariff.ts";
import { codeOf } from "../../support/code-of.ts";

const flat = createFlatTariff({
  name: "Household",
  currency: "EUR",
  minor: 2,
  energyNano: 312_000_000,
  standing: { per: "month", nano: 9_900_000_000 },
  zone: "Europe/Berlin",
});

describe("a flat tariff", () => {
  it("has these bytes", () => {
    assert.equal(
      canonicalize(flat),
      '{"charges":[{"code":"energy","kind":"energy","label":"Energy","nano":312000000},' +
        '{"code":"standing","kind":"standing","label":"Standing charge","nano":9900000000,"per":"month"}],' +
        '"currency":"EUR","minor":2,"name":"Household","v":1,"zone":"Europe/Berlin"}',
    );
    assert.deepEqual(decodeTariffBody(flat), flat);
  });

  it("may have no standing charge, and a rate for recovered slots", () => {
    const { charges } = createFlatTariff({ name: "x", currency: "JPY", minor: 0, energyNano: 1 });
    assert.equal(charges.length, 1);
    const body = { ...flat, charges: [{ ...flat.charges[0], recovered: 5 }] } as Json;
    assert.deepEqual(decodeTariffBody(body).charges, [{ ...flat.charges[0], recovered: 5 }]);
  });
});

describe("a body that this software cannot compute with", () => {
  const [energy, standing] = flat.charges;
  const cases: [string, Record<string, unknown>, string][] = [
    ["a newer body", { v: 2 }, "body.v"],
    ["no charges", { charges: [] }, "body.charges"],
    [
      "a kind that is not known",
      { charges: [energy, { ...standing, kind: "power" }] },
      "body.charges[1].kind",
    ],
    [
      "a member that is not known",
      { charges: [{ ...energy, steps: [] }] },
      "body.charges[0].steps",
    ],
    ["a member of the body that is not known", { tax: [] }, "body.tax"],
    ["a currency of two letters", { currency: "EU" }, "body.currency"],
    ["five decimals", { minor: 5 }, "body.minor"],
    ["a rate that is text", { charges: [{ ...energy, nano: "1" }] }, "body.charges[0].nano"],
    ["a charge per week", { charges: [{ ...standing, per: "week" }] }, "body.charges[0].per"],
    ["a charge that is a number", { charges: [7] }, "body.charges[0]"],
    ["a charge that is null", { charges: [null] }, "body.charges[0]"],
    ["one code twice", { charges: [energy, energy] }, "body.charges[1]"],
    ["an end before the beginning", { from: 10, to: 10 }, "body.to"],
  ];
  for (const [name, change, path] of cases) {
    it(`${name}: tariff-body at ${path}`, () => {
      assert.throws(
        () => decodeTariffBody({ ...flat, ...change } as Json),
        (error) => isCoded(error, "tariff-body") && error.message.startsWith(`${path}:`),
      );
    });
  }
  it("anything that is no object", () => {
    assert.equal(
      codeOf(() => decodeTariffBody([])),
      "tariff-body",
    );
  });
});
