/** Which held records may change what a period of a point comes to. */
import type { ChainState } from "../../shared/chain/chain-state.ts";
import { placeOf } from "../../shared/chain/place.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";
import type { Span } from "../../shared/time/civil-day.ts";

/** Whether the record is a correction of the point that overlaps the span, or revokes a key that was there. */
export function isAboutReadings(
  state: ChainState,
  record: ParsedRecord,
  point: string,
  span: Span,
): boolean {
  switch (record.typ) {
    case "correction": {
      const { from, to } = record.payload;
      return record.payload.point === point && from < span.to && span.from < to;
    }
    case "revoke": {
      const { kid } = record.payload;
      return (
        state.get("device", kid)?.point === point ||
        placeOf(state, point).stays.some((stay) => stay.kid === kid)
      );
    }
    default:
      return false;
  }
}
