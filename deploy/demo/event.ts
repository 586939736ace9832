/**
 * Events of the two command lines' JSON logs → the facts that the demo prints. Other events are not shown.
 * The names and fields are those of `gateway run --log json` and `meter run --log json`.
 */
import type { ChildEvent } from "./child.ts";
import type { DemoFact } from "./printer.ts";

const text = (value: unknown): string => (value === undefined ? "" : String(value));

/** @returns undefined for an event that a person need not see */
export function readFact(event: ChildEvent): DemoFact | undefined {
  switch (event["event"]) {
    case "day-sealed":
      return {
        kind: "day",
        meter: text(event["meter"]),
        date: text(event["date"]),
        wh: Number(event["wh"]),
      };
    case "block":
      return {
        kind: "block",
        height: Number(event["height"]),
        records: Number(event["records"]),
        hash: text(event["hash"]),
        date: text(event["date"]),
      };
    case "bill":
      return {
        kind: "bill",
        meter: text(event["meter"]),
        month: text(event["month"]),
        amount: text(event["amount"]),
      };
    case "alarm":
      return {
        kind: "alarm",
        code: text(event["code"]),
        detail: `${text(event["meter"])} ${text(event["detail"])}`.trim(),
      };
    default:
      return undefined;
  }
}
