/**
 * Control requests to the office, decoded and carried out: the same table serves the control socket of a running
 * gateway and a command line that works on the store itself.
 */
import type { Json } from "../../shared/base/canonical-json.ts";
import { unixNow } from "../../shared/base/clock.ts";
import {
  anyObject,
  arrayOf,
  code,
  hash,
  instant,
  integer,
  literal,
  object,
  pattern,
  signedInteger,
  text,
} from "../../shared/base/decoder.ts";
import { fail } from "../../shared/base/error.ts";
import { location } from "../../shared/message/join.ts";
import { ROLES } from "../web/access/role.ts";
import type { BillingDesk } from "./billing-desk.ts";
import { orderCorrection } from "./correction-desk.ts";
import { orderExchange, orderRevoke } from "./exchange-desk.ts";
import {
  assignTariff,
  beginEnrolment,
  findPoint,
  finishEnrolment,
  issueTariff,
  type OfficeOptions,
  publishPrices,
} from "./office.ts";
import { fileText, meterId } from "./order-parts.ts";
import { orderPayment } from "./payment-desk.ts";

const join = object({ meter: meterId }, { zone: text, location, label: text });
const request = object({ request: fileText });
const tariff = object({ id: code, body: anyObject });
const role = literal(...ROLES);
const meters = arrayOf(meterId, 0, 1_000);
const userName = pattern(/^[a-z0-9][a-z0-9._@-]{0,63}$/, "a name of a-z, 0-9, . _ @ -");
const user = object({ name: userName, role, meters, password: text });
const accessToken = object({ name: userName, role, meters, hash });
const named = object({ name: userName });
const look = object({ id: integer(1), by: text }, { note: text });

const price = object({
  id: code,
  from: instant,
  step: integer(1),
  nano: arrayOf(signedInteger, 1),
});
const assign = object({ meter: meterId, tariff: code, from: instant }, { to: instant });

/**
 * Carries out `enrol-begin`, `enrol-finish`, `tariff`, `price`, `assign`, `bill`, `payment`, `correct`, `exchange`, `revoke`, or one about
 * users and tokens of the portal.
 * @param onEnrolled told the kid of a new device, or of one that may not sign any more, so that the workers know it at once
 * Throws `control` for an unknown method, `schema` for its arguments, and what the order itself throws.
 */
export function runOfficeCall(
  office: OfficeOptions,
  billing: BillingDesk,
  method: string,
  parameters: unknown,
  onEnrolled: (kid: string) => void,
): unknown {
  const given = parameters as Json;
  switch (method) {
    case "enrol-begin":
      return { join: beginEnrolment(office, join(given, "arguments")) };
    case "enrol-finish": {
      const enrolled = finishEnrolment(office, request(given, "arguments").request);
      onEnrolled(enrolled.kid);
      return enrolled;
    }
    case "tariff": {
      const { id, body } = tariff(given, "arguments");
      return { leaf: issueTariff(office, id, body) };
    }
    case "price":
      return { leaf: publishPrices(office, price(given, "arguments")) };
    case "assign": {
      const order = assign(given, "arguments");
      return { leaf: assignTariff(office, { ...order, point: findPoint(office, order.meter) }) };
    }
    case "user-put":
      office.ledger.users.putUser(user(given, "arguments"));
      return {};
    case "user-drop":
      return { dropped: office.ledger.users.dropUser(named(given, "arguments").name) };
    case "token-put":
      office.ledger.users.putToken(accessToken(given, "arguments"));
      return {};
    case "token-drop":
      return { dropped: office.ledger.users.dropToken(named(given, "arguments").name) };
    case "users":
      return listAccess(office);
    case "alarm-acknowledge":
      office.ledger.alarms.acknowledge({ ...look(given, "arguments"), at: unixNow(office.clock) });
      return {};
    case "alarm-close":
      office.ledger.alarms.close({ ...look(given, "arguments"), at: unixNow(office.clock) });
      return {};
    case "payment":
      return { leaf: orderPayment(office, given) };
    case "correct":
      return orderCorrection(office, given);
    case "exchange": {
      const exchanged = orderExchange(office, given);
      for (const kid of exchanged.kids) onEnrolled(kid);
      return exchanged;
    }
    case "revoke": {
      const revoked = orderRevoke(office, given);
      onEnrolled(revoked.kid);
      return revoked;
    }
    case "bill":
      return billing.order(parameters as Record<string, unknown>);
    default:
      fail("control", `there is no method ${method}`);
  }
}

/** Users and tokens without what proves them. */
function listAccess({ ledger }: OfficeOptions): unknown {
  const strip = ({
    name,
    role: as,
    meters: of,
  }: {
    name: string;
    role: string;
    meters: readonly string[];
  }) => ({
    name,
    role: as,
    meters: of,
  });
  return { users: ledger.users.users().map(strip), tokens: ledger.users.tokens().map(strip) };
}
