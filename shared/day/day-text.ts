/**
 * The fast reading of a day's plaintext, and nothing but a shortcut of the schema over canonical JSON.
 *
 * A day admits one text for given values (canonical JSON), so one pattern over the whole text says at once that it is
 * canonical and of the right members and ranges. What the pattern does not match goes the long way, which finds the
 * code; what it matches gives exactly what the long way gives (a property test holds them together).
 */
import { type DayPlaintext, MAX_SLOTS, STEPS } from "./day-plaintext.ts";

const MAX_EVENTS = 1_000;
/** No line 2 holds a longer text; patterns over very long ones exhaust the stack. */
const MAX_LENGTH = 65_535;

// Fifteen digits are below 2^53; rarer numbers take the long way.
const N = "(?:0|[1-9]\\d{0,14})";
const INT = "(?:0|-?[1-9]\\d{0,14})";
const H = '"[A-Za-z0-9_-]{42}[AEIMQUYcgkosw048]"';
const C = '"[a-z0-9-]{1,32}"';
/** Printable ASCII that JSON writes as it is. */
const S = '"[ !#-\\[\\]-~]{1,200}"';
const DATE = '"\\d{4}-(?:0[1-9]|1[0-2])-(?:0[1-9]|[12]\\d|3[01])"';
const SPREAD = `\\[${N},${N},${N}\\]`;
const SIGNED_SPREAD = `\\[${INT},${INT},${INT}\\]`;
const PHASES = `\\[${SPREAD}(?:,${SPREAD}){0,2}\\]`;
const NATURALS = `\\[${N}(?:,${N})*\\]`;

function list(item: string): string {
  return `\\[(?:${item}(?:,${item})*)?\\]`;
}

function member(name: string, value: string): string {
  return `"${name}":${value}`;
}

function optional(name: string, value: string): string {
  return `(?:${member(name, value)},)?`;
}

/** The members in the order of canonical JSON, with commas between them. */
const DAY = new RegExp(
  `^\\{${optional("cal", H)}${[
    member("clock", list(`\\[${N},${N},${C},${INT}\\]`)),
    `${optional("current", PHASES)}${member("day", DATE)}`,
    member("events", list(`\\[${N},${C}(?:,${S})?\\]`)),
    member("from", N),
    member("fw", H),
    `${optional("humidity", SPREAD)}${optional("location", `\\[${INT},${INT}\\]`)}${member("meter", '"\\d{9}"')}`,
    `${optional("out", `\\{${member("register", `\\[${N},${N}\\]`)},${member("wh", NATURALS)}\\}`)}${member("pad", '"0*"')}`,
    member("quality", '"[A-Za-z]{1,1680}"'),
    member("register", `\\[${N},${N}\\]`),
    member("salt", H),
    member("step", `(?:${STEPS.join("|")})`),
    `${optional("temperature", SIGNED_SPREAD)}${member("to", N)}`,
    member("tz", S),
    member("v", "1"),
    `${optional("voltage", PHASES)}${member("wh", NATURALS)}`,
    member("zone", S),
  ].join(",")}\\}$`,
);

/** The day that the text says, or undefined where the long way must judge. The text is then all ASCII. */
export function readDayText(text: string): DayPlaintext | undefined {
  if (text.length > MAX_LENGTH || !DAY.test(text)) return undefined;
  const day = JSON.parse(text) as DayPlaintext;
  const slots = Math.max(day.wh.length, day.out?.wh.length ?? 0, day.clock.length);
  return slots <= MAX_SLOTS && day.events.length <= MAX_EVENTS ? day : undefined;
}
