/**
 * Makes a replay source of a recording by looking at its header line and rows: columns are known by the names and
 * units that such files commonly have, the step by the distance of the first two rows, and a clock without summer
 * time by a row at a time that the zone's clock skips.
 *
 * in: the path of a CSV → out: a `replay` entry of a meter's configuration, and the first civil day in it.
 */
import { closeSync, openSync, readSync } from "node:fs";
import { OptionError } from "./options.ts";
import { findFixedOffset } from "./recording-clock.ts";

export interface Recording {
  readonly source: Readonly<Record<string, unknown>>;
  /** `YYYY-MM-DD` of the first row. */
  readonly firstDate: string;
}

const CHUNK_BYTES = 1_048_576;
const STEPS = [60, 300, 600, 900, 1800, 3600];
const DAY_S = 86_400;

/** Names of columns by what they hold; the first that the file has is taken. */
const COLUMNS = {
  time: [["timestamp"], ["time"], ["datetime"], ["date"]],
  energy: [
    ["energy_kwh", "kWh"],
    ["energy_wh", "Wh"],
    ["appliances_wh", "Wh"],
  ],
  power: [
    ["active_power_kw", "kW"],
    ["power_kw", "kW"],
    ["power_w", "W"],
  ],
  voltage: [["voltage_v", "V"]],
  current: [["current_a", "A"]],
  temperature: [
    ["temperature_c", "°C"],
    ["t_living_c", "°C"],
  ],
  humidity: [
    ["humidity_pct", "%"],
    ["rh_living_pct", "%"],
  ],
} as const satisfies Record<string, readonly (readonly [string, string?])[]>;

function* readLines(file: string): Generator<string> {
  let handle: number;
  try {
    handle = openSync(file, "r");
  } catch {
    throw new OptionError(`--replay: ${file} cannot be read`);
  }
  try {
    const bytes = new Uint8Array(CHUNK_BYTES);
    const decoder = new TextDecoder();
    let rest = "";
    for (let length = readSync(handle, bytes); length > 0; length = readSync(handle, bytes)) {
      const text = rest + decoder.decode(bytes.subarray(0, length), { stream: true });
      const lines = text.split(/\r?\n/);
      rest = lines.pop() ?? "";
      if (rest.length > CHUNK_BYTES) throw new OptionError(`--replay: ${file} is not a CSV file`);
      yield* lines;
    }
    if (rest !== "") yield rest;
  } finally {
    closeSync(handle);
  }
}

function takeHead(file: string): readonly string[] {
  const head: string[] = [];
  for (const line of readLines(file)) if (head.push(line) === 3) break;
  return head;
}

/** Cells of one CSV line; a cell in quotes may hold commas. */
function splitCells(line: string): string[] {
  return [...line.matchAll(/(?:^|,)(?:"([^"]*)"|([^,]*))/g)].map(
    (cell) => cell[1] ?? cell[2] ?? "",
  );
}

const NAIVE = /^\d{4}-\d\d-\d\d[T ]\d\d:\d\d(?::\d\d)?$/;

/** Milliseconds of a timestamp; a naive one is taken as UTC, since only distances matter here. */
function readInstant(text: string): number {
  return Date.parse(NAIVE.test(text) ? `${text.replace(" ", "T")}Z` : text);
}

/**
 * `zone`: the meter's, by whose clock naive timestamps are read.
 * @throws OptionError naming what the file lacks
 */
export function describeRecording(file: string, zone: string): Recording {
  const [header = "", first = "", second = ""] = takeHead(file);
  const names = splitCells(header.replace(/^\uFEFF/, ""));
  const find = (kind: keyof typeof COLUMNS) => {
    const known: readonly (readonly [string, string?])[] = COLUMNS[kind];
    const match = known.find(([name]) => names.includes(name));
    return match && { column: match[0], ...(match[1] === undefined ? {} : { unit: match[1] }) };
  };
  const time = find("time");
  const energy = find("energy");
  const load = energy ? { energy } : { power: find("power") };
  if (time === undefined || Object.values(load)[0] === undefined) {
    throw new OptionError(
      `--replay: ${file} needs the columns timestamp and energy_kwh or active_power_kw`,
    );
  }
  const timeOf = (line: string) => (splitCells(line)[names.indexOf(time.column)] ?? "").trim();
  const distance = (readInstant(timeOf(second)) - readInstant(timeOf(first))) / 1000;
  const step = distance === DAY_S ? 0 : distance;
  if (step !== 0 && !STEPS.includes(step)) {
    throw new OptionError(
      `--replay: ${file}: rows ${distance} s apart; known are a day and ${STEPS.join(", ")} s`,
    );
  }
  const naiveTimes = function* (): Generator<number> {
    for (const line of readLines(file)) {
      const text = timeOf(line);
      if (NAIVE.test(text)) yield readInstant(text) / 1000;
    }
  };
  const fixed = step === 0 ? undefined : findFixedOffset(naiveTimes(), zone);
  const optional = (["voltage", "current", "temperature", "humidity"] as const).flatMap((kind) => {
    const column = find(kind);
    return column === undefined ? [] : [[kind, column] as const];
  });
  return {
    source: {
      kind: "replay",
      file,
      step,
      ...(fixed === undefined ? {} : { zone: fixed }),
      time: { column: time.column },
      ...load,
      ...Object.fromEntries(optional),
      ...(names.includes("quality")
        ? { quality: { column: "quality", partial: ["partial"], missing: ["missing"] } }
        : {}),
    },
    firstDate: timeOf(first).slice(0, 10),
  };
}
