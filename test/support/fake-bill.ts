/** Test only: one month's bill by a flat tariff with a standing charge, as the portal shows it. */
import { statementSpan, statePeriod } from "../../gateway/projection/period-statement.ts";
import type {
  PeriodStatement,
  StatementQuery,
} from "../../gateway/projection/period-statement-types.ts";
import type {
  BillDetail,
  DayDetail,
  DayStatement,
} from "../../gateway/projection/read-model-types.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { roundPico } from "../../shared/money/amount.ts";
import { createFlatTariff } from "../../shared/money/tariff.ts";
import { ZERO_HASH } from "./fake-chain.ts";
import { countSlots, sum } from "./fake-household.ts";

const FLAT_NANO = 284_000_000;
const STANDING_NANO = 410_000_000;

/** Where the tariff was logged. */
export interface TariffPlace {
  readonly leaf: string;
  readonly position: number;
}

export function makeBill(
  meter: string,
  month: string,
  used: readonly DayDetail[],
  tariff: TariffPlace,
): BillDetail {
  const wh = sum(used.map((day) => day.wh));
  const energy = Math.round((wh * FLAT_NANO) / 1e10);
  const standing = Math.round((used.length * STANDING_NANO) / 1e7);
  const slots = countSlots(used.map((day) => day.quality).join(""));
  const toSeconds = used.at(-1)?.toSeconds ?? 0;
  const line = (
    code: string,
    label: string,
    qty: number,
    unit: string,
    nano: number,
    amountMinor: number,
  ) => ({ code, label, qty, unit, nano, amountMinor });
  const no = `352-${month}-${meter}`;
  return {
    no,
    meter,
    kind: "bill",
    zone: used[0]?.zone ?? "UTC",
    fromSeconds: used[0]?.fromSeconds ?? 0,
    toSeconds,
    month,
    currency: "EUR",
    minorDigits: 2,
    totalMinor: energy + standing,
    wh,
    issuedAtSeconds: toSeconds,
    complete: slots.gap === 0 && slots.missing === 0,
    credits: [],
    inForceMinor: energy + standing,
    inForceWh: wh,
    inForceComplete: slots.gap === 0 && slots.missing === 0,
    dueMinor: energy + standing,
    takenBack: 0,
    state: "final",
    leaf: ZERO_HASH,
    lines: [
      line("energy", "Energy, all hours", wh, "wh", FLAT_NANO, energy),
      line("standing", "Standing charge", used.length, "day", STANDING_NANO, standing),
    ],
    slots,
    missing: used
      .filter((day) => day.quality.startsWith("GGGG"))
      .map(({ fromSeconds, toSeconds }) => ({ fromSeconds, toSeconds })),
    used: listUsed(used),
    daily: makeStatements(used, { no }),
    tariffs: [{ id: "home-flat", version: 1, ...tariff }],
  };
}

export function listUsed(days: readonly DayDetail[]): BillDetail["used"] {
  return days.map(({ leaf, wh, date, position = 0 }) => ({ leaf, wh, date, position }));
}

/** What each usable day costs; provisional without a bill. */
export function makeStatements(
  days: readonly DayDetail[],
  bill?: { readonly no: string; readonly position?: number },
): DayStatement[] {
  const usable = days.filter((day) => day.unusable === undefined);
  return usable.map(({ meter, date, wh, position = 0 }) => {
    const pico = BigInt(wh) * BigInt(FLAT_NANO) + BigInt(STANDING_NANO) * 1_000n;
    return {
      meter,
      date,
      position,
      wh,
      currency: "EUR",
      minorDigits: 2,
      exactPico: pico.toString(),
      amountMinor: roundPico(pico, 2),
      provisional: bill === undefined,
      ...(bill && { billNo: bill.no }),
      ...(bill?.position !== undefined && { billPosition: bill.position }),
    };
  });
}

const FLAT = createFlatTariff({
  name: "Home",
  currency: "EUR",
  minor: 2,
  energyNano: FLAT_NANO,
  standing: { per: "day", nano: STANDING_NANO },
});

/** By the engine, of the village's days. */
export function makePeriodStatement(
  query: StatementQuery,
  days: readonly DayDetail[],
  bills: readonly BillDetail[],
): PeriodStatement {
  const zone = days[0]?.zone ?? "UTC";
  const { from, to } = statementSpan(zone, query);
  const usable = days.filter(
    ({ unusable, fromSeconds, toSeconds }) =>
      unusable === undefined && fromSeconds >= from && toSeconds <= to,
  );
  return statePeriod(nodeSuite, query, {
    zone,
    point: ZERO_HASH,
    days: usable.map(({ leaf, position = 0, fromSeconds, toSeconds, ...day }) => ({
      ...{ leaf, position, from: fromSeconds, to: toSeconds },
      ...{ step: day.stepSeconds, wh: day.slotWh, quality: day.quality },
    })),
    records: {
      assignments: [{ position: 2, tariff: "home-flat", from: 0 }],
      tariffs: [{ leaf: ZERO_HASH, position: 1, id: "home-flat", ver: 1, body: FLAT }],
    },
    tariffOf: () => ({ id: "home-flat", version: 1, position: 1 }),
    bills: bills
      .filter(({ fromSeconds, toSeconds }) => fromSeconds < to && toSeconds > from)
      .map(({ position = 0, ...bill }) => ({
        ...{ no: bill.no, position, fromSeconds: bill.fromSeconds, toSeconds: bill.toSeconds },
        ...{ currency: bill.currency, minorDigits: bill.minorDigits, totalMinor: bill.totalMinor },
        inForceMinor: bill.inForceMinor,
      })),
    sealedTo: days.at(-1)?.toSeconds ?? 0,
  });
}
