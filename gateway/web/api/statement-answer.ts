/** Schema of a statement of any period. */
import type {
  PeriodStatement,
  SpanState,
  StatementLine,
  StatementSpan,
  TouchedBill,
} from "../../projection/period-statement-types.ts";
import { DATE, SLOT_COUNTS } from "./answers.ts";
import { BILL_LINE, BILL_MEMBERS, USED_RECORDS, USED_TARIFFS } from "./bill-answers.ts";
import { arrayOf, flag, integer, named, natural, objectOf, oneOf, text } from "./schema.ts";

const seconds = (what: string) => natural(`${what}, unix seconds`);
const { meter, zone, fromSeconds, toSeconds, currency, minorDigits, totalMinor, wh } = BILL_MEMBERS;

export const PERIOD_STATEMENT = named(
  "PeriodStatement",
  "What the energy of any days costs: computed as a bill is, never a record",
  objectOf<PeriodStatement>({
    ...{ meter, zone, fromSeconds, toSeconds, currency, minorDigits, totalMinor, wh },
    from: DATE,
    to: DATE,
    lines: arrayOf(
      objectOf<StatementLine>({
        ...BILL_LINE,
        exact: text("The amount before it was rounded, decimal in the currency", {
          pattern: "^-?[0-9]+([.][0-9]+)?$",
        }),
      }),
    ),
    slots: SLOT_COUNTS,
    notMeasured: arrayOf(
      objectOf<StatementSpan>({
        fromSeconds: seconds("From"),
        toSeconds: seconds("To, exclusive"),
        state: oneOf<SpanState>(
          "Why it is not simply measured; awaited: later than the newest record",
          "awaited",
          "missing",
          "gap",
          "partial",
          "recovered",
          "substituted",
        ),
      }),
    ),
    provisional: flag("Something is missing, or in no bill yet, so another statement may differ"),
    bills: arrayOf(
      objectOf<TouchedBill>({
        ...{ fromSeconds, toSeconds, currency, minorDigits, totalMinor },
        no: text("An issued bill of a part of the period; it stands as issued"),
        position: natural("Position of its record"),
        inForceMinor: integer("With its credits, minor units"),
      }),
    ),
    unbilled: arrayOf(
      objectOf<PeriodStatement["unbilled"][number]>({
        fromSeconds: seconds("From"),
        toSeconds: seconds("To, exclusive"),
      }),
    ),
    used: USED_RECORDS,
    tariffs: USED_TARIFFS,
  }),
);
