// The hand-written reader gives what mqtt-packet gives, however the stream is cut, and refuses what is no MQTT.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import mqttPacket, { type Packet } from "mqtt-packet";
import { BrokenStream, PacketReader } from "../../../gateway/intake/mqtt-reader.ts";

function createReader() {
  const seen: unknown[] = [];
  const reader = new PacketReader({
    connack: (code) => seen.push(["connack", code]),
    suback: (granted) => seen.push(["suback", [...granted]]),
    publish: (topic, payload, id, retain) =>
      seen.push(["publish", topic, Buffer.from(payload).toString("hex"), id, retain]),
    puback: (id) => seen.push(["puback", id]),
  });
  return { reader, seen };
}

/** As a socket does that reads into the same memory again. */
function pushOver(reader: PacketReader, bytes: Uint8Array): void {
  const chunk = Buffer.from(bytes);
  try {
    reader.push(chunk);
  } finally {
    chunk.fill(0xee);
  }
}

/** The same facts of a packet that was generated. */
function factsOf(packet: Packet): unknown {
  switch (packet.cmd) {
    case "connack":
      return ["connack", packet.returnCode];
    case "suback":
      return ["suback", packet.granted];
    case "puback":
      return ["puback", packet.messageId];
    case "publish": {
      const payload = Buffer.from(packet.payload).toString("hex");
      return ["publish", packet.topic, payload, packet.messageId ?? 0, packet.retain];
    }
    default:
      return undefined;
  }
}

const id = fc.integer({ min: 1, max: 65_535 });
const topic = fc
  .string({ minLength: 1, maxLength: 40 })
  .map((text) => `t/${text.replace(/[+#]/g, "_")}`);
const payload = fc
  .oneof(fc.constantFrom(0, 1, 120, 127, 128, 16_370, 16_384), fc.nat(300))
  .map((length) => Buffer.alloc(length, length & 255));
const packet: fc.Arbitrary<Packet> = fc.oneof(
  fc.constant<Packet>({ cmd: "connack", returnCode: 0, sessionPresent: true }),
  id.map((messageId): Packet => ({ cmd: "suback", messageId, granted: [1, 128, 0] })),
  id.map((messageId): Packet => ({ cmd: "puback", messageId })),
  fc.constant<Packet>({ cmd: "pingresp" }),
  fc.tuple(topic, payload, id, fc.boolean(), fc.boolean()).map(
    ([topic, payload, messageId, retain, dup]): Packet => ({
      ...{ cmd: "publish", qos: 1, topic, payload, messageId, retain, dup },
    }),
  ),
  fc.tuple(topic, payload, fc.boolean()).map(
    ([topic, payload, retain]): Packet => ({
      ...{ cmd: "publish", qos: 0, topic, payload, retain, dup: false },
    }),
  ),
);

test("every packet arrives whole, however the stream is cut into chunks", () => {
  fc.assert(
    fc.property(
      fc.array(packet, { maxLength: 8 }),
      fc.infiniteStream(fc.nat(4000)),
      (all, sizes) => {
        const stream = Buffer.concat(all.map((one) => mqttPacket.generate(one)));
        const { reader, seen } = createReader();
        for (let at = 0; at < stream.length; ) {
          const size = 1 + ((sizes.next().value ?? 0) % (at % 3 === 0 ? 4 : 4000));
          pushOver(reader, stream.subarray(at, at + size));
          at += size;
        }
        assert.deepEqual(
          seen,
          all.map(factsOf).filter((facts) => facts !== undefined),
        );
      },
    ),
    { seed: 352, numRuns: 300 },
  );
});

test("what no server may send ends the stream", () => {
  const broken = [
    [0x10, 0x00],
    [0x34, 0x05, 0x00, 0x01, 0x61, 0x00, 0x01],
    [0x32, 0x05, 0x00, 0x01, 0x61, 0x00, 0x00],
    [0x32, 0x04, 0x00, 0x03, 0x61, 0x62],
    [0x32, 0x01, 0x00],
    [0x40, 0x01, 0x00],
    [0x20, 0x01, 0x00],
    [0x90, 0x01, 0x00],
    [0x30, 0xff, 0xff, 0xff, 0xff, 0x01],
  ];
  for (const bytes of broken) {
    assert.throws(() => createReader().reader.push(Buffer.from(bytes)), BrokenStream);
  }
});

test("any bytes are packets, an unfinished one, or a broken stream", () => {
  fc.assert(
    fc.property(fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 6 }), (chunks) => {
      const { reader } = createReader();
      try {
        for (const chunk of chunks) pushOver(reader, chunk);
      } catch (error) {
        assert.ok(error instanceof BrokenStream);
      }
    }),
    { seed: 1, numRuns: 2_000 },
  );
});
