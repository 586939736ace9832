/** Command line of the demo: words in, checked options out. Throws `OptionError` with one clear line. */
import path from "node:path";
import { parseArgs } from "node:util";
import { isZone } from "../../shared/time/civil-day.ts";

export interface DemoOptions {
  /** Absolute path of the folder that holds everything the demo writes. */
  readonly folder: string;
  /** Real seconds that a simulated day takes. */
  readonly secondsPerDay: number;
  /** Stop after so many simulated days; undefined: when told to. */
  readonly days: number | undefined;
  /** Recordings to play instead of the paper's rows, absolute paths. */
  readonly recordings: readonly string[];
  /** IANA zone of the recordings. */
  readonly zone: string;
  readonly brokerPort: number;
  readonly portalPort: number;
}

export class OptionError extends Error {}

export const DEMO_HELP = `npm start [-- options]: a gateway, five simulated meters and one that replays a recording

  --replay FILE     play this CSV instead of the paper's rows (may be given again);
                    columns are known by their names: timestamp, energy_kwh or active_power_kw,
                    voltage_v, current_a, temperature_c, humidity_pct
  --zone ZONE       time zone of those recordings (Europe/Berlin)
  --day-seconds N   seconds that a simulated day takes (4)
  --days N          stop after N simulated days
  --data DIR        where everything is kept (data/demo); a second start goes on there
  --portal-port N   port of the web page (8080, or a free one)
  --broker-port N   port of the MQTT broker (18883, or a free one)
  --help            this text`;

function readNumber(name: string, text: string, min: number, max: number): number {
  const value = Number(text);
  if (text.trim() === "" || !(value >= min && value <= max)) {
    throw new OptionError(`--${name}: expected a number from ${min} to ${max}, not "${text}"`);
  }
  return value;
}

function readPort(name: string, text: string): number {
  const port = readNumber(name, text, 1, 65_535);
  if (!Number.isInteger(port)) throw new OptionError(`--${name}: expected a whole number`);
  return port;
}

function readZone(zone: string): string {
  if (!isZone(zone)) throw new OptionError(`--zone: "${zone}" is not an IANA time zone`);
  return zone;
}

/** @returns undefined when the help was asked for */
export function readOptions(args: readonly string[], root: string): DemoOptions | undefined {
  let parsed: ReturnType<typeof parse>;
  try {
    parsed = parse(args);
  } catch (error) {
    throw new OptionError((error as Error).message);
  }
  const { values, positionals } = parsed;
  if (values.help) return undefined;
  if (positionals.length > 0 && values.replay === undefined) {
    throw new OptionError(`what is "${positionals[0]}"? A recording is given with --replay`);
  }
  return {
    folder: path.resolve(values.data ?? path.join(root, "data", "demo")),
    secondsPerDay: readNumber("day-seconds", values["day-seconds"] ?? "4", 0.5, 86_400),
    days: values.days === undefined ? undefined : readNumber("days", values.days, 1, 100_000),
    recordings: [...(values.replay ?? []), ...positionals].map((file) => path.resolve(file)),
    zone: readZone(values.zone ?? "Europe/Berlin"),
    brokerPort: readPort("broker-port", values["broker-port"] ?? "18883"),
    portalPort: readPort("portal-port", values["portal-port"] ?? "8080"),
  };
}

function parse(args: readonly string[]) {
  return parseArgs({
    args: [...args],
    allowPositionals: true,
    options: {
      replay: { type: "string", multiple: true },
      zone: { type: "string" },
      "day-seconds": { type: "string" },
      days: { type: "string" },
      data: { type: "string" },
      "portal-port": { type: "string" },
      "broker-port": { type: "string" },
      help: { type: "boolean", short: "h" },
    },
  });
}
