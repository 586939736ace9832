import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { crc16Arc } from "../../../hardware/driver/crc16.ts";
import {
  DsmrFramer,
  decodeDsmrStream,
  parseDsmrTelegram,
} from "../../../hardware/driver/dsmr-telegram.ts";
import { concatBytes, encodeUtf8 } from "../../../shared/base/bytes.ts";
import { P1_LINES, P1_OLD_LINES } from "../../support/meter-telegrams.ts";
import { throwsWith } from "../../support/sensor-doubles.ts";

function seal(lines: readonly string[]): Uint8Array {
  const body = `${lines.join("\r\n")}\r\n!`;
  const crc = crc16Arc(encodeUtf8(body)).toString(16).toUpperCase().padStart(4, "0");
  return encodeUtf8(`${body}${crc}\r\n`);
}
const unsealed = (lines: readonly string[], end = "!\r\n"): Uint8Array =>
  encodeUtf8(`${lines.join("\r\n")}\r\n${end}`);
const GOOD = seal(P1_LINES);
const OLD = unsealed(P1_OLD_LINES);
const replaced = (lines: readonly string[], from: string, to: string): string[] =>
  lines.map((line) => line.replace(from, to));

/** 7E1 as it arrives on a line that is set to 8N1. */
const withParity = (bytes: Uint8Array): Uint8Array =>
  bytes.map((byte) =>
    [...byte.toString(2)].filter((bit) => bit === "1").length % 2 ? byte | 0x80 : byte,
  );

const PLAIN = {
  energy: "register",
  register: 2_000_000,
  registerSpan: 1_000_000_000,
  exported: 0,
  power: 518_000,
  voltage: [230_100],
  current: [2_000],
  identity: "E0000000000000001",
};

describe("a P1 telegram with checksum", () => {
  test("the worked example", () => {
    assert.match(new TextDecoder().decode(GOOD), /!2B8A\r\n$/);
    assert.deepEqual(parseDsmrTelegram(GOOD), { ...PLAIN, raw: GOOD });
  });

  test("every one-bit error is refused, and so is every lost or doubled byte", () => {
    for (let bit = 0; bit < GOOD.length * 8; bit++) {
      const flipped = Uint8Array.from(GOOD);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      throwsWith(() => parseDsmrTelegram(flipped), "sensor-crc");
      assert.ok(!decodeDsmrStream(flipped).some((result) => "reading" in result), `bit ${bit}`);
    }
    for (let at = 0; at < GOOD.length - 2; at++) {
      const lost = concatBytes(GOOD.subarray(0, at), GOOD.subarray(at + 1));
      throwsWith(() => parseDsmrTelegram(lost), "sensor-crc");
      const doubled = concatBytes(GOOD.subarray(0, at + 1), GOOD.subarray(at));
      throwsWith(() => parseDsmrTelegram(doubled), "sensor-crc");
    }
  });

  test("leading zeros of the checksum may be missing", () => {
    // Some suffix of the identification gives a checksum below 0x1000.
    let lines = P1_LINES;
    for (let i = 0; !/!0/.test(new TextDecoder().decode(seal(lines))); i++) {
      lines = replaced(P1_LINES, "T-1012", `T-${i}`);
    }
    const padded = new TextDecoder().decode(seal(lines));
    const bare = padded.replace(/!0+/, "!");
    assert.notEqual(bare, padded);
    assert.equal(parseDsmrTelegram(encodeUtf8(bare)).register, 2_000_000);
  });

  test("lower-case, mixed or too long checksums are none", () => {
    const text = new TextDecoder().decode(GOOD);
    for (const crc of ["2b8a", "2B8a", "02B8A", "2B8A ", "2B8G"]) {
      throwsWith(() => parseDsmrTelegram(encodeUtf8(text.replace("2B8A", crc))), "sensor-crc");
    }
  });

  test("a telegram of these versions that has lost its checksum is refused", () => {
    throwsWith(() => parseDsmrTelegram(unsealed(P1_LINES)), "sensor-crc");
    throwsWith(() => parseDsmrTelegram(unsealed(P1_LINES, "")), "sensor-crc");
    const timed = [...P1_OLD_LINES, "0-0:1.0.0(260101000000W)"];
    throwsWith(() => parseDsmrTelegram(unsealed(timed)), "sensor-crc");
  });

  test("totals instead of tariffs, a serial number of another code, reactive energy (Sweden, Hungary)", () => {
    const lines = [
      "/SAG5SAG-METER",
      "",
      "0-0:1.0.0(221018000002S)",
      "0-0:42.0.0(53414733303030303030303030303031)",
      "0-0:96.1.0(3330303030303030303031)",
      "1-0:1.8.0(00012345.678*kWh)",
      "1-0:1.8.1(00000345.678*kWh)",
      "1-0:1.8.2(00012000.000*kWh)",
      "1-0:2.8.0(00000001.234*kWh)",
      "1-0:3.8.0(00000100.000*kvarh)",
      "1-0:13.7.0(0.998)",
      "1-0:14.7.0(49.98*Hz)",
      "1-0:1.7.0(0000.100*kW)",
      "1-0:2.7.0(0003.400*kW)",
      "1-0:32.7.0(231.9*V)",
      "1-0:52.7.0(232.0*V)",
      "1-0:72.7.0(229.8*V)",
      "1-0:31.7.0(005.15*A)",
      "1-0:51.7.0(005.16*A)",
      "1-0:71.7.0(017.19*A)",
    ];
    const telegram = seal(lines);
    assert.deepEqual(parseDsmrTelegram(telegram), {
      energy: "register",
      register: 12_345_678,
      registerSpan: 100_000_000_000,
      exported: 1_234,
      power: -3_300_000,
      voltage: [231_900, 232_000, 229_800],
      current: [5_150, 5_160, 17_190],
      frequency: 49_980,
      powerFactor: 998,
      identity: "SAG3000000000001",
      raw: telegram,
    });
  });

  test("Belgian tariffs run the other way, which the sum does not mind; gas and peaks are passed over", () => {
    const lines = [
      "/FLU5\\253769484_A",
      "",
      "0-0:96.1.4(50221)",
      "0-0:96.1.1(3153414733313031303231363035)",
      "0-0:1.0.0(200512135409S)",
      "1-0:1.8.1(000000.034*kWh)",
      "1-0:1.8.2(000015.758*kWh)",
      "1-0:2.8.1(000000.000*kWh)",
      "1-0:2.8.2(000000.011*kWh)",
      "1-0:1.6.0(200509134558S)(02.589*kW)",
      "0-0:98.1.0(3)(1-0:1.6.0)(1-0:1.6.0)(200501000000S)(200423192538S)(03.695*kW)",
      "1-0:1.7.0(00.100*kW)",
      "1-0:31.4.0(999.99*A)",
      "0-1:24.2.3(200512134558S)(00112.384*m3)",
      "0-1:96.1.1(37464C4F32313139303333373333)",
      "what no standard knows",
    ];
    const reading = parseDsmrTelegram(seal(lines));
    assert.equal(reading.register, 15_792);
    assert.equal(reading.exported, 11);
    assert.equal(reading.identity, "1SAG3101021605");
    assert.equal(reading.current, undefined);
  });

  test("a register that cannot be read makes the sum unknown, not smaller", () => {
    for (const broken of [
      "()",
      "(000765.433)",
      "(000765.433*kvarh)",
      "(765,433*kWh)",
      "(*kWh)",
      "(-00001.000*kWh)",
    ]) {
      const lines = replaced(P1_LINES, "(000765.433*kWh)", broken);
      throwsWith(() => parseDsmrTelegram(seal(lines)), "sensor-range");
    }
    throwsWith(
      () => parseDsmrTelegram(seal(P1_LINES.filter((line) => !line.includes("1.8.")))),
      "sensor-range",
    );
  });

  test("units as some meters write them", () => {
    const inWh = replaced(
      replaced(P1_LINES, "(001234.567*kWh)", "(001234567*Wh)"),
      "(000765.433*kWh)",
      "(000765433*wh)",
    );
    assert.equal(parseDsmrTelegram(seal(inWh)).register, 2_000_000);
    assert.equal(
      parseDsmrTelegram(seal(replaced(P1_LINES, "(00.518*kW)", "(000000518*W)"))).power,
      518_000,
    );
  });
});

