/**
 * A line of an OpenEnergyMonitor device as names and numbers, in the four forms in which they print:
 *
 *   MSG:12,Vrms:246.81,P1:79,E1:1034,T1:21.50,pulse:1      emonPi2, emonTx4, emonTx5: V, W, Wh, °C
 *   {"MSG":12,"V1":246.81,"P1":79,"E1":1034,"pulse":1}     the same as JSON
 *   ct1:84,ct2:0,vrms:24681,t1:215,pulse:1                 emonTx3 for emonESP: 0.01 V and 0.1 °C as integers
 *   OK 5 120 0 0 0 120 0 30 95 … (-47)                     a radio packet: node, bytes, signal strength
 *
 * None has a checksum here (a radio packet's has been checked by the receiver, which prints `OK` if it held).
 */
import { fail } from "../../shared/base/error.ts";

/** One number of a radio packet: its name, its type, and how many decimals of its unit the number counts. */
export type PacketField = readonly [name: string, type: PacketType, decimals: number];
/** As Python's struct names them, little-endian: int8, uint8, int16, uint16, int32, uint32. */
export type PacketType = "b" | "B" | "h" | "H" | "l" | "L";

/** What an emonPi sends as node 5. */
export const EMONPI_PACKET: readonly PacketField[] = [
  ["power1", "h", 0],
  ["power2", "h", 0],
  ["power1pluspower2", "h", 0],
  ["vrms", "h", 2],
  ["t1", "h", 1],
  ["t2", "h", 1],
  ["t3", "h", 1],
  ["t4", "h", 1],
  ["t5", "h", 1],
  ["t6", "h", 1],
  ["pulsecount", "L", 0],
];

const SIZE: { readonly [T in PacketType]: number } = { b: 1, B: 1, h: 2, H: 2, l: 4, L: 4 };

/** A printed number and how many decimals of its unit it counts: `["24681", 2]` is 246.81 V. */
export type Printed = readonly [text: string, decimals: number];
export type Values = ReadonlyMap<string, Printed>;

const NAME = /^[A-Za-z][\w-]{0,31}$/;
const NUMBER = /^(?:-?\d{1,12}(?:\.\d{1,12})?|nan)$/;
const INTEGER = /^-?\d+$/;

/** Undefined for a line that is no reading, such as what a device prints when it starts. Throws `sensor-range`. */
export function parseEmonLine(
  text: string,
  packet: { readonly node: number; readonly fields: readonly PacketField[] } | undefined,
): Values | undefined {
  if (packet !== undefined) return parsePacket(text, packet.node, packet.fields);
  // Bytes were lost, and the end of one line hangs on the beginning of another.
  if (text.lastIndexOf("MSG") > 2) refuse();
  if (text.startsWith("{")) return parsePairs(readJson(text), refuse);
  if (text.startsWith("MSG:")) return parsePairs(text, refuse);
  // Settings are printed in the same form, but with blanks: no reading, not a damaged one.
  return parsePairs(text, () => undefined);
}

function refuse(): never {
  fail("sensor-range", "a damaged line");
}

/** A flat object of numbers as pairs; JSON.parse would make floats of them. */
function readJson(text: string): string {
  const inside = /^\{(.*)\}$/.exec(text)?.[1] ?? refuse();
  return inside
    .split(",")
    .map((pair) => {
      const match = /^\s*"([^"]*)"\s*:\s*(\S+)\s*$/.exec(pair) ?? refuse();
      return `${match[1]}:${match[2]}`;
    })
    .join(",");
}

function parsePairs(text: string, otherwise: () => undefined): Values | undefined {
  const values = new Map<string, Printed>();
  const inIntegers = !text.startsWith("MSG:") && /(?:^|,)ct1:/.test(text);
  for (const pair of text.split(",")) {
    const [name = "", number = "", ...rest] = pair.split(":");
    if (!NAME.test(name) || !NUMBER.test(number) || rest.length > 0 || values.has(name)) {
      return otherwise();
    }
    values.set(name, [number, inIntegers && INTEGER.test(number) ? decimalsOf(name) : 0]);
  }
  return values;
}

/** Of the emonESP form. */
function decimalsOf(name: string): number {
  if (/^v(?:rms)?\d*$/i.test(name)) return 2;
  return /^t\d+$/i.test(name) ? 1 : 0;
}

function parsePacket(
  text: string,
  node: number,
  fields: readonly PacketField[],
): Values | undefined {
  const match = /^OK (\d{1,3})((?: \d{1,3})+)(?: \(-?\d{1,3}\))?$/.exec(text);
  if (match === null || Number(match[1]) !== node) return undefined;
  const bytes = (match[2] ?? "").trim().split(" ").map(Number);
  const length = fields.reduce((sum, [, type]) => sum + SIZE[type], 0);
  if (bytes.length !== length || bytes.some((byte) => byte > 255)) {
    fail("sensor-range", `a packet of ${bytes.length} bytes, not ${length}`, {
      bytes: bytes.length,
    });
  }
  const view = new DataView(Uint8Array.from(bytes).buffer);
  const values = new Map<string, Printed>();
  let at = 0;
  for (const [name, type, decimals] of fields) {
    values.set(name, [String(readInteger(view, at, type)), decimals]);
    at += SIZE[type];
  }
  return values;
}

function readInteger(view: DataView, at: number, type: PacketType): number {
  switch (type) {
    case "b":
      return view.getInt8(at);
    case "B":
      return view.getUint8(at);
    case "h":
      return view.getInt16(at, true);
    case "H":
      return view.getUint16(at, true);
    case "l":
      return view.getInt32(at, true);
    case "L":
      return view.getUint32(at, true);
  }
}
