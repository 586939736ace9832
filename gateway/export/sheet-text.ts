/** A sheet in a terminal: the texts of bill-sheet.ts in columns of plain characters. */
import type { BillSheet } from "./bill-sheet.ts";

/** Lines end with LF. */
export function formatSheet(sheet: BillSheet): string {
  const { title, facts, lines, total, currency } = sheet;
  const rows = [
    ["", "Quantity", `Rate (${currency})`, `Amount (${currency})`, ""],
    ...lines.map(({ label, quantity, rate, amount, how = "" }) => [
      ...[label, quantity, rate, amount],
      how,
    ]),
    ["Total", "", "", total, ""],
  ];
  const widths = [0, 1, 2, 3].map((column) =>
    Math.max(...rows.map((row) => (row[column] ?? "").length)),
  );
  const table = rows.map((row) =>
    row
      .map((cell, column) => {
        const width = widths[column] ?? 0;
        return column === 0 || column === 4 ? cell.padEnd(width) : cell.padStart(width);
      })
      .join("  ")
      .trimEnd(),
  );
  const name = Math.max(...facts.map(([fact]) => fact.length));
  return `${[
    title,
    "",
    ...facts.map(([fact, value]) => `${fact.padEnd(name)}  ${value}`),
    "",
    ...table,
    "",
    sheet.payment,
    sheet.rounding,
    sheet.completeness,
    ...sheet.missing.map((stretch) => `  ${stretch}`),
  ].join("\n")}\n`;
}