describe("a P1 telegram without checksum", () => {
  test("version 2.2, with its end mark, without, and with its parity bits", () => {
    const expected = {
      energy: "register",
      register: 269_001,
      registerSpan: 100_000_000,
      exported: 32_000,
      power: 980_000,
      identity: "K8EG004046395507",
    };
    for (const telegram of [OLD, unsealed(P1_OLD_LINES, ""), withParity(OLD)]) {
      assert.deepEqual(parseDsmrTelegram(telegram), { ...expected, raw: telegram });
    }
  });

  test("with parity every one-bit error is refused", () => {
    const telegram = withParity(OLD);
    for (let bit = 0; bit < telegram.length * 8; bit++) {
      const flipped = Uint8Array.from(telegram);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      throwsWith(() => parseDsmrTelegram(flipped), "sensor-crc");
    }
  });

  test("a digit of an energy register that is lost or doubled is refused", () => {
    const text = new TextDecoder().decode(OLD);
    for (const { index } of text.matchAll(/[\d.](?=[\d.]*\*k)/g)) {
      throwsWith(
        () => parseDsmrTelegram(encodeUtf8(text.slice(0, index) + text.slice(index + 1))),
        "sensor-crc",
      );
      throwsWith(
        () => parseDsmrTelegram(encodeUtf8(text.slice(0, index) + text[index] + text.slice(index))),
        "sensor-crc",
      );
    }
  });

  test("cut anywhere it is refused", () => {
    // Behind a whole line, messages and the gas meter may be missing: nothing tells.
    const electricity = new TextDecoder().decode(OLD).indexOf("0-0:17.0.0");
    for (let length = 1; length < OLD.length - 3; length++) {
      if (length >= electricity && OLD[length - 1] === 0x0a) continue;
      throwsWith(() => parseDsmrTelegram(OLD.subarray(0, length)), "sensor-crc");
    }
    const half = P1_OLD_LINES.slice(0, 4);
    throwsWith(() => parseDsmrTelegram(unsealed(half)), "sensor-crc");
  });

  test("lines that do not belong there, twice or of unequal width are refused", () => {
    const wrong = [
      [...P1_OLD_LINES, "#6796"],
      [...P1_OLD_LINES, "1-0:1.8.1(00185.000*kWh)"],
      replaced(P1_OLD_LINES, "1-0:1.8.2(00084.001*kWh)", "1-0:1.8.2(0084.001*kWh)"),
      replaced(P1_OLD_LINES, "1-0:1.8.2(00084.001*kWh)", "1-0:1.8.2(000084.001*kWh)"),
      replaced(P1_OLD_LINES, "1-0:2.8.2(00019.000*kWh)", "1-0:3.8.2(00019.000*kWh)"),
      replaced(P1_OLD_LINES, "/KMP5", "/KM5"),
      replaced(P1_OLD_LINES, "(00124.477)", "(00124.477"),
      P1_OLD_LINES.filter((line) => !line.includes("96.1.1")),
      P1_OLD_LINES.filter((line) => !line.includes("1-0:1.7.0")),
      ["", ...P1_OLD_LINES],
    ];
    for (const lines of wrong) throwsWith(() => parseDsmrTelegram(unsealed(lines)), "sensor-crc");
  });
});

