// Any bytes that an I2C part may answer become a coded error or a reading of integers that the part can measure.
import assert from "node:assert/strict";
import { test } from "node:test";
import { parseAde7878 } from "../../../hardware/driver/ade7878.ts";
import { parseAht20Reply } from "../../../hardware/driver/aht20.ts";
import { parseBme280 } from "../../../hardware/driver/bme280.ts";
import { crc8Sensirion } from "../../../hardware/driver/crc8-sensirion.ts";
import { parseHts221 } from "../../../hardware/driver/hts221.ts";
import { parseIna219 } from "../../../hardware/driver/ina219.ts";
import { parseIna226 } from "../../../hardware/driver/ina226.ts";
import { parseIna260 } from "../../../hardware/driver/ina260.ts";
import { parseSht4xReply } from "../../../hardware/driver/sht4x.ts";
import { parseSht31Reply } from "../../../hardware/driver/sht31.ts";
import { decodeHex, encodeHex } from "../../../shared/base/bytes.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { randomNumbers } from "../../support/random-numbers.ts";
import { throwsWith } from "../../support/sensor-doubles.ts";

const CASES = 100_000;
const CODES = ["sensor-crc", "sensor-range", "sensor-busy", "sensor-gone"];

type Values = { readonly [quantity: string]: unknown };
type Random = (below: number) => number;
type Span = readonly [number, number];

interface Fuzzed {
  /** A reply that the part could send: the beginning of every mutation. */
  readonly valid: Uint8Array;
  /** Makes the checksums right, so that what is behind them is reached. */
  readonly seal?: (bytes: Uint8Array) => void;
  readonly parse: (bytes: Uint8Array) => object;
  readonly spans: { readonly [quantity: string]: Span };
}

function sealWords(bytes: Uint8Array): void {
  for (const at of [0, 3]) bytes[at + 2] = crc8Sensirion(bytes[at] ?? 0, bytes[at + 1] ?? 0);
}

function sealWhole(bytes: Uint8Array): void {
  bytes[6] = crc8Sensirion(...bytes.subarray(0, 6));
}

const ROOM: { readonly [quantity: string]: Span } = { humidity: [0, 10_000] };
const BME280 =
  "60706b436718fc7d8e43d6d00b270b8c00f9ff8c3cf8c67017004b6a0100132b031e655ac07eed006978";
const ADE_PHASE = "002318600002d3c60000c70100000033";

const PARSERS: { readonly [name: string]: Fuzzed } = {
  sht31: {
    valid: decodeHex("beef928000a2"),
    seal: sealWords,
    parse: parseSht31Reply,
    spans: { ...ROOM, temperature: [-40_000, 125_000] },
  },
  sht4x: {
    valid: decodeHex("6666938000a2"),
    seal: sealWords,
    parse: parseSht4xReply,
    spans: { ...ROOM, temperature: [-40_000, 125_000] },
  },
  aht20: {
    valid: decodeHex("1c80000600004e"),
    seal: sealWhole,
    parse: parseAht20Reply,
    spans: { ...ROOM, temperature: [-40_000, 85_000] },
  },
  bme280: {
    valid: decodeHex(BME280),
    parse: parseBme280,
    spans: { ...ROOM, temperature: [-40_000, 85_000] },
  },
  hts221: {
    valid: decodeHex("bc28aa50400004a00f0000f0d82c01140548f4bc02"),
    parse: parseHts221,
    spans: { ...ROOM, temperature: [-40_000, 120_000] },
  },
  ina219: {
    valid: decodeHex("0fa05dc8"),
    parse: (raw) => parseIna219(raw, { shunt_uohm: 100_000 }),
    spans: { voltage: [0, 27_300], current: [-3_200, 3_200], power: [-87_360, 87_360] },
  },
  ina226: {
    valid: decodeHex("1f402570"),
    parse: (raw) => parseIna226(raw, { shunt_uohm: 2_000, max_current_ma: 20_000 }),
    spans: { voltage: [0, 37_800], current: [-20_000, 20_000], power: [-756_100, 756_100] },
  },
  ina260: {
    valid: decodeHex("1f402580"),
    parse: (raw) => parseIna260(raw, {}),
    spans: { voltage: [0, 37_800], current: [-15_750, 15_750], power: [-595_400, 595_400] },
  },
  ade7878: {
    valid: decodeHex(`13ff${ADE_PHASE.repeat(3)}`),
    parse: (raw) => parseAde7878(raw, { ct: "sct-013", phases: 3, mainsHz: 50 }),
    spans: {
      voltage: [0, 441_000],
      current: [0, 195_000],
      power: [-488_600_000, 488_600_000],
      frequency: [40_000, 70_000],
      energyCount: [0, 0xffff_ffff],
    },
  },
};

/** Random bytes, a valid reply with some bytes or bits changed, or one that is too short or too long. */
function mutate({ valid, seal }: Fuzzed, random: Random): Uint8Array {
  const way = random(8);
  if (way === 0) return Uint8Array.from({ length: random(2 * valid.length) }, () => random(256));
  const bytes = way <= 2 ? valid.map(() => random(256)) : valid.slice();
  const changes = 1 + random(4);
  for (let i = 0; i < changes; i++) {
    const at = random(bytes.length);
    bytes[at] = way <= 5 ? random(256) : (bytes[at] ?? 0) ^ (1 << random(8));
  }
  if (way !== 7) seal?.(bytes);
  return bytes;
}

function judge(values: Values, spans: Fuzzed["spans"], reply: Uint8Array): void {
  const { raw, energy, ...quantities } = values;
  assert.ok(raw === reply);
  assert.ok(energy === undefined || energy === "none" || energy === "power");
  for (const [quantity, value] of Object.entries(quantities)) {
    const span = spans[quantity];
    assert.ok(span !== undefined, `${quantity} is not expected`);
    for (const one of Array.isArray(value) ? value : [value]) {
      const fits = Number.isSafeInteger(one) && one >= span[0] && one <= span[1];
      assert.ok(fits && !Object.is(one, -0), `${quantity} ${one} of ${encodeHex(reply)}`);
    }
  }
}

for (const [name, fuzzed] of Object.entries(PARSERS)) {
  test(`${name}: ${CASES} replies`, (t) => {
    const limit = Error.stackTraceLimit;
    Error.stackTraceLimit = 0;
    t.after(() => {
      Error.stackTraceLimit = limit;
    });
    const random = randomNumbers(0x12c);
    let read = 0;
    for (let i = 0; i < CASES; i++) {
      const reply = mutate(fuzzed, random);
      let values: Values;
      try {
        values = fuzzed.parse(reply) as Values;
      } catch (error) {
        const coded = isCoded(error) && CODES.includes(error.code);
        assert.ok(coded, `${String(error)} of ${encodeHex(reply)}`);
        continue;
      }
      judge(values, fuzzed.spans, reply);
      read++;
    }
    // Neither all refused nor all believed, or the cases would say nothing.
    assert.ok(read > CASES / 100 && read < CASES - CASES / 100, `${read} of ${CASES} were read`);
  });
}

test("every single-bit error of replies with checksums is a checksum error", () => {
  const random = randomNumbers(7);
  for (const { valid, seal, parse } of Object.values(PARSERS)) {
    if (seal === undefined) continue;
    for (let i = 0; i < 500; i++) {
      const reply = valid.map(() => random(256));
      seal(reply);
      for (let bit = 0; bit < 8 * reply.length; bit++) {
        const wrong = reply.slice();
        wrong[bit >> 3] = (wrong[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        throwsWith(() => parse(wrong), "sensor-crc");
      }
    }
  }
});
