/** Comma-separated values (RFC 4180) that no spreadsheet takes for a formula. */

/** Numbers, also two with a comma between them, are left as they are; a minus sign begins no formula then. */
const NUMBERS = /^-?\d+(?:\.\d+)?(?:,-?\d+(?:\.\d+)?)?$/;
/** What makes a spreadsheet compute, also in its full-width forms. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/** Rows with CRLF after each. Text that would begin a formula gets an apostrophe before it. */
export function formatCsv(rows: Iterable<readonly string[]>): string {
  let text = "";
  for (const row of rows) text += `${formatCells(row)}\r\n`;
  return text;
}

/** Cells of a row with commas between them: for rows that share most of them. */
export function formatCells(cells: readonly string[]): string {
  return cells.map(formatField).join(",");
}

function formatField(text: string): string {
  const safe = FORMULA.test(text) && !NUMBERS.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
