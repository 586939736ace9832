/**
 * A bill on paper: A4, text that can be selected and searched, the same bytes for the same bill.
 *
 * In:  the texts of bill-sheet.ts. Out: a PDF in the standard fonts that every reader brings, so nothing is embedded and nothing is
 *      fetched. They have the letters of Western Europe; a letter that they lack is printed as "?" and the sheet says so.
 */
import PDFDocument from "pdfkit";
import type { BillSheet } from "./bill-sheet.ts";

const MARGIN = 56;
const INK = "#111111";
const QUIET = "#555555";
const RULE = "#999999";
/** Columns of the lines: left edge as a share of the width, and its width. */
const COLUMNS = [
  { at: 0, width: 0.4, align: "left" },
  { at: 0.4, width: 0.19, align: "right" },
  { at: 0.59, width: 0.24, align: "right" },
  { at: 0.83, width: 0.17, align: "right" },
] as const;
const FACT_WIDTH = 74;
/** Beyond Latin-1 in WinAnsi, the encoding of the standard fonts. */
const WIN_ANSI = new Set("€‚ƒ„…†‡ˆ‰Š‹ŒŽ‘’“”•–—˜™š›œžŸ");

export function renderBillPdf(sheet: BillSheet): Promise<Uint8Array<ArrayBuffer>> {
  const doc = new PDFDocument({
    size: "A4",
    margin: MARGIN,
    bufferPages: true,
    lang: "en",
    displayTitle: true,
    pdfVersion: "1.7",
    info: {
      Title: toPrintable(`${sheet.title} ${sheet.no}`),
      Author: toPrintable(sheet.origin),
      Creator: "Wattproof",
      CreationDate: new Date(sheet.issuedAtSeconds * 1000),
    },
  });
  const done = collect(doc);
  new SheetWriter(doc, sheet).write();
  doc.end();
  return done;
}

function collect(doc: PDFKit.PDFDocument): Promise<Uint8Array<ArrayBuffer>> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    doc.on("data", (chunk: Buffer) => chunks.push(chunk));
    doc.on("error", reject);
    doc.on("end", () => resolve(new Uint8Array(Buffer.concat(chunks))));
  });
}

/** What the standard fonts can print. */
function toPrintable(text: string): string {
  return [...text.normalize("NFC").replace(/\s+/g, " ")]
    .map((character) => (isPrintable(character) ? character : "?"))
    .join("");
}

function isPrintable(character: string): boolean {
  return /^[\x20-\x7e\xa0-\xff]$/.test(character) || WIN_ANSI.has(character);
}

class SheetWriter {
  readonly #doc: PDFKit.PDFDocument;
  readonly #sheet: BillSheet;
  readonly #width: number;
  /** A letter was replaced. */
  #lacking = false;

  constructor(doc: PDFKit.PDFDocument, sheet: BillSheet) {
    this.#doc = doc;
    this.#sheet = sheet;
    this.#width = doc.page.width - 2 * MARGIN;
  }

  write(): void {
    this.#head();
    this.#lines();
    this.#below();
    this.#numberPages();
  }

