// Damaged telegrams, 100,000 of each kind: a coded sensor error or a valid reading, never anything else, and what a
// framer hands over is bounded. Seeded: a failure comes back.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { crc16Arc, crc16X25 } from "../../../hardware/driver/crc16.ts";
import { D0Framer, parseD0Readout } from "../../../hardware/driver/d0-telegram.ts";
import type { Reading } from "../../../hardware/driver/driver.ts";
import { DsmrCipherFramer, decryptTelegram } from "../../../hardware/driver/dsmr-cipher.ts";
import { DsmrFramer, parseDsmrTelegram } from "../../../hardware/driver/dsmr-telegram.ts";
import type { Framer } from "../../../hardware/driver/push-reader.ts";
import { parseSmlFrame } from "../../../hardware/driver/sml-telegram.ts";
import { SmlFramer } from "../../../hardware/driver/sml-transport.ts";
import { concatBytes, decodeHex, encodeUtf8 } from "../../../shared/base/bytes.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { checkReading } from "../../support/check-reading.ts";
import { P1_LINES, P1_OLD_LINES } from "../../support/meter-telegrams.ts";
import { randomNumbers } from "../../support/random-numbers.ts";

const CASES = 100_000;
const LONGEST = 16_384;

type Random = ReturnType<typeof randomNumbers>;
/** Makes the checksums of a damaged telegram right again, so that what lies behind them is reached. */
type Reseal = (bytes: Uint8Array) => Uint8Array;

function damage(random: Random, seeds: readonly Uint8Array[]): Uint8Array {
  const pick = (): Uint8Array => seeds[random(seeds.length)] ?? assert.fail();
  let bytes: Uint8Array = Uint8Array.from(pick());
  for (let count = random(4); count >= 0; count--) {
    const at = random(bytes.length + 1);
    switch (random(6)) {
      case 0:
        bytes[at] = (bytes[at] ?? 0) ^ (1 << random(8));
        break;
      case 1:
        bytes[at] = random(256);
        break;
      case 2:
        bytes = concatBytes(bytes.subarray(0, at), bytes.subarray(at + 1 + random(9)));
        break;
      case 3:
        bytes = concatBytes(bytes.subarray(0, at), Uint8Array.of(random(256)), bytes.subarray(at));
        break;
      case 4: {
        const other = pick();
        bytes = concatBytes(bytes.subarray(0, at), other.subarray(random(other.length)));
        break;
      }
      default: {
        // A character of the kind that stands there, so that text stays text.
        const sign = bytes[at] ?? 0;
        if (sign >= 0x30 && sign <= 0x39) bytes[at] = 0x30 + random(10);
      }
    }
  }
  return bytes;
}

function fuzz(
  seed: number,
  seeds: readonly Uint8Array[],
  reseal: Reseal,
  framer: Framer,
  parse: (frame: Uint8Array) => Reading | undefined,
): { readonly read: number; readonly refused: Record<string, number> } {
  const random = randomNumbers(seed);
  const refused: Record<string, number> = {};
  let read = 0;
  for (let i = 0; i < CASES; i++) {
    const damaged = damage(random, seeds);
    const bytes = random(2) === 0 ? damaged : reseal(damaged);
    const cut = random(bytes.length + 1);
    if (random(50) === 0) framer.reset();
    const frames = [
      ...framer.push(bytes.subarray(0, cut)),
      ...framer.push(bytes.subarray(cut)),
      bytes,
    ];
    for (const frame of frames) {
      assert.ok(frame.length <= LONGEST);
      try {
        const reading = parse(frame);
        if (reading !== undefined) checkReading(reading);
        read++;
      } catch (error) {
        if (!isCoded(error) || !/^sensor-(crc|range)$/.test(error.code)) throw error;
        refused[error.code] = (refused[error.code] ?? 0) + 1;
      }
    }
  }
  return { read, refused };
}

function sealP1(bytes: Uint8Array): Uint8Array {
  const end = bytes.lastIndexOf(0x21) + 1;
  const crc = crc16Arc(bytes, 0, end).toString(16).toUpperCase().padStart(4, "0");
  return concatBytes(bytes.subarray(0, end), encodeUtf8(`${crc}\r\n`));
}

