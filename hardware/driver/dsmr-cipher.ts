/**
 * Encrypted P1 telegrams, as Luxembourg's Smarty meters and some of their relatives send them: DLMS
 * general-global-ciphering with AES-128-GCM around an ordinary telegram.
 *
 *   0xDB  8  system title(8)  length(0x82 and 2 bytes, or fewer)  0x30  frame counter(4)  ciphertext  tag(12)
 *
 * The length counts from 0x30 on. Initialisation vector: system title, frame counter. Additional data: 0x30 and an
 * authentication key, which Luxembourg has published and is the same for all meters there; or none, elsewhere.
 */
import { createDecipheriv } from "node:crypto";
import { concatBytes, decodeHex } from "../../shared/base/bytes.ts";
import { fail } from "../../shared/base/error.ts";
import type { Framer } from "./push-reader.ts";

const TAG = 0xdb;
const TITLE_LENGTH = 8;
const TITLE_START = 2;
const LENGTH_START = TITLE_START + TITLE_LENGTH;
/** Authenticated and encrypted, suite 0. */
const SECURITY = 0x30;
/** Security byte and frame counter before the ciphertext. */
const PREFIX = 5;
const GCM_TAG = 12;
const MAX_LENGTH = 8_192;
const NOTHING = new Uint8Array(0);

/** What is tried where nothing is said: the tag tells which it is. */
const USUAL_DATA = [decodeHex("3000112233445566778899aabbccddeeff"), NOTHING] as const;

/** Where the ciphered part begins and ends; undefined while that cannot be told, `false` if it is no frame. */
function measure(bytes: Uint8Array): { start: number; end: number } | undefined | false {
  if (bytes.length < 2) return undefined;
  if (bytes[0] !== TAG || bytes[1] !== TITLE_LENGTH) return false;
  const first = bytes[LENGTH_START];
  if (first === undefined) return undefined;
  const more = first < 0x80 ? 0 : first - 0x80;
  if (more > 2) return false;
  const start = LENGTH_START + 1 + more;
  if (bytes.length <= start) return undefined;
  let length = more === 0 ? first : 0;
  for (let i = LENGTH_START + 1; i < start; i++) length = length * 256 + (bytes[i] ?? 0);
  const possible = length > PREFIX + GCM_TAG && length <= MAX_LENGTH;
  return possible && bytes[start] === SECURITY ? { start, end: start + length } : false;
}

/** Cuts encrypted telegrams out of what a P1 port says; what is no frame by its head is passed over. */
export class DsmrCipherFramer implements Framer {
  #begun: Uint8Array = NOTHING;

  push(chunk: Uint8Array): readonly Uint8Array[] {
    const frames: Uint8Array[] = [];
    let bytes = this.#begun.length === 0 ? chunk : concatBytes(this.#begun, chunk);
    for (;;) {
      const start = bytes.indexOf(TAG);
      bytes = start < 0 ? NOTHING : bytes.subarray(start);
      const place = bytes.length === 0 ? undefined : measure(bytes);
      if (place === false) {
        bytes = bytes.subarray(1);
      } else if (place === undefined || bytes.length < place.end) {
        this.#begun = bytes.slice();
        return frames;
      } else {
        frames.push(bytes.slice(0, place.end));
        bytes = bytes.subarray(place.end);
      }
    }
  }

  reset(): void {
    this.#begun = NOTHING;
  }
}

/** Additional data from an authentication key of 16 bytes, or as they are. */
export function completeData(data: Uint8Array): Uint8Array {
  return data.length === 16 ? concatBytes(Uint8Array.of(SECURITY), data) : data;
}

/**
 * The telegram in a frame, whose tag fits with the additional data, or with one of the usual ones. Throws `sensor-crc`:
 * damaged, or another meter's key.
 */
export function decryptTelegram(
  frame: Uint8Array,
  key: Uint8Array,
  additional?: Uint8Array,
): Uint8Array {
  const place = measure(frame);
  if (place === undefined || place === false || place.end !== frame.length) {
    fail("sensor-crc", "the encrypted telegram is cut");
  }
  for (const data of additional === undefined ? USUAL_DATA : [additional]) {
    const telegram = decipherWith(frame, place, key, data);
    if (telegram !== undefined) return telegram;
  }
  fail("sensor-crc", "the encrypted telegram is damaged or has another key");
}

/** Undefined if the tag does not fit. */
function decipherWith(
  frame: Uint8Array,
  { start, end }: { readonly start: number; readonly end: number },
  key: Uint8Array,
  additional: Uint8Array,
): Uint8Array | undefined {
  const title = frame.subarray(TITLE_START, LENGTH_START);
  const counter = frame.subarray(start + 1, start + PREFIX);
  const decipher = createDecipheriv("aes-128-gcm", key, concatBytes(title, counter), {
    authTagLength: GCM_TAG,
  });
  decipher.setAAD(additional);
  decipher.setAuthTag(frame.subarray(end - GCM_TAG));
  const telegram = decipher.update(frame.subarray(start + PREFIX, end - GCM_TAG));
  try {
    decipher.final();
  } catch {
    // Node says no more than that the tag does not fit, and that is all there is to know.
    return undefined;
  }
  return new Uint8Array(telegram);
}
