/** The time column of a recording: a text in the configured format to a naive timestamp or an instant. */
import { fail } from "../../shared/base/error.ts";

/** `naive`: seconds since 1970 as if it were UTC; the recording's clock turns it into an instant. */
type Timestamp =
  | { readonly kind: "naive"; readonly seconds: number }
  | { readonly kind: "instant"; readonly seconds: number };

/** Gives undefined for a text that is not of the format or names no date of the calendar. */
export type TimestampReader = (text: string) => Timestamp | undefined;

type Part = "year" | "month" | "day" | "hour" | "minute" | "second";

const ISO =
  /^(\d{4})-(\d{2})-(\d{2})(?:[T ](\d{2}):(\d{2})(?::(\d{2})(?:\.0+)?)?)? ?(Z|[+-]\d{2}:?\d{2})?$/;
const TOKENS: readonly (readonly [string, Part, string])[] = [
  ["YYYY", "year", "(\\d{4})"],
  ["MM", "month", "(\\d{1,2})"],
  ["DD", "day", "(\\d{1,2})"],
  ["hh", "hour", "(\\d{1,2})"],
  ["mm", "minute", "(\\d{2})"],
  ["ss", "second", "(\\d{2})"],
];

/** `format`: `iso`, `unix`, `unix-ms` or a pattern. Throws `schema` for a pattern without a date. */
export function createTimestampReader(format: string): TimestampReader {
  if (format === "iso") return readIso;
  if (format === "unix") return (text) => readUnix(text, 1);
  if (format === "unix-ms") return (text) => readUnix(text, 1000);
  return createPatternReader(format);
}

function readUnix(text: string, unitsASecond: number): Timestamp | undefined {
  const units = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  const seconds = units / unitsASecond;
  return Number.isInteger(seconds) && isKnown(seconds) ? { kind: "instant", seconds } : undefined;
}

const readIso: TimestampReader = (text) => {
  const match = ISO.exec(text);
  if (match === null) return undefined;
  const [, year, month, day, hour = "0", minute = "0", second = "0", zone] = match;
  const seconds = naiveSeconds([year, month, day, hour, minute, second].map(Number));
  if (seconds === undefined || zone === undefined) {
    return seconds === undefined ? undefined : { kind: "naive", seconds };
  }
  const digits = zone.replace(":", "");
  const ahead = zone === "Z" ? 0 : 60 * Number(digits.slice(1, 3)) + Number(digits.slice(3));
  const offset = 60 * (zone.startsWith("-") ? -ahead : ahead);
  return { kind: "instant", seconds: seconds - offset };
};

function createPatternReader(format: string): TimestampReader {
  const parts: Part[] = [];
  let source = "";
  for (let at = 0; at < format.length; ) {
    const token = TOKENS.find(([name]) => format.startsWith(name, at));
    if (token === undefined) {
      source += (format[at] ?? "").replace(/[.*+?^${}()|[\]\\]/, "\\$&");
      at++;
    } else {
      parts.push(token[1]);
      source += token[2];
      at += token[0].length;
    }
  }
  if (!(["year", "month", "day"] as const).every((part) => parts.includes(part))) {
    fail("schema", `the time format ${format} lacks YYYY, MM or DD`, { format });
  }
  const expression = new RegExp(`^${source}$`);
  return (text) => {
    const match = expression.exec(text);
    if (match === null) return undefined;
    const numberOf = (part: Part): number => {
      const i = parts.indexOf(part);
      return i < 0 ? 0 : Number(match[i + 1]);
    };
    const order = ["year", "month", "day", "hour", "minute", "second"] as const;
    const seconds = naiveSeconds(order.map(numberOf));
    return seconds === undefined ? undefined : { kind: "naive", seconds };
  };
}

/** Undefined for a 30 February or a minute 60, which `Date.UTC` would carry over silently. */
function naiveSeconds(parts: readonly number[]): number | undefined {
  const [year = 0, month = 0, day = 0, hour = 0, minute = 0, second = 0] = parts;
  const time = new Date(Date.UTC(year, month - 1, day, hour, minute, second));
  const same =
    time.getUTCMonth() === month - 1 &&
    time.getUTCDate() === day &&
    time.getUTCHours() === hour &&
    time.getUTCMinutes() === minute &&
    time.getUTCSeconds() === second;
  const seconds = time.getTime() / 1000;
  return same && isKnown(seconds) ? seconds : undefined;
}

/** 1971 to 9998: at least a year within the calendar of day records, whatever the zone. */
function isKnown(seconds: number): boolean {
  return seconds >= 31_536_000 && seconds < 253_370_764_800;
}
