/** The code with which an action is refused. */
import { WattproofError } from "../../shared/base/error.ts";

/** The code with which `action` fails; a failure without a code is passed on, none at all is an error. */
export function codeOf(action: () => unknown): string {
  try {
    action();
  } catch (error) {
    if (error instanceof WattproofError) return error.code;
    throw error;
  }
  throw new Error("nothing was refused");
}
