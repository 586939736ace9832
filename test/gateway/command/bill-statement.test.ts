/** `gateway bill statement` and `gateway bill --from --to`, as processes over a store. */
import assert from "node:assert/strict";
import { mkdtempSync, readFileSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { after, before, test } from "node:test";
import { parsePlaintext } from "../../../shared/record/plaintext.ts";
import { type BilledHouse, makeBilledHouse } from "../../support/billed-house.ts";
import { readPdfText } from "../../support/pdf-text.ts";
import { runCli } from "../../support/process.ts";
import { requireSystemPart } from "../../support/system-part.ts";

let house: BilledHouse;
let folder: string;
before(() => {
  house = makeBilledHouse();
  folder = mkdtempSync(path.join(tmpdir(), "wattproof-statement-"));
});
after(() => {
  house.ledger.close();
  rmSync(folder, { recursive: true });
});

const state = (...args: string[]) =>
  runCli("gateway", [
    ...["bill", "statement", "--data", house.ledger.folder, "--meter", house.meter.id],
    ...args,
  ]);
const JANUARY = ["--from", "2024-01-01", "--to", "2024-01-31"];

test("of a billed month: the bill's lines to the digit, each with what it was before rounding", async () => {
  const { code, stdout } = await state(...JANUARY, "--json");
  assert.equal(code, 0);
  const statement = JSON.parse(stdout);
  const record = house.bundle.records.at(-1);
  const bill = parsePlaintext("bill", JSON.stringify(record?.plaintext));
  assert.deepEqual(
    statement.lines.map(({ amountMinor, exact: _, ...line }: Record<string, unknown>) => ({
      ...line,
      amount: amountMinor,
    })),
    bill.lines,
  );
  for (const { exact, amountMinor } of statement.lines) {
    assert.ok(Math.abs(Number(exact) - amountMinor / 100) <= 0.005 + 1e-9, exact);
  }
  assert.deepEqual(
    statement.bills.map(({ no }: { no: string }) => no),
    [house.no],
  );
  const text = (await state(...JANUARY)).stdout;
  for (const { label, amount } of bill.lines) {
    assert.match(
      text,
      new RegExp(`^${label.replace(/[()]/g, ".")} .* ${(amount / 100).toFixed(2)} `, "m"),
    );
  }
  assert.match(text, new RegExp(`^Total +${(bill.total / 100).toFixed(2)}$`, "m"));
  assert.match(
    text,
    new RegExp(`Bill ${house.no} was issued for 2024-01-01 to 2024-01-31: .* It stands`),
  );
  assert.match(text, /This is not a bill/);
  assert.doesNotMatch(text, /rovisional/);
});

test("of some days: says that it is provisional, and what is awaited", async (t) => {
  const text = (await state("--from", "2024-01-30", "--to", "2024-02-02")).stdout;
  assert.match(text, /^Statement, provisional$/m);
  assert.match(
    text,
    /192 of 384 slots measured wholly\. Provisional: 192 slots have no usable record/,
  );
  assert.match(text, /2024-02-01T00:00:00\+01:00 to 2024-02-03T00:00:00\+01:00: not sealed yet/);
  if (!requireSystemPart(t, "pdftotext")) return;
  const out = path.join(folder, "days.pdf");
  const made = await state("--from", "2024-01-30", "--to", "2024-02-02", "--pdf", "--out", out);
  assert.deepEqual([made.code, made.stdout], [0, `${out}\n`]);
  const page = readPdfText(readFileSync(out)).replace(/\s+/g, " ");
  for (const part of [
    "Statement, provisional",
    "before rounding",
    "not sealed yet",
    "not a bill",
  ]) {
    assert.ok(page.includes(part), part);
  }
  const again = await state("--from", "2024-01-30", "--to", "2024-02-02", "--out", out);
  assert.match(again.stderr, /^gateway: file: .* is there already/);
});

test("what it cannot state is one coded error", async () => {
  for (const [args, exit, code] of [
    [["--from", "2024-01-01"], 2, "usage"],
    [[...JANUARY, "--json", "--pdf"], 2, "usage"],
    [["--from", "2024-01-32", "--to", "2024-02-01"], 1, "calendar"],
    [["--from", "2024-02-01", "--to", "2024-01-01"], 1, "bill-period"],
    [[...JANUARY, "--meter", "352999999"], 1, "not-found"],
    [[...JANUARY, "--meter", "x"], 2, "usage"],
  ] as const) {
    const result = await state(...args);
    assert.deepEqual([result.code, result.stdout], [exit, ""], args.join(" "));
    assert.match(result.stderr, new RegExp(`^gateway: ${code}: `), args.join(" "));
  }
});
