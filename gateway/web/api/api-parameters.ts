/**
 * What a request to the JSON interface may say: each parameter is described once, for the document and for the door.
 *
 * In: texts of the address. Out: typed values, or `parameter` naming the parameter.
 */
import {
  readAlarmState,
  readBillNo,
  readDate,
  readInteger,
  readMeter,
  readMonth,
  readSearch,
} from "../parameters.ts";
import { DATE, METER, MONTH } from "./answers.ts";
import type { JsonSchema } from "./schema.ts";
import { ALARM_STATE } from "./upkeep-answers.ts";

export interface ApiParameter<T> {
  readonly description: string;
  readonly json: JsonSchema;
  /** @param text undefined where a query does not name it */
  readonly read: (text: string | undefined, name: string) => T;
}

/** Rows of one answer at most, and without `limit`. */
const MAX_ROWS = 1_000;
const ROWS = 100;
/** Dates of one answer at most, and without `limit`. */
const MAX_DATES = 366;
const DATES = 100;
const MAX_HEIGHT = 0xffffffff;

interface WholeNumber {
  readonly minimum?: number;
  readonly maximum?: number;
}

function required<T>(
  description: string,
  json: JsonSchema,
  read: (text: string, name: string) => T,
): ApiParameter<T> {
  return { description, json, read: (text, name) => read(text ?? "", name) };
}

function perhaps<T>(
  description: string,
  json: JsonSchema,
  read: (text: string, name: string) => T,
): ApiParameter<T | undefined> {
  return {
    description,
    json,
    read: (text, name) => (text === undefined ? undefined : read(text, name)),
  };
}

function wholeNumber({ minimum = 0, maximum = Number.MAX_SAFE_INTEGER }: WholeNumber) {
  return {
    json: { type: "integer", minimum, maximum },
    read: (text: string, name: string): number => readInteger(text, name, minimum, maximum),
  };
}

function numberOr(
  description: string,
  fallback: number,
  limits: WholeNumber = {},
): ApiParameter<number> {
  const { json, read } = wholeNumber(limits);
  return {
    description,
    json: { ...json, default: fallback },
    read: (text, name) => (text === undefined ? fallback : read(text, name)),
  };
}

const height = wholeNumber({ maximum: MAX_HEIGHT });
const position = wholeNumber({});

/** Named parts of a path. */
export const PATH_PARAMETERS = {
  meter: required("Meter id, nine digits", METER.json, readMeter),
  date: required("Civil day in the meter's zone", DATE.json, readDate),
  no: required("Number of a bill", { type: "string", minLength: 1, maxLength: 200 }, readBillNo),
  height: required("Height of a block", height.json, height.read),
  position: required("Position of a record in the log", position.json, position.read),
} as const;

export const LIMIT = numberOr("Rows of the answer at most", ROWS, {
  minimum: 1,
  maximum: MAX_ROWS,
});
export const OFFSET = numberOr("Rows to leave out from the beginning", 0);
export const DATE_LIMIT = numberOr("Civil days of the answer at most", DATES, {
  minimum: 1,
  maximum: MAX_DATES,
});
export const SEARCH: ApiParameter<string | undefined> = {
  description: "Beginning of a meter id, or part of a label",
  json: { type: "string", maxLength: 100 },
  read: readSearch,
};
export const OF_METER = perhaps("Of this meter only", METER.json, readMeter);
export const FROM_DATE = perhaps(
  "First civil day; without it, the meter's first",
  DATE.json,
  readDate,
);
export const TO_DATE = perhaps("Last civil day; without it, the newest", DATE.json, readDate);
export const PERIOD_FROM = perhaps(
  "First civil day; without it, the first of the month of the newest day",
  DATE.json,
  readDate,
);
export const PERIOD_TO = perhaps("Last civil day; without it, the newest", DATE.json, readDate);
export const OF_MONTH = perhaps("Without it, the month of the newest day", MONTH.json, readMonth);
export const BEFORE_HEIGHT = perhaps(
  "Only blocks below this height: the height of the last row of the page before",
  height.json,
  height.read,
);
export const OF_STATE = perhaps("Alarms of this state only", ALARM_STATE.json, readAlarmState);
export const BEFORE_ID = perhaps(
  "Only alarms with a smaller id: the id of the last row of the page before",
  position.json,
  position.read,
);
export const BEFORE_DATE = perhaps(
  "Only days before this one: the date of the last row of the page before",
  DATE.json,
  readDate,
);
export const FROM_HEIGHT: ApiParameter<number> = {
  description: "Height of the first block",
  json: { ...height.json, default: 0 },
  read: (text, name) => (text === undefined ? 0 : height.read(text, name)),
};
export const FROM_POSITION = numberOr("Position of the first record", 0);
