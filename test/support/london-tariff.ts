/**
 * The dynamic tariff of the Low Carbon London trial of 2013, from the data beside the project: three prices by half-hour. in: the published runs of
 * bands → out: a price file as an operator would publish it, and by-hand look-ups that share no code with the tariff engine.
 */
import { readFileSync } from "node:fs";
import { sharedDataPath } from "./project-root.ts";
import { readSharedCsv } from "./shared-csv.ts";

export const LONDON = "Europe/London";
/** Files that a test of this tariff needs. */
export const LONDON_FILES = ["lcl_2013_prices.json", "lcl_dtou_2013_runs.csv"] as const;
const HALF_HOUR_MS = 1_800_000;

/** The tariff as a file; its prices are the series `lcl`. */
export const LONDON_TARIFF = {
  id: "lcl",
  name: "Low Carbon London, dynamic",
  currency: "GBP",
  charges: [{ kind: "energy", code: "energy", label: "Energy", series: "lcl" }],
};

interface Run {
  readonly from: string;
  readonly to: string;
  /** Hundredths of a penny per kWh. */
  readonly centipence: number;
}

export class LondonPrices {
  readonly #runs: readonly Run[];
  /** By band, in pence as printed. */
  readonly pence: Readonly<Record<string, string>>;
  /** The trial's other tariff, in pence as printed. */
  readonly flat: string;

  constructor() {
    const text = readFileSync(sharedDataPath("tariffs", "lcl_2013_prices.json"), "utf8");
    const { dtou, non_tou_flat } = JSON.parse(text);
    this.pence = dtou;
    this.flat = non_tou_flat;
    this.#runs = readSharedCsv("tariffs", "lcl_dtou_2013_runs.csv").map((row) => ({
      from: row["from"] ?? "",
      to: row["to_exclusive"] ?? "",
      centipence: Math.round(Number(dtou[row["band"] ?? ""]) * 100),
    }));
  }

  /** By hand: the price of the half-hour that holds "2013-01-04T14:10", the file's own clock, which is UTC here. */
  at(time: string): number {
    const run = this.#runs.find(({ from, to }) => from <= time && time < to);
    if (run === undefined) throw new Error(`no price at ${time}`);
    return run.centipence;
  }

  /** The price file of a span of months of UTC: "2013-02" to "2013-03", the second not included. */
  file(fromMonth: string, toMonth: string): string {
    const lines = ["instant,price_gbp_per_kwh"];
    const end = Date.parse(`${toMonth}-01T00:00Z`);
    for (let at = Date.parse(`${fromMonth}-01T00:00Z`); at < end; at += HALF_HOUR_MS) {
      const time = new Date(at).toISOString().slice(0, 16);
      lines.push(`${time}Z,${(this.at(time) / 10_000).toFixed(4)}`);
    }
    return `${lines.join("\n")}\n`;
  }
}

/** "2013-04-01T09:30", in UTC. */
export function utcText(seconds: number): string {
  return new Date(seconds * 1000).toISOString().slice(0, 16);
}

/** What each price is to be charged for, and the amounts in pence: each rounded once, half up. */
export function priceByHand(
  slots: Iterable<readonly [seconds: number, wh: number]>,
  prices: LondonPrices,
): { readonly centipence: number; readonly wh: number; readonly pence: number }[] {
  const whByPrice = new Map<number, number>();
  for (const [seconds, wh] of slots) {
    const price = prices.at(utcText(seconds));
    whByPrice.set(price, (whByPrice.get(price) ?? 0) + wh);
  }
  return [...whByPrice]
    .sort(([a], [b]) => a - b)
    .map(([centipence, wh]) => ({
      centipence,
      wh,
      pence: Math.floor((wh * centipence * 2 + 100_000) / 200_000),
    }));
}
