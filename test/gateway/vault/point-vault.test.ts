import assert from "node:assert/strict";
import { afterEach, beforeEach, test } from "node:test";
import { TestLedger } from "../../support/test-ledger.ts";

let t: TestLedger;
beforeEach(() => {
  t = new TestLedger();
});
afterEach(() => t.close());

const H = "A".repeat(43);

test("an opening is found by its point and by its meter, with and without place and label", () => {
  const plain = { point: H, meter: "352000001", salt: H, zone: "Europe/Berlin" };
  const full = {
    ...plain,
    point: `B${H.slice(1)}`,
    latitudeE7: 525_200_066,
    longitudeE7: -133_000_000,
    label: "<b>Haus & Hof</b>",
  };
  t.ledger.vault.putPoint(plain);
  t.ledger.vault.putPoint(full);
  assert.deepEqual(t.ledger.vault.point(plain.point), plain);
  assert.deepEqual(t.ledger.vault.point(full.point), full);
  assert.deepEqual(t.ledger.vault.pointsOf("352000001"), [plain, full]);
  assert.equal(t.ledger.vault.point(`C${H.slice(1)}`), undefined);
  t.reload();
  assert.deepEqual(t.ledger.vault.points(), [plain, full]);
});

test("a one-time token leads to its point until it is dropped", () => {
  const { vault } = t.ledger;
  vault.putToken("token", "point", 1);
  assert.equal(vault.pointOfToken("token"), "point");
  vault.dropToken("token");
  assert.equal(vault.pointOfToken("token"), undefined);
});
