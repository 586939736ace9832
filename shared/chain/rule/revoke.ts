/** Rule C6 of `revoke`: a meter key signs nothing more, and what it signed after `last` counts as no reading. */
import { fail } from "../../base/error.ts";
import type { ParsedRecord } from "../../record/record.ts";
import type { ChainState } from "../chain-state.ts";
import type { LogView } from "../log-view.ts";
import { leavePlace, placeOf, standingDays } from "../place.ts";
import type { RuleContext } from "../rule-context.ts";

/** Throws `reference`, `inactive-key`. */
export function applyRevoke(
  state: ChainState,
  record: ParsedRecord<"revoke">,
  context: RuleContext,
): void {
  const { kid, last } = record.payload;
  const device = state.get("device", kid);
  if (device === undefined) fail("reference", "the key is not a meter's");
  if (device.revoked !== undefined) fail("inactive-key", "the key was revoked already");
  if (last > device.seq) fail("reference", `the key's last record has seq ${device.seq}`);
  leavePlace(state, kid, device);
  const status = device.status === "frozen" ? device.status : "revoked";
  state.put("device", kid, { ...device, status, revoked: { last } });
  if (last === device.seq) return;
  const points = new Set([device.point, ...(state.get("moved", kid)?.points ?? [])]);
  for (const point of points) shrinkPoint(state, point, context.log);
}

/** Days that are void now are no days of the point: its last one may be an earlier one. */
function shrinkPoint(state: ChainState, id: string, log: LogView): void {
  const point = state.get("point", id);
  if (point === undefined) return;
  let last_to = 0;
  for (const stay of placeOf(state, id).stays) {
    for (const { to } of standingDays(state, log, stay)) {
      last_to = Math.max(last_to, to);
      break;
    }
  }
  if (last_to < point.last_to) state.put("point", id, { ...point, last_to });
}
