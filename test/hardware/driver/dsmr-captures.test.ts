// Telegrams of real meters and of specifications, with the values that another project's parser is tested for.
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { crc16Arc } from "../../../hardware/driver/crc16.ts";
import type { Reading } from "../../../hardware/driver/driver.ts";
import { decodeDsmrStream } from "../../../hardware/driver/dsmr-telegram.ts";
import { concatBytes, decodeUtf8, encodeUtf8 } from "../../../shared/base/bytes.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { readCaptures } from "../../support/shared-serial.ts";

interface Phases {
  readonly l1?: number;
  readonly l2?: number;
  readonly l3?: number;
}

interface Expected {
  readonly dsmr: { readonly crc?: { readonly valid: boolean } };
  readonly electricity: {
    readonly total?: { readonly received: number; readonly returned: number };
    readonly tariffs?: Readonly<Record<string, { received: number; returned: number }>>;
    readonly powerReceivedTotal: number;
    readonly powerReturnedTotal: number;
    readonly voltage?: Phases;
    readonly current?: Phases;
  };
}

const inThousandths = (phases: Phases | undefined): number[] | undefined =>
  phases === undefined
    ? undefined
    : [phases.l1, phases.l2, phases.l3]
        .filter((value) => value !== undefined)
        .map((value) => Math.round(value * 1000));

/** The parts of a reading that the recording states. */
function expectedReading({ electricity }: Expected) {
  const { total, tariffs = {}, powerReceivedTotal, powerReturnedTotal } = electricity;
  const sum = (side: "received" | "returned"): number =>
    total?.[side] ?? Object.values(tariffs).reduce((all, tariff) => all + tariff[side], 0);
  return {
    register: sum("received"),
    exported: sum("returned"),
    power: (powerReceivedTotal - powerReturnedTotal) * 1000,
    voltage: inThousandths(electricity.voltage),
    current: inThousandths(electricity.current),
  };
}

const measured = ({ register, exported, power, voltage, current }: Reading) => ({
  register,
  exported,
  power,
  voltage,
  current,
});

/** The same telegram with a checksum that holds. */
function reseal(bytes: Uint8Array): Uint8Array {
  const text = decodeUtf8(bytes);
  const body = text.slice(0, text.lastIndexOf("!") + 1);
  const crc = crc16Arc(encodeUtf8(body)).toString(16).toUpperCase();
  return encodeUtf8(`${body}${crc.padStart(4, "0")}\r\n`);
}

describe("recorded P1 telegrams", () => {
  test("those with a right checksum or none decode to their values, those with a wrong one are refused", (t) => {
    const captures = readCaptures(t, "dsmr");
    if (captures === undefined) return;
    const counts = { right: 0, none: 0, wrong: 0 };
    for (const { name, bytes, expected } of captures as { expected: Expected }[] &
      typeof captures) {
      const [result, ...more] = decodeDsmrStream(bytes);
      assert.ok(result !== undefined && more.length === 0, name);
      const { crc } = (expected as Expected).dsmr;
      if (crc?.valid === false) {
        assert.ok("error" in result && isCoded(result.error, "sensor-crc"), name);
        counts.wrong++;
      } else {
        assert.ok("reading" in result, `${name}: ${"error" in result && result.error}`);
        assert.deepEqual(measured(result.reading), expectedReading(expected as Expected), name);
        counts[crc === undefined ? "none" : "right"]++;
      }
    }
    assert.ok(counts.right >= 3 && counts.none >= 5 && counts.wrong >= 12, JSON.stringify(counts));
  });

  test("those with a wrong checksum decode to their values once it is put right", (t) => {
    const captures = readCaptures(t, "dsmr");
    if (captures === undefined) return;
    for (const { name, bytes, expected } of captures) {
      if ((expected as Expected).dsmr.crc?.valid !== false) continue;
      const [result] = decodeDsmrStream(reseal(bytes));
      assert.ok(result !== undefined && "reading" in result, name);
      // That other parser does not know codes with a sixth part, which one of these has.
      const { current, ...wanted } = expectedReading(expected as Expected);
      const { current: read, ...found } = measured(result.reading);
      assert.deepEqual(found, wanted, name);
      if (current !== undefined) assert.deepEqual(read, current, name);
    }
  });

  test("all of them in one stream: each telegram counts for itself", (t) => {
    const captures = readCaptures(t, "dsmr");
    if (captures === undefined) return;
    const results = decodeDsmrStream(concatBytes(...captures.map(({ bytes }) => bytes)));
    const good = results.flatMap((result) => ("reading" in result ? [result.reading] : []));
    const wanted = captures.filter(
      ({ expected }) => (expected as Expected).dsmr.crc?.valid !== false,
    );
    assert.equal(results.length, captures.length);
    assert.deepEqual(
      good.map(measured),
      wanted.map(({ expected }) => expectedReading(expected as Expected)),
    );
  });
});
