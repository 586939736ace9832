/**
 * The opened day record (records.md section 4): what a meter measured in one local day or a part of one.
 *
 * In:  JSON of unknown shape. Out: the typed day, or `schema` naming the path. Only shape and ranges of
 *      single members are judged here; how members fit each other is check-day.ts.
 */
import {
  arrayOf,
  code,
  type Decoded,
  type Decoder,
  date,
  hash,
  instant,
  literal,
  natural,
  object,
  pattern,
  signedInteger,
  text,
  tuple,
} from "../base/decoder.ts";

/** A day of 28 hours in slots of a minute. */
export const MAX_SLOTS = 1_680;
/** Slot lengths in seconds; 0 is one slot for the whole day. */
export const STEPS = [0, 60, 300, 600, 900, 1800, 3600] as const;

const meterId = pattern(/^\d{9}$/, "nine digits");
/** `pad`: zeros, as many as record/plaintext.ts asks for. */
const zeros = pattern(/^0*$/, "zeros");

/** Members that every plaintext has. */
export const plaintextFields = { v: literal(1), meter: meterId, salt: hash, pad: zeros };

const listOfNaturals = arrayOf(natural, 1, MAX_SLOTS);

/** One value a slot; the common case is judged without a path for each slot. */
const slotValues: Decoder<readonly number[]> = (value, path) => {
  const plain =
    Array.isArray(value) &&
    value.length > 0 &&
    value.length <= MAX_SLOTS &&
    value.every((item) => Number.isSafeInteger(item) && (item as number) >= 0);
  return plain ? (value as readonly number[]) : listOfNaturals(value, path);
};

/** Register at the beginning and at the end, Wh. */
const register = tuple<readonly [number, number]>(natural, natural);
/** Mean, least, greatest. */
const spread = tuple<readonly [number, number, number]>(natural, natural, natural);
const signedSpread = tuple<readonly [number, number, number]>(
  signedInteger,
  signedInteger,
  signedInteger,
);

/** [T, C] or [T, C, S]: when, what, and a note. */
const event: Decoder<readonly [number, string] | readonly [number, string, string]> = (
  value,
  path,
) =>
  Array.isArray(value) && value.length === 3
    ? tuple<readonly [number, string, string]>(instant, code, text)(value, path)
    : tuple<readonly [number, string]>(instant, code)(value, path);

/** [slot, boot, sync, offset]: from this slot on, which boot, how the clock was set, its error in ms. */
const clockEntry = tuple<readonly [number, number, string, number]>(
  natural,
  natural,
  code,
  signedInteger,
);

const required = {
  ...plaintextFields,
  day: date,
  zone: text,
  tz: text,
  from: instant,
  to: instant,
  step: literal(...STEPS),
  wh: slotValues,
  quality: pattern(/^[A-Za-z]{1,1680}$/, "one letter a slot"),
  register,
  events: arrayOf(event, 0, 1_000),
  clock: arrayOf(clockEntry, 0, MAX_SLOTS),
  fw: hash,
};
const optional = {
  location: tuple<readonly [number, number]>(signedInteger, signedInteger),
  out: object({ wh: slotValues, register }),
  current: arrayOf(spread, 1, 3),
  voltage: arrayOf(spread, 1, 3),
  temperature: signedSpread,
  humidity: spread,
  cal: hash,
};

export const decodeDayPlaintext = object(required, optional);
/** A day and why it takes another's place (check-correction.ts). */
export const decodeCorrectionPlaintext = object({ ...required, reason: code }, optional);

/**
 * A day as sealed: Wh a slot, registers Wh, current mA, voltage mV, temperature m°C, humidity 0.01 %RH,
 * location 1e-7°, instants unix seconds.
 */
export type DayPlaintext = Decoded<typeof decodeDayPlaintext>;
/** A correction as sealed: units as of a day; `reason` is a code. */
export type CorrectionPlaintext = Decoded<typeof decodeCorrectionPlaintext>;
