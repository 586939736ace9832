/** From an error to what a reader is told of it: coded refusals speak for themselves, anything else says that it failed. */
import { isCoded } from "../../shared/base/error.ts";
import type { Problem } from "./page/problem.ts";
import { UNCOMPUTABLE } from "./statement-routes.ts";

const STATUS_BY_CODE: Readonly<Record<string, Problem["status"]>> = {
  parameter: 400,
  "signed-out": 401,
  access: 403,
  "cross-site": 403,
  size: 413,
  "alarm-state": 409,
  "not-found": 404,
  "bill-none": 404,
  "bill-not-final": 404,
  "line2-missing": 404,
  host: 421,
  busy: 503,
};

function statusOf(code: string): Problem["status"] | undefined {
  return UNCOMPUTABLE.has(code) ? 422 : STATUS_BY_CODE[code];
}

export function problemOf(error: unknown): Problem {
  const status = isCoded(error) ? statusOf(error.code) : undefined;
  if (status === undefined || !isCoded(error)) {
    return { status: 500, code: "internal", message: "the portal could not make this page" };
  }
  return { status, code: error.code, message: error.message };
}
