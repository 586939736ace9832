/**
 * The gateway's office: enrolments, tariffs and assignments, as signed records of this gateway's own.
 *
 * Used by the writer's thread for requests that come over the control socket, and by the command line when no
 * gateway runs. Every method is one order of a person; what it changes is durable when it returns.
 */
import { decodeBase64url, encodeBase64url } from "../../shared/base/bytes.ts";
import type { Json } from "../../shared/base/canonical-json.ts";
import { type Clock, type RandomBytes, unixNow } from "../../shared/base/clock.ts";
import { fail } from "../../shared/base/error.ts";
import type { PointEntity } from "../../shared/chain/chain-state.ts";
import { placeOf } from "../../shared/chain/place.ts";
import { thumbprint } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { formatJoin, parseJoinRequest } from "../../shared/message/join.ts";
import { hashToken, verifyRequest } from "../../shared/message/request.ts";
import { netOf } from "../../shared/message/topic.ts";
import { createFlatTariff, decodeTariffBody } from "../../shared/money/tariff.ts";
import { computePoint, isMeterId } from "../../shared/record/meter-id.ts";
import type {
  EnrolPayload,
  EnrolRecipient,
  PricePayload,
  TariffPayload,
} from "../../shared/record/payload.ts";
import { isZone } from "../../shared/time/civil-day.ts";
import type { GatewayConfig } from "../config.ts";
import type { IssueOrder } from "../ledger/holding.ts";
import type { GatewayKeys, Ledger } from "../ledger/ledger.ts";
import type { PointOpening } from "../vault/point-vault.ts";

export interface OfficeOptions {
  readonly ledger: Ledger;
  readonly suite: CryptoSuite;
  readonly keys: GatewayKeys;
  readonly clock: Clock;
  readonly randomBytes: RandomBytes;
  readonly config: GatewayConfig;
  /** The broker's URL as meters reach it. */
  readonly brokerUrl: string;
}

export interface JoinOrder {
  readonly meter: string;
  /** IANA zone; the gateway's own by default. */
  readonly zone?: string;
  /** Degrees times 10^7. */
  readonly location?: readonly [number, number];
  /** Free text that the portal shows. */
  readonly label?: string;
}

/**
 * Begins an enrolment. Returns the join file. A meter that is known keeps its point and salt: the file is then for the device
 * that takes the old one's place. Throws `enrolment` or `zone`.
 */
export function beginEnrolment(office: OfficeOptions, order: JoinOrder): string {
  const { ledger, suite, randomBytes, config } = office;
  const { meter } = order;
  const { id: chain, zone: digits } = ledger.state.chain;
  if (!isMeterId(meter) || !meter.startsWith(digits)) {
    fail("enrolment", `a meter id of this chain has nine digits and begins with ${digits}`);
  }
  const known = findKnownPoint(office, meter);
  const zone = order.zone ?? known?.zone ?? config.time_zone;
  if (!isZone(zone)) fail("enrolment", `${zone} is not an IANA time zone`);
  if (known !== undefined && zone !== known.zone && isLogged(office, known.point)) {
    fail("enrolment", `meter ${meter} is in ${known.zone}, where its days and bills are`);
  }
  const genesis = ledger.line1(0) ?? fail("genesis", "the chain has no genesis");
  const salt = known === undefined ? randomBytes(32) : decodeBase64url(known.salt);
  const token = randomBytes(32);
  const point = computePoint(suite, meter, salt);
  const at = unixNow(office.clock);
  const [latitudeE7, longitudeE7] = order.location ?? [known?.latitudeE7, known?.longitudeE7];
  const location =
    latitudeE7 === undefined || longitudeE7 === undefined ? undefined : [latitudeE7, longitudeE7];
  const label = order.label ?? known?.label;
  ledger.vault.putPoint({
    point,
    meter,
    salt: encodeBase64url(salt),
    zone,
    ...(latitudeE7 === undefined || longitudeE7 === undefined ? {} : { latitudeE7, longitudeE7 }),
    ...(label === undefined ? {} : { label }),
  });
  ledger.vault.putToken(hashToken(suite, token), point, at);
  return formatJoin({
    v: 1,
    chain,
    genesis,
    net: netOf(chain),
    zone: digits,
    meter,
    salt: encodeBase64url(salt),
    token: encodeBase64url(token),
    broker: office.brokerUrl,
    time_zone: zone,
    ...(location === undefined ? {} : { location: location as [number, number] }),
  });
}

/** Whether a device was ever enrolled there. */
function isLogged({ ledger }: OfficeOptions, point: string): boolean {
  return ledger.pending.get("point", point) !== undefined;
}

/** The point at which a meter is, was last, or is going to be. */
function findKnownPoint({ ledger }: OfficeOptions, meter: string): PointOpening | undefined {
  const points = ledger.vault.pointsOf(meter);
  const find = (is: (point: PointEntity) => boolean): PointOpening | undefined =>
    points.find(({ point }) => {
      const entity = ledger.pending.get("point", point);
      return entity !== undefined && is(entity);
    });
  // One that was begun and never finished comes last: nothing is on the chain yet.
  return find(({ kid }) => kid !== undefined) ?? find(() => true) ?? points[0];
}

export interface Enrolled {
  /** Leaf of the enrol record. */
  readonly leaf: string;
  readonly kid: string;
  readonly meter: string;
}

