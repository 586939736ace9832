import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { readCsvLines } from "../../../hardware/replay/csv-lines.ts";
import { decodeReplay } from "../../../hardware/replay/replay-config.ts";
import { createRowReader } from "../../../hardware/replay/row-reader.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { writeRecording } from "../../support/recording.ts";

const CONFIG = decodeReplay(
  {
    kind: "replay",
    file: "-",
    step: 3600,
    time: { column: "t" },
    energy: { column: "kwh", unit: "kWh" },
    voltage: { column: "v", unit: "V" },
    quality: { column: "q" },
  },
  "",
);
const HEADER = ["t", "kwh", "v", "q"];

const field = fc.oneof(
  fc.constantFrom("", "0.5", "1e9", "-1", "2024-03-31T02:00", "partial", "missing", "?", "NaN"),
  fc.string({ maxLength: 12, unit: "binary" }),
  fc
    .date({ noInvalidDate: true, min: new Date("0000-01-01"), max: new Date("9999-12-31") })
    .map((date) => `${date.toISOString().slice(0, 14)}00`),
  fc.double().map(String),
);

test("whatever a row holds, it is read as a row, passed over as a gap, or refused with its line", () => {
  fc.assert(
    fc.property(fc.array(fc.array(field, { maxLength: 6 }), { maxLength: 12 }), (rows) => {
      const reader = createRowReader(CONFIG, "Europe/Paris", HEADER);
      let end = Number.NEGATIVE_INFINITY;
      rows.forEach((fields, i) => {
        try {
          const row = reader.read({ line: i + 2, fields });
          if (row === undefined) return;
          assert.ok(row.from >= end && row.to === row.from + 3600);
          assert.ok(Number.isSafeInteger(row.wh) && row.wh >= 0);
          end = row.to;
        } catch (error) {
          assert.ok(isCoded(error), String(error));
          assert.match(error.code, /^replay-(?:row|time|order)$/);
          assert.equal(error.detail["line"], i + 2);
        }
      });
    }),
    { seed: 11, numRuns: 3000 },
  );
});

test("whatever a file holds, it is split into lines or refused; plain fields come back as they were", async (t) => {
  await fc.assert(
    fc.asyncProperty(
      fc.array(fc.array(fc.string({ maxLength: 8 }), { minLength: 2, maxLength: 4 }), {
        maxLength: 5,
      }),
      async (rows) => {
        const quoted = rows.map((fields) =>
          fields.map((text) => `"${text.replaceAll('"', '""')}"`).join(","),
        );
        const read: (readonly string[])[] = [];
        const file = writeRecording(t, quoted.join("\n"));
        for await (const { fields } of readCsvLines(file, ",")) read.push(fields);
        assert.deepEqual(read, rows);
      },
    ),
    { seed: 12, numRuns: 60 },
  );
  await fc.assert(
    fc.asyncProperty(fc.string({ unit: "binary", maxLength: 200 }), async (text) => {
      try {
        for await (const { fields } of readCsvLines(writeRecording(t, text), ","))
          assert.ok(fields.length > 0);
      } catch (error) {
        assert.ok(isCoded(error, "replay-row"), String(error));
      }
    }),
    { seed: 13, numRuns: 60 },
  );
});
