/** Schemas of bills, their credits, what days cost, tariffs and accounts, as the JSON interface answers with them. */
import type { AccountEntry, MeterAccount } from "../../projection/account-types.ts";
import type {
  BillDetail,
  BillLine,
  BillPage,
  BillSummary,
  CreditSummary,
  DayStatement,
} from "../../projection/read-model-types.ts";
import type { TariffVersion } from "../../projection/tariff-types.ts";
import {
  CURRENCY,
  DATE,
  HASH,
  METER,
  MINOR_DIGITS,
  MONTH,
  PLACED,
  POSITION,
  SLOT_COUNTS,
  seconds,
  TOTAL,
  WH,
  ZONE,
} from "./answers.ts";
import {
  arrayOf,
  flag,
  integer,
  named,
  natural,
  objectOf,
  oneOf,
  optional,
  text,
} from "./schema.ts";

export const BILL_MEMBERS = {
  ...PLACED,
  no: text("Number of the bill"),
  meter: METER,
  kind: oneOf(
    "A credit takes back the lines in force before and sets those of the readings that count now",
    "bill",
    "credit",
  ),
  zone: ZONE,
  fromSeconds: seconds("Beginning of the period"),
  toSeconds: seconds("End of the period, exclusive"),
  month: MONTH,
  currency: CURRENCY,
  minorDigits: MINOR_DIGITS,
  totalMinor: integer("Amount, minor units"),
  wh: WH,
  issuedAtSeconds: seconds("Issued"),
  complete: flag("No slot of the period is missing or a gap"),
  paidAtSeconds: optional(seconds("Paid wholly")),
  billNo: optional(text("Bill that a credit is of")),
  credits: arrayOf(
    named(
      "CreditSummary",
      "A credit of a bill",
      objectOf<CreditSummary>({
        ...PLACED,
        no: text("Number of the credit"),
        totalMinor: integer("Positive where more is to be paid; minor units"),
        issuedAtSeconds: seconds("Issued"),
      }),
    ),
  ),
  inForceMinor: integer("Bill and credits together; of a credit: up to it; minor units"),
  inForceWh: natural("Energy that the newest of them counts, Wh"),
  inForceComplete: flag("No slot is missing or a gap in the newest of them"),
  dueMinor: integer(
    "What is left to be paid of the bill with all credits; negative: to be given back",
  ),
};

const BILL = named("Bill", "A bill without its lines", objectOf<BillSummary>(BILL_MEMBERS));
export const BILL_PAGE = objectOf<BillPage>({ rows: arrayOf(BILL), total: TOTAL });

const EXACT = text("Exact amount before tax, in 10^-12 of the currency", { pattern: "^-?[0-9]+$" });

export const STATEMENT = named(
  "Statement",
  "What one day costs: computed, never a record itself",
  objectOf<DayStatement>({
    meter: METER,
    date: DATE,
    position: POSITION,
    wh: WH,
    currency: CURRENCY,
    minorDigits: MINOR_DIGITS,
    exactPico: EXACT,
    amountMinor: integer("exactPico rounded, only to be shown"),
    provisional: flag("No bill has reached the day, so the row may change"),
    billNo: optional(text("The bill that the day is in")),
    billPosition: optional(POSITION),
  }),
);

/** Members of `BillLine`. */
export const BILL_LINE = {
  code: text("Kind of charge"),
  label: text("Words on the bill"),
  qty: integer("Quantity in `unit`"),
  unit: text("wh, w, day, month, each or tax"),
  nano: integer("Rate, 10^-9 of the currency"),
  amountMinor: integer("Amount, minor units, rounded once"),
};

export const USED_RECORDS = arrayOf(
  objectOf<BillDetail["used"][number]>({
    leaf: HASH,
    wh: WH,
    date: text("Civil day; empty when the record is not known here"),
    position: integer("Position of the record; -1 when it is not known here", { minimum: -1 }),
  }),
);

export const USED_TARIFFS = arrayOf(
  objectOf<BillDetail["tariffs"][number]>({
    id: text("Tariff"),
    version: natural("Version"),
    leaf: HASH,
    position: POSITION,
  }),
);

export const BILL_DETAIL = named(
  "BillDetail",
  "A bill with its lines and what it rests on",
  objectOf<BillDetail>({
    ...BILL_MEMBERS,
    takenBack: natural(
      "Lines, from the first on, that take back what was in force before a credit",
    ),
    lines: arrayOf(
      named(
        "BillLine",
        "One line: amount = round(qty x nano x 10^minorDigits / (10^9 x d)), d of records.md",
        objectOf<BillLine>(BILL_LINE),
      ),
    ),
    slots: SLOT_COUNTS,
    missing: arrayOf(
      objectOf<BillDetail["missing"][number]>({
        fromSeconds: seconds("From"),
        toSeconds: seconds("To, exclusive"),
      }),
    ),
    used: USED_RECORDS,
    daily: arrayOf(STATEMENT),
    tariffs: USED_TARIFFS,
  }),
);

export const TARIFF = named(
  "Tariff",
  "One version of a tariff, as signed",
  objectOf<TariffVersion>({
    id: text("Tariff"),
    version: natural("Version"),
    leaf: HASH,
    position: POSITION,
    body: { json: { type: "object", description: "What is charged (docs/formats.md)" }, parts: {} },
  }),
);

export const ACCOUNT = objectOf<MeterAccount>({
  entries: arrayOf(
    named(
      "AccountEntry",
      "A bill, a credit or a payment, and what was open after it",
      objectOf<AccountEntry>({
        kind: oneOf("What it is", "bill", "credit", "payment"),
        position: POSITION,
        atSeconds: seconds("Issued or paid"),
        text: text("Number of a bill or credit, reference of a payment"),
        currency: CURRENCY,
        minorDigits: MINOR_DIGITS,
        amountMinor: integer("Positive: to be paid; minor units"),
        balanceMinor: integer("Open in this currency after it, minor units"),
        billNo: optional(text("Bill that a payment is for or a credit is of")),
      }),
    ),
  ),
});