/** A request that was handed in for a token of ours. */
export interface AskedEnrolment {
  readonly key: EnrolPayload["key"];
  readonly req: string;
  readonly kid: string;
  /** H: of the one-time token. */
  readonly token: string;
  readonly opening: PointOpening;
}

/** Throws `enrolment`, `request`, `key-form`, `key-off-curve`. */
export function readRequest({ ledger, suite }: OfficeOptions, requestFile: string): AskedEnrolment {
  const { key, req } = parseJoinRequest(requestFile);
  const { kid, token } = verifyRequest(suite, req, key, ledger.state.chain.id);
  const point = ledger.vault.pointOfToken(token);
  const opening = point === undefined ? undefined : ledger.vault.point(point);
  if (opening === undefined) {
    fail("enrolment", "this request's token was not handed out here, or was used already");
  }
  return { key, req, kid, token, opening };
}

/** The `enrol` record of a request; `to`: of the device before it, whose readers read on. */
export function enrolmentOf(
  { keys }: OfficeOptions,
  { key, req, opening }: AskedEnrolment,
  to: readonly EnrolRecipient[] = [{ key: keys.utility.jwk, use: "utility" }],
): IssueOrder {
  return { typ: "enrol", payload: { key, point: opening.point, to: [...to], req } };
}

/**
 * Finishes an enrolment: logs the `enrol` record and assigns the configured tariff to a new point, where the chain has it.
 * Both or neither, so that no kill leaves a meter behind that would never be billed.
 * Throws what `readRequest` throws, or the chain rule that the record would break.
 */
export function finishEnrolment(office: OfficeOptions, requestFile: string): Enrolled {
  const { ledger, config } = office;
  const asked = readRequest(office, requestFile);
  const { kid, token, opening } = asked;
  const { point, meter } = opening;
  const before = ledger.pending.get("point", point);
  if (before?.kid !== undefined) {
    fail("enrolment", `meter ${meter} has an active device: use \`gateway exchange\` to swap it`);
  }
  const last = placeOf(ledger.pending, point).stays.at(-1)?.kid;
  const to = last === undefined ? undefined : ledger.pending.get("device", last)?.to;
  const orders: IssueOrder[] = [enrolmentOf(office, asked, to)];
  const tariff = config.tariff_id;
  if (before === undefined && ledger.pending.get("tariff", tariff) !== undefined) {
    orders.push({ typ: "assign", payload: { point, tariff, from: 0 } });
  }
  const [leaf = ""] = ledger.issueAll(orders);
  ledger.vault.dropToken(token);
  return { leaf, kid, meter };
}

/** Issues the next version of a tariff. Throws `tariff-body`. Returns its leaf. */
export function issueTariff(office: OfficeOptions, id: string, body: Json): string {
  decodeTariffBody(body);
  const ver = (office.ledger.pending.get("tariff", id)?.ver ?? 0) + 1;
  return office.ledger.issue("tariff", { id, ver, body: body as TariffPayload["body"] });
}

/** Logs prices of a series. Throws `period` where they do not go on after the last ones. Returns the record's leaf. */
export function publishPrices(
  office: OfficeOptions,
  { id, from, step, nano }: Pick<PricePayload, "id" | "from" | "step" | "nano">,
): string {
  return office.ledger.issue("price", { id, from, step, nano });
}

/** Issues the configured tariff where the chain has none by that id, so that a new gateway bills at once. */
export function issueConfiguredTariff(office: OfficeOptions): string | undefined {
  const { config, ledger } = office;
  if (ledger.pending.get("tariff", config.tariff_id) !== undefined) return undefined;
  const body = createFlatTariff({
    name: config.tariff_id,
    currency: config.tariff_currency,
    minor: config.tariff_minor,
    energyNano: config.tariff_energy_nano,
    ...(config.tariff_month_nano === 0
      ? {}
      : { standing: { per: "month", nano: config.tariff_month_nano } }),
  });
  return issueTariff(office, config.tariff_id, body);
}

export interface AssignOrder {
  readonly point: string;
  readonly tariff: string;
  /** Unix seconds. */
  readonly from: number;
  readonly to?: number;
}

/** Assigns a tariff to a point from an instant on. Throws the chain rule broken. Returns the record's leaf. */
export function assignTariff(office: OfficeOptions, order: AssignOrder): string {
  const { point, tariff, from, to } = order;
  return office.ledger.issue("assign", {
    point,
    tariff,
    from,
    ...(to === undefined ? {} : { to }),
  });
}

/** The point of a meter: where its device is, or was last. Throws `unknown-meter`. */
export function findPoint(office: OfficeOptions, meter: string): string {
  const point = findKnownPoint(office, meter)?.point;
  if (point === undefined || office.ledger.pending.get("point", point) === undefined) {
    fail("unknown-meter", `meter ${meter} is not enrolled here`);
  }
  return point;
}

/** kids of a device's recipients, as line 2 must name them. */
export function recipientsOf(
  suite: CryptoSuite,
  to: readonly { readonly key: Parameters<typeof thumbprint>[1] }[],
): string[] {
  return to.map(({ key }) => thumbprint(suite, key)).sort();
}

/** Whether salt and meter id open the point (records.md section 2). */
export function opensPoint(
  suite: CryptoSuite,
  opening: { readonly point: string; readonly meter: string; readonly salt: string },
): boolean {
  return computePoint(suite, opening.meter, decodeBase64url(opening.salt)) === opening.point;
}
