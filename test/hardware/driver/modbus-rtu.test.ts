import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import {
  ANY_ADDRESS,
  encodeReadInput,
  findReply,
  ModbusMaster,
  sealFrame,
} from "../../../hardware/driver/modbus-rtu.ts";
import { SimulatedSerialLine } from "../../../hardware/simulated/simulated-serial-line.ts";
import { SimulatedTiming } from "../../../hardware/simulated/simulated-timing.ts";
import { concatBytes, decodeHex, encodeHex } from "../../../shared/base/bytes.ts";
import { randomNumbers } from "../../support/random-numbers.ts";
import { rejectsWith } from "../../support/sensor-doubles.ts";

const REPLY = decodeHex("01041408d1006c000000f4000000260000" + "01f4006400005134");
const EXCEPTION = decodeHex("018402c2c1");

/** A master on a line whose answers are given in turn; the last one repeats. */
function masterOf(...answers: Uint8Array[][]): { master: ModbusMaster; requests: string[] } {
  const timing = new SimulatedTiming();
  const requests: string[] = [];
  const line = new SimulatedSerialLine(timing, (request) => {
    requests.push(encodeHex(request));
    return answers[Math.min(requests.length, answers.length) - 1] ?? [];
  });
  return { master: new ModbusMaster(line, timing, { replyMs: 400, attempts: 2 }), requests };
}

const readTen = (master: ModbusMaster): Promise<Uint8Array> => master.readInput(1, 0, 10);

describe("requests", () => {
  test("are the bytes that real masters send", () => {
    assert.equal(encodeHex(encodeReadInput(1, 0, 10)), "01040000000a700d");
    assert.equal(encodeHex(encodeReadInput(0xf8, 0, 10)), "f8040000000a6464");
    assert.equal(encodeHex(encodeReadInput(1, 0x0156, 2)), "0104015600029027");
  });
});

describe("replies", () => {
  test("whole, in single bytes, after garbage, and glued to another slave's", async () => {
    const garbage = decodeHex("00ff0104");
    const other = sealFrame(decodeHex("0204140000000000000000000000000000000000000000" + "0000"));
    for (const chunks of [
      [REPLY],
      [...REPLY].map((byte) => Uint8Array.of(byte)),
      [garbage, REPLY],
      [concatBytes(other, REPLY)],
      [REPLY.subarray(0, 7), concatBytes(REPLY.subarray(7), garbage)],
      // A reply cut off, then a whole one: the beginning of the first must not swallow the second.
      [concatBytes(REPLY.subarray(0, 11), REPLY)],
    ]) {
      const { master, requests } = masterOf(chunks);
      assert.deepEqual(await readTen(master), REPLY);
      assert.equal(requests.length, 1);
    }
  });

  test("a stale reply that lies in the buffer before the request is not taken", async () => {
    const stale = sealFrame(Uint8Array.from(REPLY, (byte, i) => (i === 4 ? byte + 1 : byte)));
    const timing = new SimulatedTiming();
    const answers = [[stale], [REPLY]];
    const line = new SimulatedSerialLine(timing, () => answers.shift() ?? []);
    const master = new ModbusMaster(line, timing, { replyMs: 400, attempts: 2 });
    await line.write(Uint8Array.of(0));
    assert.deepEqual(await readTen(master), REPLY);
  });

  test("silence is asked twice, then a time-out", async () => {
    const { master, requests } = masterOf([]);
    await rejectsWith(readTen(master), "sensor-timeout");
    assert.equal(requests.length, 2);
  });

  test("a cut reply is a time-out, a reply of another slave too", async () => {
    await rejectsWith(readTen(masterOf([REPLY.subarray(0, 24)]).master), "sensor-timeout");
    const other = sealFrame(Uint8Array.from(REPLY, (byte, i) => (i === 0 ? 2 : byte)));
    await rejectsWith(readTen(masterOf([other]).master), "sensor-timeout");
  });

  test("the general address takes whichever slave answers", async () => {
    const { master } = masterOf([REPLY]);
    assert.deepEqual(await master.readInput(ANY_ADDRESS, 0, 10), REPLY);
  });

  test("a second attempt mends one lost reply", async () => {
    assert.deepEqual(await readTen(masterOf([], [REPLY]).master), REPLY);
    const flipped = Uint8Array.from(REPLY, (byte, i) => (i === 9 ? byte ^ 4 : byte));
    assert.deepEqual(await readTen(masterOf([flipped], [REPLY]).master), REPLY);
  });

  test("a late reply does not answer the second request", async () => {
    const timing = new SimulatedTiming();
    const late = sealFrame(Uint8Array.from(REPLY, (byte, i) => (i === 4 ? byte + 1 : byte)));
    let requests = 0;
    let lateAt = Number.POSITIVE_INFINITY;
    const line = new SimulatedSerialLine(timing, () => {
      requests++;
      if (requests === 1) lateAt = timing.monotonicMs() + 420;
      return requests === 1 ? [] : [REPLY];
    });
    const read = line.read.bind(line);
    // The first reply arrives 420 ms after its request, 20 ms too late.
    line.read = async (timeoutMs) => {
      if (timing.monotonicMs() + timeoutMs < lateAt) return read(timeoutMs);
      await timing.sleep(lateAt - timing.monotonicMs());
      lateAt = Number.POSITIVE_INFINITY;
      return late;
    };
    const master = new ModbusMaster(line, timing, { replyMs: 400, attempts: 2 });
    assert.deepEqual(await readTen(master), REPLY);
    assert.equal(requests, 2);
  });

  test("an endless stream of other bytes ends with the reply's time", async () => {
    const timing = new SimulatedTiming();
    const line = new SimulatedSerialLine(timing, () => []);
    // Each read takes 10 ms and brings noise.
    line.read = async () => {
      await timing.sleep(10);
      return Uint8Array.of(0x55, 0xaa, 0x01);
    };
    const master = new ModbusMaster(line, timing, { replyMs: 400, attempts: 2 });
    await rejectsWith(readTen(master), "sensor-timeout");
    // Two attempts of 400 ms, and as long for a pause between them, which never comes.
    assert.equal(timing.monotonicMs(), 1200);
  });
});

