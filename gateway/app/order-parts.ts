/** Parts of orders that several desks decode. */
import { type Decoder, pattern } from "../../shared/base/decoder.ts";
import { fail } from "../../shared/base/error.ts";

const MAX_FILE = 65_536;

export const meterId = pattern(/^\d{9}$/, "nine digits");

/** The text of a file that was handed in. */
export const fileText: Decoder<string> = (value, path) =>
  typeof value === "string" && value.length <= MAX_FILE
    ? value
    : fail("schema", `${path}: expected the text of a file`);
