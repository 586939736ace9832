/**
 * The files of an enrolment, and the retained `config` message that tells a meter of it.
 *
 * A join file goes from the gateway to the device: which chain to trust (by its id and genesis), which place the
 * device takes, and the one-time token. The device answers with its public key and a signed request. The config
 * message brings the logged `enrol` record with its proof, which the device checks under the keys that genesis
 * names: the file's carrier need not be trusted after that.
 */
import { decodeBase64url, decodeUtf8, encodeBase64url, encodeUtf8 } from "../base/bytes.ts";
import { canonicalize, type Json, parseCanonical } from "../base/canonical-json.ts";
import {
  arrayOf,
  compactJws,
  type Decoded,
  hash,
  integer,
  literal,
  object,
  pattern,
  text,
  tuple,
} from "../base/decoder.ts";
import { fail } from "../base/error.ts";
import { ecPublicJwk } from "../record/payload.ts";

/** Latitude and longitude in ten-millionths of a degree. */
export const location = tuple<[number, number]>(
  integer(-900_000_000, 900_000_000),
  integer(-1_800_000_000, 1_800_000_000),
);

const join = object(
  {
    v: literal(1),
    chain: hash,
    genesis: compactJws,
    net: pattern(/^[0-9a-f]{8}$/, "eight hex digits"),
    zone: pattern(/^\d{3}$/, "three digits"),
    meter: pattern(/^\d{9}$/, "nine digits"),
    salt: hash,
    token: hash,
    broker: text,
    time_zone: text,
  },
  { location },
);
export type Join = Decoded<typeof join>;

const request = object({ v: literal(1), key: ecPublicJwk, req: compactJws });
export type JoinRequest = Decoded<typeof request>;

const config = object({
  v: literal(1),
  chain: hash,
  records: arrayOf(object({ record: compactJws, proof: pattern(/^[A-Za-z0-9_-]+$/, "base64url") })),
});

/** Logged records that a meter acts on, each with its receipt. */
export interface MeterConfig {
  readonly chain: string;
  readonly records: readonly { readonly record: string; readonly receipt: string }[];
}

export function formatJoin(value: Join): string {
  return `${canonicalize(value as unknown as Json)}\n`;
}

/** Throws `schema`, `json` or `canonical`. */
export function parseJoin(file: string): Join {
  return join(parseCanonical(file.replace(/\n$/, "")), "join");
}

export function formatJoinRequest(value: JoinRequest): string {
  return `${canonicalize(value as unknown as Json)}\n`;
}

/** Throws `schema`, `json` or `canonical`. */
export function parseJoinRequest(file: string): JoinRequest {
  return request(parseCanonical(file.replace(/\n$/, "")), "request");
}

/** A receipt has line feeds, which strings here have not: `proof` is base64url of its text. */
export function formatMeterConfig(value: MeterConfig): string {
  const records = value.records.map(({ record, receipt }) => ({
    record,
    proof: encodeBase64url(encodeUtf8(receipt)),
  }));
  return canonicalize({ v: 1, chain: value.chain, records });
}

/** Throws `chain`, `schema`, `json`, `canonical`, `base64` or `utf8`; verifies no proof. */
export function parseMeterConfig(message: string, chain: string): MeterConfig {
  const value = config(parseCanonical(message), "config");
  if (value.chain !== chain) fail("chain", "a config message of another chain");
  const records = value.records.map(({ record, proof }) => ({
    record,
    receipt: decodeUtf8(decodeBase64url(proof)),
  }));
  return { chain, records };
}
