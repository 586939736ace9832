/**
 * From an SML frame to a reading: messages with their checksums, the list of values in the response, OBIS codes.
 *
 *   message   list of 6: transaction, group, abort on error, body, checksum, 0x00 as end
 *   body      list of 2: what it is, content; 0x0701 is a GetList response
 *   response  list of 7: client, server, list's name, sensor time, values, signature, gateway time
 *   value     list of 7: OBIS code(6 bytes), status, time, unit, scaler, value, signature
 *
 * Meters differ in how they write times, and some shorten integers at will: what a reading does not need is not
 * looked at.
 */
import { encodeHex } from "../../shared/base/bytes.ts";
import { fail } from "../../shared/base/error.ts";
import type { Crc16 } from "./crc16.ts";
import type { Reading } from "./driver.ts";
import { type ObisUnit, type Quantity, readQuantities } from "./obis.ts";
import { openSmlFrame, SmlFramer } from "./sml-transport.ts";
import { SmlReader, type SmlValue } from "./sml-value.ts";

const GET_LIST_RESPONSE = 0x0701n;
const ELECTRICITY = 1;
const PRESENT = 255;

/** DLMS unit numbers. */
const UNITS: ReadonlyMap<bigint, ObisUnit> = new Map([
  [30n, "Wh"],
  [27n, "W"],
  [35n, "V"],
  [33n, "A"],
  [44n, "Hz"],
  [255n, ""],
]);

/** The reading of an SML frame; undefined for one without a list of values. Throws `sensor-crc`, `sensor-range`. */
export function parseSmlFrame(frame: Uint8Array): Reading | undefined {
  const { messages, checksum } = openSmlFrame(frame);
  const reader = new SmlReader(messages);
  let response: readonly SmlValue[] | undefined;
  // Some meters fill up with more zeros than they say.
  while (!reader.atEnd && messages[reader.at] !== 0) {
    const content = readMessage(reader, messages, checksum);
    response ??= content;
  }
  if (messages.subarray(reader.at).some((byte) => byte !== 0)) {
    fail("sensor-range", "behind the SML messages there is something else");
  }
  return response === undefined ? undefined : readResponse(response, frame);
}

/** The content of a GetList response, undefined for other messages. */
function readMessage(
  reader: SmlReader,
  messages: Uint8Array,
  checksum: Crc16,
): readonly SmlValue[] | undefined {
  const start = reader.at;
  if (reader.openList() !== 6) fail("sensor-range", "an SML message has six parts");
  reader.value();
  reader.value();
  reader.value();
  const body = reader.value();
  const computed = checksum(messages, start, reader.at);
  const stated = reader.value();
  // Low byte first; a meter that shortens integers leaves out a zero.
  const swapped = BigInt(((computed & 255) << 8) | (computed >> 8));
  if (stated.kind !== "unsigned" || stated.value !== swapped) {
    fail("sensor-crc", "an SML message has a wrong checksum");
  }
  if (reader.byte() !== 0) fail("sensor-range", "an SML message has no end");
  const [what, content] = body.kind === "list" ? body.items : [];
  const isResponse = what?.kind === "unsigned" && what.value === GET_LIST_RESPONSE;
  return isResponse && content?.kind === "list" ? content.items : undefined;
}

function readResponse(response: readonly SmlValue[], frame: Uint8Array): Reading {
  const [, server, , , list] = response;
  if (list?.kind !== "list") fail("sensor-range", "an SML list has no values");
  const identity = server?.kind === "octets" ? formatServerId(server.bytes) : undefined;
  const entries = list.items.flatMap((item) => readEntry(item) ?? []);
  const quantities = new Map<string, Quantity>();
  const faulty = findFaulty(identity, entries);
  for (const { code, size, quantity } of entries) {
    if (quantities.has(code)) continue;
    const wrapped = quantity.value < 0n && size <= SHORTENED && faulty.includes(quantity.unit);
    const value = wrapped ? BigInt.asUintN(8 * size, quantity.value) : quantity.value;
    quantities.set(code, { ...quantity, value });
  }
  const reading = readQuantities(quantities, frame);
  return identity === undefined ? reading : { ...reading, identity };
}

