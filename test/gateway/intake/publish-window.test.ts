import assert from "node:assert/strict";
import { test } from "node:test";
import mqttPacket, { type IPublishPacket } from "mqtt-packet";
import { encodePubacks } from "../../../gateway/intake/mqtt-wire.ts";
import { PacketBatchWriter, packOne } from "../../../gateway/intake/packet-batch.ts";
import { type Outgoing, PublishWindow } from "../../../gateway/intake/publish-window.ts";
import { isCoded } from "../../../shared/base/error.ts";

function parse(outgoing: Outgoing | undefined): IPublishPacket[] {
  const packets: IPublishPacket[] = [];
  const parser = mqttPacket.parser({ protocolVersion: 4 });
  parser.on("packet", (packet) => packets.push(packet as IPublishPacket));
  if (outgoing !== undefined) parser.parse(Buffer.from(outgoing.bytes));
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
    const bytes = Buffer.from((window.take() as Outgoing).bytes);
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

test("a batch comes back once, when all of it is acknowledged and no write reads its memory any more", () => {
  const writer = new PacketBatchWriter();
  const window = new PublishWindow(2, 10);
  const back: Uint8Array[] = [];
  const push = (...texts: string[]): void => {
    for (const text of texts) writer.add("t", text, Buffer.alloc(0));
    window.pushBatch(writer.take(), (bytes) => back.push(bytes));
  };
  push("a", "b", "c");
  const first = window.take() as Outgoing;
  const [a, b] = parse(first).map(({ messageId = 0 }) => messageId);
  window.acknowledged(a as number);
  const second = window.take() as Outgoing;
  const [c] = parse(second).map(({ messageId = 0 }) => messageId);
  second.written();
  window.acknowledged(b as number);
  // A broker that acknowledges what the socket has not even sent.
  window.acknowledged(c as number);
  window.acknowledged(c as number);
  assert.equal(window.pending, 0);
  assert.equal(back.length, 0);
  first.written();
  first.written();
  assert.equal(back.length, 1);

  // Sent again on the next connection: both writes count.
  push("d");
  const sent = window.take() as Outgoing;
  const again = window.resend() as Outgoing;
  const [d] = parse(again).map(({ messageId = 0 }) => messageId);
  again.written();
  window.acknowledged(d as number);
  assert.equal(back.length, 1);
  sent.written();
  assert.equal(back.length, 2);

  // What did not find room is waited for by nobody.
  const full = new PublishWindow(1, 1);
  for (const text of ["e", "f"]) writer.add("t", text, Buffer.alloc(0));
  full.pushBatch(writer.take(), (bytes) => back.push(bytes));
  const kept = full.take() as Outgoing;
  kept.written();
  full.acknowledged(parse(kept)[0]?.messageId as number);
  assert.equal(back.length, 3);
});

test("a few packets take no more room than they need, wherever they wait", () => {
  const writer = new PacketBatchWriter();
  writer.add("t", "x".repeat(100), Buffer.alloc(0));
  assert.ok(writer.take().bytes.length < 120);
  writer.giveBack(new Uint8Array(120));
  writer.add("t", "y".repeat(60_000), Buffer.alloc(0));
  assert.ok(writer.take().bytes.length >= 60_000);
});

test("memory that came back is written anew, larger batches get more of it", () => {
  const writer = new PacketBatchWriter();
  const texts = (): string[] => {
    const window = new PublishWindow(10, 10);
    const batch = writer.take();
    window.pushBatch(batch, (bytes) => writer.giveBack(bytes));
    const outgoing = window.take() as Outgoing;
    const packets = parse(outgoing);
    outgoing.written();
    for (const { messageId = 0 } of packets) window.acknowledged(messageId);
    return packets.map(({ payload }) => payload.toString());
  };
  for (const size of [10, 100_000, 3, 200_000, 1, 0]) {
    const expected = ["x".repeat(size), `${size}`];
    for (const text of expected) writer.add("t", text, Buffer.alloc(0));
    assert.deepEqual(texts(), expected);
  }
});
