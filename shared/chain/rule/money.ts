/** Rules C6 of `tariff`, `price`, `assign`, `bill`, `credit` and `payment`. */
import { fail } from "../../base/error.ts";
import type { ParsedRecord } from "../../record/record.ts";
import type { ChainState, PointEntity } from "../chain-state.ts";
import type { RuleContext } from "../rule-context.ts";

/** Versions of a tariff are consecutive. Throws `tariff`. */
export function applyTariff(
  state: ChainState,
  record: ParsedRecord<"tariff">,
  context: RuleContext,
): void {
  const { payload, leaf } = record;
  const last = state.get("tariff", payload.id)?.ver ?? 0;
  if (payload.ver !== last + 1) fail("tariff", `the next version of ${payload.id} is ${last + 1}`);
  state.put("tariff", payload.id, { ver: payload.ver, leaf });
  state.put("logged", leaf, { typ: "tariff", position: context.position });
}

/** A series only grows at its end. Throws `period`. */
export function applyPrice(
  state: ChainState,
  record: ParsedRecord<"price">,
  context: RuleContext,
): void {
  const { payload, leaf } = record;
  const { id, from, step, nano } = payload;
  if (from < (state.get("price", id)?.to ?? 0)) fail("period", `prices of ${id} are set already`);
  const to = from + step * nano.length;
  if (!Number.isSafeInteger(to)) fail("period", "the prices reach beyond the calendar");
  state.put("price", id, { to });
  state.put("logged", leaf, { typ: "price", position: context.position });
}

/** An assignment never reaches back into an issued bill. Throws `point`, `tariff`, `period`. */
export function applyAssign(state: ChainState, record: ParsedRecord<"assign">): void {
  const { point: id, tariff, from, to } = record.payload;
  const point = requirePoint(state, id);
  if (state.get("tariff", tariff) === undefined) fail("tariff", `no tariff ${tariff}`, { tariff });
  if (to !== undefined && to <= from) fail("period", "the assignment ends before it begins");
  const billedTo = point.bills.reduce((latest, [, end]) => Math.max(latest, end), 0);
  if (from < billedTo) fail("period", "the assignment reaches into an issued bill");
}

/** Bills of a point never overlap. Throws `point`, `period`, `reference`, `overlap`. */
export function applyBill(
  state: ChainState,
  record: ParsedRecord<"bill">,
  context: RuleContext,
): void {
  const { payload, leaf } = record;
  const { from, to } = payload;
  const point = requirePoint(state, payload.point);
  if (to <= from) fail("period", "the bill ends before it begins");
  let before = -1;
  for (const used of payload.tariffs) {
    const logged = state.get("logged", used);
    if (logged?.typ !== "tariff" && logged?.typ !== "price") {
      fail("reference", "the bill names a tariff that is not logged");
    }
    if (logged.position <= before) fail("reference", "tariffs are named in log order, none twice");
    before = logged.position;
  }
  if (point.bills.some(([start, end]) => from < end && start < to)) {
    fail("overlap", "the bill overlaps an issued one");
  }
  state.put("point", payload.point, { ...point, bills: [...point.bills, [from, to]] });
  state.put("logged", leaf, { typ: "bill", position: context.position, point: payload.point });
}

/** A credit is for an issued bill, which itself never changes. Throws `reference`. */
export function applyCredit(state: ChainState, record: ParsedRecord<"credit">): void {
  if (state.get("logged", record.payload.bill)?.typ !== "bill") {
    fail("reference", "the credit names no bill");
  }
}

/** A payment is for a point, or for one of its bills. Throws `point`, `reference`. */
export function applyPayment(state: ChainState, record: ParsedRecord<"payment">): void {
  const { point, bill } = record.payload;
  requirePoint(state, point);
  if (bill === undefined) return;
  const logged = state.get("logged", bill);
  if (logged?.typ !== "bill" || logged.point !== point) {
    fail("reference", "the payment names no bill of its point");
  }
}

function requirePoint(state: ChainState, id: string): PointEntity {
  const point = state.get("point", id);
  if (point === undefined) fail("point", "the point was never enrolled");
  return point;
}
