// Frames of a sensor head and their order: what is read, what is refused, 100,000 damaged ones.
import assert from "node:assert/strict";
import { createHmac } from "node:crypto";
import { describe, test } from "node:test";
import { crc32 } from "node:zlib";
import { type EspruinoHeadConfig, readHead } from "../../../hardware/driver/espruino-head.ts";
import { findFrame, MAX_FRAME, parseHeadFrame } from "../../../hardware/driver/head-frame.ts";
import { HeadOrder } from "../../../hardware/driver/head-order.ts";
import { LineFramer } from "../../../hardware/driver/line-framer.ts";
import { decodeHex, encodeUtf8 } from "../../../shared/base/bytes.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { checkReading } from "../../support/check-reading.ts";
import { BOOT, makeHeadFrames } from "../../support/head-frames.ts";
import { randomNumbers } from "../../support/random-numbers.ts";
import { throwsWith } from "../../support/sensor-doubles.ts";
import { requireSystemPart } from "../../support/system-part.ts";

const KEY = "000102030405060708090a0b0c0d0e0f101112131415161718191a1b1c1d1e1f";
const FIELDS = "t1:21500,h1:4550,p1:12345,d1:720,a1:100";

/** A frame whose checksum is right, whatever its text. */
function seal(text: string, key?: string): string {
  const mac =
    key === undefined
      ? ""
      : `!${createHmac("sha256", decodeHex(key)).update(text).digest("hex").slice(0, 32)}`;
  return `${text}${mac}*${crc32(text + mac)
    .toString(16)
    .padStart(8, "0")}`;
}

const parse = (frame: string, key?: string) =>
  parseHeadFrame(encodeUtf8(frame), key === undefined ? undefined : decodeHex(key));

test("a frame by another program is read, with and without a key", (t) => {
  if (!requireSystemPart(t, "python3")) return;
  const [plain = "", keyed = ""] = makeHeadFrames(
    { seq: 7, fields: FIELDS },
    { seq: 8, fields: FIELDS, key: KEY },
  );
  const frame = parse(plain);
  assert.deepEqual(
    { ...frame, fields: Object.fromEntries(frame.fields) },
    {
      head: "pico-1",
      boot: BOOT,
      seq: 7,
      uptimeMs: 70_000,
      fields: { t1: 21_500, h1: 4_550, p1: 12_345, d1: 720, a1: 100 },
      keyed: false,
    },
  );
  assert.equal(parse(keyed, KEY).keyed, true);
  // Without a key nothing can be checked; the frame says that there is one.
  assert.equal(parse(keyed).keyed, true);
  throwsWith(() => parse(plain, KEY), "sensor-crc");
  throwsWith(() => parse(keyed, KEY.replace("0", "1")), "sensor-crc");
});

test("every single-bit error is refused, by checksum or, if the checksum was made to fit, by the key", () => {
  const frame = encodeUtf8(seal(`$WP1,a,${BOOT},1,1000,p1:5`, KEY));
  for (let bit = 0; bit < frame.length * 8; bit++) {
    const flipped = frame.map((byte, i) => (i === bit >> 3 ? byte ^ (1 << (bit & 7)) : byte));
    throwsWith(() => parseHeadFrame(flipped, decodeHex(KEY)), "sensor-crc");
    throwsWith(() => parseHeadFrame(flipped), "sensor-crc");
  }
  const body = `$WP1,a,${BOOT},1,1000,p1:5`;
  const forged = `${body.replace("p1:5", "p1:6")}!${/!(.{32})/.exec(seal(body, KEY))?.[1]}`;
  throwsWith(() => parse(seal(forged), KEY), "sensor-crc");
  assert.equal(parse(seal(forged)).fields.get("p1"), 6);
});

