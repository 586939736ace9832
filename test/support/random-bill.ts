/**
 * What a bill follows from, by dice: a few days in a zone about to change its clocks, tariffs of all kinds that take turns,
 * price records. in: dice, a name → out: plain data for a bill's input or for a ledger.
 */

import { encodeBase64url } from "../../shared/base/bytes.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { type BillInput, computeBill } from "../../shared/money/bill.ts";
import { decodeTariffBody, type TariffBody } from "../../shared/money/tariff.ts";
import { computePoint } from "../../shared/record/meter-id.ts";
import { padPlaintext } from "../../shared/record/plaintext.ts";
import { dayBounds, listOffsets, nextLocalDay } from "../../shared/time/civil-day.ts";
import { leafOf, METER, SALT } from "./bill-case.ts";
import { type Dice, makeBody, makeSlots } from "./random-tariff.ts";

/** Zones and dates near a clock change, the end of a month or a year. */
const PLACES: readonly (readonly [zone: string, dates: readonly string[]])[] = [
  ["Europe/Berlin", ["2024-02-28", "2024-03-29", "2024-10-26", "2024-12-30"]],
  ["America/New_York", ["2024-03-09", "2024-11-01"]],
  ["America/Santiago", ["2024-04-05", "2024-09-06"]],
  ["Australia/Lord_Howe", ["2024-04-05", "2024-10-04"]],
  ["Asia/Kathmandu", ["2023-12-30", "2024-06-29"]],
];
const STEPS = [3600, 3600, 1800, 900, 900, 600, 300, 60];

export interface PlannedDay {
  readonly from: number;
  readonly to: number;
  readonly step: number;
  readonly wh: readonly number[];
  readonly exported?: readonly number[];
  readonly quality: string;
  /** The day's plaintext does not open. */
  readonly lost: boolean;
}

export interface BillPlan {
  readonly zone: string;
  readonly from: number;
  readonly to: number;
  readonly days: readonly PlannedDay[];
  /** In log order. */
  readonly tariffs: readonly {
    readonly id: string;
    readonly ver: number;
    readonly body: TariffBody;
  }[];
  readonly assignments: readonly {
    readonly tariff: string;
    readonly from: number;
    readonly to?: number;
  }[];
  readonly prices: readonly {
    readonly id: string;
    readonly from: number;
    readonly step: number;
    readonly nano: readonly number[];
  }[];
}

/** @param name ids of the plan's tariffs and series begin with it */
export function makePlan(dice: Dice, name: string): BillPlan {
  const [zone, dates] = dice.pick(PLACES);
  const days = makePlannedDays(dice, zone, dice.pick(dates), 2 + dice.roll(3));
  const from = days[0]?.from ?? 0;
  const to = days.at(-1)?.to ?? 0;
  const within = (): number => from + dice.roll(to - from);
  const series = `${name}-spot`;
  const minor = dice.roll(5);
  const tariff = (id: string, ver: number, more: object = {}) => {
    const body = { ...makeCharges(dice, series), currency: "EUR", minor, ...more };
    return { id: `${name}-${id}`, ver, body: decodeTariffBody(body as never) };
  };
  const tariffs = [tariff("a", 1, dice.roll(2) === 0 ? { zone } : {})];
  if (dice.roll(2) === 0) tariffs.push(tariff("b", 1));
  if (dice.roll(3) === 0) tariffs.push(tariff("a", 2, { from: within() }));
  if (dice.roll(4) === 0) {
    const ver = 1 + tariffs.filter(({ id }) => id === `${name}-a`).length;
    tariffs.push(tariff("a", ver, { to: within() }));
  }
  const assignments: { tariff: string; from: number; to?: number }[] = [
    { tariff: `${name}-a`, from: from - dice.roll(2) * 1000 },
  ];
  if (tariffs.some(({ id }) => id === `${name}-b`)) {
    const start = within();
    const end = dice.roll(2) === 0 ? { to: start + 1 + dice.roll(40 * 3600) } : {};
    assignments.push({ tariff: `${name}-b`, from: start, ...end });
  }
  const prices = makePrices(dice, series, from, to);
  return { zone, from, to, days, tariffs, assignments, prices };
}

