import assert from "node:assert/strict";
import { it } from "node:test";
import { decodeBillOrder } from "../../../gateway/billing/bill-order.ts";
import { codeOf } from "../../support/code-of.ts";

it("an order names a month, a meter, or nothing", () => {
  assert.deepEqual(decodeBillOrder({}, 5), { now: 5, incomplete: false });
  assert.deepEqual(decodeBillOrder({ month: "2024-02", meter: "352522395", incomplete: true }, 5), {
    now: 5,
    month: "2024-02",
    meter: "352522395",
    incomplete: true,
  });
});

it("an order names days of one meter", () => {
  const days = { from: "2024-01-15", to: "2024-02-14" };
  assert.deepEqual(decodeBillOrder({ meter: "352522395", ...days }, 5), {
    ...{ now: 5, incomplete: false, meter: "352522395" },
    days,
  });
  for (const [wrong, code] of [
    [{ ...days }, "usage"],
    [{ meter: "352522395", from: "2024-01-15" }, "usage"],
    [{ meter: "352522395", to: "2024-01-15" }, "usage"],
    [{ meter: "352522395", month: "2024-01", ...days }, "usage"],
    [{ meter: "352522395", from: "2024-02-30", to: "2024-03-01" }, "calendar"],
    [{ meter: "352522395", from: 1, to: 2 }, "usage"],
  ] as const) {
    assert.equal(
      codeOf(() => decodeBillOrder(wrong, 5)),
      code,
      JSON.stringify(wrong),
    );
  }
});

it("refuses what makes no order", () => {
  assert.equal(
    codeOf(() => decodeBillOrder({ month: 202402 }, 5)),
    "usage",
  );
  assert.equal(
    codeOf(() => decodeBillOrder({ month: "2024-13" }, 5)),
    "calendar",
  );
  assert.equal(
    codeOf(() => decodeBillOrder({ meter: "1" }, 5)),
    "usage",
  );
  assert.equal(
    codeOf(() => decodeBillOrder({ incomplete: 1 }, 5)),
    "usage",
  );
  assert.equal(
    codeOf(() => decodeBillOrder({ incomplete: true }, 5)),
    "usage",
  );
});
