import assert from "node:assert/strict";
import { test } from "node:test";
import mqttPacket, { type IPublishPacket } from "mqtt-packet";
import { encodePubacks } from "../../../gateway/intake/mqtt-wire.ts";
import { PacketBatchWriter, packOne } from "../../../gateway/intake/packet-batch.ts";
import { PublishWindow } from "../../../gateway/intake/publish-window.ts";
import { isCoded } from "../../../shared/base/error.ts";

function parse(bytes: Uint8Array | undefined): IPublishPacket[] {
  const packets: IPublishPacket[] = [];
  const parser = mqttPacket.parser({ protocolVersion: 4 });
  parser.on("packet", (packet) => packets.push(packet as IPublishPacket));
  if (bytes !== undefined) parser.parse(Buffer.from(bytes));
  return packets;
}

test("written packets are what mqtt-packet writes, for every size of the length field", () => {
  for (const length of [0, 1, 99, 127, 128, 16_350, 16_384, 2_097_140, 2_097_152]) {
    for (const payload of ["x".repeat(length), Buffer.alloc(length, 7)]) {
      const { bytes, places } = packOne("wattproof/a/b", payload, true);
      const written = Buffer.from(bytes);
      written.writeUInt16BE(77, places[1]);
      const expected = mqttPacket.generate({
        cmd: "publish",
        topic: "wattproof/a/b",
        payload,
        qos: 1,
        retain: true,
        dup: false,
        messageId: 77,
      });
      assert.ok(written.equals(expected), `length ${length}`);
    }
  }
  const acks = encodePubacks([1, 256, 65_535]);
  const expected = [1, 256, 65_535].map((messageId) =>
    mqttPacket.generate({ cmd: "puback", messageId }),
  );
  assert.ok(acks.equals(Buffer.concat(expected)));
});

test("keeps the window, frees it by acknowledgements, and gives what is in flight again as DUP", () => {
  const window = new PublishWindow(2, 10);
  for (const payload of ["a", "b", "c"]) window.push({ topic: "t", payload });
  const sent = parse(window.take());
  assert.deepEqual(
    sent.map((p) => p.payload.toString()),
    ["a", "b"],
  );
  assert.equal(window.take(), undefined);
  const again = parse(window.resend());
  assert.deepEqual(
    again.map((p) => [p.payload.toString(), p.dup, p.messageId]),
    [
      ["a", true, sent[0]?.messageId],
      ["b", true, sent[1]?.messageId],
    ],
  );
  window.acknowledged(sent[0]?.messageId as number);
  window.acknowledged(4711);
  assert.deepEqual(
    parse(window.take()).map((p) => p.payload.toString()),
    ["c"],
  );
  assert.equal(window.pending, 2);
});

test("packet ids in flight are never given twice, across the wrap of 16 bits", () => {
  const window = new PublishWindow(3, 10);
  window.push({ topic: "t", payload: "stays" });
  const stays = parse(window.take())[0]?.messageId as number;
  for (let i = 0; i < 70_000; i++) {
    window.push({ topic: "t", payload: "" });
    const bytes = Buffer.from(window.take() as Uint8Array);
    const id = bytes.readUInt16BE(5);
    assert.notEqual(id, stays);
    assert.notEqual(id, 0);
    window.acknowledged(id);
  }
});

test("a full queue drops and counts, and an impossible window is refused", () => {
  const window = new PublishWindow(1, 2);
  const taken = ["a", "b", "c"].map((payload) => window.push({ topic: "t", payload }));
  assert.deepEqual(taken, [true, true, false]);
  assert.equal(window.dropped, 1);
  assert.throws(
    () => new PublishWindow(0, 1),
    (error) => isCoded(error, "config"),
  );
});

test("a batch of packets is sent as it lies, and again as DUP", () => {
  const writer = new PacketBatchWriter();
  const note = Buffer.from("\u2014 note");
  const texts = ["first ", "", "x".repeat(70_000)];
  for (const text of texts) writer.add("t/ä", text, note);
  assert.equal(writer.count, 3);
  const window = new PublishWindow(2, 10);
  assert.ok(window.pushBatch(structuredClone(writer.take())));
  assert.equal(writer.count, 0);
  const sent = parse(window.take());
  assert.deepEqual(
    sent.map(({ topic, payload, qos, dup }) => [topic, payload.toString(), qos, dup]),
    texts.slice(0, 2).map((text) => ["t/ä", `${text}\u2014 note`, 1, false]),
  );
  assert.deepEqual(
    parse(window.resend()).map(({ messageId, dup }) => [messageId, dup]),
    sent.map(({ messageId }) => [messageId, true]),
  );
  window.acknowledged(sent[0]?.messageId as number);
  assert.equal(parse(window.take())[0]?.payload.length, 70_000 + note.length);
  const narrow = new PublishWindow(1, 1);
  for (const text of texts) writer.add("t", text, note);
  assert.equal(narrow.pushBatch(writer.take()), false);
  assert.equal(narrow.dropped, 2);
});
