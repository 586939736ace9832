/**
 * A CSV file as a stream of rows: files of years, without holding them.
 *
 * Fields may be quoted, with "" for a quote; a quoted field does not run over the end of its line. Blank lines
 * and a byte order mark are skipped. Throws `replay-file` (cannot be read), `replay-row` (a line that is too
 * long, or whose quotes do not match).
 */
import { createReadStream } from "node:fs";
import { fail } from "../../shared/base/error.ts";

export interface CsvLine {
  /** Counted from 1. */
  readonly line: number;
  readonly fields: readonly string[];
}

/** Longer than any row; keeps a binary file from being gathered into one string. */
const MAX_LINE = 65_536;

export async function* readCsvLines(path: string, delimiter: string): AsyncGenerator<CsvLine> {
  let line = 0;
  let rest = "";
  for await (const chunk of readText(path)) {
    const lines = (rest + chunk).split("\n");
    rest = lines.pop() ?? "";
    for (const text of lines) {
      line++;
      const fields = splitLine(text, line, delimiter);
      if (fields !== undefined) yield { line, fields };
    }
    if (rest.length > MAX_LINE) refuseLine(line + 1, "is too long for a row");
  }
  const fields = splitLine(rest, line + 1, delimiter);
  if (fields !== undefined) yield { line: line + 1, fields };
}

async function* readText(path: string): AsyncGenerator<string> {
  const stream = createReadStream(path, { encoding: "utf8" });
  try {
    for await (const chunk of stream) yield chunk as string;
  } catch (error) {
    const cause = error instanceof Error ? error.message : String(error);
    fail("replay-file", `the recording cannot be read: ${cause}`, { file: path });
  }
}

function splitLine(text: string, line: number, delimiter: string): string[] | undefined {
  let clean = text.endsWith("\r") ? text.slice(0, -1) : text;
  if (line === 1 && clean.startsWith("\uFEFF")) clean = clean.slice(1);
  if (clean === "") return undefined;
  if (clean.length > MAX_LINE) refuseLine(line, "is too long for a row");
  return clean.includes('"') ? splitQuoted(clean, line, delimiter) : clean.split(delimiter);
}

function splitQuoted(text: string, line: number, delimiter: string): string[] {
  const fields: string[] = [];
  let at = 0;
  for (;;) {
    if (text[at] === '"') {
      let field = "";
      for (at++; ; at += 2) {
        const quote = text.indexOf('"', at);
        if (quote < 0) refuseLine(line, "has an unmatched quote");
        field += text.slice(at, quote);
        at = quote;
        if (text[quote + 1] !== '"') break;
        field += '"';
      }
      at++;
      if (at < text.length && text[at] !== delimiter) refuseLine(line, "has text after a quote");
      fields.push(field);
    } else {
      const next = text.indexOf(delimiter, at);
      const end = next < 0 ? text.length : next;
      fields.push(text.slice(at, end));
      at = end;
    }
    if (at >= text.length) return fields;
    at++;
    if (at === text.length) return [...fields, ""];
  }
}

function refuseLine(line: number, what: string): never {
  fail("replay-row", `line ${line} of the recording ${what}`, { line });
}