describe("whole but of another form", () => {
  const good = `$WP1,a,${BOOT},1,1000,p1:5`;
  for (const [what, text] of [
    ["another version", good.replace("WP1", "WP2")],
    ["a name too long", good.replace(",a,", `,${"a".repeat(17)},`)],
    ["a nonce too short", good.replace(BOOT, BOOT.slice(1))],
    ["frame 0", good.replace(",1,", ",0,")],
    ["a leading zero", good.replace(":5", ":05")],
    ["minus zero", good.replace(":5", ":-0")],
    ["a fraction", good.replace(":5", ":5.5")],
    ["an exponent", good.replace(":5", ":5e3")],
    ["a field without a number", good.replace(":5", ":")],
    ["a field twice", `${good},p1:6`],
    ["a number too long", good.replace(":5", ":1234567890123456")],
    ["an empty field", `${good},`],
  ] as const) {
    test(`${what} is sensor-range`, () => {
      throwsWith(() => parse(seal(text)), "sensor-range");
      throwsWith(() => parse(seal(text, KEY), KEY), "sensor-range");
    });
  }
  test("and the good one is not", () => assert.equal(parse(seal(good)).seq, 1));
});

test("a frame begins at the last $ of its line; other lines have none", () => {
  const find = (text: string): string | undefined => {
    const frame = findFrame(encodeUtf8(text));
    return frame === undefined ? undefined : new TextDecoder().decode(frame);
  };
  assert.equal(find("$WP1,a"), "$WP1,a");
  assert.equal(find(">$WP1,a,0011$WP1,b"), "$WP1,b");
  for (const text of ["", "$", "$GPGGA", "Espruino 2v29", "MSG:1,P1:79"]) {
    assert.equal(find(text), undefined);
  }
});

describe("order", () => {
  const frame = (seq: number, boot = BOOT, uptimeMs = seq * 10_000) => ({
    ...{ head: "a", boot, seq, uptimeMs, fields: new Map<string, number>(), keyed: false },
  });
  const SECOND = "ffff000011112222";

  test("the first frame is news whatever its number; gaps are counted", () => {
    const order = new HeadOrder(30_000);
    assert.equal(order.take(frame(500), 0), 0);
    assert.equal(order.take(frame(501), 10_000), 0);
    assert.equal(order.take(frame(504), 40_000), 2);
  });

  test("what was said before is refused: the same frame, an older one, one with an older time", () => {
    const order = new HeadOrder(30_000);
    order.take(frame(500), 0);
    throwsWith(() => order.take(frame(500), 1), "sensor-range");
    throwsWith(() => order.take(frame(499), 1), "sensor-range");
    throwsWith(() => order.take(frame(501, BOOT, 4_000_000), 1), "sensor-range");
    // Also after a long silence.
    throwsWith(() => order.take(frame(499), 86_400_000), "sensor-range");
    assert.equal(order.take(frame(501), 10_000), 0);
  });

  test("a new start is news; what it has said before it was heard is lost", () => {
    const order = new HeadOrder(30_000);
    order.take(frame(500), 0);
    assert.equal(order.take(frame(1, SECOND, 1_000), 12_000), 0);
    assert.equal(order.take(frame(2, SECOND), 22_000), 0);
    const later = new HeadOrder(30_000);
    later.take(frame(500), 0);
    assert.equal(later.take(frame(3, SECOND, 20_000), 25_000), 2);
  });

  test("a start that is older than the last frame cannot have been; a frame of a former start is old", () => {
    const order = new HeadOrder(30_000);
    order.take(frame(500), 0);
    throwsWith(() => order.take(frame(2, SECOND, 20_000), 5_000), "sensor-range");
    order.take(frame(1, SECOND, 1_000), 12_000);
    throwsWith(() => order.take(frame(499), 13_000), "sensor-range");
    throwsWith(() => order.take(frame(500), 13_000), "sensor-range");
  });

  test("after a silence any start is believed, so that nobody is locked out for good", () => {
    const order = new HeadOrder(30_000);
    order.take(frame(1, SECOND, 1_000), 0);
    throwsWith(() => order.take(frame(500), 20_000), "sensor-range");
    assert.equal(order.take(frame(502), 31_000), 501);
  });

  test("a keyed head counts its starts: one before the last is never news", () => {
    const keyed = (number: number, seq: number, uptimeMs: number) => ({
      ...frame(seq, `${number.toString(16).padStart(8, "0")}aabbccdd`, uptimeMs),
      keyed: true,
    });
    const order = new HeadOrder(30_000);
    order.take(keyed(7, 500, 5_000_000), 0);
    throwsWith(() => order.take(keyed(6, 1, 1_000), 12_000), "sensor-range");
    throwsWith(() => order.take(keyed(6, 1, 1_000), 86_400_000), "sensor-range");
    assert.equal(order.take(keyed(8, 1, 1_000), 12_000), 0);
    // A head that keeps no count, and one without a key, is judged by time alone.
    assert.equal(order.take(keyed(0, 1, 1_000), 24_000), 0);
    const plain = new HeadOrder(30_000);
    plain.take({ ...keyed(7, 500, 5_000_000), keyed: false }, 0);
    assert.equal(plain.take({ ...keyed(6, 1, 1_000), keyed: false }, 12_000), 0);
  });

  test("the starts that are remembered are bounded", () => {
    const order = new HeadOrder(30_000);
    for (let i = 0; i < 10_000; i++) {
      order.take(frame(1, i.toString(16).padStart(16, "0"), 0), i * 1_000);
    }
    throwsWith(
      () => order.take(frame(1, (9_990).toString(16).padStart(16, "0"), 0), 1e7),
      "sensor-range",
    );
    assert.equal(order.take(frame(1, BOOT, 0), 1e7 + 1), 0);
  });
});

