import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { LineFramer } from "../../../hardware/driver/line-framer.ts";
import { PushReader } from "../../../hardware/driver/push-reader.ts";
import { decodeUtf8 } from "../../../shared/base/bytes.ts";
import { fail } from "../../../shared/base/error.ts";
import { createPushPorts, type PushPorts } from "../../support/push-ports.ts";
import { rejectsWith } from "../../support/sensor-doubles.ts";

const SETTINGS = { port: "/dev/tty", baud: 9600, parity: "none" } as const;

async function createReader(
  accept?: (frame: Uint8Array) => boolean,
): Promise<PushPorts & { reader: PushReader; newest(): Promise<string> }> {
  const push = createPushPorts();
  const line = await push.ports.serialLine(SETTINGS);
  const options = { line, framer: new LineFramer(80), timing: push.ports.timing, maxAgeMs: 10_000 };
  const reader = new PushReader(accept === undefined ? options : { ...options, accept });
  const newest = async (): Promise<string> => {
    const { frame, takenMs } = await reader.newest();
    return `${decodeUtf8(frame)}@${takenMs}`;
  };
  return { ...push, reader, newest };
}

describe("push reader", () => {
  test("the first call waits for a frame; later ones get the newest at once", async () => {
    const { newest, say, pass, reader, shut } = await createReader();
    const first = newest();
    await pass(3_000);
    await say("\none\n");
    assert.equal(await first, "one@3000");
    await say("two\nthree\nfo");
    await pass(400);
    assert.equal(await newest(), "three@3000");
    assert.equal(await newest(), "three@3000");
    await pass(600);
    await say("ur\n");
    assert.equal(await newest(), "four@4000");
    await shut(reader);
  });

  test("bytes from before the first call do not count", async () => {
    const { newest, say, pass, reader, shut } = await createReader();
    await say("\nold\nold\n");
    const first = newest();
    await pass(1_000);
    await say("cut\nnew\n");
    assert.equal(await first, "new@1000");
    await shut(reader);
  });

  test("silence is sensor-timeout: first after the whole wait, then as soon as the frame is too old", async () => {
    const { newest, say, pass, reader, shut } = await createReader();
    let failed = false;
    const first = newest().finally(() => {
      failed = true;
    });
    const rejected = rejectsWith(first, "sensor-timeout");
    await pass(9_500);
    assert.equal(failed, false);
    await pass(1_000);
    await rejected;
    await rejectsWith(newest(), "sensor-timeout");
    await say("\nlate\n");
    assert.equal(await newest(), "late@10500");
    await pass(10_000);
    assert.equal(await newest(), "late@10500");
    await pass(1);
    await rejectsWith(newest(), "sensor-timeout");
    await shut(reader);
  });

  test("who only looks waits as long as he says, and leaves the others waiting", async () => {
    const { newest, say, pass, reader, shut } = await createReader();
    const first = newest();
    const brief = rejectsWith(reader.newest(2_000), "sensor-timeout");
    await pass(2_250);
    await brief;
    await say("\none\n");
    assert.equal(await first, "one@2250");
    await shut(reader);
  });

  test("a refused frame is the error when no good one is there; a passed-over one is nothing", async () => {
    const { newest, say, pass, reader, shut } = await createReader((frame) => {
      if (decodeUtf8(frame) === "bad") fail("sensor-crc", "wrong checksum");
      return decodeUtf8(frame) !== "chatter";
    });
    const first = rejectsWith(newest(), "sensor-crc");
    await say("\nbad\nchatter\n");
    await pass(10_000);
    await first;
    await say("good\nbad\n");
    assert.equal(await newest(), "good@10000");
    await pass(10_250);
    await rejectsWith(newest(), "sensor-crc");
    await say("good\n");
    await pass(10_250);
    await rejectsWith(newest(), "sensor-timeout");
    await shut(reader);
  });

  test("an unplugged line is gone at once, but a fresh frame still counts; replugged it goes on", async () => {
    const { newest, say, pass, plug, unplug, reader, shut } = await createReader();
    const first = newest();
    await say("\none\ntw");
    assert.equal(await first, "one@0");
    await unplug();
    assert.equal(await newest(), "one@0");
    await pass(20_000);
    await rejectsWith(newest(), "sensor-gone");
    plug();
    await pass(1_000);
    const waiting = newest();
    // The half line from before the unplug must not be glued to this rest of another.
    await say("o\nthree\n");
    assert.equal(await waiting, "three@21000");
    await shut(reader);
  });

  test("a line that is not there fails the first call at once", async () => {
    const { newest, unplug, reader, shut } = await createReader();
    await unplug();
    await rejectsWith(newest(), "sensor-gone");
    await shut(reader);
  });

  test("close ends the wait and the loop; afterwards the reader is gone", async () => {
    const { newest, reader, shut } = await createReader();
    const waiting = rejectsWith(newest(), "sensor-gone");
    await shut(reader);
    await waiting;
    await rejectsWith(newest(), "sensor-gone");
    await shut(reader);
  });

  test("an error that no driver should throw is not swallowed", async () => {
    const { newest, say, reader, shut } = await createReader(() => {
      throw new TypeError("a mistake");
    });
    const waiting = assert.rejects(newest(), TypeError);
    await say("\nx\n");
    await waiting;
    await assert.rejects(newest(), TypeError);
    await shut(reader);
  });
});
