/**
 * Many PUBLISH packets in one transferable buffer, written where their payloads are made.
 *
 * A receipt that crosses threads as topic and text is copied four times before the socket has it; as bytes of its
 * packet it is written once, and whoever sends it only puts the packet id in.
 */
import { encodeUtf8 } from "../../shared/base/bytes.ts";
import { publishHeaderBytes, writePublishHeader } from "./mqtt-wire.ts";

export interface PacketBatch {
  /** Packets at QoS 1, one after the other, without their ids; may be longer than they are. */
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** For each packet where it begins, where its id belongs, and where it ends. */
  readonly places: Uint32Array<ArrayBuffer>;
}

/** Numbers a packet in `places`. */
export const PLACES = 3;
const FIRST_BYTES = 65_536;
/** Buffers that are kept for later batches: as many as may be under way to the broker, of 256 receipts each. */
const MAX_SPARE = 48;
const MAX_SPARE_BYTES = 1_048_576;

export class PacketBatchWriter {
  #bytes: Buffer = Buffer.allocUnsafeSlow(FIRST_BYTES);
  /** Came back from the broker's client: other memory would be collected only with the whole heap of either thread. */
  readonly #spare: Buffer[] = [];
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

  /** The batch so far, whose bytes may be transferred; a new one begins. */
  take(): PacketBatch {
    const places = Uint32Array.from(this.#places);
    const bytes = this.#at < this.#bytes.length / 4 ? this.#copy() : this.#handOver();
    this.#places = [];
    this.#at = 0;
    return { bytes, places };
  }

  /** Takes back the memory of a batch that is done with. */
  giveBack({ buffer, byteOffset, length }: Uint8Array<ArrayBuffer>): void {
    const isOfUse = length >= FIRST_BYTES && length <= MAX_SPARE_BYTES;
    if (isOfUse && this.#spare.length < MAX_SPARE) {
      this.#spare.push(Buffer.from(buffer, byteOffset, length));
    }
  }

  /** A few packets may lie for long at a broker that is away: they take no more room than they need. */
  #copy(): Uint8Array<ArrayBuffer> {
    const bytes = new Uint8Array(this.#at);
    bytes.set(this.#bytes.subarray(0, this.#at));
    return bytes;
  }

  #handOver(): Uint8Array<ArrayBuffer> {
    const { buffer, byteOffset, length } = this.#bytes;
    // The next batch will be about as large as this one.
    this.#bytes = this.#spare.pop() ?? Buffer.allocUnsafeSlow(Math.max(FIRST_BYTES, this.#at));
    return new Uint8Array(buffer as ArrayBuffer, byteOffset, length);
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