test("100,000 damaged frames: a coded error or integers, never anything else", () => {
  const random = randomNumbers(31);
  const config: EspruinoHeadConfig = {
    kind: "espruino-head",
    port: "x",
    energy: ["p1"],
    pulses_per_kwh: 800,
    voltage: ["v2"],
  };
  const texts = [
    `$WP1,pico-1,${BOOT},17,170123,t1:21500,h1:4550,v2:12004,p1:12345,d1:720,a1:100`,
    `$WP1,b,${BOOT},1,1000,v2:1,x1:2,p1:0`,
    `$WP1,b,${BOOT},2,2000,x2:1,p1:3`,
  ];
  const alphabet = "0123456789abcdefptvhwx:,-!*$WP1.\ufffd";
  const framer = new LineFramer(MAX_FRAME);
  const counts = { read: 0, damaged: 0, range: 0, told: 0, none: 0 };
  for (let i = 0; i < 100_000; i++) {
    let text = texts[i % 3] ?? "";
    for (let n = random(3); n > 0; n--) {
      const at = random(text.length);
      const put = random(3) === 0 ? "" : (alphabet[random(alphabet.length)] ?? "");
      text = text.slice(0, at) + put + text.slice(random(2) === 0 ? at : at + 1);
    }
    const sealed = random(4) === 0 ? text : seal(text);
    const cut = random(20) === 0 ? sealed.slice(0, random(sealed.length)) : sealed;
    const bytes = encodeUtf8(`${cut}\r\n`);
    const at = random(bytes.length);
    for (const part of [bytes.subarray(0, at), bytes.subarray(at)]) {
      for (const line of framer.push(part)) {
        const frame = findFrame(line);
        if (frame === undefined) {
          counts.none++;
          continue;
        }
        try {
          checkReading(readHead(parseHeadFrame(frame), frame, config));
          counts.read++;
        } catch (error) {
          if (!isCoded(error)) throw error;
          const { code } = error;
          // The head's own report that its sensor 2 does not answer.
          assert.match(code, /^sensor-(?:crc|range|nack|busy)$/);
          counts[code === "sensor-crc" ? "damaged" : code === "sensor-range" ? "range" : "told"]++;
        }
      }
    }
  }
  assert.ok(Math.min(...Object.values(counts)) > 500, JSON.stringify(counts));
});
