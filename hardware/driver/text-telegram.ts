/**
 * Lines of text with OBIS codes, as P1 ports and IEC 62056-21 readouts have them, and the parity bit of 7E1.
 *
 *   [A-B:]C.D.E[*F](value*unit)(…)      a dot or a colon between C, D and E; a dot, star or ampersand before F
 */
import { fail, isCoded } from "../../shared/base/error.ts";
import { parseQuantity, type Quantity } from "./obis.ts";

export interface ObisLine {
  /** "A-B", "1-0" where the line has none. */
  readonly channel: string;
  /** "C.D.E" */
  readonly code: string;
  /** What stands in the parentheses, in order. */
  readonly values: readonly string[];
}

const LINE =
  /^(?:(\d{1,3})-(\d{1,3}):)?([CF\d]\d{0,2})[.:]([CF\d]\d{0,2})(?:[.:](\d{1,3}))?(?:[.*&](\d{1,3}))?((?:\([^()]*\))+)$/;

/** F = 255 is the present value; others are those of past billing periods. */
const PRESENT = "255";

/** Undefined for lines of other form, and for values of the past. */
export function parseObisLine(line: string): ObisLine | undefined {
  const match = LINE.exec(line);
  if (match === null) return undefined;
  const [, a = "1", b = "0", c = "", d = "", e, f = PRESENT, rest = ""] = match;
  if (f !== PRESENT) return undefined;
  const groups = [c, d, ...(e === undefined ? [] : [e])];
  return {
    channel: `${Number(a)}-${Number(b)}`,
    code: groups.map((group) => (/^\d+$/.test(group) ? String(Number(group)) : group)).join("."),
    values: rest.slice(1, -1).split(")("),
  };
}

const ENERGY = /^[12]\.8\.\d$/;

/**
 * The electrical quantities of these lines. Where several channels state the same code the lowest counts. Throws
 * `sensor-range` for an energy register whose value cannot be read: without it a sum would be wrong.
 */
export function collectQuantities(lines: readonly ObisLine[]): ReadonlyMap<string, Quantity> {
  const quantities = new Map<string, Quantity>();
  const channelByCode = new Map<string, number>();
  for (const { channel, code, values } of lines) {
    const [medium, part] = channel.split("-").map(Number);
    if (medium !== 1 || part === undefined) continue;
    if ((channelByCode.get(code) ?? 256) <= part) continue;
    const quantity = parseQuantity(values[0] ?? "");
    if (quantity !== undefined) {
      quantities.set(code, quantity);
      channelByCode.set(code, part);
    } else if (ENERGY.test(code)) {
      fail("sensor-range", `${code}: "${values[0]}" is no energy`, { code });
    }
  }
  return quantities;
}

/** Serial numbers are often written as the hexadecimal codes of their characters; others stay as they are. */
export function readSerialNumber(text: string): string | undefined {
  const plain = text.trim();
  if (/^(?:[0-9A-Fa-f]{2})+$/.test(plain)) {
    const codes = plain.match(/../g)?.map((pair) => Number.parseInt(pair, 16)) ?? [];
    if (codes.every((code) => code >= 0x20 && code <= 0x7e)) {
      const decoded = String.fromCharCode(...codes).trim();
      return decoded === "" ? undefined : decoded;
    }
  }
  return plain === "" ? undefined : plain;
}

/**
 * Takes the parity off 7E1 that was received as 8N1, which has the same bits on the wire: so a wrong bit shows,
 * which serialport and the kernel would hide, and a port without parity will do. A telegram without any eighth
 * bit came with its parity already taken off. Throws `sensor-crc`.
 */
export function stripParity(bytes: Uint8Array): Uint8Array {
  if (bytes.every((byte) => byte < 0x80)) return bytes;
  return bytes.map((byte) => {
    let folded = byte ^ (byte >> 4);
    folded ^= folded >> 2;
    folded ^= folded >> 1;
    if (folded & 1) fail("sensor-crc", "a byte has a wrong parity");
    return byte & 0x7f;
  });
}

const HEADER = /\/[A-Za-z]{3}\d/g;

/**
 * A telegram that was cut in the middle of a line runs into the next: the two, if `parse` finds them damaged as one and
 * there is something like an identification behind the first's. Messages may hold the like, so whole ones stay.
 */
export function splitTelegram(
  bytes: Uint8Array,
  parse: (telegram: Uint8Array) => unknown,
): readonly Uint8Array[] {
  const text = decodeLatin1(bytes.map((byte) => byte & 0x7f));
  const at = [...text.matchAll(HEADER)].at(-1)?.index ?? 0;
  if (at === 0) return [bytes];
  try {
    parse(bytes);
    return [bytes];
  } catch (error) {
    if (!isCoded(error, "sensor-crc")) return [bytes];
    return [bytes.slice(0, at), bytes.slice(at)];
  }
}

/** Bytes as characters, one to one. */
export function decodeLatin1(bytes: Uint8Array): string {
  let text = "";
  for (const byte of bytes) text += String.fromCharCode(byte);
  return text;
}
