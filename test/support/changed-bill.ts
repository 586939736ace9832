/** A bill with one change that it does not follow with any more. in: dice, the plaintext → out: what was changed, and the plaintext. */
import type { JsonObject } from "../../shared/base/canonical-json.ts";
import type { BillLine, BillPlaintext } from "../../shared/money/bill-plaintext.ts";
import { padPlaintext } from "../../shared/record/plaintext.ts";
import type { Dice } from "./random-tariff.ts";

type Change = (plain: BillPlaintext, dice: Dice) => Partial<BillPlaintext>;

const UNITS = ["wh", "wh-mean", "w", "day", "month", "each", "tax"] as const;

function inLine(change: (line: BillLine, dice: Dice) => Partial<BillLine>): Change {
  return ({ lines }, dice) => {
    const at = dice.roll(lines.length);
    return {
      lines: lines.map((line, i) => (i === at ? { ...line, ...change(line, dice) } : line)),
    };
  };
}

const sign = (dice: Dice): number => dice.pick([-1, 1]);

/** By name. Each changes the plaintext, whatever the dice say. */
export const CHANGES: { readonly [name: string]: Change } = {
  amount: inLine(({ amount }, dice) => ({ amount: amount + sign(dice) })),
  qty: inLine(({ qty }, dice) => ({ qty: qty + sign(dice) })),
  nano: inLine(({ nano }, dice) => ({ nano: nano + sign(dice) })),
  label: inLine(({ label }) => ({ label: `${label} ` })),
  code: inLine(({ code }) => ({ code: `${code.slice(0, 31)}x` })),
  unit: inLine(({ unit }, dice) => ({ unit: dice.pick(UNITS.filter((one) => one !== unit)) })),
  "line left out": ({ lines }, dice) => {
    const at = dice.roll(lines.length);
    return { lines: lines.filter((_, i) => i !== at) };
  },
  "line twice": ({ lines }, dice) => {
    const at = dice.roll(lines.length);
    return { lines: [...lines.slice(0, at), lines[at] as BillLine, ...lines.slice(at)] };
  },
  total: ({ total }, dice) => ({ total: total + sign(dice) }),
  "amount and total": ({ lines, total }, dice) => {
    const by = sign(dice);
    const [first, ...rest] = lines as [BillLine, ...BillLine[]];
    return { lines: [{ ...first, amount: first.amount + by }, ...rest], total: total + by };
  },
  slots: ({ slots }) => ({ slots: { ...slots, total: slots.total + 1 } }),
  missing: ({ from, to }) => ({
    missing: [
      [from, to],
      [to, to],
    ],
  }),
  minor: ({ minor }) => ({ minor: (minor + 1) % 5 }),
  currency: () => ({ currency: "USD" }),
  offset: ({ offsets: [[at, offset] = [0, 0], ...rest] }) => ({
    offsets: [[at, offset + 60], ...rest],
  }),
};

/** The plaintext with a change, padded anew. */
export function changeBill(text: string, change: Change, dice: Dice): string {
  const plain = JSON.parse(text) as BillPlaintext & JsonObject;
  return padPlaintext({ ...plain, ...(change(plain, dice) as JsonObject) }, 0);
}
