/**
 * Cuts bytes into lines for parts that print text: LF or CRLF ends one.
 *
 * What comes before the first line end after opening or `reset` is the rest of a line whose start nobody saw, and is
 * dropped; so is a line longer than the bound, up to its end. Lines are handed over without their end; empty
 * ones are not handed over.
 */
import { concatBytes } from "../../shared/base/bytes.ts";
import type { Framer } from "./push-reader.ts";

const LF = 0x0a;
const CR = 0x0d;
const NOTHING = new Uint8Array(0);

export class LineFramer implements Framer {
  readonly #maxLength: number;
  #begun: Uint8Array = NOTHING;
  /** The line that arrives now is cut or too long: dropped up to its end. */
  #dropping = true;

  /** `maxLength` counts the bytes of a line without its end. */
  constructor(maxLength: number) {
    this.#maxLength = maxLength;
  }

  push(chunk: Uint8Array): readonly Uint8Array[] {
    const lines: Uint8Array[] = [];
    let start = 0;
    for (let end = chunk.indexOf(LF); end >= 0; end = chunk.indexOf(LF, start)) {
      this.#append(chunk.subarray(start, end));
      start = end + 1;
      const line = this.#begun.at(-1) === CR ? this.#begun.slice(0, -1) : this.#begun;
      if (!this.#dropping && line.length > 0 && line.length <= this.#maxLength) lines.push(line);
      this.#begun = NOTHING;
      this.#dropping = false;
    }
    this.#append(chunk.subarray(start));
    return lines;
  }

  reset(): void {
    this.#begun = NOTHING;
    this.#dropping = true;
  }

  #append(part: Uint8Array): void {
    // One byte more than the bound, for the CR.
    if (!this.#dropping && this.#begun.length + part.length <= this.#maxLength + 1) {
      this.#begun = concatBytes(this.#begun, part);
      return;
    }
    this.#begun = NOTHING;
    this.#dropping = true;
  }
}