describe("refusals", () => {
  test("exception 2 is a refusal and is not repeated", async () => {
    const { master, requests } = masterOf([EXCEPTION]);
    await rejectsWith(readTen(master), "sensor-nack");
    assert.equal(requests.length, 1);
  });

  test("exception 6 says busy", async () => {
    const busy = sealFrame(Uint8Array.of(1, 0x84, 6, 0, 0));
    await rejectsWith(readTen(masterOf([busy]).master), "sensor-busy");
  });

  test("an exception with a wrong checksum is no exception", async () => {
    const spoilt = Uint8Array.from(EXCEPTION, (byte, i) => (i === 3 ? byte ^ 1 : byte));
    await rejectsWith(readTen(masterOf([spoilt]).master), "sensor-timeout");
  });
});

describe("every single-bit error of a reply", () => {
  test("is refused: with a checksum error, or with silence where the header is hit", async () => {
    for (let bit = 0; bit < REPLY.length * 8; bit++) {
      const flipped = REPLY.slice();
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      const expected = bit < 3 * 8 ? "sensor-timeout" : "sensor-crc";
      await rejectsWith(readTen(masterOf([flipped]).master), expected);
    }
  });
});

test("a reply is found between any bytes, however they are cut", () => {
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 60 }),
      fc.uint8Array({ maxLength: 60 }),
      (before, after) => {
        const found = findReply(concatBytes(before, REPLY, after), 1, 10);
        // Random bytes hold a frame of their own with a chance of 2^-40; the seed is fixed.
        assert.equal(found.kind, "reply");
        assert.deepEqual(found.kind === "reply" && found.frame, REPLY);
      },
    ),
    { seed: 20_260_801, numRuns: 500 },
  );
});

test("any bytes: what is found is a whole frame with its checksum, or nothing", () => {
  const random = randomNumbers(3);
  const kinds = { reply: 0, exception: 0, none: 0 };
  for (let i = 0; i < 100_000; i++) {
    const parts = Array.from({ length: 1 + random(3) }, () => {
      const whole = (random(4) === 0 ? EXCEPTION : REPLY).slice();
      for (let n = random(4); n > 0; n--) {
        const at = random(whole.length);
        whole[at] = (whole[at] ?? 0) ^ (1 << random(8));
      }
      return random(3) === 0 ? whole.subarray(random(whole.length)) : whole;
    });
    const found = findReply(concatBytes(...parts), 1, 10);
    kinds[found.kind] += 1;
    if (found.kind === "reply") assert.deepEqual(sealFrame(found.frame.slice()), found.frame);
  }
  assert.ok(Math.min(kinds.reply, kinds.exception, kinds.none) > 5_000, JSON.stringify(kinds));
});
