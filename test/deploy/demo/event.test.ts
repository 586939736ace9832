// deploy/demo/event.ts: lines of the two command lines' logs become facts; what a person need not see is left out.
import assert from "node:assert/strict";
import { test } from "node:test";

import { readFact } from "../../../deploy/demo/event.ts";
import { formatEvent } from "../../../device/meter-event.ts";

test("a sealed day, as the meter writes it", () => {
  const event = { event: "day-sealed", date: "2024-01-01", wh: 10_470, seq: 1 } as const;
  const line = formatEvent("352522395", event, "json");
  assert.deepEqual(readFact(JSON.parse(line)), {
    kind: "day",
    meter: "352522395",
    date: "2024-01-01",
    wh: 10_470,
  });
});

test("a block and a bill, as the gateway writes them", () => {
  const block = { event: "block", height: 3, records: 6, hash: "ab", date: "2024-01-02", ms: 7 };
  assert.deepEqual(readFact(block), {
    kind: "block",
    height: 3,
    records: 6,
    hash: "ab",
    date: "2024-01-02",
  });
  const bill = { event: "bill", meter: "352100017", month: "2024-01", no: "n", amount: "9.31 EUR" };
  assert.deepEqual(readFact(bill), {
    kind: "bill",
    meter: "352100017",
    month: "2024-01",
    amount: "9.31 EUR",
  });
});

test("alarms of both sides", () => {
  assert.deepEqual(
    readFact({ event: "alarm", code: "evidence", meter: "352100017", detail: "d" }),
    {
      kind: "alarm",
      code: "evidence",
      detail: "352100017 d",
    },
  );
  const line = formatEvent("352100017", { event: "alarm", code: "frozen", detail: "n" }, "json");
  assert.deepEqual(readFact(JSON.parse(line)), {
    kind: "alarm",
    code: "frozen",
    detail: "352100017 n",
  });
});

test("the rest is not shown", () => {
  for (const event of ["ready", "held", "receipt", "online", "reply"]) {
    assert.equal(readFact({ event }), undefined);
  }
});
