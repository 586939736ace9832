/** Test only: recordings as temporary files, and everything that a row source gives. */
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import type { TestContext } from "node:test";
import { openSources } from "../../hardware/open-source.ts";
import type { OpenedSource, Row, RowSource, Source } from "../../hardware/source.ts";
import { decodeSources } from "../../hardware/source-config.ts";
import type { JsonObject } from "../../shared/base/canonical-json.ts";

/** Writes a recording and returns its path; it goes away with the test. */
export function writeRecording(t: TestContext, text: string): string {
  const folder = mkdtempSync(path.join(tmpdir(), "wattproof-recording-"));
  t.after(() => rmSync(folder, { recursive: true }));
  const file = path.join(folder, "recording.csv");
  writeFileSync(file, text);
  return file;
}

/** Opens a replay as its configuration says; `zone` is the meter's. */
export function openRecording(config: JsonObject, zone = "Europe/Paris"): Promise<OpenedSource> {
  const sensors = (): never => {
    throw new Error("a recording has no sensors");
  };
  return openSources(decodeSources([{ kind: "replay", ...config }]), {
    zone,
    folder: "/",
    sensors,
  });
}

export async function openRows(config: JsonObject, zone?: string): Promise<RowSource> {
  const opened = await openRecording({ as: "rows", ...config }, zone);
  if (opened.kind !== "rows") throw new Error("not opened as rows");
  return opened.source;
}

export async function openDevice(config: JsonObject, zone?: string): Promise<Source> {
  const opened = await openRecording({ as: "device", ...config }, zone);
  if (opened.kind !== "samples") throw new Error("not opened as a device");
  return opened.source;
}

export async function listRows(source: RowSource, from?: number): Promise<Row[]> {
  const rows: Row[] = [];
  for await (const row of source.rows(from)) rows.push(row);
  return rows;
}

export function sumWh(rows: readonly Row[]): number {
  return rows.reduce((sum, { wh }) => sum + wh, 0);
}
