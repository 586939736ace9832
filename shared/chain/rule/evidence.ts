/** Rule C6 of `evidence`: two records that one meter key signed for one place in its chain freeze the key. */
import { fail, isCoded } from "../../base/error.ts";
import { type ParsedRecord, parseRecord, verifyRecordSignature } from "../../record/record.ts";
import type { ChainState } from "../chain-state.ts";
import { leavePlace } from "../place.ts";
import type { RuleContext } from "../rule-context.ts";

/** Throws `evidence`. */
export function applyEvidence(
  state: ChainState,
  record: ParsedRecord<"evidence">,
  context: RuleContext,
): void {
  const { suite, keys } = context;
  const a = parseConflicting(record.payload.a, context);
  const b = parseConflicting(record.payload.b, context);
  const device = state.get("device", a.kid);
  if (device === undefined) fail("evidence", "the key is not a meter's");
  if (device.status === "frozen") fail("evidence", "the key is frozen already");
  if (a.kid !== b.kid || a.seq !== b.seq || a.prev !== b.prev || a.leaf === b.leaf) {
    fail("evidence", "the two records do not stand in each other's place");
  }
  const key = keys.get(a.kid, device.key);
  for (const { line1 } of [a, b]) {
    if (!verifyRecordSignature(suite, key, line1)) fail("evidence", "a signature does not hold");
  }
  state.put("device", a.kid, { ...device, status: "frozen" });
  leavePlace(state, a.kid, device);
}

function parseConflicting(line1: string, { suite }: RuleContext): ParsedRecord {
  try {
    return parseRecord(suite, line1);
  } catch (error) {
    if (!isCoded(error)) throw error;
    // Whatever is wrong with it: it is not a canonical record, so it proves nothing.
    fail("evidence", "a side of the evidence is not a canonical record");
  }
}
