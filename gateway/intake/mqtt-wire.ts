/**
 * The few MQTT 3.1.1 packets that are written at a high rate, straight into bytes.
 *
 * `mqtt-packet` parses everything and writes the rare packets (CONNECT, SUBSCRIBE); PUBLISH at QoS 1 and PUBACK
 * are written here, many in one buffer, because one socket write a commit costs far less than one a message.
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

/**
 * Writes one PUBLISH at QoS 1 (MQTT 3.1.1 section 3.3).
 * @param packetId 1 to 65,535
 * @param dup set when the packet was sent before on an earlier connection
 */
export function encodePublish(message: OutgoingMessage, packetId: number, dup = false): Buffer {
  const topicLength = Buffer.byteLength(message.topic);
  const { payload } = message;
  const payloadLength =
    typeof payload === "string" ? Buffer.byteLength(payload) : payload.byteLength;
  const remaining = 2 + topicLength + 2 + payloadLength;
  if (topicLength > 0xffff || remaining > MAX_REMAINING) {
    fail("size", "a message larger than MQTT can carry", { bytes: remaining });
  }
  const out = Buffer.allocUnsafe(1 + remainingLengthBytes(remaining) + remaining);
  const flags = (message.retain ? PUBLISH_RETAIN : 0) | (dup ? PUBLISH_DUP : 0);
  let at = out.writeUInt8(PUBLISH_QOS1 | flags, 0);
  for (let left = remaining; ; ) {
    const digit = left & 0x7f;
    left >>>= 7;
    at = out.writeUInt8(left > 0 ? digit | 0x80 : digit, at);
    if (left === 0) break;
  }
  at = out.writeUInt16BE(topicLength, at);
  at += out.write(message.topic, at);
  at = out.writeUInt16BE(packetId, at);
  if (typeof payload === "string") out.write(payload, at);
  else out.set(payload, at);
  return out;
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
