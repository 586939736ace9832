/** Credits: totals add up to a fresh bill, each line checks by itself, each member is held to the log. */
import assert from "node:assert/strict";
import { describe, it } from "node:test";
import { isCoded } from "../../../shared/base/error.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { listEffective } from "../../../shared/day/effective-readings.ts";
import { exactPico, roundAmount, sumExactly } from "../../../shared/money/amount.ts";
import { type BillableDay, type BillInput, computeBill } from "../../../shared/money/bill.ts";
import type { BillPlaintext } from "../../../shared/money/bill-plaintext.ts";
import {
  type ComputedCredit,
  type CreditInput,
  computeCredit,
  listInForce,
  recomputeCredit,
} from "../../../shared/money/credit.ts";
import { decodeTariffBody, isPlainTariff } from "../../../shared/money/tariff.ts";
import { parsePlaintext } from "../../../shared/record/plaintext.ts";
import { listOffsets, monthBounds } from "../../../shared/time/civil-day.ts";
import { leafOf, METER, makeBillInput, tariffRecord } from "../../support/bill-case.ts";
import { codeOf } from "../../support/code-of.ts";
import { inputOf, makeIssued, makePlan } from "../../support/random-bill.ts";
import { type History, makeHistory, readingsBelow } from "../../support/random-credit.ts";
import { Dice } from "../../support/random-tariff.ts";

const BILL = leafOf("bill");

function daysAt(history: History, position: number): readonly BillableDay[] {
  return listEffective(readingsBelow(history, position)).map(({ day }) => day);
}

/** What a credit says, as it is sealed. */
function toPlaintext(credit: ComputedCredit): BillPlaintext {
  const { payload: _, isChange: __, ...members } = credit;
  return { v: 1, meter: METER, salt: leafOf("salt"), pad: "", ...members } as BillPlaintext;
}

/** The bill of this input and the readings that it had. */
function billOf(input: BillInput, days: readonly BillableDay[]): CreditInput["bill"] {
  const { payload, plaintext } = makeIssued({ ...input, days });
  return { leaf: BILL, payload, plaintext: parsePlaintext("bill", plaintext) };
}

const input = makeBillInput("Europe/Berlin", monthBounds("Europe/Berlin", "2024-03"), "credit");
const bill = billOf(input, input.days.slice(1));
const first = computeCredit(nodeSuite, { ...input, bill, earlier: [] });

