/**
 * Does an issued bill follow from the log? The check that a tenant, an auditor and `gateway verify` make.
 *
 * In:  the bill's payload and opened plaintext, and what the log held below the bill's position: the point's usable
 *      day records, its assignments, all tariff records.
 * Out: the names of the members that differ from what the log gives; none means that the bill is right.
 *      Days and months are counted with the bill's own `offsets`, which are compared with the zone data of the
 *      platform: where these differ, `offsets` is named, and nothing else need differ.
 */
import { decodeBase64url } from "../base/bytes.ts";
import { canonicalize, type Json } from "../base/canonical-json.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import { computePoint } from "../record/meter-id.ts";
import type { BillPayload } from "../record/payload.ts";
import { listOffsets } from "../time/civil-day.ts";
import { type BillInput, computeBill } from "./bill.ts";
import type { BillPlaintext } from "./bill-plaintext.ts";

export interface IssuedBill {
  readonly payload: Pick<BillPayload, "point" | "from" | "to" | "tariffs" | "days" | "n">;
  readonly plaintext: BillPlaintext;
}

/** What the log held below the bill's position. */
export type BillEvidence = Pick<BillInput, "days" | "assignments" | "tariffs" | "prices">;

/**
 * Names of differing members: of the plaintext `opening, from, to, offsets, currency, minor, lines, total, used,
 * slots, missing`, of the payload `tariffs, days, n`. Throws what computeBill throws, when the log gives no bill at all.
 */
export function recomputeBill(
  suite: Pick<CryptoSuite, "sha256">,
  { payload, plaintext }: IssuedBill,
  evidence: BillEvidence,
): readonly string[] {
  const { point, from, to } = payload;
  const { zone, offsets } = plaintext;
  const computed = computeBill(suite, { ...evidence, point, from, to, zone, offsets });
  const { payload: expectedPayload, ...expected } = computed;
  const pairs: [string, unknown, unknown][] = [
    ["opening", computePoint(suite, plaintext.meter, decodeBase64url(plaintext.opening)), point],
    ["offsets", offsets, listOffsets(zone, from, to)],
  ];
  for (const name of ["from", "to"] as const) pairs.push([name, plaintext[name], payload[name]]);
  for (const name of Object.keys(expected) as (keyof typeof expected)[]) {
    pairs.push([name, plaintext[name], expected[name]]);
  }
  for (const name of ["tariffs", "days", "n"] as const) {
    pairs.push([name, payload[name], expectedPayload[name]]);
  }
  return pairs.filter(([, issued, right]) => !isSame(issued, right)).map(([name]) => name);
}

function isSame(a: unknown, b: unknown): boolean {
  return canonicalize(a as Json) === canonicalize(b as Json);
}
