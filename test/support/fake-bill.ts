/** Test only: one month's bill by a flat tariff with a standing charge, as the portal shows it. */
import type { BillDetail, DayDetail } from "../../gateway/projection/read-model-types.ts";
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
  return {
    no: `352-${month}-${meter}`,
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
    state: "final",
    leaf: ZERO_HASH,
    lines: [
      line("energy", "Energy, all hours", wh, "wh", FLAT_NANO, energy),
      line("standing", "Standing charge", used.length, "day", STANDING_NANO, standing),
    ],
    slots,
    missing: used.filter((day) => day.quality.startsWith("GGGG")),
    used: used.map(({ leaf, wh: own, date, position = 0 }) => ({ leaf, wh: own, date, position })),
    tariffs: [{ id: "home-flat", version: 1, ...tariff }],
  };
}
