/** Rule C6 of `exchange`: what a registrar read at a meter swap, once for two keys that followed each other at a point. */
import { fail } from "../../base/error.ts";
import type { ParsedRecord } from "../../record/record.ts";
import type { ChainState } from "../chain-state.ts";
import { placeOf } from "../place.ts";

/** Throws `point`, `exchange`. */
export function applyExchange(state: ChainState, record: ParsedRecord<"exchange">): void {
  const { point, old, new: next } = record.payload;
  if (state.get("point", point) === undefined) fail("point", "the point was never enrolled");
  const place = placeOf(state, point);
  const { stays, exchanged } = place;
  if (!stays.some(({ kid }, i) => kid === old && stays[i + 1]?.kid === next)) {
    fail("exchange", "the two keys did not follow each other at the point");
  }
  if (exchanged.some(([from, to]) => from === old && to === next)) {
    fail("exchange", "this exchange is logged already");
  }
  state.put("place", point, { ...place, exchanged: [...exchanged, [old, next]] });
}
