/** Local rules of corrections and exchanges: one change, one code; and whose registers a correction repeats. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import {
  type CorrectedReading,
  type CorrectionContext,
  checkCorrection,
  registersToRepeat,
} from "../../../shared/day/check-correction.ts";
import type { CorrectionPlaintext } from "../../../shared/day/day-plaintext.ts";
import { checkExchange, type ExchangePlaintext } from "../../../shared/day/exchange-plaintext.ts";
import { padPlaintext, parsePlaintext } from "../../../shared/record/plaintext.ts";
import { leafOf } from "../../support/bill-case.ts";
import { codeOf } from "../../support/code-of.ts";
import type { DayVectors } from "../../support/day-vectors.ts";
import { readVectors } from "../../support/json-file.ts";

const METER = "352522395";
const vector = readVectors<DayVectors>("days.json").days.find(
  ({ name }) => name === "an ordinary day",
);
const day = parsePlaintext("day", vector?.plaintext ?? "");
const { pad: _, ...members } = day;
const correction = parsePlaintext(
  "correction",
  padPlaintext({ ...members, reason: "ct-ratio" } as never, day.wh.length),
);

function check(
  change: Partial<CorrectionPlaintext>,
  corrected: CorrectionContext["corrected"] = day,
): void {
  const changed = { ...correction, ...change };
  checkCorrection(changed, changed, { meter: METER, corrected });
}

describe("a correction", () => {
  const { wh, quality, register, out } = correction;

  it("has a day's members and its reason", () => {
    assert.equal(correction.reason, "ct-ratio");
    assert.equal(
      codeOf(() => parsePlaintext("correction", vector?.plaintext ?? "")),
      "schema",
    );
    const text = padPlaintext({ ...members, reason: "x" } as never, day.wh.length);
    assert.equal(
      codeOf(() => parsePlaintext("day", text)),
      "schema",
    );
  });

  it("may have other energy than its registers, and substituted slots", () => {
    check({});
    check({ wh: wh.with(3, 1 + (wh[3] ?? 0)), quality: quality.replace(/^./, "S") });
    checkCorrection(
      { from: day.from, to: day.to },
      { ...correction, register: [1, 0] },
      {
        meter: METER,
        corrected: undefined,
      },
    );
  });

  it("fills with registers of zero", () => {
    const none = out === undefined ? {} : { out: { ...out, register: [0, 0] as const } };
    check({ register: [0, 0], ...none }, "fill");
    assert.equal(
      codeOf(() => check({ register: [0, 1], ...none }, "fill")),
      "correction-register",
    );
    const given = { out: { wh, register: [0, 1] as const } };
    assert.equal(
      codeOf(() => check({ register: [0, 0], ...given }, "fill")),
      "correction-register",
    );
  });

  const exported = { wh, register: [3, 9] as const };
  const cases: [string, string, Partial<CorrectionPlaintext>, CorrectionContext["corrected"]?][] = [
    ["of another meter", "day-meter", { meter: "352522396" }],
    ["not of its local day", "day-calendar", { day: "2024-02-28" }],
    ["with a slot less", "day-slots", { wh: wh.slice(1) }],
    ["with an unknown letter", "day-quality", { quality: quality.replace(/^./, "X") }],
    ["with a gap that claims energy", "day-gap", { quality: quality.replaceAll(/./g, "G") }],
    ["beyond what a connection carries", "day-power", { wh: wh.with(0, 10 ** 9) }],
    ["with a mean outside of its range", "day-range", { humidity: [5, 6, 7] }],
    ["with an event of another day", "day-event", { events: [[1, "x"]] }],
    [
      "of another first register",
      "correction-register",
      { register: [register[0] + 1, register[1]] },
    ],
    [
      "of another last register",
      "correction-register",
      { register: [register[0], register[1] + 1] },
    ],
    ["with an export where there was none", "correction-register", { out: exported }, { register }],
    [
      "without the export that was there",
      "correction-register",
      {},
      { register, ...(out === undefined ? { out: exported } : {}) },
    ],
    [
      "of another register of export",
      "correction-register",
      { out: exported },
      { register, out: { register: [3, 10] } },
    ],
  ];
  for (const [name, code, change, corrected] of cases) {
    it(`${name}: ${code}`, () => {
      assert.equal(
        codeOf(() => check(change, corrected)),
        code,
      );
    });
  }
});

describe("the registers that a correction repeats", () => {
  const reading = (more: Partial<CorrectedReading>): CorrectedReading => ({
    typ: "correction",
    plaintext: { register: [0, 0] },
    isUsable: true,
    ...more,
  });
  const find = (all: Record<string, CorrectedReading>) => (leaf: string) =>
    registersToRepeat(leaf, (name) => all[name]);

  it("are those of the day at its root, if that one was read", () => {
    const known = { register: [1, 2] } as const;
    const all = find({
      day: reading({ typ: "day", plaintext: known, isUsable: false }),
      one: reading({ of: "day", plaintext: { register: [7, 8] } }),
    });
    assert.equal(all("day"), known);
    assert.equal(all("one"), known);
  });

  it("are zeros for what goes back to a fill", () => {
    const all = find({ fill: reading({ isUsable: false }), one: reading({ of: "fill" }) });
    assert.equal(all("fill"), "fill");
    assert.equal(all("one"), "fill");
  });

  it("are else those of the nearest correction that counts, or not known", () => {
    const own = { register: [3, 4] } as const;
    const all = find({
      day: reading({ typ: "day", plaintext: undefined, isUsable: false }),
      one: reading({ of: "day", plaintext: own }),
      two: reading({ of: "one", plaintext: { register: [5, 6] }, isUsable: false }),
    });
    assert.equal(all("day"), undefined);
    assert.equal(all("two"), own);
    assert.equal(all("else"), undefined);
  });
});

describe("an exchange", () => {
  const text = padPlaintext(
    {
      v: 1,
      meter: METER,
      salt: leafOf("salt"),
      final: 81_300,
      first: 12,
      unmetered: 40,
      reason: "calibration-due",
    },
    0,
  );
  const exchange: ExchangePlaintext = parsePlaintext("exchange", text);

  it("shows the registers of the devices' days, where they are known", () => {
    checkExchange(exchange, { final: 81_300, first: 12 });
    checkExchange(exchange, { final: undefined, first: undefined });
    for (const known of [
      { final: 81_301, first: 12 },
      { final: 81_300, first: 0 },
      { final: undefined, first: 13 },
    ]) {
      assert.equal(
        codeOf(() => checkExchange(exchange, known)),
        "exchange-register",
      );
    }
  });
});
