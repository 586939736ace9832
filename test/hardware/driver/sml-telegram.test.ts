// Frames come from meter-telegrams.py, which has its own idea of SML, and one from a real meter.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import fc from "fast-check";
import { crc16Kermit, crc16X25 } from "../../../hardware/driver/crc16.ts";
import {
  decodeSmlStream,
  parseSmlFrame,
  type SmlFinding,
} from "../../../hardware/driver/sml-telegram.ts";
import { SmlFramer } from "../../../hardware/driver/sml-transport.ts";
import { concatBytes, decodeHex, encodeUtf8, equalBytes } from "../../../shared/base/bytes.ts";
import { isCoded } from "../../../shared/base/error.ts";
import {
  makeTelegrams,
  SML_METER,
  type SmlEntry,
  type SmlSpec,
} from "../../support/meter-telegrams.ts";
import { throwsWith } from "../../support/sensor-doubles.ts";
import { requireSystemPart } from "../../support/system-part.ts";

/** An EMH meter; the telegram is quoted in the tests of Apollon77/smartmeter-obis. */
const EMH = decodeHex(
  "1b1b1b1b01010101760700190b4cbead6200620072630101760101070019063f3f8f0b0901454d48000041f045010163662d00" +
    "760700190b4cbeae620062007263070177010b0901454d48000041f045070100620affff72620165063f2f3577" +
    "77078181c78203ff0101010104454d480177070100000009ff010101010b0901454d48000041f04501" +
    "77070100010800ff6400018201621e52ff560009247a550177070100010801ff0101621e52ff560009247a5501" +
    "77070100010802ff0101621e52ff5600000000000177070100100700ff0101621b52ff550000160301" +
    "77078181c78205ff0172620165063f2f3501018302e77ef33ea97bb6bba9bfa4fbd8b9f2ede51207b15acf6b98a237c21ca4982e" +
    "e3ce18efe8438f1deba9d5c40eb68ae8f201010163574a00" +
    "760700190b4cbeb16200620072630201710163d658000000001b1b1b1b1a03e566",
);

const READING = {
  energy: "register",
  register: 15_338_556,
  exported: 0,
  power: -563_500,
  voltage: [230_100, 230_200, 230_300],
  current: [1_060, 1_740, 910],
  frequency: 50_000,
  identity: "1ISK0070422414",
};

const with1 = (entry: SmlEntry, spec: SmlSpec = SML_METER): SmlSpec => ({
  ...spec,
  entries: [entry, ...spec.entries.filter(({ obis }) => obis !== entry.obis)],
});

/** One line of telegrams is made by one start of Python. */
const SPECS = {
  plain: SML_METER,
  other: with1({ obis: "0100010800ff", unit: 30, scaler: 0, value: 77, type: "uint8" }),
  kermit: { ...SML_METER, crc: "kermit", time: "bare" },
  untimed: { ...SML_METER, time: "none", signed: true },
  // Runs of 1B of every length, within values and at the end of the messages.
  escapes1: with1({ obis: "0100600100ff", octets: "1b1b1b1b" }),
  escapes2: with1({ obis: "0100600100ff", octets: "1b1b1b1b1b1b1b01010101" }),
  escapes3: with1({
    obis: "0100010800ff",
    unit: 30,
    scaler: -1,
    value: 0x1b1b1b1b,
    type: "uint32",
  }),
  escapes4: with1({ obis: "0100600100ff", octets: "001b1b1b1b1a001b1b1b1b1b" }),
  tariffs: {
    server: "06454d480107197c2456",
    entries: [
      { obis: "0100010801ff", unit: 30, scaler: -1, value: 15, type: "int40" },
      { obis: "0100010802ff", unit: 30, scaler: -4, value: 123456, type: "int40" },
      { obis: "0100010801fe", unit: 30, scaler: 0, value: 999, type: "uint16" },
    ],
  },
  noList: { ...SML_METER, listless: true },
  powerOnly: {
    ...SML_METER,
    entries: SML_METER.entries.filter(({ obis }) => !/^01000[12]08/.test(obis)),
  },
  negative: with1({ obis: "0100010800ff", unit: 30, scaler: 0, value: -1, type: "int8" }),
  tooMuch: with1({ obis: "0100010800ff", unit: 30, scaler: 18, value: 1, type: "uint8" }),
  text: with1({ obis: "0100010800ff", unit: 30, scaler: 0, octets: "313233" }),
  long: {
    ...SML_METER,
    entries: [
      ...SML_METER.entries,
      ...Array.from({ length: 20 }, (_, i) => ({
        obis: `0100${(96 + i).toString(16)}0100ff`,
        octets: "00".repeat(30),
      })),
    ],
  },
} as const satisfies Record<string, SmlSpec>;

