/**
 * One frame of a sensor head: its grammar, its two checks. hardware/README.md says it in prose.
 *
 *   frame   "$WP1," head "," boot "," seq "," uptime *("," field) ["!" mac] "*" crc
 *   head    1 to 16 of letters, digits, - and _        boot   16 digits of hex
 *   seq     integer from 1 on                          uptime milliseconds since the head started
 *   field   letter, number of a sensor or input from 0 to 9, ":", integer; no name twice
 *   mac     32 digits of hex: the first half of HMAC-SHA-256 by the key, over all before the "!"
 *   crc     8 digits of hex: CRC-32 as in zlib, over all before the "*"
 *
 *   t m°C · h 0.01 % · v mV · i mA · w mW · p pulses since the start · d ms between the last two · a ms since the last ·
 *   x error of a sensor (x0: of the board)
 */
import { createHmac, timingSafeEqual } from "node:crypto";
import { crc32 } from "node:zlib";
import { decodeHex } from "../../shared/base/bytes.ts";
import { fail } from "../../shared/base/error.ts";

export interface HeadFrame {
  readonly head: string;
  readonly boot: string;
  readonly seq: number;
  readonly uptimeMs: number;
  readonly fields: ReadonlyMap<string, number>;
  /** Whether the frame carries a MAC. */
  readonly keyed: boolean;
}

/** The longest: 8 sensors with 3 values each and 8 inputs with 3, all numbers with 16 digits. */
export const MAX_FRAME = 1_200;

const FRAME =
  /^(\$WP1,([\w-]{1,16}),([0-9a-f]{16}),([1-9]\d{0,14}),(0|[1-9]\d{0,14})((?:,[a-z]\d:(?:0|-?[1-9]\d{0,14}))*))(?:!([0-9a-f]{32}))?$/;
const CHECKED = /^(.*)\*([0-9a-f]{8})$/s;
const FIELD = /([a-z]\d):(-?\d+)/g;
const MAC_LENGTH = 16;
const DOLLAR = 0x24;

/**
 * What a line has from its last "$" on, if that is meant to be a frame: before it may stand what the board printed when it
 * started, or a frame that was cut.
 */
export function findFrame(line: Uint8Array): Uint8Array | undefined {
  const frame = line.subarray(Math.max(0, line.lastIndexOf(DOLLAR)));
  return frame[0] === DOLLAR && frame[1] === 0x57 && frame[2] === 0x50 ? frame : undefined;
}

/**
 * Throws `sensor-crc` for a frame that is damaged, that a `key` does not fit, or that carries no MAC although there is a
 * key; `sensor-range` for one that is whole but not of this grammar.
 */
export function parseHeadFrame(line: Uint8Array, key?: Uint8Array): HeadFrame {
  // A byte that is not ASCII becomes U+FFFD, which no frame may hold.
  let text = "";
  for (const byte of line) text += byte < 0x80 ? String.fromCharCode(byte) : "\ufffd";
  const [, checked = "", crc] = CHECKED.exec(text) ?? [];
  if (crc === undefined || crc32(checked) !== Number.parseInt(crc, 16)) {
    fail("sensor-crc", "espruino-head: a frame with a wrong checksum");
  }
  const [, body = "", head = "", boot = "", seq, uptime, said = "", mac] =
    FRAME.exec(checked) ?? [];
  if (body === "") fail("sensor-range", "espruino-head: a frame of another form");
  if (key !== undefined) requireMac(body, mac, key);
  const fields = new Map<string, number>();
  for (const [, name = "", value] of said.matchAll(FIELD)) {
    if (fields.has(name)) fail("sensor-range", `espruino-head: ${name} twice`, { name });
    fields.set(name, Number(value));
  }
  const keyed = mac !== undefined;
  return { head, boot, seq: Number(seq), uptimeMs: Number(uptime), fields, keyed };
}

function requireMac(body: string, mac: string | undefined, key: Uint8Array): void {
  if (mac === undefined) fail("sensor-crc", "espruino-head: a frame without a key's signature");
  const own = createHmac("sha256", key).update(body).digest().subarray(0, MAC_LENGTH);
  if (!timingSafeEqual(own, decodeHex(mac))) {
    fail("sensor-crc", "espruino-head: a frame that this key has not signed");
  }
}