interface Entry {
  /** "C.D.E" */
  readonly code: string;
  /** Bytes of the value on the wire. */
  readonly size: number;
  readonly quantity: Quantity;
}

/** Undefined for what is no present electrical quantity: texts, signatures, keys, other media, the past. */
function readEntry(item: SmlValue): Entry | undefined {
  const [name, , , unit, scaler, value] = item.kind === "list" ? item.items : [];
  if (name?.kind !== "octets" || name.bytes.length !== 6) return undefined;
  const [a, , c, d, e, f] = name.bytes;
  if (a !== ELECTRICITY || f !== PRESENT) return undefined;
  if (value?.kind !== "signed" && value?.kind !== "unsigned") return undefined;
  const known = unit?.kind === "unsigned" ? UNITS.get(unit.value) : undefined;
  if (known === undefined) return undefined;
  const exponent = scaler?.kind === "signed" ? Number(scaler.value) : 0;
  if (Math.abs(exponent) > 18) fail("sensor-range", `a scaler of ${exponent} is not possible`);
  return {
    code: `${c}.${d}.${e}`,
    size: value.size,
    quantity: { value: value.value, exponent, unit: known },
  };
}

/** "1DZG0042082910": medium, maker, block, serial number. */
const DZG = /^1DZG00(\d{8})$/;
/** DVS74 meters with an encoding error, by the numbers that their maker has named (libsml pull request 136). */
const FAULTY = [
  [42_000_000, 48_999_999],
  [55_000_000, 58_999_999],
] as const;
const REPAIRED_FROM = 60_000_000;
/** Bytes of an integer that may have been shortened. */
const SHORTENED = 3;

/**
 * The units in which a meter writes positive values from half of a range on as negative integers of 1 to 3 bytes:
 * 328.05 W as the 16 bits 0x8025. Such meters never shorten negative values. DZG has built them; later ones shorten
 * right, so for power the serial number decides, and among the earlier ones that a meter that counts no
 * export shows none. Energy is never negative.
 */
function findFaulty(identity: string | undefined, entries: readonly Entry[]): readonly ObisUnit[] {
  const [, digits] = DZG.exec(identity ?? "") ?? [];
  if (digits === undefined) return [];
  const number = Number(digits);
  const faulty = FAULTY.some(([first, last]) => number >= first && number <= last);
  const oneWay = !entries.some(({ code }) => code.startsWith("2.8."));
  return faulty || (oneWay && number < REPAIRED_FROM) ? ["Wh", "W"] : ["Wh"];
}

/** As printed on the meter (DIN 43863-5) if it has that form, else hexadecimal. */
function formatServerId(id: Uint8Array): string | undefined {
  if (id.length === 0) return undefined;
  const view = new DataView(id.buffer, id.byteOffset, id.byteLength);
  const maker = String.fromCharCode(...id.subarray(2, 5));
  if (id.length !== 10 || id[0] !== 0x0a || !/^[A-Z]{3}$/.test(maker)) return encodeHex(id);
  const block = encodeHex(id.subarray(5, 6)).toUpperCase();
  return `${id[1]}${maker}${block}${String(view.getUint32(6)).padStart(8, "0")}`;
}

/** One stretch of a recording: a frame, or why there is none. */
export type SmlFinding =
  | { readonly frame: Uint8Array; readonly reading: Reading | undefined }
  | { readonly frame: Uint8Array; readonly error: unknown };

/**
 * What a whole recording of an optical head holds: each frame's reading (none for one without a list of values) or
 * its error; damage costs only the frames that it is in. Bytes between frames are passed over.
 */
export function decodeSmlStream(bytes: Uint8Array): readonly SmlFinding[] {
  const framer = new SmlFramer();
  const frames = [...framer.push(bytes), framer.rest()];
  return frames
    .filter(({ length }) => length > 0)
    .map((frame) => {
      try {
        return { frame, reading: parseSmlFrame(frame) };
      } catch (error) {
        return { frame, error };
      }
    });
}
