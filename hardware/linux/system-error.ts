/** The kernel's error numbers as the hardware errors of the port contracts. */

import { fail } from "../../shared/base/error.ts";
import type { ErrorCode } from "../../shared/base/error-code.ts";

/**
 * EREMOTEIO (Broadcom), ENXIO (DesignWare) and EIO are how I2C controllers report a missing acknowledge; the
 * others follow the kernel's list of I2C fault codes: EAGAIN a lost arbitration, EBUSY a bus or an address that
 * something else holds, EPROTO and EBADMSG an answer that breaks the protocol, ETIMEDOUT a bus that stays low.
 */
const codeByErrno: { readonly [errno: string]: ErrorCode } = {
  EREMOTEIO: "sensor-nack",
  ENXIO: "sensor-nack",
  EIO: "sensor-nack",
  ETIMEDOUT: "sensor-timeout",
  EBUSY: "sensor-busy",
  EAGAIN: "sensor-busy",
  EPROTO: "sensor-crc",
  EBADMSG: "sensor-crc",
};

/**
 * Numbers that Node or a native module leaves without a name: `i2c-bus` gives a missing acknowledge on a
 * Pi as an empty code with errno 121.
 */
const nameByNumber: { readonly [errno: number]: string } = {
  74: "EBADMSG",
  108: "ESHUTDOWN",
  121: "EREMOTEIO",
};

/** What helps a person, by error number. */
const adviceByErrno: { readonly [errno: string]: string } = {
  ENOENT: "is the interface enabled (raspi-config) and the adapter plugged in?",
  EACCES: "may this user open it (groups i2c, dialout, gpio)?",
  EBUSY: "does a kernel driver (dtoverlay) or another program hold it?",
  ENOTSUP: "the adapter cannot do this kind of transfer",
};

/** The error number of an error of Node or of a native module, `unknown` without one. */
export function errnoOf(error: unknown): string {
  const coded = error as { code?: unknown; errno?: unknown; message?: unknown } | null;
  if (typeof coded?.code === "string" && /^E[A-Z0-9]+$/.test(coded.code)) return coded.code;
  const named = typeof coded?.errno === "number" ? nameByNumber[Math.abs(coded.errno)] : undefined;
  if (named !== undefined) return named;
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
  const errno = errnoOf(error);
  const advice = adviceByErrno[errno];
  const text = advice === undefined ? cause : `${cause} (${advice})`;
  fail(codeOfSystemError(error), `${what}: ${text}`, { errno });
}
