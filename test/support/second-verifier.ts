/**
 * Two verifiers on the same dumps: `gateway verify` and the one in `second-verifier/`, which is written in Python from
 * docs/formats.md alone. in: files of dumps → out: what each of them says.
 */
import assert from "node:assert/strict";
import { spawnSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import path from "node:path";
import { openDumpSource } from "../../gateway/verify/dump-source.ts";
import { verify } from "../../gateway/verify/verify.ts";
import { isCoded } from "../../shared/base/error.ts";
import { projectRoot } from "./project-root.ts";
import { findProgram } from "./system-part.ts";

/** What the second verifier says of one dump. */
export interface Said {
  readonly chain?: string;
  readonly code?: string;
  readonly message?: string;
  readonly record?: number | null;
  readonly [name: string]: unknown;
}

/** Runs the second verifier once; one answer for each line that it prints. */
export function runSecond(args: readonly string[], input = ""): readonly Said[] {
  return runScript("verify.py", args, input);
}

function runScript(name: string, args: readonly string[], input: string): readonly Said[] {
  const script = path.join(projectRoot(), "test", "support", "second-verifier", name);
  // The distribution's Python, which has the package; -B leaves no compiled files in the source tree.
  const python = findProgram("python3") ?? "python3";
  const options = { encoding: "utf8", input, maxBuffer: 1 << 26 } as const;
  const { stdout, stderr } = spawnSync(python, ["-B", script, ...args], options);
  assert.equal(stderr, "");
  return stdout
    .split("\n")
    .slice(0, -1)
    .map((line) => JSON.parse(line) as Said);
}

/** What the second verifier says of each of these files, all read by one process. */
export function askSecond(files: readonly string[]): readonly Said[] {
  return runSecond(["--many"], files.map((file) => `${file}\n`).join(""));
}

/** What the second verifier says of each of these files of bundles. */
export function judgeBundles(files: readonly string[]): readonly Said[] {
  return runScript("bundle.py", [], files.map((file) => `${file}\n`).join(""));
}

/** The second verifier's code for each of these bills (evidence, payload, plaintext) or bodies; undefined for a right one. */
export function judgeBills(cases: readonly object[]): readonly (string | undefined)[] {
  const input = cases.map((one) => `${JSON.stringify(one)}\n`).join("");
  const said = runScript("bills.py", [], input);
  assert.equal(said.length, cases.length);
  return said.map(({ code }) => code);
}

/** What the second verifier says of each record of each log: "ok", or the code of the rule that it breaks. */
export function judgeRecords(
  logs: readonly { readonly time: number; readonly records: readonly string[] }[],
): readonly (readonly string[])[] {
  const input = logs.map((one) => `${JSON.stringify(one)}\n`).join("");
  return runScript("rules.py", [], input).map((said) => said["codes"] as readonly string[]);
}

export function writeTo(folder: string, name: string, content: string | Uint8Array): string {
  const file = path.join(folder, name);
  writeFileSync(file, content);
  return file;
}

export const joinLines = (lines: readonly string[]) => lines.map((line) => `${line}\n`).join("");

/** What `gateway verify` says of a file. */
export const askFirst = (file: string) => verify(openDumpSource(file), { workers: 1 });

/** Codes of a line that is not of its form: which of them it is depends on what a reader looks at first. */
const LINE_FORM = new Set([
  "dump",
  "utf8",
  "json",
  "canonical",
  "schema",
  "base64",
  "length",
  "form",
]);

/** The code under which `gateway verify` refuses a file, and the record where; nothing if it accepts it. */
export async function refusal(file: string): Promise<Said> {
  try {
    await askFirst(file);
  } catch (error) {
    if (!isCoded(error)) throw error;
    const { record } = error.detail;
    return typeof record === "number" ? { code: error.code, record } : { code: error.code };
  }
  return {};
}

/** Both refuse each of these dumps, with the same code and at the same record. */
export async function assertBothRefuse(cases: readonly (readonly [name: string, file: string])[]) {
  const said = askSecond(cases.map(([, file]) => file));
  const differences: string[] = [];
  for (const [i, [name, file]] of cases.entries()) {
    const first = await refusal(file);
    const second = said[i] ?? {};
    const form = LINE_FORM.has(first.code ?? "") && LINE_FORM.has(second.code ?? "");
    // Some rules, like a block's limits, speak of no record; a verifier may name one all the same.
    const places = [first.record, second.record].filter((place) => typeof place === "number");
    const place = new Set(places).size < 2;
    const same = first.code !== undefined && first.code === second.code && place;
    if (form || same) continue;
    differences.push(`${name}: ${JSON.stringify(first)}, second ${JSON.stringify(second)}`);
  }
  assert.deepEqual(differences, []);
}