const p1 = sealP1(encodeUtf8(`${P1_LINES.join("\r\n")}\r\n!`));
const old = encodeUtf8(`${P1_OLD_LINES.join("\r\n")}\r\n!\r\n`);

/** Whether damage was both survived and found: a fuzz that only meets refusals tests nothing. */
function checkBalance({ read, refused }: ReturnType<typeof fuzz>, ...codes: string[]): void {
  assert.ok(read > 500, `${read} were read`);
  for (const code of codes) assert.ok((refused[code] ?? 0) > 500, `${code} ${refused[code]}`);
}

describe("damaged telegrams", () => {
  test("P1", () => {
    checkBalance(
      fuzz(1, [p1, old], sealP1, new DsmrFramer(), parseDsmrTelegram),
      "sensor-crc",
      "sensor-range",
    );
  });

  test("encrypted P1", () => {
    const key = new Uint8Array(16).fill(0xaa);
    const head = "db08534147677000000182001630000000010000000000";
    const frame = concatBytes(decodeHex(head), new Uint8Array(12));
    const framer = new DsmrCipherFramer();
    const outcome = fuzz(
      2,
      [frame, p1],
      (bytes) => bytes,
      framer,
      (bytes) => parseDsmrTelegram(decryptTelegram(bytes, key), bytes),
    );
    assert.equal(outcome.read, 0);
    assert.ok((outcome.refused["sensor-crc"] ?? 0) >= CASES);
  });

  test("SML", () => {
    const message = (hex: string): Uint8Array => {
      const body = decodeHex(hex);
      const crc = crc16X25(body);
      return concatBytes(body, Uint8Array.of(0x63, crc & 255, crc >> 8, 0));
    };
    const wrap = (messages: Uint8Array): Uint8Array => {
      const padding = (4 - (messages.length % 4)) % 4;
      const start = decodeHex("1b1b1b1b01010101");
      const end = concatBytes(decodeHex("1b1b1b1b1a"), Uint8Array.of(padding));
      const frame = concatBytes(start, messages, new Uint8Array(padding), end);
      const crc = crc16X25(frame);
      return concatBytes(frame, Uint8Array.of(crc & 255, crc >> 8));
    };
    const list =
      "7605000000026200620072630701" +
      "77010b0a0149534b0004328f8e016201" +
      "72" +
      "77070100010800ff650001010401621e52ff560009247a5501" +
      "77070100100700ff0101621b52ff53fa7d01" +
      "0101";
    const good = wrap(message(list));
    // Seals the damaged inside of a frame anew, as one message.
    const reseal: Reseal = (bytes) => {
      const inside = bytes.subarray(8, Math.max(8, bytes.length - 12 - (bytes.at(-3) ?? 0)));
      const crc = crc16X25(inside);
      return wrap(concatBytes(inside, Uint8Array.of(0x63, crc & 255, crc >> 8, 0)));
    };
    assert.equal(parseSmlFrame(reseal(good))?.register, 15_338_556);
    checkBalance(
      fuzz(3, [good], reseal, new SmlFramer(), parseSmlFrame),
      "sensor-crc",
      "sensor-range",
    );
  });

  test("IEC 62056-21", () => {
    const lines = "C.1.0(12345678)\r\n1.8.0(001234.567*kWh)\r\n16.7.0(-00.123*kW)\r\n!\r\n\x03";
    const head = encodeUtf8("/ABC4METER\r\n\x02");
    const reseal: Reseal = (bytes) => {
      const stx = bytes.indexOf(2);
      const inside = bytes.subarray(stx + 1, bytes.lastIndexOf(3) + 1).map((byte) => byte & 0x7f);
      const check = inside.reduce((all, byte) => all ^ byte, 0);
      return concatBytes(head, inside, Uint8Array.of(check));
    };
    const good = reseal(concatBytes(head, encodeUtf8(lines), Uint8Array.of(0)));
    const open = encodeUtf8(
      "/ABC4METER\r\n\r\n1-0:1.8.0*255(001234.567*kWh)\r\n1-0:96.1.0*255(1)\r\n!\r\n",
    );
    assert.equal(parseD0Readout(good).register, 1_234_567);
    assert.equal(parseD0Readout(open).register, 1_234_567);
    checkBalance(
      fuzz(4, [good, open], reseal, new D0Framer(), parseD0Readout),
      "sensor-crc",
      "sensor-range",
    );
  });
});