const frames = {} as Record<keyof typeof SPECS, Uint8Array>;

/** For each frame its register, or the code of its error. */
const outline = (findings: readonly SmlFinding[]): unknown[] =>
  findings.map((finding) =>
    "error" in finding
      ? isCoded(finding.error)
        ? finding.error.code
        : finding.error
      : finding.reading?.register,
  );

describe("SML", () => {
  test("checksums of the catalogue", () => {
    assert.equal(crc16X25(encodeUtf8("123456789")), 0x906e);
    assert.equal(crc16Kermit(encodeUtf8("123456789")), 0x2189);
  });

  test("a real meter's telegram", () => {
    assert.equal(EMH.length, 332);
    assert.deepEqual(parseSmlFrame(EMH), {
      energy: "register",
      register: 15_338_556,
      power: 563_500,
      identity: "0901454d48000041f045",
      raw: EMH,
    });
  });

  test("every one-bit error of it is refused, and so is every lost byte", () => {
    for (let bit = 0; bit < EMH.length * 8; bit++) {
      const flipped = Uint8Array.from(EMH);
      flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
      throwsWith(() => parseSmlFrame(flipped), "sensor-crc");
      const found = decodeSmlStream(concatBytes(flipped, EMH));
      assert.equal(found.at(-1)?.frame.length, EMH.length, `bit ${bit}`);
      assert.deepEqual(
        outline(found).filter((value) => value !== "sensor-crc"),
        [15_338_556],
      );
    }
    for (let at = 0; at < EMH.length; at++) {
      const lost = concatBytes(EMH.subarray(0, at), EMH.subarray(at + 1), EMH);
      const good = outline(decodeSmlStream(lost)).filter((value) => value !== "sensor-crc");
      assert.deepEqual(good, [15_338_556], `byte ${at}`);
    }
  });
});

