/**
 * Readouts of IEC 62056-21 (the old D0, also "IEC 1107"): cutting them out of a stream, the check character, values.
 *
 *   identification   /XXXZ text CRLF
 *   data             STX  data lines  ! CRLF  ETX  BCC        by request, and of some meters that push
 *   data             CRLF data lines  ! CRLF                  of other meters that push: nothing to check
 *
 * BCC is the exclusive or of everything behind STX up to ETX. A data line has one or more sets like
 * `1-0:1.8.0*255(001234.567*kWh)`, written in many ways; billing periods of the past (`1.8.0*01`) are passed over.
 */
import { concatBytes } from "../../shared/base/bytes.ts";
import { fail } from "../../shared/base/error.ts";
import type { Reading } from "./driver.ts";
import { readQuantities } from "./obis.ts";
import type { Framer } from "./push-reader.ts";
import {
  collectQuantities,
  decodeLatin1,
  type ObisLine,
  parseObisLine,
  splitTelegram,
  stripParity,
} from "./text-telegram.ts";

export const STX = 0x02;
export const ETX = 0x03;
const SLASH = 0x2f;
const BANG = 0x21;
const LF = 0x0a;
/** Large tables with load profiles have some 8,000 characters. */
export const MAX_READOUT = 16_384;

type Stage = "outside" | "header" | "lines" | "end" | "trailer" | "check";

/** Cuts the readouts out of what a meter pushes, good or bad; with parity bits or without. */
export class D0Framer implements Framer {
  #stage: Stage = "outside";
  #begun: Uint8Array = new Uint8Array(512);
  #length = 0;
  #lineStart = true;
  #checked = false;

  push(chunk: Uint8Array): readonly Uint8Array[] {
    const readouts: Uint8Array[] = [];
    for (const byte of chunk) {
      const sign = byte & 0x7f;
      if (sign === SLASH && this.#lineStart && this.#stage !== "check") this.#begin();
      if (this.#stage !== "outside") {
        this.#append(byte);
        if (this.#advance(sign)) {
          readouts.push(this.#begun.slice(0, this.#length));
          this.reset();
        } else if (this.#length > MAX_READOUT) this.reset();
      }
      // Behind the check character there is no line end.
      this.#lineStart = sign === LF || this.#stage === "outside";
    }
    return readouts.flatMap((readout) => splitTelegram(readout, parseD0Readout));
  }

  reset(): void {
    this.#stage = "outside";
    this.#length = 0;
    this.#lineStart = true;
  }

  #begin(): void {
    this.#stage = "header";
    this.#length = 0;
    this.#checked = false;
  }

  /** Whether the readout is whole. */
  #advance(sign: number): boolean {
    switch (this.#stage) {
      case "header":
        if (sign === LF) this.#stage = "lines";
        return false;
      case "lines":
        if (sign === STX) this.#checked = true;
        if (sign === BANG && this.#lineStart) this.#stage = "end";
        return false;
      case "end":
        if (sign === LF && this.#checked) this.#stage = "trailer";
        return sign === LF && !this.#checked;
      case "trailer":
        if (sign === ETX) this.#stage = "check";
        return sign !== ETX;
      default:
        return this.#stage === "check";
    }
  }

  #append(byte: number): void {
    if (this.#length === this.#begun.length) {
      this.#begun = concatBytes(this.#begun, new Uint8Array(this.#begun.length));
    }
    this.#begun[this.#length++] = byte;
  }
}

/** A whole pushed readout. Throws `sensor-crc`, `sensor-range`. */
export function parseD0Readout(readout: Uint8Array): Reading {
  const plain = stripParity(readout);
  const start = plain.indexOf(LF) + 1;
  const header = decodeLatin1(plain.subarray(0, start));
  if (!/^\/[A-Za-z]{3}[\d?A-I].*\r\n$/.test(header)) {
    fail("sensor-crc", "the readout has no identification");
  }
  const data = plain.subarray(start);
  const stx = data.indexOf(STX);
  if (stx < 0) checkUnprotected(data);
  return parseD0Data(stx < 0 ? data : data.subarray(stx), readout);
}

const SETS = /[^()\s]+(?:\([^()]*\))+/g;

/**
 * The data block from STX to BCC, or the lines of a block without. `raw`: what came over the wire. Throws
 * `sensor-crc`, `sensor-range`.
 */
export function parseD0Data(data: Uint8Array, raw: Uint8Array): Reading {
  if (data[0] === STX) checkBlock(data);
  const lines: ObisLine[] = [];
  for (const [set] of decodeLatin1(data).matchAll(SETS)) {
    const line = parseObisLine(set.replaceAll(String.fromCharCode(STX), ""));
    if (line !== undefined) lines.push(line);
  }
  const reading = readQuantities(collectQuantities(lines), raw);
  const identity = findIdentity(lines);
  return identity === undefined ? reading : { ...reading, identity };
}

function checkBlock(block: Uint8Array): void {
  const end = block.length - 1;
  const sum = block.subarray(1, end).reduce((all, byte) => all ^ byte, 0);
  if (end < 2 || block[end - 1] !== ETX || block[end] !== (sum & 0x7f)) {
    fail("sensor-crc", "the readout is cut or has a wrong check character");
  }
}

/**
 * Without a check character every line must be as it should be, none may be there twice, and the energy registers
 * must have one width.
 */
function checkUnprotected(data: Uint8Array): void {
  const lines = decodeLatin1(data).split("\r\n");
  const body = lines[0] === "" ? lines.slice(1) : lines;
  const whole = body.length > 2 && body.at(-1) === "" && body.at(-2) === "!";
  const codes = new Set<string>();
  const widths = new Set<number>();
  for (const line of body.slice(0, -2)) {
    const code = line.slice(0, line.indexOf("("));
    const strict = /^[ -~]+(?:\([ -~]*\))+$/.test(line) && !codes.has(code);
    const energy = /[12]\.8\.\d(?:\*255)?$/.test(code);
    if (energy) widths.add(line.length - code.length);
    if (!whole || !strict || (energy && !/\(\d{4,8}\.\d{1,8}\*k?Wh\)$/.test(line))) {
      fail("sensor-crc", "a readout without check character is not as it must be");
    }
    codes.add(code);
  }
  if (!whole || widths.size !== 1) {
    fail("sensor-crc", "a readout without check character is cut");
  }
}

/** Serial number, the identifiers of newer meters, property number. */
const IDENTITY_CODES = ["C.1.0", "96.1.0", "96.1.255", "0.0.9", "0.0.0", "C.1.1"];

function findIdentity(lines: readonly ObisLine[]): string | undefined {
  for (const wanted of IDENTITY_CODES) {
    const line = lines.find(({ code }) => code === wanted);
    const identity = line?.values[0]?.trim() ?? "";
    if (identity !== "") return identity;
  }
  return undefined;
}
