// deploy/demo/printer.ts: one tidy line a fact, colour only where it is wanted.
import assert from "node:assert/strict";
import { test } from "node:test";

import { createPalette, formatBanner, formatFact } from "../../../deploy/demo/printer.ts";

const PLAIN = createPalette(false, undefined);
const BLOCK = {
  kind: "block",
  height: 12,
  records: 1,
  hash: "0f".repeat(32),
  date: "2024-01-02",
} as const;

test("colour is for terminals, and NO_COLOR turns it off", () => {
  assert.equal(createPalette(false, undefined).bold("x"), "x");
  assert.equal(createPalette(true, "1").bold("x"), "x");
  assert.equal(createPalette(true, undefined).bold("x"), "\u001b[1mx\u001b[0m");
});

test("each fact is one line", () => {
  const day = { kind: "day", meter: "352522395", date: "2024-01-01", wh: 10_470 } as const;
  assert.equal(formatFact(day, PLAIN), "2024-01-01  sealed  352522395     10.47 kWh");
  assert.match(formatFact(BLOCK, PLAIN), /^2024-01-02 {2}block {3}#12 .* 1 record {2}0f0f/);
  const bill = { kind: "bill", meter: "352522395", month: "2024-01", amount: "35.99 EUR" } as const;
  assert.equal(formatFact(bill, PLAIN), "2024-01     bill    352522395     35.99 EUR");
  const alarm = { kind: "alarm", code: "frozen", detail: "352522395" } as const;
  assert.match(formatFact(alarm, PLAIN), /alarm {3}frozen {2}352522395/);
});

test("the banner names the portal, the folder and a line to watch the topics", () => {
  const lines = formatBanner(
    {
      portal: "http://127.0.0.1:8080/",
      broker: { host: "127.0.0.1", port: 18883 },
      topic: "wattproof/0a1b2c3d",
      folder: "/data",
      secondsPerDay: 4,
      continued: false,
      meters: [{ meter: "352522395", label: "replays" }],
      notes: ["port 8080 is taken"],
    },
    PLAIN,
  ).join("\n");
  assert.ok(lines.includes("http://127.0.0.1:8080/"));
  assert.ok(lines.includes("mosquitto_sub -h 127.0.0.1 -p 18883 -v -t 'wattproof/0a1b2c3d/#'"));
  assert.ok(lines.includes("/data"));
  assert.ok(lines.includes("port 8080 is taken"));
  assert.ok(lines.includes("Ctrl-C"));
});
