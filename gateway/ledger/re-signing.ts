/**
 * What happens to other held records when an own one is signed again for another place: its leaf is another one.
 *
 * Records that name the leaf are made to name the new one. A bill or credit that was computed from a reading that
 * changed is not signed again: its private part names the old leaf, and whoever issued it computes it anew.
 */
import type { ChainState } from "../../shared/chain/chain-state.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";

export class Renaming {
  readonly #leaves = new Map<string, string>();
  /** Points whose readings are not those that were held. */
  readonly #points = new Set<string>();

  /** An own record has another leaf now. */
  rename(before: ParsedRecord, after: ParsedRecord): void {
    this.#leaves.set(before.leaf, after.leaf);
    if (before.typ === "correction") this.#points.add(before.payload.point);
  }

  /** A record leaves; `state` knows its key's point. */
  drop(record: ParsedRecord, state: ChainState): void {
    if (record.typ === "correction") this.#points.add(record.payload.point);
    if (record.typ !== "day") return;
    const point = state.get("device", record.kid)?.point;
    if (point !== undefined) this.#points.add(point);
  }

  /** Whether the record was computed from readings of before. */
  isStale(record: ParsedRecord, state: ChainState): boolean {
    if (record.typ === "bill") return this.#points.has(record.payload.point);
    if (record.typ !== "credit") return false;
    const bill = state.get("logged", this.#leaves.get(record.payload.bill) ?? record.payload.bill);
    return bill?.typ === "bill" && this.#points.has(bill.point);
  }

  /** The payload with the new leaves. */
  apply<T extends object>(payload: T): T {
    if (this.#leaves.size === 0) return payload;
    const renamed = Object.entries(payload).map(([name, value]) => [name, this.#applyTo(value)]);
    return Object.fromEntries(renamed) as T;
  }

  #applyTo(value: unknown): unknown {
    if (Array.isArray(value)) return value.map((item) => this.#applyTo(item));
    return typeof value === "string" ? (this.#leaves.get(value) ?? value) : value;
  }
}
