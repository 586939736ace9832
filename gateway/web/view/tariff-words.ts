/** What a tariff charges, in words: one line a charge and rate. Pure. */
import type { TariffBody } from "../../../shared/money/tariff.ts";
import type {
  EnergyCharge,
  ExportCharge,
  TariffCharge,
  TariffStep,
} from "../../../shared/money/tariff-charge.ts";
import type { WhenRule } from "../../../shared/money/tariff-when.ts";
import { formatNano, formatNumber } from "./number.ts";

export interface ChargeWords {
  readonly label: string;
  readonly lines: readonly string[];
}

const MONTHS =
  "January,February,March,April,May,June,July,August,September,October,November,December".split(
    ",",
  );
const WEEKDAYS = "Monday,Tuesday,Wednesday,Thursday,Friday,Saturday,Sunday,holidays".split(",");

export function chargesInWords({ charges, currency }: TariffBody): ChargeWords[] {
  return charges.map((charge) => ({ label: charge.label, lines: linesOf(charge, currency) }));
}

function linesOf(charge: TariffCharge, currency: string): string[] {
  const per = (nano: number, unit: string): string => `${formatNano(nano)} ${currency} ${unit}`;
  switch (charge.kind) {
    case "energy":
      return ratesOf(charge, currency, "a kWh");
    case "export":
      return ratesOf(charge, currency, "credit for each kWh given to the grid");
    case "standing":
      return [per(charge.nano, `a ${charge.per}`)];
    case "demand": {
      const when = charge.when === undefined ? "" : `, counted ${whenWords(charge.when)}`;
      return [per(charge.nano, `a kW of the highest quarter of an hour of each month${when}`)];
    }
    case "minimum":
      return [`what the charges before it lack of ${per(charge.nano, `a ${charge.per}`)}`];
    case "tax": {
      const on = charge.on === undefined ? "all charges before it" : charge.on.join(", ");
      return [`${formatNano(charge.nano * 100).replace(/\.?0+$/, "")} % of ${on}`];
    }
  }
}

function ratesOf(charge: EnergyCharge | ExportCharge, currency: string, unit: string): string[] {
  const rate = (nano: number): string => `${formatNano(nano)} ${currency} ${unit}`;
  const lines: string[] = [];
  if ("bands" in charge) {
    for (const band of charge.bands) {
      const when = band.when === undefined ? "at all other times" : whenWords(band.when);
      const rates = "steps" in band ? stepWords(band.steps, band.per, rate) : [rate(band.nano)];
      lines.push(...rates.map((words) => `${band.label}: ${words}, ${when}`));
    }
  } else if ("steps" in charge) lines.push(...stepWords(charge.steps, charge.per, rate));
  else if ("series" in charge) {
    const plus = charge.add === undefined ? "" : ` plus ${rate(charge.add)}`;
    lines.push(`the published price “${charge.series}” of each hour${plus}`);
  } else lines.push(rate(charge.nano));
  if (charge.kind === "energy" && charge.recovered !== undefined) {
    lines.push(`${rate(charge.recovered)}, recovered after a gap`);
  }
  return lines;
}

function stepWords(
  steps: readonly TariffStep[],
  per: string,
  rate: (nano: number) => string,
): string[] {
  return steps.map(({ nano, upto }, i) => {
    const before = steps[i - 1]?.upto;
    const from = before === undefined ? "" : ` above ${formatNumber(before / 1000)} kWh`;
    const to = upto === undefined ? "" : ` up to ${formatNumber(upto / 1000)} kWh`;
    return steps.length === 1 ? rate(nano) : `${rate(nano)}${from}${to} a ${per}`;
  });
}

function whenWords(rules: readonly WhenRule[]): string {
  return rules.map(ruleWords).join("; or ");
}

function ruleWords({ hours, weekdays, months, dates }: WhenRule): string {
  const parts: string[] = [];
  if (hours) parts.push(hours.map(([from, to]) => `${clock(from)} to ${clock(to)}`).join(" and "));
  if (weekdays) parts.push(`on ${runs(weekdays, WEEKDAYS)}`);
  if (months) parts.push(`in ${runs(months, MONTHS)}`);
  if (dates) parts.push(dates.map(([from, to]) => `from ${from} to before ${to}`).join(" and "));
  return parts.join(" ");
}

/** "Monday to Friday, holidays": neighbours of three and more become a range; holidays follow no day. */
function runs(numbers: readonly number[], names: readonly string[]): string {
  const sorted = [...new Set(numbers)].sort((a, b) => a - b);
  const words: string[] = [];
  for (let at = 0; at < sorted.length; ) {
    let end = at;
    while (sorted[end + 1] === (sorted[end] ?? 0) + 1 && names[sorted[end] ?? 0] !== "holidays")
      end++;
    if (end - at < 2) end = at;
    const [first, last] = [names[(sorted[at] ?? 1) - 1], names[(sorted[end] ?? 1) - 1]];
    words.push(first === last ? `${first}` : `${first} to ${last}`);
    at = end + 1;
  }
  return words.join(", ");
}

function clock(minutes: number): string {
  const two = (n: number): string => String(n).padStart(2, "0");
  return `${two(Math.floor(minutes / 60))}:${two(minutes % 60)}`;
}
