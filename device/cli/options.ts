/** Options of a command: node:util parseArgs with coded errors and a `--help` that every command has. */
import { type ParseArgsConfig, parseArgs } from "node:util";
import { fail } from "../../shared/base/error.ts";

type Options = NonNullable<ParseArgsConfig["options"]>;
type Values<O extends Options> = {
  readonly [K in keyof O]?: O[K] extends { readonly multiple: true }
    ? readonly string[]
    : O[K]["type"] extends "boolean"
      ? boolean
      : string;
};

/** Returns `undefined` after printing `help`. Throws `usage`. */
export function readOptions<const O extends Options>(
  args: readonly string[],
  options: O,
  help: string,
): Values<O> | undefined {
  let values: Record<string, unknown>;
  try {
    const all: Options = { ...options, help: { type: "boolean", short: "h" } };
    values = parseArgs({ args: [...args], options: all, allowPositionals: false }).values;
  } catch (error) {
    fail("usage", `${(error as Error).message.split("\n")[0]} See --help.`);
  }
  if (values["help"] === true) {
    process.stdout.write(help);
    return undefined;
  }
  return values as Values<O>;
}

/** Throws `usage` when it is absent. */
export function requireOption(value: string | undefined, name: string): string {
  if (value === undefined || value === "") fail("usage", `--${name} is missing. See --help.`);
  return value;
}
