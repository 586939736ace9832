/**
 * Loads a native module that not every installation has (`optionalDependencies`): only when a configuration
 * names real hardware, and with an error that says what to do.
 */
import { fail } from "../../shared/base/error.ts";

/** Throws `hardware-module`. */
export async function loadOptional<T>(name: string, load: () => Promise<T>): Promise<T> {
  try {
    return await load();
  } catch (error) {
    const cause = error instanceof Error ? (error.message.split("\n")[0] ?? "") : String(error);
    fail(
      "hardware-module",
      `the module ${name} is not installed or does not load (${cause}); try: npm install --include=optional`,
      { module: name },
    );
  }
}
