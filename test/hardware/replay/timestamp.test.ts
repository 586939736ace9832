import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { createLocalClock } from "../../../hardware/replay/local-time.ts";
import { createTimestampReader } from "../../../hardware/replay/timestamp.ts";
import { throwsWith } from "../../support/sensor-doubles.ts";

const naive = (iso: string): number => Date.parse(`${iso}Z`) / 1000;
const NEVER = Number.NEGATIVE_INFINITY;

describe("time columns", () => {
  test("ISO 8601: naive, with Z, with an offset, date only", () => {
    const read = createTimestampReader("iso");
    const seconds = naive("2007-01-01T00:05:00");
    for (const text of ["2007-01-01T00:05", "2007-01-01 00:05:00", "2007-01-01T00:05:00.000"]) {
      assert.deepEqual(read(text), { kind: "naive", seconds });
    }
    assert.deepEqual(read("2007-01-01T00:05:00Z"), { kind: "instant", seconds });
    assert.deepEqual(read("2007-01-01T01:05:00+01:00"), { kind: "instant", seconds });
    assert.deepEqual(read("2006-12-31T18:35-0530"), { kind: "instant", seconds });
    assert.deepEqual(read("2007-01-01"), { kind: "naive", seconds: seconds - 300 });
  });

  test("unix seconds and milliseconds", () => {
    const expected = { kind: "instant", seconds: 1_704_063_600 };
    assert.deepEqual(createTimestampReader("unix")("1704063600"), expected);
    assert.equal(createTimestampReader("unix")("1704063600000"), undefined);
    const read = createTimestampReader("unix-ms");
    assert.deepEqual(read("1704063600000"), expected);
    assert.equal(read("1704063600001"), undefined);
  });

  test("patterns of other countries", () => {
    const french = createTimestampReader("DD/MM/YYYY hh:mm:ss");
    const seconds = naive("2006-12-16T17:24:00");
    assert.deepEqual(french("16/12/2006 17:24:00"), { kind: "naive", seconds });
    const german = createTimestampReader("DD.MM.YYYY hh:mm");
    assert.deepEqual(german("16.12.2006 17:24"), { kind: "naive", seconds });
    assert.equal(german("16-12-2006 17:24"), undefined);
    throwsWith(() => createTimestampReader("hh:mm:ss"), "schema");
  });

  test("dates and times that no calendar has", () => {
    const read = createTimestampReader("iso");
    for (const text of [
      "2007-02-29",
      "2007-13-01",
      "2007-01-01T24:00",
      "2007-01-01T00:60",
      "2007-01-01T00:05 Europe",
      "01/01/2007",
      "1970-12-31",
      "0050-01-01",
      "9999-01-01T00:00Z",
      "",
    ]) {
      assert.equal(read(text), undefined, text);
    }
  });
});

describe("clocks of recordings", () => {
  test("a fixed offset knows every naive time once", () => {
    for (const [zone, hours] of [
      ["+01:00", 1],
      ["-0330", -3.5],
      ["UTC", 0],
    ] as const) {
      const clock = createLocalClock(zone);
      const time = naive("2007-03-25T02:00:00");
      assert.equal(clock.instantOf(time, NEVER), time - hours * 3600);
    }
  });

  test("Berlin's clock skips an hour in spring", () => {
    const clock = createLocalClock("Europe/Berlin");
    assert.equal(clock.instantOf(naive("2024-03-31T02:30:00"), NEVER), undefined);
    assert.equal(
      clock.instantOf(naive("2024-03-31T03:00:00"), NEVER),
      naive("2024-03-31T01:00:00"),
    );
    assert.deepEqual(clock.dayOf(naive("2024-03-31T12:00:00")), {
      from: naive("2024-03-30T23:00:00"),
      to: naive("2024-03-31T22:00:00"),
    });
  });

  test("and repeats one in autumn: the first reading, then the second", () => {
    const clock = createLocalClock("Europe/Berlin");
    const time = naive("2024-10-27T02:30:00");
    const first = naive("2024-10-27T00:30:00");
    assert.equal(clock.instantOf(time, NEVER), first);
    assert.equal(clock.instantOf(time, first - 60), first);
    assert.equal(clock.instantOf(time, first), first + 3600);
  });

  test("a day that a zone skipped is no day", () => {
    const clock = createLocalClock("Pacific/Apia");
    assert.equal(clock.dayOf(naive("2011-12-30T00:00:00")), undefined);
    assert.equal(clock.instantOf(naive("2011-12-30T12:00:00"), NEVER), undefined);
    assert.notEqual(clock.dayOf(naive("2011-12-31T00:00:00")), undefined);
  });

  test("unknown zones are refused", () => {
    throwsWith(() => createLocalClock("Europe/Sceaux"), "zone");
    throwsWith(() => createLocalClock("+1"), "zone");
  });
});