function makePlannedDays(dice: Dice, zone: string, first: string, count: number): PlannedDay[] {
  const days: PlannedDay[] = [];
  const exports = dice.roll(3) > 0;
  for (let date = first; days.length < count; date = nextLocalDay(zone, date)) {
    const bounds = dayBounds(zone, date);
    if (bounds === undefined) throw new Error(`${date} does not occur in ${zone}`);
    const { from, to } = bounds;
    const fit = STEPS.filter((step) => from % step === 0 && to % step === 0);
    const step = dice.roll(12) === 0 ? 0 : dice.pick(fit);
    const slots = makeSlots(dice, from, to, step === 0 ? to - from : step, dice.pick(["M", "G"]));
    const exported = exports && dice.roll(5) > 0 ? slots.map((slot) => slot.exported) : undefined;
    days.push({
      from,
      to,
      step,
      wh: slots.map(({ wh }) => wh),
      quality: slots.map(({ letter }) => letter).join(""),
      lost: dice.roll(8) === 0,
      ...(exported && { exported }),
    });
  }
  return days;
}

/** Up to three charges by energy, so that there are bands beside series beside steps. */
function makeCharges(dice: Dice, series: string): TariffBody {
  const body = makeBody(dice, series);
  const more = [makeBody(dice, series), makeBody(dice, series)].slice(0, dice.roll(3));
  const charges = more.flatMap(({ charges: others }, i) => {
    const text = JSON.stringify(others.slice(0, 1 + dice.roll(others.length)));
    const renamed = text.replaceAll(/"code":"/g, `"code":"m${i}-`);
    return JSON.parse(renamed.replaceAll(/"on":\["/g, `"on":["m${i}-`)) as TariffBody["charges"];
  });
  return { ...body, charges: [...charges, ...body.charges] };
}

function makePrices(
  dice: Dice,
  id: string,
  from: number,
  to: number,
): BillPlan["prices"][number][] {
  const prices: BillPlan["prices"][number][] = [];
  const step = dice.pick([900, 1800, 3600]);
  const range = dice.pick([3, 100_000_000]);
  for (let at = from; at < to; ) {
    const nano = Array.from({ length: 1 + dice.roll(60) }, () => dice.roll(range) - 20_000);
    // now and then a hole
    const hole = dice.roll(60) === 0 ? step : 0;
    prices.push({ id, from: at + hole, step, nano });
    at += hole + step * nano.length;
  }
  return prices;
}

/** A plan as the input of a bill: what the log would have held. */
export function inputOf(plan: BillPlan, from = plan.from, to = plan.to): BillInput {
  const { zone } = plan;
  const opened = plan.days.filter(({ lost }) => !lost);
  return {
    point: computePoint(nodeSuite, METER, SALT),
    zone,
    from,
    to,
    offsets: listOffsets(zone, from, to),
    days: opened.map(({ lost: _, ...day }) => ({ leaf: leafOf(`day ${day.from}`), ...day })),
    tariffs: plan.tariffs.map(({ id, ver, body }, i) => {
      return { leaf: leafOf(`tariff ${i}`), position: 1 + i, id, ver, body: body as never };
    }),
    prices: plan.prices.map((price, i) => {
      return { leaf: leafOf(`price ${i}`), position: 100 + i, ...price };
    }),
    assignments: plan.assignments.map((one, i) => ({ position: 1000 + i, ...one })),
  };
}

/** A bill's payload and padded plaintext, as an issuer makes them. Throws what computeBill throws. */
export function makeIssued(input: BillInput) {
  const { zone, offsets } = input;
  const { payload, slots, ...computed } = computeBill(nodeSuite, input);
  const plaintext = padPlaintext(
    {
      v: 1,
      meter: METER,
      salt: leafOf("salt"),
      no: `${METER}-2024-03`,
      opening: encodeBase64url(SALT),
      zone,
      from: input.from,
      to: input.to,
      offsets,
      slots: { ...slots },
      ...computed,
    },
    0,
  );
  return { payload, plaintext };
}