describe("a credit", () => {
  it("takes back every line in force and sets the new ones", () => {
    const { lines, total, no, payload, isChange } = first;
    const fresh = computeBill(nodeSuite, input);
    assert.equal(isChange, true);
    assert.equal(no, `${METER}-2024-03-c1`);
    assert.deepEqual(payload, { bill: BILL, days: fresh.payload.days, n: fresh.payload.n });
    assert.deepEqual(
      lines.slice(0, bill.plaintext.lines.length).map(({ qty, amount }) => [qty, amount]),
      bill.plaintext.lines.map(({ qty, amount }) => [0 - qty, 0 - amount]),
    );
    assert.deepEqual(lines.slice(bill.plaintext.lines.length), fresh.lines);
    assert.equal(total, fresh.total - bill.plaintext.total);
    assert.deepEqual(first.missing, []);
  });

  it("has a number after each earlier one and takes back the newest lines only", () => {
    const earlier = [toPlaintext(first)];
    const second = computeCredit(nodeSuite, { ...input, days: input.days.slice(2), bill, earlier });
    assert.equal(second.no, `${METER}-2024-03-c2`);
    const totals = bill.plaintext.total + first.total + second.total;
    const fresh = computeBill(nodeSuite, { ...input, days: input.days.slice(2) });
    assert.equal(totals, fresh.total);
    assert.deepEqual(listInForce(bill.plaintext, [first, second]), fresh.lines);
  });

  it("says when it would say nothing", () => {
    const same = computeCredit(nodeSuite, {
      ...input,
      days: [...input.days.slice(1)].reverse(),
      bill,
      earlier: [],
    });
    assert.equal(same.isChange, false);
    assert.equal(same.total, 0);
    const again = computeCredit(nodeSuite, { ...input, bill, earlier: [toPlaintext(first)] });
    assert.equal(again.isChange, false);
    const back = { ...input, days: input.days.slice(1), bill, earlier: [toPlaintext(first)] };
    assert.equal(computeCredit(nodeSuite, back).isChange, true);
  });

  it("counts with the tariffs that it is given, which are those of the bill", () => {
    const dearer = tariffRecord("flat", 2, 2, { energyNano: 900_000_000 });
    const other = { ...input, tariffs: [...input.tariffs, dearer], bill, earlier: [] };
    assert.notEqual(computeCredit(nodeSuite, other).total, first.total);
    const none = { ...input, assignments: [], bill, earlier: [] };
    assert.equal(
      codeOf(() => computeCredit(nodeSuite, none)),
      "tariff-none",
    );
  });

  it("is held to the log member by member", () => {
    const plaintext = toPlaintext(first);
    const evidence = { ...input, bill, earlier: [] };
    const differences = (
      change: Partial<BillPlaintext>,
      payload: Partial<ComputedCredit["payload"]> = {},
    ) =>
      recomputeCredit(
        nodeSuite,
        { payload: { ...first.payload, ...payload }, plaintext: { ...plaintext, ...change } },
        evidence,
      );
    assert.deepEqual(differences({}), []);
    const [line, ...others] = plaintext.lines as [BillPlaintext["lines"][number]];
    const changes: Partial<BillPlaintext>[] = [
      { meter: "352522396" },
      { no: `${METER}-2024-03-c2` },
      { opening: leafOf("x") },
      { zone: "Europe/Paris" },
      { from: plaintext.from + 1 },
      { to: plaintext.to - 1 },
      { offsets: plaintext.offsets.slice(1) },
      { currency: "CHF" },
      { minor: 3 },
      { lines: others },
      { lines: [{ ...line, amount: line.amount + 1 }, ...others] },
      { lines: [...others, line] },
      { total: plaintext.total + 1 },
      { used: plaintext.used.slice(1) },
      { slots: { ...plaintext.slots, gap: 1 } },
      { missing: [[plaintext.from, plaintext.from + 1]] },
    ];
    for (const change of changes) {
      assert.deepEqual(differences(change), Object.keys(change), JSON.stringify(change));
    }
    assert.deepEqual(differences({}, { bill: leafOf("y") }), ["bill"]);
    assert.deepEqual(differences({}, { days: leafOf("y") }), ["days"]);
    assert.deepEqual(differences({}, { n: 30 }), ["n"]);
    const fewer = { ...evidence, days: input.days.slice(1) };
    const found = recomputeCredit(nodeSuite, { payload: first.payload, plaintext }, fewer);
    assert.deepEqual(found, ["lines", "total", "used", "slots", "missing", "days", "n"]);
  });

  it("adds up with its bill to a fresh bill, in 400 histories", () => {
    let credited = 0;
    let negative = 0;
    for (let seed = 0; seed < 400; seed++) {
      const dice = new Dice(7_000 + seed);
      const plan = inputOf(makePlan(dice, `h${seed}`));
      const history = makeHistory(dice, plan);
      try {
        const issued = billOf(plan, daysAt(history, history.bill));
        const earlier: BillPlaintext[] = [];
        for (const position of history.credits) {
          const days = daysAt(history, position);
          const evidence = { ...plan, days, bill: issued, earlier: [...earlier] };
          const credit = computeCredit(nodeSuite, evidence);
          const fresh = computeBill(nodeSuite, { ...plan, days });
          const totals = [issued.plaintext, ...earlier, credit].map(({ total }) => total);
          assert.equal(sumExactly(totals), fresh.total);
          assert.equal(credit.total, sumExactly(credit.lines.map(({ amount }) => amount)));
          for (const line of credit.lines) {
            if (line.unit !== "wh-mean") assert.equal(roundAmount(line, credit.minor), line.amount);
          }
          const shuffled = [...days].sort((a, b) => (a.leaf < b.leaf ? -1 : 1));
          assert.deepEqual(computeCredit(nodeSuite, { ...evidence, days: shuffled }), credit);
          const sealed = toPlaintext(credit);
          const { payload } = credit;
          const asSealed = { payload, plaintext: sealed };
          assert.deepEqual(recomputeCredit(nodeSuite, asSealed, evidence), []);
          earlier.push(sealed);
          credited += 1;
          if (credit.total < 0) negative += 1;
        }
      } catch (error) {
        // A history may need a price that this plan has not.
        if (!isCoded(error, "price-none") && !isCoded(error, "tariff-none")) throw error;
      }
    }
    assert.ok(credited > 400 && negative > 100, `${credited} credits, ${negative} negative`);
  });

  it("in two parts has, unrounded, the lines of the whole under plain tariffs, in 200 histories", () => {
    for (let seed = 0; seed < 200; seed++) {
      const dice = new Dice(11_000 + seed);
      const made = inputOf(makePlan(dice, `p${seed}`));
      if (made.days.length < 2) continue;
      const plan = { ...made, tariffs: [plainTariff(dice)], assignments: ASSIGNED, prices: [] };
      const history = makeHistory(dice, plan);
      const at = dice.pick(plan.days.slice(1)).from;
      const credited = (from: number, to: number): Record<string, bigint> => {
        const part = { ...plan, from, to, offsets: listOffsets(plan.zone, from, to) };
        const issued = billOf(part, daysAt(history, history.bill));
        const earlier: BillPlaintext[] = [];
        for (const position of history.credits) {
          const evidence = { ...part, days: daysAt(history, position), bill: issued, earlier };
          const credit = computeCredit(nodeSuite, evidence);
          if (credit.isChange) earlier.push(toPlaintext(credit));
        }
        return exactByCode(listInForce(issued.plaintext, earlier));
      };
      const whole = credited(plan.from, plan.to);
      const [first, second] = [credited(plan.from, at), credited(at, plan.to)];
      for (const [code, sum] of Object.entries(whole)) {
        assert.equal((first[code] ?? 0n) + (second[code] ?? 0n), sum, `${seed} ${code}`);
      }
    }
  });

  it("is the same in whatever order readings of different times arrived, in 400 histories", () => {
    for (let seed = 0; seed < 400; seed++) {
      const dice = new Dice(12_000 + seed);
      const plan = inputOf(makePlan(dice, `o${seed}`));
      const history = makeHistory(dice, plan);
      const now = readingsBelow(history, Number.MAX_SAFE_INTEGER);
      // Within one day the order of the log is the rule; between days it must not matter.
      const groups = [...new Set(now.map(({ from }) => from))].map((from) =>
        now.filter((reading) => reading.from === from),
      );
      const mixed: (typeof now)[number][] = [];
      for (let position = 0; groups.some((group) => group.length > 0); ) {
        const next = dice.pick(groups).shift();
        if (next !== undefined) mixed.push({ ...next, position: position++ });
      }
      const days = (readings: typeof now) => listEffective(readings).map(({ day }) => day);
      assert.deepEqual(days(mixed), days(now), `${seed}`);
    }
  });
});

