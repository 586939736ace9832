/**
 * The transport layer of SML, version 1 (BSI TR-03109-1, annex IV): frames in a stream of bytes.
 *
 *   1B1B1B1B 01010101   messages   padding(0 to 3 zeros)   1B1B1B1B 1A padding's length(1) checksum(2)
 *
 * Four bytes 1B in the messages are doubled. The checksum counts everything before it and is a CRC-16/X-25, low
 * byte first; Holley meters use CRC-16/KERMIT instead, here and in the messages (libsml issue 75). A frame whose end does not fit
 * reaches to where its end or the next frame's start is seen, and is handed over like a good one: whoever reads it
 * finds it damaged.
 */
import { concatBytes } from "../../shared/base/bytes.ts";
import { fail } from "../../shared/base/error.ts";
import { type Crc16, crc16Kermit, crc16X25 } from "./crc16.ts";
import type { Framer } from "./push-reader.ts";

const ESCAPE = 0x1b;
const START = 0x01;
const END = 0x1a;
const WORD = 4;
/** Of an escape sequence: the escape, and what it stands for. */
const SEQUENCE = 2 * WORD;
const MAX_PADDING = 3;
/** The longest telegrams have 1,100 bytes. */
const MAX_FRAME = 4_096;
const NOTHING = new Uint8Array(0);

/** The checksums that are tried, in this order; one frame uses the same everywhere. */
const CHECKSUMS: readonly Crc16[] = [crc16X25, crc16Kermit];

function isRun(bytes: Uint8Array, at: number, value: number): boolean {
  for (let i = at; i < at + WORD; i++) if (bytes[i] !== value) return false;
  return true;
}

function findStart(bytes: Uint8Array, from: number): number {
  for (let at = bytes.indexOf(ESCAPE, from); at >= 0; at = bytes.indexOf(ESCAPE, at + 1)) {
    if (isRun(bytes, at, ESCAPE) && isRun(bytes, at + WORD, START)) return at;
  }
  return -1;
}

/** Which checksum the bytes before `end` have in the two bytes there. */
function findChecksum(bytes: Uint8Array, end: number): Crc16 | undefined {
  const stated = (bytes[end] ?? 0) | ((bytes[end + 1] ?? 0) << 8);
  return CHECKSUMS.find((crc) => crc(bytes, 0, end) === stated);
}

/** Cuts frames out of what an optical head says, good or damaged. */
export class SmlFramer implements Framer {
  /** Begins with the start of a frame, or holds what may become one. */
  #begun: Uint8Array = NOTHING;
  /** Up to here no end was found. */
  #seen = 0;

  push(chunk: Uint8Array): readonly Uint8Array[] {
    const frames: Uint8Array[] = [];
    this.#begun = concatBytes(this.#begun, chunk);
    for (;;) {
      const frame = this.#next();
      if (frame === undefined) return frames;
      if (frame.length > 0) frames.push(frame);
    }
  }

  reset(): void {
    this.#begun = NOTHING;
    this.#seen = 0;
  }

  /** The cut frame at the end, when no more bytes will come; empty without one. */
  rest(): Uint8Array {
    const rest = findStart(this.#begun, 0) === 0 ? this.#begun : NOTHING;
    this.reset();
    return rest;
  }

  /** The next frame, empty for bytes between frames; undefined until more bytes have come. */
  #next(): Uint8Array | undefined {
    if (this.#seen === 0) {
      const start = findStart(this.#begun, 0);
      // Seven bytes may be the first part of a start.
      this.#begun = this.#begun.slice(start < 0 ? Math.max(0, this.#begun.length - 7) : start);
      if (start < 0) return undefined;
      this.#seen = SEQUENCE;
    }
    const end = this.#findEnd();
    if (end !== undefined) return this.#cut(end);
    if (this.#begun.length <= MAX_FRAME) return undefined;
    // No frame is that long: its end is lost.
    return this.#cut(MAX_FRAME);
  }

  #cut(end: number): Uint8Array {
    const frame = this.#begun.slice(0, end);
    this.#begun = this.#begun.subarray(end);
    this.#seen = 0;
    return frame;
  }

  #findEnd(): number | undefined {
    const bytes = this.#begun;
    for (;;) {
      const at = bytes.indexOf(ESCAPE, this.#seen);
      this.#seen = at < 0 ? bytes.length : at;
      if (at < 0 || at + SEQUENCE > bytes.length) return undefined;
      if (!isRun(bytes, at, ESCAPE)) {
        this.#seen++;
      } else if (isRun(bytes, at + WORD, ESCAPE)) {
        this.#seen += SEQUENCE;
      } else if (isRun(bytes, at + WORD, START)) {
        return at;
      } else if (bytes[at + WORD] === END && findChecksum(bytes, at + WORD + 2) !== undefined) {
        return at + SEQUENCE;
      } else if (bytes[at + WORD] === END && at % WORD === 0) {
        // The end of a damaged frame; if its last bytes are lost, the next frame begins among these.
        return at + WORD + 1;
      } else {
        // Data that look like an escape: frames are whole words long, so ends stand at whole words.
        this.#seen++;
      }
    }
  }
}

export interface SmlContent {
  /** The messages, without escapes and padding. */
  readonly messages: Uint8Array;
  /** The checksum that holds for the frame, and has to hold for its messages. */
  readonly checksum: Crc16;
}

/** What an undamaged frame holds. Throws `sensor-crc`. */
export function openSmlFrame(frame: Uint8Array): SmlContent {
  const end = frame.length - SEQUENCE;
  const checksum = end < SEQUENCE ? undefined : findChecksum(frame, frame.length - 2);
  const padding = frame[end + WORD + 1] ?? 0;
  const whole = findStart(frame, 0) === 0 && isRun(frame, end, ESCAPE) && frame[end + WORD] === END;
  if (checksum === undefined || !whole || padding > MAX_PADDING) {
    fail("sensor-crc", "the SML frame is cut or has a wrong checksum", { bytes: frame.length });
  }
  const messages = new Uint8Array(end - SEQUENCE);
  let length = 0;
  for (let i = SEQUENCE; i < end; i++) {
    const doubled =
      i + SEQUENCE <= end && isRun(frame, i, ESCAPE) && isRun(frame, i + WORD, ESCAPE);
    if (doubled) {
      messages.fill(ESCAPE, length, length + WORD);
      length += WORD;
      i += SEQUENCE - 1;
    } else {
      messages[length++] = frame[i] ?? 0;
    }
  }
  return { messages: messages.subarray(0, Math.max(0, length - padding)), checksum };
}
