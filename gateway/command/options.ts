/** Options of a command: parsed strictly, with one coded error for whatever is wrong. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { fail } from "../../shared/base/error.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;
type Values<O extends Options> = {
  readonly [K in keyof O]: (O[K]["type"] extends "boolean" ? boolean : string) | undefined;
};

/** Throws `usage` for an unknown option, a missing value or a stray word. */
export function readOptions<const O extends Options>(
  args: readonly string[],
  options: O,
): Values<O> {
  const { values, words } = readArguments(args, options);
  if (words.length > 0) fail("usage", `Unexpected argument '${words[0]}'`);
  return values;
}

/** Options and the words beside them. Throws `usage` for an unknown option or a missing value. */
export function readArguments<const O extends Options>(
  args: readonly string[],
  options: O,
): { readonly values: Values<O>; readonly words: readonly string[] } {
  try {
    const parsed = parseArgs({ args: [...args], options, strict: true, allowPositionals: true });
    return { values: parsed.values as unknown as Values<O>, words: parsed.positionals };
  } catch (error) {
    const message = (error as Error).message.split(". ")[0] ?? "";
    fail("usage", message);
  }
}

/** The value of an option that a command cannot do without. Throws `usage`. */
export function requireOption(value: string | undefined, name: string): string {
  if (value === undefined || value === "") fail("usage", `--${name} is missing`);
  return value;
}

/** A count of unix seconds, or a civil date `YYYY-MM-DD` taken as its midnight in UTC. Throws `usage`. */
export function readInstant(text: string, name: string): number {
  const seconds = /^\d{1,12}$/.test(text)
    ? Number(text)
    : /^\d{4}-\d{2}-\d{2}$/.test(text)
      ? Date.parse(`${text}T00:00:00Z`) / 1000
      : Number.NaN;
  if (!Number.isSafeInteger(seconds)) fail("usage", `--${name} is unix seconds or YYYY-MM-DD`);
  return seconds;
}

/** A whole number, such as a register in Wh. Throws `usage`. */
export function readCount(text: string, name: string): number {
  const count = /^\d{1,16}$/.test(text) ? Number(text) : Number.NaN;
  if (!Number.isSafeInteger(count)) fail("usage", `--${name} is a whole number`);
  return count;
}
