/** Rule C6 of `event`: what a meter says happened, happened before the block. It changes nothing but its key's chain. */
import { fail } from "../../base/error.ts";
import type { ParsedRecord } from "../../record/record.ts";
import type { ChainState } from "../chain-state.ts";
import type { RuleContext } from "../rule-context.ts";
import { MAX_AHEAD_S } from "./day.ts";

/** Throws `future`. */
export function applyEvent(
  _state: ChainState,
  record: ParsedRecord<"event">,
  context: RuleContext,
): void {
  if (record.payload.at > context.blockTime + MAX_AHEAD_S) {
    fail("future", "the event happened after the block's time");
  }
}
