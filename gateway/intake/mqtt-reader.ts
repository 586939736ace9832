/**
 * Cuts MQTT 3.1.1 packets out of what a socket gives, with as little work a packet as can be: a payload is a view
 * into the chunk in which it came, and only a packet that two chunks share is copied. Nothing that is handed out outlives
 * the call, so that the socket may read into the same memory again.
 *
 * It knows the packets that a server may send to a client that subscribes at QoS 0 and 1 and publishes at QoS 1; any
 * other, and any that is malformed, is an error after which the connection is of no use.
 */

/** MQTT 3.1.1 section 2.2.1. */
const CONNACK = 2;
const PUBLISH = 3;
const PUBACK = 4;
const SUBACK = 9;
const PINGRESP = 13;

const RETAIN = 0x01;
const QOS = 0x06;
const QOS_1 = 0x02;
/** One byte of type and flags, one to four of length (section 2.2.3). */
const MAX_HEAD = 5;
/** Room for a packet of two chunks that is kept for the next one. */
const KEPT_BYTES = 65_536;

export interface PacketEvents {
  connack(returnCode: number): void;
  /** Granted QoS of each subscription; 128 is a refusal. Valid during the call. */
  suback(granted: Uint8Array): void;
  /** `packetId` is 0 at QoS 0. The payload is valid during the call. */
  publish(topic: string, payload: Uint8Array, packetId: number, retain: boolean): void;
  puback(packetId: number): void;
}

/** What is wrong with the stream; never leaves the connection. */
export class BrokenStream extends Error {
  constructor(message: string) {
    super(message);
    this.name = "BrokenStream";
  }
}

export class PacketReader {
  readonly #events: PacketEvents;
  /** Beginning of a packet whose end has not come, and how much of it is there. */
  #partial: Buffer = Buffer.allocUnsafeSlow(MAX_HEAD);
  #have = 0;

  constructor(events: PacketEvents) {
    this.#events = events;
  }

  /** Takes the next bytes of the stream, which are not looked at again afterwards. Throws {@link BrokenStream}. */
  push(chunk: Buffer): void {
    let at = this.#have === 0 ? 0 : this.#complete(chunk);
    while (at < chunk.length) {
      const end = packetEnd(chunk, at, chunk.length);
      if (end === undefined || end > chunk.length) {
        this.#keep(chunk, at, end);
        return;
      }
      this.#packet(chunk, at, end);
      at = end;
    }
  }

  /** Takes from the chunk what the packet in hand lacks; returns the place after it. */
  #complete(chunk: Buffer): number {
    let at = 0;
    let end = packetEnd(this.#partial, 0, this.#have);
    // The head itself was cut: byte by byte until the length is known.
    while (end === undefined && at < chunk.length) {
      this.#partial[this.#have++] = chunk[at++] as number;
      end = packetEnd(this.#partial, 0, this.#have);
    }
    if (end === undefined) return at;
    this.#reserve(end);
    const taken = Math.min(end - this.#have, chunk.length - at);
    chunk.copy(this.#partial, this.#have, at, at + taken);
    this.#have += taken;
    if (this.#have < end) return at + taken;
    const packet = this.#partial;
    this.#have = 0;
    this.#packet(packet, 0, end);
    return at + taken;
  }

  #keep(chunk: Buffer, at: number, end: number | undefined): void {
    this.#have = 0;
    this.#reserve(end === undefined ? MAX_HEAD : end - at);
    this.#have = chunk.copy(this.#partial, 0, at);
  }

  /** Makes room for a packet of so many bytes, of which `#have` are there. */
  #reserve(bytes: number): void {
    const { length } = this.#partial;
    if (bytes <= length && (length <= KEPT_BYTES || bytes > KEPT_BYTES)) return;
    const room = Buffer.allocUnsafeSlow(bytes);
    this.#partial.copy(room, 0, 0, this.#have);
    this.#partial = room;
  }

  #packet(bytes: Buffer, start: number, end: number): void {
    const first = bytes[start] as number;
    let at = start + 2;
    while (((bytes[at - 1] as number) & 0x80) !== 0) at += 1;
    const type = first >> 4;
    if (type === PUBLISH) this.#publish(bytes, first, at, end);
    else if (type === PUBACK) {
      need(at + 2, end);
      this.#events.puback(bytes.readUInt16BE(at));
    } else if (type === CONNACK) {
      need(at + 2, end);
      this.#events.connack(bytes[at + 1] as number);
    } else if (type === SUBACK) {
      need(at + 2, end);
      this.#events.suback(bytes.subarray(at + 2, end));
    } else if (type !== PINGRESP) throw new BrokenStream(`a packet of type ${type}`);
  }

  #publish(bytes: Buffer, first: number, start: number, end: number): void {
    const qos = first & QOS;
    if (qos > QOS_1) throw new BrokenStream("a message at a QoS that was not asked for");
    need(start + 2, end);
    const topicEnd = start + 2 + bytes.readUInt16BE(start);
    const payloadAt = topicEnd + (qos === QOS_1 ? 2 : 0);
    need(payloadAt, end);
    const packetId = qos === QOS_1 ? bytes.readUInt16BE(topicEnd) : 0;
    if (qos === QOS_1 && packetId === 0) throw new BrokenStream("a packet id of 0");
    const topic = bytes.toString("utf8", start + 2, topicEnd);
    const payload = bytes.subarray(payloadAt, end);
    this.#events.publish(topic, payload, packetId, (first & RETAIN) !== 0);
  }
}

function need(at: number, end: number): void {
  if (at > end) throw new BrokenStream("a packet that ends early");
}

/** Place after the packet that begins at `at`; undefined while its length has not come. Throws {@link BrokenStream}. */
function packetEnd(bytes: Uint8Array, at: number, length: number): number | undefined {
  let remaining = 0;
  let scale = 1;
  for (let head = at + 1; head < at + MAX_HEAD; head++) {
    if (head >= length) return undefined;
    const byte = bytes[head] as number;
    remaining += (byte & 0x7f) * scale;
    if (byte < 0x80) return head + 1 + remaining;
    scale *= 128;
  }
  throw new BrokenStream("a length of more than four bytes");
}
