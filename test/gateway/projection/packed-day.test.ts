// A packed day gives back all that a reader is shown, whatever the day.
import assert from "node:assert/strict";
import { test } from "node:test";
import fc from "fast-check";
import { packDay, readDayHead, unpackDay } from "../../../gateway/projection/packed-day.ts";
import { encodeBase64url } from "../../../shared/base/bytes.ts";
import type { DayPlaintext } from "../../../shared/day/day-plaintext.ts";

const natural = fc.integer({ min: 0, max: 2 ** 50 });
const signed = fc.integer({ min: -(2 ** 40), max: 2 ** 40 });
const triple = (value: fc.Arbitrary<number>) => fc.tuple(value, value, value);
const phases = fc.array(triple(natural), { minLength: 1, maxLength: 3 });
const hash = fc.uint8Array({ minLength: 32, maxLength: 32 }).map((bytes) => encodeBase64url(bytes));
const code = fc.stringMatching(/^[a-z0-9-]{1,32}$/);
const text = fc.string({ minLength: 1, maxLength: 40, unit: "grapheme" });
const options = { nil: undefined };

/** A day that fits itself: registers follow from the slots. */
const days: fc.Arbitrary<DayPlaintext> = fc
  .record({
    slots: fc.array(
      fc.tuple(fc.integer({ min: 0, max: 100_000 }), fc.constantFrom(..."MIEmieRSG")),
      { minLength: 1, maxLength: 100 },
    ),
    step: fc.constantFrom(0 as const, 60 as const, 900 as const, 3600 as const),
    from: fc.integer({ min: 0, max: 2 ** 40 }),
    first: natural,
    exportFirst: fc.option(natural, options),
    location: fc.option(fc.tuple(signed, signed), options),
    current: fc.option(phases, options),
    voltage: fc.option(phases, options),
    temperature: fc.option(triple(signed), options),
    humidity: fc.option(triple(natural), options),
    cal: fc.option(hash, options),
    fw: hash,
    events: fc.array(
      fc.oneof(
        fc.tuple(fc.integer({ min: 0, max: 3600 }), code),
        fc.tuple(fc.integer({ min: 0, max: 3600 }), code, text),
      ),
      { maxLength: 4 },
    ),
  })
  .map((raw) => {
    const slots = raw.step === 0 ? raw.slots.slice(0, 1) : raw.slots;
    const wh = slots.map(([energy]) => energy);
    const sum = wh.reduce((total, energy) => total + energy, 0);
    const { exportFirst, location, current, voltage, temperature, humidity, cal } = raw;
    return {
      v: 1,
      meter: "352522395",
      salt: raw.fw,
      pad: "",
      day: "2024-02-29",
      zone: "Europe/Berlin",
      tz: "2024a",
      from: raw.from,
      to: raw.from + (raw.step === 0 ? 86_400 : slots.length * raw.step),
      step: raw.step,
      wh,
      quality: slots.map(([, letter]) => letter).join(""),
      register: [raw.first, raw.first + sum],
      events: raw.events.map(([at, ...rest]) => [raw.from + at, ...rest] as const),
      clock: [],
      fw: raw.fw,
      ...(exportFirst === undefined
        ? {}
        : { out: { wh, register: [exportFirst, exportFirst + sum] as const } }),
      ...(location === undefined ? {} : { location }),
      ...(current === undefined ? {} : { current }),
      ...(voltage === undefined ? {} : { voltage }),
      ...(temperature === undefined ? {} : { temperature }),
      ...(humidity === undefined ? {} : { humidity }),
      ...(cal === undefined ? {} : { cal }),
    } as DayPlaintext;
  });

test("what was packed is unpacked", () => {
  fc.assert(
    fc.property(days, (day) => {
      const back = unpackDay(packDay(day));
      assert.equal(back.date, 20_240_229);
      for (const name of ["from", "to", "step", "quality", "zone", "tz", "fw"] as const) {
        assert.equal(back[name], day[name], name);
      }
      for (const name of [
        "register",
        "current",
        "voltage",
        "temperature",
        "humidity",
        "location",
        "cal",
        "events",
      ] as const) {
        assert.deepEqual(back[name], day[name], name);
      }
      assert.deepEqual(back.slotWh, day.wh);
      assert.deepEqual(back.slotExportWh, day.out?.wh);
      assert.deepEqual(back.out?.register, day.out?.register);
    }),
    { seed: 5, numRuns: 200 },
  );
});

test("the head alone gives sums and counts of slots", () => {
  fc.assert(
    fc.property(days, (day) => {
      const head = readDayHead(packDay(day));
      assert.equal(head.wh, day.register[1] - day.register[0]);
      const count = (letters: string): number =>
        [...day.quality].filter((letter) => letters.includes(letter)).length;
      assert.deepEqual(head.counts, {
        measured: count("MIE"),
        partial: count("mie"),
        recovered: count("R"),
        substituted: count("S"),
        gap: count("G"),
      });
    }),
    { seed: 6, numRuns: 100 },
  );
});

test("bytes that end early or are of another version are refused", () => {
  const [day] = fc.sample(days, { seed: 7, numRuns: 1 });
  assert.ok(day);
  const packed = packDay(day);
  assert.throws(() => unpackDay(packed.subarray(0, packed.length - 1)), RangeError);
  assert.throws(() => readDayHead(Uint8Array.of(9, 0, 0)), RangeError);
});
