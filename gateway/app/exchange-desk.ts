/**
 * Meter swaps and revocations as orders of a registrar.
 *
 * An exchange is up to three records, all held or none: the old key is revoked, the new one enrolled at the same point, and
 * what both registers showed is logged. Tariff, salt and point stay.
 */
import type { Json } from "../../shared/base/canonical-json.ts";
import { unixNow } from "../../shared/base/clock.ts";
import { code, type Decoded, hash, instant, natural, object } from "../../shared/base/decoder.ts";
import { fail } from "../../shared/base/error.ts";
import { placeOf } from "../../shared/chain/place.ts";
import { sealPlaintext } from "../billing/seal-plaintext.ts";
import type { IssueOrder } from "../ledger/holding.ts";
import { EXCHANGE_REASON } from "../projection/project-exchange.ts";
import { enrolmentOf, findPoint, type OfficeOptions, readRequest } from "./office.ts";
import { fileText, meterId } from "./order-parts.ts";
import { StoreBillingSource } from "./store-billing-source.ts";

const decodeExchange = object(
  { meter: meterId, final: natural, first: natural },
  { request: fileText, unmetered: natural, at: instant, reason: code, last: natural },
);
const decodeRevoke = object({ reason: code }, { meter: meterId, kid: hash, last: natural });

export interface IssuedExchange {
  /** Leaf of the exchange record. */
  readonly leaf: string;
  readonly old: string;
  readonly new: string;
  /** kids that workers must look at anew. */
  readonly kids: readonly string[];
}

/** Throws `schema`, `unknown-meter`, `future`, `enrolment`, `exchange`, what a request may throw, or the chain rule broken. */
export function orderExchange(office: OfficeOptions, given: Json): IssuedExchange {
  const order = decodeExchange(given, "arguments");
  const { ledger, suite, randomBytes, keys, clock } = office;
  const id = findPoint(office, order.meter);
  const point = new StoreBillingSource(ledger, suite).point(id);
  if (point === undefined) fail("unknown-meter", `meter ${order.meter} is not in a block yet`);
  const at = order.at ?? unixNow(clock);
  if (at > unixNow(clock)) fail("future", "the exchange is not made yet");
  const orders: IssueOrder[] = [];
  const { old, next, token } = planSwap(office, order, id, orders);
  const { final, first, unmetered = 0, reason = EXCHANGE_REASON } = order;
  const body = { meter: order.meter, final, first, unmetered, reason };
  const sealing = { suite, randomBytes, signer: keys.signing.kid };
  const { line2, ...sealed } = sealPlaintext(sealing, "exchange", point.recipients, body);
  orders.push({ typ: "exchange", payload: { ...sealed, point: id, old, new: next, at }, line2 });
  const leaf = ledger.issueAll(orders).at(-1) ?? "";
  if (token !== undefined) ledger.vault.dropToken(token);
  return { leaf, old, new: next, kids: [old, next] };
}

/** Which key follows which; what must be logged before the exchange is added to `orders`. */
function planSwap(
  office: OfficeOptions,
  { request, last, meter: id }: Decoded<typeof decodeExchange>,
  point: string,
  orders: IssueOrder[],
): { readonly old: string; readonly next: string; readonly token?: string } {
  const { pending } = office.ledger;
  const { stays } = placeOf(pending, point);
  if (request === undefined) {
    const [before, newest] = stays.slice(-2);
    if (before === undefined || newest === undefined) {
      fail("exchange", `meter ${id} has had one device only: give the new one's --request`);
    }
    return { old: before.kid, next: newest.kid };
  }
  const old = stays.at(-1)?.kid;
  if (old === undefined) fail("exchange", `meter ${id} has had no device yet`);
  const asked = readRequest(office, request);
  if (asked.opening.point !== point) fail("enrolment", "the request is of another meter");
  if (pending.get("point", point)?.kid === old) {
    const seq = last ?? pending.get("device", old)?.seq ?? 0;
    orders.push({ typ: "revoke", payload: { kid: old, last: seq, reason: EXCHANGE_REASON } });
  } else if (last !== undefined) {
    fail("exchange", "the old key is not active any more, so --last has nothing to say");
  }
  orders.push(enrolmentOf(office, asked, pending.get("device", old)?.to));
  return { old, next: asked.kid, token: asked.token };
}

export interface IssuedRevocation {
  readonly leaf: string;
  readonly kid: string;
  readonly last: number;
}

/** Throws `schema`, `usage`, `unknown-meter`, or the chain rule broken. */
export function orderRevoke(office: OfficeOptions, given: Json): IssuedRevocation {
  const order = decodeRevoke(given, "arguments");
  const { pending } = office.ledger;
  const kid = order.kid ?? findActiveKid(office, order.meter);
  const last = order.last ?? pending.get("device", kid)?.seq ?? 0;
  const leaf = office.ledger.issue("revoke", { kid, last, reason: order.reason });
  return { leaf, kid, last };
}

function findActiveKid(office: OfficeOptions, id: string | undefined): string {
  if (id === undefined) fail("usage", "a meter or a kid");
  const point = findPoint(office, id);
  const kid = office.ledger.pending.get("point", point)?.kid;
  if (kid === undefined) fail("unknown-meter", `meter ${id} has no active device`);
  return kid;
}