describe("cutting telegrams out of a stream", () => {
  const cut = (bytes: Uint8Array, chunks = bytes.length): Uint8Array[] => {
    const framer = new DsmrFramer();
    const telegrams: Uint8Array[] = [];
    for (let at = 0; at < bytes.length; at += chunks) {
      telegrams.push(...framer.push(bytes.subarray(at, at + chunks)));
    }
    return telegrams;
  };

  test("whole, glued, byte by byte, behind garbage and a cut telegram", () => {
    const stream = concatBytes(
      encodeUtf8('Pdd$%$p@I"'),
      GOOD.subarray(200),
      GOOD,
      GOOD,
      encodeUtf8("\r\n"),
      OLD,
    );
    for (const chunks of [stream.length, 1, 7, 64]) {
      assert.deepEqual(cut(stream, chunks), [GOOD, GOOD, OLD]);
    }
  });

  test("slashes and exclamation marks within a line are text", () => {
    const message = replaced(P1_OLD_LINES, "0-0:96.13.0()", "0-0:96.13.0(test-/-test! !A737)");
    const telegram = unsealed(message);
    assert.deepEqual(cut(concatBytes(telegram, telegram)), [telegram, telegram]);
    assert.equal(parseDsmrTelegram(telegram).register, 269_001);
  });

  test("a telegram without end mark ends where the next begins", () => {
    const open = unsealed(P1_OLD_LINES, "");
    assert.deepEqual(cut(concatBytes(open, open, OLD)), [open, open, OLD]);
  });

  test("a telegram that stops in the middle is handed over, and the next is whole", () => {
    assert.deepEqual(
      cut(concatBytes(GOOD.subarray(0, 300), encodeUtf8("\r\n"), GOOD)).at(-1),
      GOOD,
    );
    assert.deepEqual(cut(concatBytes(GOOD.subarray(0, -2), GOOD)), [GOOD.subarray(0, -2), GOOD]);
  });

  test("a telegram that is cut in the middle of a line runs into the next, which is found", () => {
    const cutOff = GOOD.subarray(0, 205);
    assert.deepEqual(cut(concatBytes(cutOff, GOOD, cutOff, OLD)), [cutOff, GOOD, cutOff, OLD]);
    // An identification in a message is text.
    const message = seal([...P1_LINES, "0-0:96.13.0(see /ISK5 there)"]);
    assert.deepEqual(cut(concatBytes(message, message)), [message, message]);
  });

  test("what never ends is dropped, and the next telegram is whole", () => {
    const flood = concatBytes(
      encodeUtf8("/"),
      new Uint8Array(50_000).fill(0x41),
      encodeUtf8("\r\n"),
    );
    assert.deepEqual(cut(concatBytes(flood, GOOD), 1000), [GOOD]);
  });

  test("a reset forgets what has begun", () => {
    const framer = new DsmrFramer();
    framer.push(GOOD.subarray(0, 100));
    framer.reset();
    assert.deepEqual(framer.push(GOOD.subarray(100)), []);
    assert.deepEqual(framer.push(GOOD), [GOOD]);
  });

  test("however a stream is cut, the telegrams are the same", () => {
    const piece = fc.oneof(
      fc.constantFrom(GOOD, OLD, unsealed(P1_OLD_LINES, ""), encodeUtf8("!"), encodeUtf8("/\r\n")),
      fc.uint8Array({ maxLength: 20 }),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 5 }),
        fc.integer({ min: 1, max: 99 }),
        (pieces, size) => {
          const stream = concatBytes(...pieces);
          assert.deepEqual(cut(stream, size), cut(stream));
        },
      ),
      { seed: 3, numRuns: 300 },
    );
  });
});