const ASSIGNED: BillInput["assignments"] = [{ position: 3, tariff: "plain", from: 0 }];

/** Hours of two prices, a price for what was recovered, export, days and months. */
function plainTariff(dice: Dice): BillInput["tariffs"][number] {
  const bands = [
    { code: "day", label: "by day", when: [{ hours: [[360, 1_200]] }], nano: dice.rate() },
    { code: "night", label: "by night", nano: dice.rate() },
  ];
  const charges = [
    { kind: "energy", code: "energy", label: "Energy", bands, recovered: dice.rate() },
    { kind: "export", code: "export", label: "Export", nano: dice.rate() },
    { kind: "standing", code: "days", label: "Days", nano: dice.rate(), per: "day" },
    { kind: "standing", code: "months", label: "Months", nano: dice.rate(), per: "month" },
  ];
  const body = decodeTariffBody({ v: 1, name: "P", currency: "EUR", minor: 2, charges } as never);
  assert.ok(isPlainTariff(body));
  return { leaf: leafOf("plain"), position: 2, id: "plain", ver: 1, body: body as never };
}

/** Unrounded, by code. */
function exactByCode(lines: readonly BillPlaintext["lines"][number][]): Record<string, bigint> {
  const sums: Record<string, bigint> = {};
  for (const { code, qty, unit, nano } of lines) {
    assert.ok(unit !== "tax");
    sums[code] = (sums[code] ?? 0n) + exactPico({ qty, unit, nano });
  }
  return sums;
}
