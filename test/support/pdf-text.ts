/** Test only: a PDF read again by poppler's programs. Ask `requireSystemPart(t, "pdftotext")` first. */
import { spawnSync } from "node:child_process";
import { findProgram } from "./system-part.ts";

/** Text with its columns, one row of print a line, a form feed after each page. */
export function readPdfText(pdf: Uint8Array): string {
  return run("pdftotext", ["-layout", "-", "-"], pdf);
}

/** Pages, page size, title and dates, one a line. */
export function readPdfInfo(pdf: Uint8Array): string {
  return run("pdfinfo", ["-"], pdf);
}

function run(name: string, args: readonly string[], pdf: Uint8Array): string {
  const { status, stdout, stderr } = spawnSync(findProgram(name) ?? name, args, {
    input: pdf,
    encoding: "utf8",
  });
  if (status !== 0) throw new Error(`${name} does not read this PDF: ${stderr}`);
  return stdout;
}
