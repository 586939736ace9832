/** A bill on paper, read again by another program: every line to the digit, A4, one page, the same bytes each time. */
import assert from "node:assert/strict";
import path from "node:path";
import { after, before, describe, test } from "node:test";
import { renderBillPdf } from "../../../gateway/export/bill-pdf.ts";
import { type BillSheet, makeBillSheet } from "../../../gateway/export/bill-sheet.ts";
import { openReadOnly } from "../../../gateway/ledger/database.ts";
import { createReadModel } from "../../../gateway/projection/read-model.ts";
import type { ReadModel } from "../../../gateway/projection/read-model-types.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { parsePlaintext } from "../../../shared/record/plaintext.ts";
import { type BilledHouse, makeBilledHouse } from "../../support/billed-house.ts";
import { createFakeReadModel } from "../../support/fake-read-model.ts";
import { readPdfInfo, readPdfText } from "../../support/pdf-text.ts";
import { requireSystemPart } from "../../support/system-part.ts";
import { FIRST_METER } from "../../support/test-portal.ts";

let house: BilledHouse;
let model: ReadModel;
let close: () => void;
before(() => {
  house = makeBilledHouse();
  const db = openReadOnly(path.join(house.ledger.folder, "gateway.db"));
  model = createReadModel(db, { suite: nodeSuite });
  close = () => db.close();
});
after(() => {
  close();
  house.ledger.close();
});

function sheetOf(from: ReadModel, no: string): BillSheet {
  const sheet = makeBillSheet(from, no);
  assert.ok(sheet);
  return sheet;
}

describe("the bill as a PDF", () => {
  test("each line of the sealed bill stands there to the digit, on one page of A4", async (t) => {
    if (!requireSystemPart(t, "pdftotext")) return;
    const pdf = await renderBillPdf(sheetOf(model, house.no));
    const rows = readPdfText(pdf)
      .split("\n")
      .map((row) => row.trim().split(/\s{2,}/));
    const record = house.bundle.records.at(-1);
    const bill = parsePlaintext("bill", JSON.stringify(record?.plaintext));
    assert.ok(bill.lines.length >= 6);
    for (const { label, amount } of bill.lines) {
      const row = rows.find((cells) => cells[0] === label);
      assert.ok(row, label);
      assert.equal(row.at(-1), (amount / 100).toFixed(2), label);
    }
    const text = rows.map((cells) => cells.join(" ")).join("\n");
    assert.match(text, /^Energy, 16 to 21 h [\d.]+ kWh 0\.412 per kWh [\d.]+$/m);
    assert.match(text, /^Standing charge 31 days 0\.33 per day 10\.23$/m);
    assert.match(text, /^VAT [\d.]+ 19 % [\d.]+$/m);
    assert.match(text, new RegExp(`^Total ${(bill.total / 100).toFixed(2)}$`, "m"));
    assert.match(text, /Complete: 2976 of 2976 slots measured\./);
    assert.match(text, /Period 2024-01-01 to 2024-01-31, both included \(Europe\/Berlin\)/);
    for (const part of [
      house.no,
      house.meter.id,
      model.overview().tip.origin,
      house.ledger.ledger.state.chain.id,
      model.bill(house.no)?.leaf ?? "no leaf",
      `To be paid: ${(bill.total / 100).toFixed(2)} EUR.`,
      `${house.no}.bundle.json`,
    ]) {
      assert.ok(text.replaceAll("\n", " ").includes(part), part);
    }
    const info = readPdfInfo(pdf);
    assert.match(info, /^Pages:\s+1$/m);
    assert.match(info, /\(A4\)/);
    assert.match(info, new RegExp(`^Title:\\s+Bill ${house.no}$`, "m"));
  });

  test("the same bill is the same bytes", async () => {
    const [one, two] = [0, 0].map(() => renderBillPdf(sheetOf(model, house.no)));
    assert.deepEqual(await one, await two);
  });

  test("a bill of many lines goes on, with every line on one of its pages", async (t) => {
    if (!requireSystemPart(t, "pdftotext")) return;
    const sheet = sheetOf(model, house.no);
    const lines = Array.from({ length: 90 }, (_, i) => ({
      label: `Line ${i} with a name that needs more room than its column has`,
      quantity: `${i} kWh`,
      rate: "0.25 per kWh",
      amount: `${i}.07`,
    }));
    const pdf = await renderBillPdf({ ...sheet, lines });
    const pages = readPdfText(pdf).split("\f").slice(0, -1);
    assert.ok(pages.length > 2);
    for (const [i, page] of pages.entries()) {
      assert.match(page, new RegExp(`page ${i + 1} of ${pages.length}`));
    }
    for (const { amount, quantity } of lines) {
      assert.match(pages.join("\n"), new RegExp(`\\s${quantity}\\s.*\\s${amount}\\n`));
    }
  });

  test("letters that the fonts lack are owned up to; those of Western Europe are printed", async (t) => {
    if (!requireSystemPart(t, "pdftotext")) return;
    const sheet = sheetOf(model, house.no);
    const withLabel = (label: string): BillSheet => ({
      ...sheet,
      lines: [{ label, quantity: "1", rate: "1", amount: "1.00" }],
    });
    const latin = readPdfText(await renderBillPdf(withLabel("Größe – 5 € façade")));
    assert.match(latin, /Größe – 5 € façade/);
    assert.doesNotMatch(latin, /fonts lack/);
    const greek = readPdfText(await renderBillPdf(withLabel("Ενέργεια")));
    assert.match(greek, /\?{8}/);
    assert.match(greek, /fonts lack/);
  });

  test("a bill with gaps says which, and a paid one when", async () => {
    const village = createFakeReadModel({ days: 40, gapDates: ["2024-01-10"] });
    const no = village.bills({ meter: FIRST_METER }).rows[0]?.no ?? "";
    const sheet = sheetOf(village, no);
    assert.match(sheet.completeness, /^Not complete, .*: 2880 of 2976 slots measured, 96 without/);
    assert.deepEqual(sheet.missing, ["2024-01-10T00:00:00+01:00 to 2024-01-11T00:00:00+01:00"]);
    const bill = village.bill(no);
    assert.ok(bill);
    const atSeconds = Date.UTC(2024, 2, 5, 12) / 1000;
    const payment = {
      ...{ kind: "payment" as const, position: 9, atSeconds, text: "transfer 7" },
      ...{ currency: "EUR", minorDigits: 2, balanceMinor: 0, billNo: no },
    };
    const pay = (amountMinor: number, paidAtSeconds?: number): string =>
      sheetOf(
        {
          ...village,
          account: () => ({ entries: [{ ...payment, amountMinor }] }),
          bill: () => ({
            ...bill,
            dueMinor: bill.totalMinor + amountMinor,
            ...(paidAtSeconds === undefined ? {} : { paidAtSeconds }),
          }),
        },
        no,
      ).payment;
    const total = (bill.totalMinor / 100).toFixed(2);
    assert.equal(
      pay(-bill.totalMinor, atSeconds),
      `Paid on 2024-03-05: ${total} EUR on 2024-03-05 (transfer 7).`,
    );
    const rest = ((bill.totalMinor - 100) / 100).toFixed(2);
    assert.equal(
      pay(-100),
      `Paid so far: 1.00 EUR on 2024-03-05 (transfer 7). To be paid: ${rest} EUR.`,
    );
  });

  test("a number that no bill has gives none", () => {
    assert.equal(makeBillSheet(model, "none"), undefined);
  });
});
