/** Rule C6 of `day`: days of one device follow each other, and days of one point never overlap. */
import { fail } from "../../base/error.ts";
import type { ParsedRecord } from "../../record/record.ts";
import { type ChainState, type DeviceEntity, withDay, withLastDay } from "../chain-state.ts";
import type { RuleContext } from "../rule-context.ts";

/** A whole local day has 20 to 28 hours, which covers every clock change on record. */
export const MIN_DAY_S = 72_000;
export const MAX_DAY_S = 100_800;
/** How far beyond the block's time a record may reach. */
export const MAX_AHEAD_S = 600;

/** Throws `period`, `overlap`, `future`. */
export function applyDay(
  state: ChainState,
  record: ParsedRecord<"day">,
  context: RuleContext,
): void {
  const { kid, payload } = record;
  const { from, to } = payload;
  const device = state.get("device", kid) as DeviceEntity;
  const point = state.get("point", device.point);
  if (point === undefined) fail("point", "the device has no point");
  if (device.ended === 1) fail("period", "a shorter day was this key's last");
  if (to <= from) fail("period", "the day ends before it begins");
  if (to - from > MAX_DAY_S) fail("period", "the day is longer than 28 hours");
  const isFirst = device.last_to === undefined;
  if (!isFirst && from !== device.last_to)
    fail("period", "the day does not follow the previous one");
  if (from < point.last_to) fail("overlap", "the day overlaps an earlier one of its point");
  if (to > context.blockTime + MAX_AHEAD_S) fail("future", "the day ends after the block's time");
  const isShort = to - from < MIN_DAY_S;
  state.put("device", kid, withDay(device, to, isShort && !isFirst ? 1 : 0));
  state.put("point", device.point, withLastDay(point, to));
}
