/** The numbers of a day on its way from a crypto worker to the writer, column by column. */
import { ERROR_CODES, type ErrorCode } from "../../shared/base/error-code.ts";

export const KEY = 0;
export const EPOCH = 1;
export const PACKET_ID = 2;
export const SEQ = 3;
export const FROM = 4;
export const TO = 5;
export const UNOPENED = 6;
export const CODE = 7;
export const AT = 8;
export const LINE1 = 9;
export const LINE2 = 10;
export const DAY = 11;
export const LINE1_CHARS = 12;
export const COLUMNS = 13;

/** Of the leaf, which lies before a day's lines. */
export const HASH_BYTES = 32;

const NO_CODE = -1;
const CODES = Object.keys(ERROR_CODES) as ErrorCode[];
const NUMBER_BY_CODE = new Map(CODES.map((code, number) => [code, number]));

export function numberOfCode(code: ErrorCode | undefined): number {
  return code === undefined ? NO_CODE : (NUMBER_BY_CODE.get(code) ?? NO_CODE);
}

export function codeOfNumber(number: number): ErrorCode | undefined {
  return number === NO_CODE ? undefined : CODES[number];
}