  #head(): void {
    const { origin, title, facts } = this.#sheet;
    this.#put(origin, { font: "Helvetica-Bold", size: 12 });
    this.#rule(14);
    this.#put(title, { font: "Helvetica-Bold", size: 20, below: 10 });
    for (const [name, value] of facts) this.#fact(name, value);
    this.#doc.moveDown(1.5);
  }

  #lines(): void {
    const { lines, total, currency } = this.#sheet;
    this.#row(["", "Quantity", `Rate (${currency})`, `Amount (${currency})`], "Helvetica", QUIET);
    this.#rule(6);
    for (const { label, quantity, rate, amount, how } of lines) {
      this.#row([label, quantity, rate, amount]);
      if (how !== undefined) this.#put(how, { size: 8, color: QUIET, below: 5 });
    }
    this.#rule(6);
    this.#row(["Total", "", "", total], "Helvetica-Bold");
    this.#doc.moveDown(1);
  }

  #below(): void {
    const { payment, rounding, completeness, missing, proof, verify } = this.#sheet;
    this.#put(payment, { font: "Helvetica-Bold", size: 10.5, below: 6 });
    this.#put(rounding, { color: QUIET, below: 3 });
    this.#put(completeness, { color: QUIET, below: 3 });
    for (const stretch of missing) this.#put(stretch, { color: QUIET });
    this.#doc.moveDown(1);
    this.#put("Proof", { font: "Helvetica-Bold", size: 10.5, below: 3 });
    for (const [name, value] of proof) this.#fact(name, value, "Courier");
    this.#doc.moveDown(0.5);
    this.#put(verify, { color: QUIET });
    if (!this.#lacking) return;
    this.#put('A "?" may stand for a letter that this document\'s fonts lack; the bundle has it.', {
      color: QUIET,
    });
  }

  #numberPages(): void {
    const doc = this.#doc;
    const { start, count } = doc.bufferedPageRange();
    for (let page = start; page < start + count; page++) {
      doc.switchToPage(page);
      const { bottom } = doc.page.margins;
      // Below the margin pdfkit would begin a new page.
      doc.page.margins.bottom = 0;
      doc.font("Helvetica").fontSize(8).fillColor(QUIET);
      const text = this.#print(`${this.#sheet.no} · page ${page - start + 1} of ${count}`);
      const place = { width: this.#width, align: "center", lineBreak: false } as const;
      doc.text(text, MARGIN, doc.page.height - MARGIN + 20, place);
      doc.page.margins.bottom = bottom;
    }
  }

  #fact(name: string, value: string, font = "Helvetica"): void {
    const doc = this.#doc;
    const text = this.#print(value);
    const width = this.#width - FACT_WIDTH;
    const height = doc.font(font).fontSize(9.5).heightOfString(text, { width });
    this.#makeRoom(height);
    const { y } = doc;
    doc.font("Helvetica").fillColor(QUIET).text(name, MARGIN, y, { width: FACT_WIDTH });
    doc
      .font(font)
      .fillColor(INK)
      .text(text, MARGIN + FACT_WIDTH, y, { width });
    doc.y = y + height + 3;
    doc.x = MARGIN;
  }

  /** Cells that wrap inside their column; a row is never cut by the end of a page. */
  #row(cells: readonly string[], font = "Helvetica", color = INK): void {
    const doc = this.#doc;
    doc.font(font).fontSize(9.5);
    const placed = COLUMNS.map(({ at, width, align }, i) => ({
      text: this.#print(cells[i] ?? ""),
      x: MARGIN + at * this.#width,
      options: { width: width * this.#width - (i === COLUMNS.length - 1 ? 0 : 6), align },
    }));
    const height = Math.max(
      ...placed.map(({ text, options }) => doc.heightOfString(text, options)),
    );
    this.#makeRoom(height);
    const { y } = doc;
    doc.fillColor(color);
    for (const { text, x, options } of placed) if (text !== "") doc.text(text, x, y, options);
    doc.y = y + height + 4;
    doc.x = MARGIN;
  }

  #put(text: string, look: { font?: string; size?: number; color?: string; below?: number }): void {
    const { font = "Helvetica", size = 9.5, color = INK, below = 0 } = look;
    const doc = this.#doc;
    doc.font(font).fontSize(size).fillColor(color);
    const printed = this.#print(text);
    this.#makeRoom(doc.heightOfString(printed, { width: this.#width }));
    doc.text(printed, MARGIN, doc.y, { width: this.#width });
    doc.y += below;
  }

  #rule(below: number): void {
    const doc = this.#doc;
    doc.moveTo(MARGIN, doc.y).lineTo(MARGIN + this.#width, doc.y);
    doc.lineWidth(0.5).strokeColor(RULE).stroke();
    doc.y += below;
  }

  #makeRoom(height: number): void {
    const doc = this.#doc;
    if (doc.y + height > doc.page.height - MARGIN) doc.addPage();
  }

  #print(text: string): string {
    const printed = toPrintable(text);
    if (/\?/.test(printed) && [...text.normalize("NFC")].some((one) => !isPrintable(one))) {
      this.#lacking = true;
    }
    return printed;
  }
}
