/** Schemas of how the gateway does: alarms, what blocks took, how often intake gave which answer. */
import type { AlarmKind, AlarmLook, AlarmRow, AlarmState } from "../../projection/alarm-types.ts";
import type { BlockCostRow, DayCostRow } from "../../projection/cost-types.ts";
import type { CounterRow } from "../../projection/read-model-types.ts";
import { DATE, METER } from "./answers.ts";
import { named, natural, objectOf, oneOf, optional, type Schema, text } from "./schema.ts";

const seconds = (what: string): Schema<number> => natural(`${what}, unix seconds`);

const LOOK = named(
  "AlarmLook",
  "When somebody looked at an alarm; by: absent where its cause ended by itself",
  objectOf<AlarmLook>({
    atSeconds: seconds("When"),
    by: optional(text("Who")),
    note: optional(text("What they wrote")),
  }),
);

export const ALARM_STATE: Schema<AlarmState> = oneOf(
  "How far it has come",
  "open",
  "acknowledged",
  "closed",
);

export const ALARM = named(
  "Alarm",
  "Something that needs a look",
  objectOf<AlarmRow>({
    id: natural("Its number"),
    kind: oneOf<AlarmKind>(
      "Sort of trouble",
      "no-data",
      "equivocation",
      "tamper",
      "register",
      "clock",
      "device",
      "record",
      "gateway",
    ),
    code: text("What"),
    atSeconds: seconds("Raised"),
    meter: optional(METER),
    position: optional(natural("Position of the record in the log")),
    detail: optional(text("Plain text, may quote what a sender wrote")),
    state: ALARM_STATE,
    acknowledged: optional(LOOK),
    closed: optional(LOOK),
  }),
);

export const COUNTER = named(
  "Counter",
  "How often intake gave an answer",
  objectOf<CounterRow>({ code: text("Answer"), count: natural("How often") }),
);

const SPENT = {
  records: natural("Records of the blocks"),
  templateMicros: natural("Choosing and hashing them, microseconds"),
  miningMicros: natural("Searching the nonce, microseconds"),
  hashes: natural("Tries of that search"),
  checkMicros: natural("Checking by all rules, microseconds"),
  writeMicros: natural("Writing durably, projection included, microseconds"),
  storeBytes: natural("Size of the store afterwards"),
};

export const BLOCK_COST = named(
  "BlockCost",
  "What making a block took here",
  objectOf<BlockCostRow>({
    ...SPENT,
    height: natural("Height"),
    timeSeconds: natural("Its time, unix seconds"),
  }),
);

export const DAY_COST = named(
  "DayCost",
  "What making the blocks of a day took here, summed",
  objectOf<DayCostRow>({ ...SPENT, date: DATE, blocks: natural("Blocks of the day") }),
);
