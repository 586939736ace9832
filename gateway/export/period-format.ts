/** The forms in which a period leaves the gateway, for the portal and the command alike. */
import type { ReadModel } from "../projection/read-model-types.ts";
import { greenButton } from "./green-button.ts";
import { slotsCsv, slotsJson } from "./slot-table.ts";
import type { Period } from "./slots.ts";

export type PeriodFormat = "csv" | "json" | "green-button";

interface Form {
  readonly type: string;
  readonly ending: string;
  /** The file in pieces, some of them empty; what takes them may rest after each. */
  readonly write: (model: ReadModel, period: Period) => Iterable<string>;
}

export const PERIOD_FORMATS: { readonly [F in PeriodFormat]: Form } = {
  csv: { type: "text/csv; charset=utf-8", ending: ".csv", write: slotsCsv },
  json: { type: "application/json", ending: ".json", write: slotsJson },
  "green-button": {
    type: "application/atom+xml; charset=utf-8",
    ending: "-green-button.xml",
    write: greenButton,
  },
};

export function periodName(format: PeriodFormat, { meter, from, to }: Period): string {
  return `wattproof-${meter}-${from}-${to}-readings${PERIOD_FORMATS[format].ending}`;
}
