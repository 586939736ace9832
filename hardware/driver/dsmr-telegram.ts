/**
 * One telegram of a P1 port: cutting it out of a stream, its checksum, its electrical part as a reading.
 *
 *   /XXXZ identification CRLF   CRLF   lines   !XXXX CRLF
 *
 * The four hexadecimal digits are the CRC-16/ARC of everything from `/` to `!`; one family of meters leaves out
 * leading zeros. Versions before 4 have no checksum, and one of their meters not even the `!`: such a telegram
 * ends where the next begins. What protects it is its parity and a structure without any room, see
 * `checkUnprotected`. Lines of other meters (gas, water), messages and whatever else a country adds are passed over.
 */
import { concatBytes } from "../../shared/base/bytes.ts";
import { fail } from "../../shared/base/error.ts";
import { crc16Arc } from "./crc16.ts";
import type { Reading } from "./driver.ts";
import { readQuantities } from "./obis.ts";
import type { Framer } from "./push-reader.ts";
import {
  collectQuantities,
  decodeLatin1,
  type ObisLine,
  parseObisLine,
  readSerialNumber,
  splitTelegram,
  stripParity,
} from "./text-telegram.ts";

const SLASH = 0x2f;
const BANG = 0x21;
const CR = 0x0d;
const LF = 0x0a;
const NOTHING = new Uint8Array(0);
/** The longest telegrams, with two messages of 1,024 characters and ten power failures, stay below 5,000. */
const MAX_TELEGRAM = 8_192;

/** Where a telegram stands: not begun, within its lines, in the digits after `!`, before the last LF. */
type Stage = "outside" | "lines" | "checksum" | "end";

/** Cuts telegrams out of what a P1 port says, good or bad; with parity bits or without. */
export class DsmrFramer implements Framer {
  #stage: Stage = "outside";
  #begun: Uint8Array = new Uint8Array(512);
  #length = 0;
  #lineStart = false;

  push(chunk: Uint8Array): readonly Uint8Array[] {
    const telegrams: Uint8Array[] = [];
    for (const byte of chunk) this.#take(byte, telegrams);
    return telegrams.flatMap((telegram) => splitTelegram(telegram, parseDsmrTelegram));
  }

  reset(): void {
    this.#stage = "outside";
    this.#length = 0;
  }

  /** What has begun and may be whole, when no more bytes will come. */
  rest(): Uint8Array {
    const rest = this.#stage === "outside" ? NOTHING : this.#begun.slice(0, this.#length);
    this.reset();
    return rest;
  }

