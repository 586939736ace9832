/**
 * A tariff under which the paper's figure 10 comes out: 0.01322 USD a kWh and 0.03 USD a day.
 *
 * The paper prints amounts but no price. Its five printed days of January 2024 average 20.62 kWh (figure 9), and its
 * twelve bills of 2024 sum to 110.76 USD, 0.30262 USD a day. With 0.03 USD of that as a standing charge, 0.27262 USD
 * for 20.62 kWh are left: 0.01322 USD a kWh. All of it as energy would be the 0.0147 USD a kWh often quoted.
 */
import { createFlatTariff } from "../../shared/money/tariff.ts";

/** Wh of the paper's average day. */
export const PAPER_DAY_WH = 20_620;
/** Sum of the paper's twelve bills, in cents. */
export const PAPER_YEAR_CENTS = 11_076;

export const PAPER_TARIFF = createFlatTariff({
  name: "After figure 10 of the paper",
  currency: "USD",
  minor: 2,
  energyNano: 13_220_000,
  standing: { per: "day", nano: 30_000_000 },
});