describe("SML of an independent generator", () => {
  const load = (t: Parameters<typeof requireSystemPart>[0]): boolean => {
    if (!requireSystemPart(t, "python3")) return false;
    if (frames.plain !== undefined) return true;
    const names = Object.keys(SPECS) as (keyof typeof SPECS)[];
    const made = makeTelegrams(names.map((name) => ({ sml: SPECS[name] })));
    for (const [i, name] of names.entries()) frames[name] = made[i] ?? assert.fail();
    return true;
  };

  test("all quantities of a two-way three-phase meter", (t) => {
    if (!load(t)) return;
    assert.deepEqual(parseSmlFrame(frames.plain), { ...READING, raw: frames.plain });
  });

  test("KERMIT checksums and times without choice (Holley), times left out, signatures, long lists", (t) => {
    if (!load(t)) return;
    for (const name of ["kermit", "untimed", "long"] as const) {
      assert.deepEqual(parseSmlFrame(frames[name]), { ...READING, raw: frames[name] }, name);
    }
  });

  test("a frame with one checksum and messages with the other is refused", (t) => {
    if (!load(t)) return;
    const { kermit } = frames;
    const mixed = Uint8Array.from(kermit);
    const crc = crc16X25(kermit, 0, kermit.length - 2);
    mixed[mixed.length - 2] = crc & 255;
    mixed[mixed.length - 1] = crc >> 8;
    throwsWith(() => parseSmlFrame(mixed), "sensor-crc");
  });

  test("escapes within values, next to each other and at the end", (t) => {
    if (!load(t)) return;
    for (const name of ["escapes1", "escapes2", "escapes4"] as const) {
      const found = decodeSmlStream(concatBytes(frames[name], frames[name]));
      assert.deepEqual(outline(found), [15_338_556, 15_338_556], name);
    }
    assert.deepEqual(outline(decodeSmlStream(frames.escapes3)), [Math.round(0x1b1b1b1b / 10)]);
  });

  test("tariffs are summed, each rounded for itself; other billing periods do not count", (t) => {
    if (!load(t)) return;
    const reading = parseSmlFrame(frames.tariffs);
    assert.equal(reading?.register, 2 + 12);
    assert.equal(reading?.identity, "06454d480107197c2456");
    assert.equal(reading?.power, undefined);
  });

  test("integers of 1 to 8 bytes, both signs, with every scaler, exact", (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const cases: { readonly entry: SmlEntry; readonly power: number }[] = [];
    for (let size = 8; size <= 64; size += 8) {
      const most = Math.min(2 ** (size - 1) - 1, Number.MAX_SAFE_INTEGER);
      for (const [type, value] of [
        [`int${size}`, -1],
        [`int${size}`, -most - 1],
        [`int${size}`, most],
        [`uint${size}`, most],
        [`uint${size}`, Math.min(2 ** size - 1, Number.MAX_SAFE_INTEGER)],
      ] as const) {
        // The smallest scaler that keeps the power below what a meter may show.
        const digits = String(Math.abs(value)).length;
        const scaler = Math.min(0, 9 - digits);
        const exact = BigInt(value) * 1000n;
        const divisor = 10n ** BigInt(-scaler);
        const size2 = exact < 0n ? -exact : exact;
        const rounded = (size2 + divisor / 2n) / divisor;
        cases.push({
          entry: { obis: "0100100700ff", unit: 27, scaler, value, type },
          power: Number(exact < 0n ? -rounded : rounded),
        });
      }
    }
    const made = makeTelegrams(cases.map(({ entry }) => ({ sml: with1(entry) })));
    for (const [i, { entry, power }] of cases.entries()) {
      assert.equal(parseSmlFrame(made[i] ?? assert.fail())?.power, power, JSON.stringify(entry));
    }
  });

  test("the encoding error of DZG meters: by serial number, and where no export is counted", (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const dzg = (number: number, exports: boolean, entry: Partial<SmlEntry>): SmlSpec => ({
      server: `0a01445a4700${number.toString(16).padStart(8, "0")}`,
      entries: [
        { obis: "0100010800ff", unit: 30, scaler: -1, value: 10, type: "uint32" },
        ...(exports
          ? [{ obis: "0100020800ff", unit: 30, scaler: -1, value: 20, type: "uint32" }]
          : []),
        {
          obis: "0100100700ff",
          unit: 27,
          scaler: -2,
          type: "int16",
          value: 0x8b28 - 0x10000,
          ...entry,
        },
      ],
    });
    const cases: readonly (readonly [SmlSpec, number])[] = [
      [dzg(42_082_910, true, {}), 356_240],
      [dzg(57_000_000, true, {}), 356_240],
      [dzg(50_071_463, false, { obis: "0100240700ff" }), 356_240],
      // Whole words are never shortened, so their sign is true.
      [dzg(42_082_910, true, { value: -126_061, type: "int32" }), -1_260_610],
      [dzg(42_082_910, true, { value: -1, type: "int24" }), 167_772_150],
      // Later meters, and earlier ones of other types, shorten right.
      [dzg(60_000_000, true, {}), -299_120],
      [dzg(60_000_000, false, {}), -299_120],
      [dzg(40_221_297, true, {}), -299_120],
      [dzg(42_082_910, true, { value: 100 }), 1_000],
    ];
    const made = makeTelegrams(cases.map(([sml]) => ({ sml })));
    for (const [i, [spec, power]] of cases.entries()) {
      assert.equal(parseSmlFrame(made[i] ?? assert.fail())?.power, power, JSON.stringify(spec));
    }
  });

  test("DZG registers that are written as signed integers are never negative", (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const spec = (server: string): SmlSpec => ({
      server,
      entries: [
        { obis: "0100010800ff", unit: 30, scaler: -1, value: -0x400000, type: "int24" },
        { obis: "0100020800ff", unit: 30, scaler: -1, value: 20, type: "uint32" },
      ],
    });
    const [dzg, other] = makeTelegrams([
      { sml: spec("0a01445a470002632316") },
      { sml: spec("0a0149534b0004328f8e") },
    ]);
    assert.equal(parseSmlFrame(dzg ?? assert.fail())?.register, Math.round(0xc00000 / 10));
    throwsWith(() => parseSmlFrame(other ?? assert.fail()), "sensor-range");
  });

  test("frames without a list have no reading; those without a register, or an impossible one, are refused", (t) => {
    if (!load(t)) return;
    assert.equal(parseSmlFrame(frames.noList), undefined);
    for (const name of ["powerOnly", "negative", "tooMuch", "text"] as const) {
      throwsWith(() => parseSmlFrame(frames[name]), "sensor-range");
    }
  });

  test("damage costs only the frame that it is in", (t) => {
    if (!load(t)) return;
    const { plain, other } = frames;
    const flipped = Uint8Array.from(plain, (byte, i) => (i === 100 ? byte ^ 4 : byte));
    const lost = concatBytes(plain.subarray(0, 100), plain.subarray(101));
    const noise = Uint8Array.of(0x1b, 0x1b, 0, 0x1b, 0x1b, 0x1b, 0x1b, 0x1a, 1, 1, 0x55);
    const stream = concatBytes(
      noise,
      plain.subarray(200), // The end of a frame whose start was before the recording.
      plain,
      noise,
      flipped,
      other,
      lost,
      plain,
      plain.subarray(0, 90), // Cut off,
      other,
      plain.subarray(0, -1), // without its last byte,
      other,
      plain.subarray(8), // without its start,
      other,
      new Uint8Array(9000).fill(0x1b),
      plain,
      plain.subarray(0, 50),
    );
    const [a, b] = [15_338_556, 77];
    const bad = "sensor-crc";
    assert.deepEqual(outline(decodeSmlStream(stream)), [
      a,
      bad,
      b,
      bad,
      a,
      bad,
      b,
      bad,
      b,
      b,
      a,
      bad,
    ]);
  });

  test("a start without an end costs no memory", (t) => {
    if (!load(t)) return;
    const framer = new SmlFramer();
    framer.push(frames.plain.subarray(0, 60));
    const chunk = new Uint8Array(1000).fill(0x42);
    const handed: Uint8Array[] = [];
    for (let i = 0; i < 50; i++) handed.push(...framer.push(chunk));
    assert.ok(handed.every(({ length }) => length <= 4096) && handed.length === 1);
    assert.ok(framer.push(frames.plain).some((frame) => equalBytes(frame, frames.plain)));
  });

  test("however a stream is cut, the frames are the same", (t) => {
    if (!load(t)) return;
    const { plain, escapes2, kermit } = frames;
    const piece = fc.oneof(
      fc.constantFrom(plain, escapes2, kermit, plain.subarray(0, 77), plain.subarray(-20)),
      fc.uint8Array({ maxLength: 9 }),
      fc.integer({ min: 1, max: 20 }).map((length) => new Uint8Array(length).fill(0x1b)),
    );
    fc.assert(
      fc.property(
        fc.array(piece, { maxLength: 5 }),
        fc.integer({ min: 1, max: 60 }),
        (pieces, size) => {
          const stream = concatBytes(...pieces);
          const framer = new SmlFramer();
          const cut: Uint8Array[] = [];
          for (let at = 0; at < stream.length; at += size) {
            cut.push(...framer.push(stream.subarray(at, at + size)));
          }
          assert.deepEqual(cut, new SmlFramer().push(stream));
        },
      ),
      { seed: 5, numRuns: 300 },
    );
  });
});
