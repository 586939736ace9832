/** Comma-separated values (RFC 4180) that no spreadsheet takes for a formula. */

/** Numbers, also two with a comma between them, are left as they are; a minus sign begins no formula then. */
const NUMBERS = /^-?\d+(?:\.\d+)?(?:,-?\d+(?:\.\d+)?)?$/;
/** What makes a spreadsheet compute, also in its full-width forms. */
const FORMULA = /^[=+\-@\t\r\n＝＋－＠]/;

/** Rows with CRLF after each. Text that would begin a formula gets an apostrophe before it. */
export function formatCsv(rows: Iterable<readonly string[]>): string {
  let text = "";
  for (const row of rows) text += `${row.map(formatField).join(",")}\r\n`;
  return text;
}

function formatField(text: string): string {
  const safe = FORMULA.test(text) && !NUMBERS.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
