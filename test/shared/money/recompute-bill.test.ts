/** Each member of an issued bill is held to the log: one change, and its name is among those that differ. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { encodeBase64url } from "../../../shared/base/bytes.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { computeBill } from "../../../shared/money/bill.ts";
import type { BillPlaintext } from "../../../shared/money/bill-plaintext.ts";
import { type IssuedBill, recomputeBill } from "../../../shared/money/recompute-bill.ts";
import { padPlaintext, parsePlaintext } from "../../../shared/record/plaintext.ts";
import { monthBounds } from "../../../shared/time/civil-day.ts";
import { leafOf, METER, makeBillInput, SALT, tariffRecord } from "../../support/bill-case.ts";
import { type BillVectors, buildBillVectors } from "../../support/bill-vectors.ts";
import { codeOf } from "../../support/code-of.ts";
import { readVectors } from "../../support/json-file.ts";

const ZONE = "Europe/Berlin";
const evidence = makeBillInput(ZONE, monthBounds(ZONE, "2024-03"), "recompute");
const { payload, ...computed } = computeBill(nodeSuite, evidence);
const text = padPlaintext(
  {
    v: 1,
    meter: METER,
    salt: leafOf("salt"),
    no: "352522395-2024-03",
    opening: encodeBase64url(SALT),
    zone: ZONE,
    from: evidence.from,
    to: evidence.to,
    offsets: evidence.offsets,
    ...computed,
    slots: { ...computed.slots },
  },
  0,
);
const issued: IssuedBill = { payload, plaintext: parsePlaintext("bill", text) };

function differences(
  change: Partial<BillPlaintext>,
  payloadChange: Partial<IssuedBill["payload"]> = {},
): readonly string[] {
  return recomputeBill(
    nodeSuite,
    { payload: { ...payload, ...payloadChange }, plaintext: { ...issued.plaintext, ...change } },
    evidence,
  );
}

describe("the frozen bill", () => {
  const vectors = readVectors<BillVectors>("bill.json");

  it("is what the builder builds", () => {
    assert.deepEqual(buildBillVectors(), vectors);
  });

  it("follows from its evidence", () => {
    const { payload: frozen, plaintext, evidence: log } = vectors;
    const opened = { payload: frozen, plaintext: parsePlaintext("bill", plaintext) };
    assert.deepEqual(recomputeBill(nodeSuite, opened, log), []);
  });
});

describe("an issued bill", () => {
  it("that follows from the log has no difference", () => {
    assert.deepEqual(recomputeBill(nodeSuite, issued, evidence), []);
  });

  const { lines, total, used, slots, offsets } = issued.plaintext;
  const [first] = lines;
  assert.ok(first !== undefined);
  const cases: [string, Partial<BillPlaintext>, string[]][] = [
    ["a cent more", { total: total + 1 }, ["total"]],
    [
      "a line of another amount",
      { lines: [{ ...first, amount: first.amount + 1 }, ...lines.slice(1)] },
      ["lines"],
    ],
    [
      "a line of another rate",
      { lines: [{ ...first, nano: first.nano + 1 }, ...lines.slice(1)] },
      ["lines"],
    ],
    ["a line more", { lines: [...lines, first] }, ["lines"]],
    ["a record less", { used: used.slice(1) }, ["used"]],
    ["more energy in a record", { used: [[used[0]?.[0] ?? "", 1], ...used.slice(1)] }, ["used"]],
    ["other slots", { slots: { ...slots, gap: 1 } }, ["slots"]],
    ["something missing", { missing: [[1, 2]] }, ["missing"]],
    ["another currency", { currency: "USD" }, ["currency"]],
    ["another number of decimals", { minor: 3 }, ["minor"]],
    ["another beginning", { from: evidence.from + 1 }, ["from"]],
    ["another end", { to: evidence.to + 1 }, ["to"]],
    ["another meter", { meter: "352522396" }, ["opening"]],
    ["another opening", { opening: leafOf("other") }, ["opening"]],
    ["a clock change less in offsets", { offsets: offsets.slice(0, 1) }, ["offsets"]],
    ["clocks far ahead of the zone", { offsets: [[offsets[0]?.[0] ?? 0, 50_000]] }, ["offsets"]],
  ];
  for (const [name, change, expected] of cases) {
    it(`${name}: ${expected.join(", ")}`, () => {
      assert.deepEqual(differences(change), expected);
    });
  }

  it("is held to its payload", () => {
    assert.deepEqual(differences({}, { n: 30 }), ["n"]);
    assert.deepEqual(differences({}, { days: leafOf("other") }), ["days"]);
    assert.deepEqual(differences({}, { tariffs: [] }), ["tariffs"]);
    assert.deepEqual(differences({}, { point: leafOf("other") }), ["opening"]);
  });

  it("under a tariff that the log has in another version differs in lines and tariffs", () => {
    const tariffs = [...evidence.tariffs, tariffRecord("flat", 2, 8, { energyNano: 1 })];
    const names = recomputeBill(nodeSuite, issued, { ...evidence, tariffs });
    assert.deepEqual(names, ["lines", "total", "tariffs"]);
  });

  it("for which the log has no tariff cannot be computed", () => {
    assert.equal(
      codeOf(() => recomputeBill(nodeSuite, issued, { ...evidence, assignments: [] })),
      "tariff-none",
    );
  });
});
