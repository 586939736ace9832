/**
 * Many PUBLISH packets in one transferable buffer, written where their payloads are made.
 *
 * A receipt that crosses threads as topic and text is copied four times before the socket has it; as bytes of its
 * packet it is written once, and whoever sends it only puts the packet id in.
 */
import { encodeUtf8 } from "../../shared/base/bytes.ts";
import { publishHeaderBytes, writePublishHeader } from "./mqtt-wire.ts";

export interface PacketBatch {
  /** Packets at QoS 1, one after the other, without their ids. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** For each packet where it begins, where its id belongs, and where it ends. */
  readonly places: Uint32Array<ArrayBuffer>;
}

/** Numbers a packet in `places`. */
export const PLACES = 3;
const FIRST_BYTES = 65_536;

export class PacketBatchWriter {
  #bytes = Buffer.allocUnsafeSlow(FIRST_BYTES);
  #places: number[] = [];
  #at = 0;

  get count(): number {
    return this.#places.length / PLACES;
  }

  /** Adds a packet; its payload is `text`, which is ASCII, and `tail` after it. */
  add(topic: string, text: string, tail: Uint8Array): void {
    const topicBytes = Buffer.byteLength(topic);
    const payloadBytes = text.length + tail.length;
    const start = this.#at;
    const idAt = start + publishHeaderBytes(topicBytes, payloadBytes) - 2;
    const end = idAt + 2 + payloadBytes;
    this.#reserve(end);
    const bytes = this.#bytes;
    writePublishHeader(bytes, start, topic, payloadBytes);
    bytes.writeUInt16BE(0, idAt);
    bytes.write(text, idAt + 2, "latin1");
    bytes.set(tail, end - tail.length);
    this.#places.push(start, idAt, end);
    this.#at = end;
  }

  /** The batch so far; a new one begins. */
  take(): PacketBatch {
    const bytes = new Uint8Array(this.#at);
    bytes.set(this.#bytes.subarray(0, this.#at));
    const places = Uint32Array.from(this.#places);
    this.#places = [];
    this.#at = 0;
    return { bytes, places };
  }

  #reserve(end: number): void {
    if (end <= this.#bytes.length) return;
    const grown = Buffer.allocUnsafeSlow(Math.max(end, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }
}

/** One packet as a batch, whatever its topic and payload are. */
export function packOne(topic: string, payload: string | Uint8Array, retain: boolean): PacketBatch {
  const body = typeof payload === "string" ? encodeUtf8(payload) : payload;
  const topicBytes = Buffer.byteLength(topic);
  const head = publishHeaderBytes(topicBytes, body.length);
  const bytes = Buffer.alloc(head + body.length);
  writePublishHeader(bytes, 0, topic, body.length, retain);
  bytes.set(body, head);
  const plain = new Uint8Array(bytes.buffer, bytes.byteOffset, bytes.length);
  return { bytes: plain, places: Uint32Array.of(0, head - 2, bytes.length) };
}