  #take(byte: number, telegrams: Uint8Array[]): void {
    const sign = byte & 0x7f;
    // Within a line a slash is text, at its start it begins a telegram, whatever was before.
    const begins = sign === SLASH && (this.#stage !== "lines" || this.#lineStart);
    if (begins) {
      if (this.#stage !== "outside") telegrams.push(this.rest());
      this.#stage = "lines";
    }
    if (this.#stage === "outside") return;
    this.#append(byte);
    if (this.#length > MAX_TELEGRAM) this.reset();
    else this.#advance(sign, telegrams);
    this.#lineStart = sign === LF;
  }

  #advance(sign: number, telegrams: Uint8Array[]): void {
    switch (this.#stage) {
      case "lines":
        if (sign === BANG && this.#lineStart) this.#stage = "checksum";
        return;
      case "checksum":
        if (sign === CR) this.#stage = "end";
        else if (!isHexDigit(sign)) telegrams.push(this.rest());
        return;
      default:
        // The LF, or something else that spoils the end: either way the telegram is over.
        telegrams.push(this.rest());
    }
  }

  #append(byte: number): void {
    if (this.#length === this.#begun.length) {
      this.#begun = concatBytes(this.#begun, new Uint8Array(this.#begun.length));
    }
    this.#begun[this.#length++] = byte;
  }
}

function isHexDigit(sign: number): boolean {
  return (sign >= 0x30 && sign <= 0x39) || (sign >= 0x41 && sign <= 0x46);
}

/** `raw`: what came over the wire, if that is not `telegram`. Throws `sensor-crc`, `sensor-range`. */
export function parseDsmrTelegram(telegram: Uint8Array, raw = telegram): Reading {
  const plain = stripParity(telegram);
  const text = decodeLatin1(plain);
  const lines = checkTelegram(plain, text);
  const parsed: ObisLine[] = [];
  for (const line of lines) {
    const obis = parseObisLine(line);
    if (obis !== undefined) parsed.push(obis);
  }
  const reading = readQuantities(collectQuantities(parsed), raw);
  const identity = findIdentity(parsed);
  return identity === undefined ? reading : { ...reading, identity };
}

/** The lines between identification and `!` of an undamaged telegram. */
function checkTelegram(plain: Uint8Array, text: string): readonly string[] {
  const end = text.lastIndexOf("\n!");
  const tail = end < 0 ? "" : text.slice(end + 2);
  const match = /^([0-9A-F]{0,4})(?:\r?\n)?$/.exec(tail);
  if (match === null || text.charCodeAt(0) !== SLASH) {
    fail("sensor-crc", "the telegram begins or ends wrong");
  }
  const body = end < 0 ? text : text.slice(0, end + 1);
  const lines = body.split(/\r?\n/);
  const [, digits = ""] = match;
  if (digits === "") {
    checkUnprotected(lines);
  } else if (Number.parseInt(digits, 16) !== crc16Arc(plain, 0, end + 2)) {
    fail("sensor-crc", "the telegram has a wrong checksum");
  }
  return lines.slice(1);
}

const HEADER = /^\/[A-Za-z]{3}\d[ -~]*$/;
/** In versions 2.2 and 3: electricity in kWh and kW with leading zeros, all of one width. */
const ENERGY_LINE = /^1-0:([12]\.8\.[12])\((\d{5,6}\.\d{3}\*kWh)\)$/;
const POWER_LINE = /^1-0:[12]\.7\.0\(\d{2,4}\.\d{2,3}\*kW\)$/;
const MESSAGE_LINE = /^0-0:96\.13\.[01]\([ -~]*\)$/;
/** The gas meter's value stands in a line of its own. */
const GAS_LINE = /^0-\d:24\.3\.0\(/;
const GAS_VALUE = /^\([\d.]+\)$/;
/** Version and time of a telegram came with the checksum: where they are it must be too. */
const PROTECTED_LINE = /^(?:1-3:0\.2\.8|0-0:1\.0\.0|0-0:96\.1\.4)\(/;
const REQUIRED = ["0-0:96.1.1", "1-0:1.8.1", "1-0:1.8.2", "1-0:1.7.0"];

/**
 * A telegram without checksum counts only if every character of it is as it must be: the right header, nothing but
 * complete lines, no line twice, both tariffs with values of one width. A lost, doubled or broken character
 * shows that way, a wrong digit by its parity.
 */
function checkUnprotected(lines: readonly string[]): void {
  const [header = "", ...rest] = lines;
  const [first] = rest;
  const body = first === "" ? rest.slice(1) : rest;
  const whole = HEADER.test(header) && body.at(-1) === "" && body.length > 1;
  const seen = new Map<string, string>();
  let before = "";
  for (const line of whole ? body.slice(0, -1) : [""]) {
    const code = line.slice(0, line.indexOf("("));
    if (!isStrictLine(line, before) || seen.has(code)) {
      fail("sensor-crc", "a telegram without checksum is not as it must be");
    }
    if (code !== "") seen.set(code, line);
    before = line;
  }
  const energies = [...seen.values()].flatMap((line) => ENERGY_LINE.exec(line)?.[2] ?? []);
  const powers = [...seen.values()].filter((line) => POWER_LINE.test(line));
  const complete =
    REQUIRED.every((code) => seen.has(code)) &&
    seen.has("1-0:2.8.1") === seen.has("1-0:2.8.2") &&
    seen.has("1-0:2.8.1") === seen.has("1-0:2.7.0") &&
    energies.every(({ length }) => length === energies[0]?.length) &&
    powers.every(({ length }) => length === powers[0]?.length);
  if (!complete) fail("sensor-crc", "a telegram without checksum is not complete");
}

function isStrictLine(line: string, before: string): boolean {
  if (line.startsWith("(")) return GAS_VALUE.test(line) && GAS_LINE.test(before);
  if (MESSAGE_LINE.test(line)) return true;
  if (PROTECTED_LINE.test(line) || !/^\d-\d:[ -~]*$/.test(line)) return false;
  if (/^1-0:[12]\.8\./.test(line)) return ENERGY_LINE.test(line);
  if (/^1-0:[12]\.7\./.test(line)) return POWER_LINE.test(line);
  // The gas meter of version 2.2 has an empty value behind its unit.
  return GAS_LINE.test(line)
    ? /^[^()]+(?:\([^()]*\))+$/.test(line)
    : parseObisLine(line) !== undefined;
}

/** The electricity meter's number: Dutch, Luxembourgian, Hungarian and Swedish, Belgian; never a gas meter's. */
const IDENTITY_CODES = ["0-0:96.1.1", "0-0:42.0.0", "0-0:96.1.0", "1-0:96.1.0", "0-0:96.1.2"];

function findIdentity(lines: readonly ObisLine[]): string | undefined {
  for (const code of IDENTITY_CODES) {
    const line = lines.find(({ channel, code: own }) => `${channel}:${own}` === code);
    const identity = line === undefined ? undefined : readSerialNumber(line.values[0] ?? "");
    if (identity !== undefined) return identity;
  }
  return undefined;
}

/** What a whole recording of a P1 port holds: for each telegram a reading or why there is none. */
export function decodeDsmrStream(
  bytes: Uint8Array,
): readonly ({ readonly reading: Reading } | { readonly error: unknown })[] {
  const framer = new DsmrFramer();
  const telegrams = [...framer.push(bytes), framer.rest()];
  return telegrams
    .filter(({ length }) => length > 0)
    .map((telegram) => {
      try {
        return { reading: parseDsmrTelegram(telegram) };
      } catch (error) {
        return { error };
      }
    });
}
