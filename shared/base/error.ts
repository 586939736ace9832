/** The one error class of Wattproof: a stable code, a sentence for people, and data fields. */
import type { ErrorCode } from "./error-code.ts";

export type ErrorDetail = Readonly<Record<string, string | number>>;

export class WattproofError extends Error {
  readonly code: ErrorCode;
  readonly detail: ErrorDetail;

  constructor(code: ErrorCode, message: string, detail: ErrorDetail = {}) {
    super(message);
    this.name = "WattproofError";
    this.code = code;
    this.detail = detail;
  }
}

/** Throws a coded error; `detail` carries the values that the message speaks of. */
export function fail(code: ErrorCode, message: string, detail: ErrorDetail = {}): never {
  throw new WattproofError(code, message, detail);
}

/** Whether `error` is a coded error, with that code if one is given. */
export function isCoded(error: unknown, code?: ErrorCode): error is WattproofError {
  return error instanceof WattproofError && (code === undefined || error.code === code);
}
