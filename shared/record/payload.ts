/**
 * Payloads of logged records, one decoder a type (records.md section 3, column "payload").
 *
 * A decoder judges the shape that chain rule C1 demands; what a payload means on the chain is rule C6
 * (chain/chain-rules.ts). Types whose rules come later are named here so that the dispatch knows them and
 * refuses them as `unsupported` instead of taking them for garbage.
 */
import { canonicalize, type Json, type JsonObject } from "../base/canonical-json.ts";
import {
  anyObject,
  arrayOf,
  code,
  compactJws,
  type Decoded,
  type Decoder,
  hash,
  instant,
  integer,
  literal,
  natural,
  object,
  pattern,
  signedInteger,
} from "../base/decoder.ts";
import { fail } from "../base/error.ts";

/** Payload version of this software. */
export const PAYLOAD_VERSION = 1;

/** P-256 signing key as public JWK; both coordinates are 32 bytes. */
export const ecPublicJwk = object({ crv: literal("P-256"), kty: literal("EC"), x: hash, y: hash });
/** X25519 recipient key as public JWK. */
export const okpPublicJwk = object({ crv: literal("X25519"), kty: literal("OKP"), x: hash });

const chained = { v: literal(PAYLOAD_VERSION), seq: integer(1), prev: hash };
const sealed = { ct: hash, pt: hash };

export const ROLES = ["authority", "biller", "gateway", "registrar"] as const;
export type Role = (typeof ROLES)[number];

const member = object(
  { key: ecPublicJwk, name: code, roles: arrayOf(literal(...ROLES), 1, ROLES.length) },
  { note: hash },
);

export const chainParams = object({
  bits: integer(0, 0xffffffff),
  max_records: integer(1, 16_384),
  max_bytes: integer(65_535, 16_777_216),
  formats: arrayOf(natural, 1, 16),
});

const genesis = object({
  ...chained,
  // Not a C2SP signature keyword or a compact JWS, so that no note can be mistaken for another text.
  origin: pattern(/^(?!eyJ|cosignature\/|wattproof-)[\x21-\x2a\x2c-\x7e]{1,200}$/, "an origin"),
  zone: pattern(/^\d{3}$/, "three digits"),
  time: instant,
  salt: hash,
  quorum: integer(1),
  members: arrayOf(member, 1, 256),
  params: chainParams,
});

const recipient = object({ key: okpPublicJwk, use: literal("customer", "utility") });

const enrol = object(
  { ...chained, key: ecPublicJwk, point: hash, to: arrayOf(recipient, 1, 4) },
  { req: compactJws },
);

const day = object({ ...chained, ...sealed, from: instant, to: instant });

const event = object({ ...chained, ...sealed, at: instant });

/** Largest tariff body, in bytes of its canonical form. */
export const MAX_TARIFF_BODY = 16_384;

const tariffBody: Decoder<JsonObject> = (value, path) => {
  const body = anyObject(value, path);
  if (new TextEncoder().encode(canonicalize(body)).length > MAX_TARIFF_BODY) {
    fail("schema", `${path}: larger than ${MAX_TARIFF_BODY} bytes`, { path });
  }
  return body;
};

const tariff = object({ ...chained, id: code, ver: integer(1), body: tariffBody });

const price = object({
  ...chained,
  id: code,
  from: instant,
  step: integer(1),
  nano: arrayOf(signedInteger, 1),
});

const assign = object({ ...chained, point: hash, tariff: code, from: instant }, { to: instant });

const bill = object({
  ...chained,
  ...sealed,
  point: hash,
  from: instant,
  to: instant,
  tariffs: arrayOf(hash),
  days: hash,
  n: natural,
});

const payment = object({ ...chained, ...sealed, point: hash }, { bill: hash });

const evidence = object({ ...chained, a: compactJws, b: compactJws });

const revoke = object({ ...chained, kid: hash, last: natural, reason: code });

const correction = object(
  { ...chained, ...sealed, point: hash, from: instant, to: instant },
  { of: hash },
);

const exchange = object({
  ...chained,
  ...sealed,
  point: hash,
  old: hash,
  new: hash,
  at: instant,
});

const credit = object({ ...chained, ...sealed, bill: hash, days: hash, n: natural });

const DECODERS = {
  genesis,
  enrol,
  revoke,
  day,
  event,
  correction,
  exchange,
  evidence,
  tariff,
  price,
  assign,
  bill,
  credit,
  payment,
};

export type PayloadByTyp = { [T in keyof typeof DECODERS]: Decoded<(typeof DECODERS)[T]> };
/** Record types whose rules this version implements. */
export type Typ = keyof PayloadByTyp;

/** Types that the format reserves and whose rules come later. */
const RESERVED = new Set(["member", "params", "rotate", "erase"]);

export type GenesisPayload = PayloadByTyp["genesis"];
export type ChainMember = GenesisPayload["members"][number];
export type ChainParams = GenesisPayload["params"];
export type EnrolPayload = PayloadByTyp["enrol"];
export type EnrolRecipient = EnrolPayload["to"][number];
export type DayPayload = PayloadByTyp["day"];
export type EventPayload = PayloadByTyp["event"];
export type RevokePayload = PayloadByTyp["revoke"];
export type CorrectionPayload = PayloadByTyp["correction"];
export type ExchangePayload = PayloadByTyp["exchange"];
export type TariffPayload = PayloadByTyp["tariff"];
export type PricePayload = PayloadByTyp["price"];
export type AssignPayload = PayloadByTyp["assign"];
export type BillPayload = PayloadByTyp["bill"];
export type CreditPayload = PayloadByTyp["credit"];
export type PaymentPayload = PayloadByTyp["payment"];

/** Types that have a line 2 (the "+2" of the tables). */
export type TypWithLine2 = {
  [T in Typ]: PayloadByTyp[T] extends { readonly ct: string } ? T : never;
}[Typ];

/** Whether a record type has a line 2. */
export function hasLine2(typ: Typ): typ is TypWithLine2 {
  switch (typ) {
    case "day":
    case "event":
    case "correction":
    case "exchange":
    case "bill":
    case "credit":
    case "payment":
      return true;
    default:
      return false;
  }
}

/**
 * Whether only a meter key signs this type, which bounds its size to 4,096 bytes. A correction, which a registrar may
 * sign too, is never that long.
 */
export function isMeterTyp(typ: Typ): boolean {
  return typ === "day" || typ === "event";
}

/** Throws `unsupported` for a reserved type and `typ` for an unknown one. */
export function requireTyp(typ: string): Typ {
  if (Object.hasOwn(DECODERS, typ)) return typ as Typ;
  if (RESERVED.has(typ)) fail("unsupported", `record type ${typ} is not supported yet`, { typ });
  fail("typ", "unknown record type", { typ });
}

/** The payload of a logged record of type `typ`. Throws `schema` naming the path. */
export function decodePayload<T extends Typ>(typ: T, value: Json): PayloadByTyp[T] {
  return (DECODERS[typ] as unknown as Decoder<PayloadByTyp[T]>)(value, typ);
}
