/** Small CSV files beside the project, with a header and no quotes. in: path → out: one object a row. */
import { readFileSync } from "node:fs";
import { sharedDataPath } from "./project-root.ts";

export function readSharedCsv(...names: readonly string[]): readonly Record<string, string>[] {
  const [header = "", ...rows] = readFileSync(sharedDataPath(...names), "utf8")
    .trim()
    .split(/\r?\n/);
  const columns = header.split(",");
  return rows.map((row) => {
    const values = row.split(",");
    return Object.fromEntries(columns.map((column, i) => [column, values[i] ?? ""]));
  });
}
