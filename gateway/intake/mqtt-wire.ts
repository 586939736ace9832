/**
 * The few MQTT 3.1.1 packets that are written at a high rate, straight into bytes.
 *
 * `mqtt-packet` writes the rare packets (CONNECT, SUBSCRIBE); PUBLISH at QoS 1 and PUBACK are written here, many in
 * one buffer, because one socket write a commit costs far less than one a message.
 */
import { fail } from "../../shared/base/error.ts";

/** MQTT 3.1.1 section 2.2.3: four length bytes hold at most this. */
const MAX_REMAINING = 268_435_455;
const PUBLISH_QOS1 = 0x32;
const PUBLISH_RETAIN = 0x01;
const PUBLISH_DUP = 0x08;
const PUBACK = 0x40;

/** A message to be published at QoS 1. */
export interface OutgoingMessage {
  readonly topic: string;
  readonly payload: string | Uint8Array;
  readonly retain?: boolean;
}

function remainingLengthBytes(remaining: number): number {
  if (remaining < 128) return 1;
  if (remaining < 16_384) return 2;
  if (remaining < 2_097_152) return 3;
  return 4;
}

/** Bytes of a PUBLISH at QoS 1 before its payload, the packet id included. Throws `size` beyond what MQTT carries. */
export function publishHeaderBytes(topicBytes: number, payloadBytes: number): number {
  const remaining = 2 + topicBytes + 2 + payloadBytes;
  if (topicBytes > 0xffff || remaining > MAX_REMAINING) {
    fail("size", "a message larger than MQTT can carry", { bytes: remaining });
  }
  return 1 + remainingLengthBytes(remaining) + 2 + topicBytes + 2;
}

/** Writes a PUBLISH at QoS 1 up to, not including, its packet id (MQTT 3.1.1 section 3.3). */
export function writePublishHeader(
  out: Buffer,
  start: number,
  topic: string,
  payloadBytes: number,
  retain = false,
): void {
  const topicBytes = Buffer.byteLength(topic);
  let at = out.writeUInt8(PUBLISH_QOS1 | (retain ? PUBLISH_RETAIN : 0), start);
  for (let left = 2 + topicBytes + 2 + payloadBytes; ; ) {
    const digit = left & 0x7f;
    left >>>= 7;
    at = out.writeUInt8(left > 0 ? digit | 0x80 : digit, at);
    if (left === 0) break;
  }
  at = out.writeUInt16BE(topicBytes, at);
  out.write(topic, at);
}

/** Marks the PUBLISH that begins at `start` as one that was sent before on an earlier connection. */
export function markDuplicate(bytes: Uint8Array, start: number): void {
  bytes[start] = (bytes[start] as number) | PUBLISH_DUP;
}

/** Writes one PUBACK for each packet id into one buffer (MQTT 3.1.1 section 3.4). */
export function encodePubacks(packetIds: ArrayLike<number>): Buffer {
  const out = Buffer.allocUnsafe(packetIds.length * 4);
  for (let i = 0; i < packetIds.length; i++) {
    out[i * 4] = PUBACK;
    out[i * 4 + 1] = 2;
    out.writeUInt16BE(packetIds[i] as number, i * 4 + 2);
  }
  return out;
}
