/** The kernel's error numbers as the hardware errors of the port contracts. */

import { fail } from "../../shared/base/error.ts";
import type { ErrorCode } from "../../shared/base/error-code.ts";

/** EREMOTEIO (Broadcom), ENXIO (DesignWare) and EIO are how I2C controllers report a missing acknowledge. */
const codeByErrno: { readonly [errno: string]: ErrorCode } = {
  EREMOTEIO: "sensor-nack",
  ENXIO: "sensor-nack",
  EIO: "sensor-nack",
  ETIMEDOUT: "sensor-timeout",
  EBUSY: "sensor-busy",
  EAGAIN: "sensor-busy",
};

/** The error number of an error of Node or of a native module, `unknown` without one. */
export function errnoOf(error: unknown): string {
  const coded = error as { code?: unknown; message?: unknown } | null;
  if (typeof coded?.code === "string") return coded.code;
  // i2c-bus and serialport put the number at the front of the message: "EBUSY, Device or resource busy".
  const found = /\bE[A-Z]{3,14}\b/.exec(String(coded?.message ?? error));
  return found?.[0] ?? "unknown";
}

/** The code of an error of the system; an unlisted number means that the device is gone. */
export function codeOfSystemError(error: unknown): ErrorCode {
  return codeByErrno[errnoOf(error)] ?? "sensor-gone";
}

/** Throws a system error as the coded error that it is. */
export function failFromSystem(error: unknown, what: string): never {
  const cause = error instanceof Error ? error.message : String(error);
  fail(codeOfSystemError(error), `${what}: ${cause}`, { errno: errnoOf(error) });
}
