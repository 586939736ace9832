/**
 * Opens a recording: its header is read at once, so that a wrong file or column is an error at the start and not
 * in the middle of a run; its rows are streamed.
 */
import path from "node:path";
import { fail } from "../../shared/base/error.ts";
import type { UnixSeconds } from "../../shared/base/units.ts";
import type { OpenedSource, Row, RowSource } from "../source.ts";
import { readCsvLines } from "./csv-lines.ts";
import { openPlayback } from "./playback.ts";
import type { ReplayConfig } from "./replay-config.ts";
import { createRowReader, type RowReader } from "./row-reader.ts";

/**
 * `zone`: the meter's, for naive timestamps without a zone of their own. Throws `replay-file`,
 * `replay-column`, `zone`, `schema` (the time format).
 */
export async function openReplay(
  config: ReplayConfig,
  zone: string,
  folder: string,
): Promise<OpenedSource> {
  const file = path.resolve(folder, config.file);
  const rows = createRowSource(config, zone, file);
  await rows.check();
  const as = config.as ?? (config.step === 60 ? "device" : "rows");
  if (as === "rows") return { kind: "rows", source: rows };
  return { kind: "samples", source: await openPlayback(rows, config) };
}

function createRowSource(
  config: ReplayConfig,
  zone: string,
  file: string,
): RowSource & { check(): Promise<void> } {
  const readAll = async function* (): AsyncGenerator<Row | "header"> {
    let reader: RowReader | undefined;
    for await (const line of readCsvLines(file, config.delimiter ?? ",")) {
      if (reader === undefined) {
        reader = createRowReader(
          config,
          zone,
          line.fields.map((name) => name.trim()),
        );
        yield "header";
        continue;
      }
      const row = reader.read(line);
      if (row !== undefined) yield row;
    }
    if (reader === undefined) fail("replay-file", "the recording is empty", { file });
  };
  return {
    step: config.step,
    energy: config.power === undefined ? "metered" : "integrated",
    async *rows(from: UnixSeconds = Number.NEGATIVE_INFINITY) {
      // From the first line even so: the carried fractions depend on every row before.
      for await (const row of readAll()) if (row !== "header" && row.from >= from) yield row;
    },
    async check() {
      const all = readAll();
      await all.next();
      await all.return(undefined);
    },
  };
}
