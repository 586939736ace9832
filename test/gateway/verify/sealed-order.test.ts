/** Lines 2 are demanded once each, in order, whatever their hashes look like. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { SealedOrder } from "../../../gateway/verify/sealed-order.ts";
import { isCoded } from "../../../shared/base/error.ts";

/** A hash whose first word is the same for all, so that every look-up collides. */
const ct = (n: number) => Uint32Array.of(7, 0, 0, 0, 0, 0, 0, n);
const place = (position: number) => ({ height: 1, record: position, leaf: "x" });
function refusal(run: () => void): readonly unknown[] {
  try {
    run();
  } catch (error) {
    if (!isCoded(error)) throw error;
    return [error.code, error.detail["record"]];
  }
  return [];
}

test("each ct is demanded once, at its first record, and found in that order", () => {
  const order = new SealedOrder();
  const count = 1_500;
  for (let n = 0; n < count; n++) {
    order.demand(ct(n), 0, 2 * n);
    order.demand(ct(Math.floor(n / 2)), 0, 2 * n + 1);
  }
  for (let n = 0; n < count; n++) {
    assert.equal(order.missing(), 2 * n);
    order.find(ct(n), 0, place);
  }
  assert.deepEqual([order.missing(), order.found], [undefined, count]);
});

test("what is not next is refused, and named by the record whose line 2 is missing", () => {
  const order = new SealedOrder();
  for (let n = 0; n < 3; n++) order.demand(Uint32Array.of(9, ...ct(n)), 1, 10 + n);
  order.find(ct(0), 0, place);
  assert.deepEqual(
    refusal(() => order.find(ct(2), 0, place)),
    ["blob", 11],
  );
  assert.deepEqual(
    refusal(() => order.find(ct(0), 0, place)),
    ["blob", 11],
  );
  assert.deepEqual(
    refusal(() => order.find(ct(5), 0, place)),
    ["ct", 11],
  );
  order.find(ct(1), 0, place);
  order.find(ct(2), 0, place);
  assert.deepEqual(
    refusal(() => order.find(ct(1), 0, place)),
    ["blob", undefined],
  );
});
