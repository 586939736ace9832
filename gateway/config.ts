/**
 * The gateway's configuration: one flat table of keys, each with its meaning, unit and default.
 *
 * `<data>/gateway.json` holds only what differs from the defaults. The decoder reports every error at once and
 * refuses unknown keys; `gateway run --help` prints this table, so it cannot differ from the code.
 */
import type { Json } from "../shared/base/canonical-json.ts";
import { fail } from "../shared/base/error.ts";

interface Key<T extends Json> {
  readonly meaning: string;
  readonly fallback: T;
  /** What is wrong with a value, or undefined. */
  readonly check: (value: unknown) => string | undefined;
}

function text(meaning: string, fallback: string, pattern: RegExp, expected: string): Key<string> {
  const check = (value: unknown): string | undefined =>
    typeof value === "string" && pattern.test(value) ? undefined : `expected ${expected}`;
  return { meaning, fallback, check };
}

function count(meaning: string, fallback: number, min: number, max: number): Key<number> {
  const check = (value: unknown): string | undefined =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `expected an integer from ${min} to ${max}`;
  return { meaning, fallback, check };
}

function choice<const T extends string>(
  meaning: string,
  fallback: T,
  others: readonly T[],
): Key<T> {
  const all = [fallback, ...others];
  const check = (value: unknown): string | undefined =>
    all.includes(value as T) ? undefined : `expected ${all.join(" or ")}`;
  return { meaning, fallback, check };
}

function isTimeZone(value: unknown): boolean {
  if (typeof value !== "string") return false;
  try {
    new Intl.DateTimeFormat("en", { timeZone: value });
    return true;
  } catch {
    return false;
  }
}

/** A broker's URL, or nothing. */
function brokerUrl(meaning: string): Key<string> {
  const form = /^mqtts?:\/\/[^\s/?#@]+$/;
  const check = (value: unknown): string | undefined =>
    value === "" || (typeof value === "string" && form.test(value) && URL.canParse(value))
      ? undefined
      : "expected mqtt://host:port, mqtts://host:port or nothing";
  return { meaning, fallback: "", check };
}

const PATH = /^[^\0]{0,4096}$/;
const HOST = /^[A-Za-z0-9.:_-]{1,253}$/;

/** Every key. Times are real milliseconds even when the civil clock is simulated. */
export const CONFIG_KEYS = {
  name: text(
    "name of this gateway on the chain and of its note key",
    "gateway",
    /^[a-z0-9-]{1,32}$/,
    "1 to 32 of a-z, 0-9 and -",
  ),
  origin: text(
    "origin of the log, fixed at genesis",
    "wattproof.local/log",
    /^(?!eyJ|cosignature\/|wattproof-)[!-*,-~]{1,200}$/,
    "printable ASCII without space and +, not beginning with eyJ, cosignature/ or wattproof-",
  ),
  zone: text(
    "first three digits of the meter ids of this chain, fixed at genesis",
    "352",
    /^\d{3}$/,
    "three digits",
  ),
  difficulty: count("proof of work at genesis: 2^difficulty tries a block on average", 20, 0, 48),
  max_records: count("most records in a block, fixed at genesis", 16_384, 1, 16_384),
  max_bytes: count(
    "most bytes of line 1 in a block, fixed at genesis",
    16_777_216,
    65_535,
    16_777_216,
  ),
  time_zone: {
    meaning: "IANA zone of this gateway's midnight and month end, and of new meters",
    fallback: "Europe/Berlin",
    check: (value: unknown) => (isTimeZone(value) ? undefined : "expected an IANA time zone"),
  } as Key<string>,
  broker_url: brokerUrl("external MQTT broker, mqtt:// or mqtts://; empty: the embedded one"),
  broker_user: text("user name at the external broker", "", /^[^\0]{0,200}$/, "a user name"),
  broker_password_file: text("file with the password for it", "", PATH, "a path"),
  broker_ca_file: text("PEM file of the broker's certificate authority", "", PATH, "a path"),
  broker_cert_file: text("PEM file of this gateway's client certificate", "", PATH, "a path"),
  broker_key_file: text("PEM file of the client certificate's key", "", PATH, "a path"),
  broker_host: text("address of the embedded broker", "127.0.0.1", HOST, "a host"),
  broker_port: count("port of the embedded broker; 0 takes a free one", 1883, 0, 65_535),
  broker_public_url: brokerUrl(
    "the broker's URL as meters reach it, written into join files; empty: where it listens",
  ),
  portal_host: text("address of the web portal", "127.0.0.1", HOST, "a host"),
  portal_names: text(
    "names and addresses, separated by commas, by which browsers may call the portal besides portal_host and those of loopback",
    "",
    /^(?:(?:[A-Za-z0-9.-]{1,253}|\[[0-9A-Fa-f:.]{2,45}\])(?:,(?!$)|$)){0,16}$/,
    "names or addresses without port, separated by commas",
  ),
  portal_port: count("port of the web portal; 0 takes a free one", 8080, 0, 65_535),
  portal_access: choice(
    "who may open the portal: those who sign in, or (on loopback only) everyone",
    "sign-in",
    ["open"],
  ),
  portal_direction: choice("direction in which the portal's pages run", "ltr", ["rtl"]),
  portal_https: choice(
    "whether browsers reach the portal by https, through a proxy; sessions then never travel without it",
    "no",
    ["yes"],
  ),
  workers: count("crypto worker threads; 0: as many as cores", 0, 0, 64),
  queue_limit: count(
    "envelopes that may wait for a worker before the socket pauses",
    2000,
    64,
    65_535,
  ),
  unacknowledged_limit: count(
    "envelopes taken in and not yet committed before the socket pauses",
    8192,
    64,
    60_000,
  ),
  publish_window: count("messages to the broker that may be unacknowledged", 10_000, 1, 10_000),
  commit_records: count(
    "most envelopes in one durable commit; the up to 256 that one worker hands over stay together",
    2048,
    1,
    16_384,
  ),
  commit_ms: count(
    "longest wait for a commit to fill while envelopes keep coming, ms",
    150,
    1,
    10_000,
  ),
  meter_burst: count("envelopes that one meter may send at once", 500, 1, 1_000_000),
  meter_per_minute: count("envelopes a minute that one meter may go on sending", 60, 1, 1_000_000),
  live_per_minute: count("live messages a minute that one meter may send", 120, 1, 6000),
  live_per_second: count(
    "live messages a second of all meters together that are opened; 0: none are taken",
    200,
    0,
    100_000,
  ),
  max_parked: count("records ahead of their turn that are kept for one key", 32, 0, 1024),
  held_reply_after_ms: count(
    "a record without receipt after this time is answered `held`, ms",
    5000,
    0,
    86_400_000,
  ),
  no_data_hours: count(
    "hours after the end of its newest sealed day when a meter is missed: the alarm no-data; 0: never",
    36,
    0,
    8760,
  ),
  offline_hours: count("hours offline after which a meter is missed; 0: never", 12, 0, 8760),
  mining: choice("whether this gateway mines", "on", ["off"]),
  mine_after_ms: count("mine when the oldest held record is this old, ms", 60_000, 0, 86_400_000),
  mine_at_records: count("mine when so many records are held", 16_384, 1, 16_384),
  mine_quiet_records: count(
    "mine at once when so many envelopes came in one go, or so many records are held, and no more come; 0: never",
    512,
    0,
    16_384,
  ),
  billing: choice("whether bills are issued at month end", "on", ["off"]),
  tariff_id: text(
    "id of the tariff that is issued at the first start and assigned to new meters",
    "standard",
    /^[a-z0-9-]{1,32}$/,
    "1 to 32 of a-z, 0-9 and -",
  ),
  tariff_currency: text("its currency, ISO 4217", "EUR", /^[A-Z]{3}$/, "three capital letters"),
  tariff_minor: count("decimals of the currency", 2, 0, 4),
  tariff_energy_nano: count(
    "price of a kWh in 1e-9 of the currency",
    312_000_000,
    0,
    Number.MAX_SAFE_INTEGER,
  ),
  tariff_month_nano: count(
    "standing charge a month in 1e-9 of the currency",
    9_900_000_000,
    0,
    Number.MAX_SAFE_INTEGER,
  ),
} as const;

export type GatewayConfig = {
  readonly [K in keyof typeof CONFIG_KEYS]: (typeof CONFIG_KEYS)[K]["fallback"];
};

/**
 * Decodes a configuration; absent keys take their defaults.
 * Throws `config` with one line for each key that is wrong.
 */
export function decodeConfig(value: unknown): GatewayConfig {
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    fail("config", "the configuration is not a JSON object");
  }
  const given = value as Record<string, unknown>;
  const errors: string[] = [];
  const config: Record<string, unknown> = {};
  for (const [name, key] of Object.entries(CONFIG_KEYS) as [string, Key<Json>][]) {
    const member = Object.hasOwn(given, name) ? given[name] : key.fallback;
    const problem = key.check(member);
    if (problem !== undefined) errors.push(`${name}: ${problem}`);
    config[name] = member;
  }
  for (const name of Object.keys(given)) {
    if (!Object.hasOwn(CONFIG_KEYS, name)) errors.push(`${name}: no such key`);
  }
  if ((config["broker_cert_file"] === "") !== (config["broker_key_file"] === "")) {
    errors.push("broker_cert_file: broker_cert_file and broker_key_file go together");
  }
  if (errors.length > 0) fail("config", errors.join("; "), { errors: errors.length });
  return config as GatewayConfig;
}

/** The table as text: one key a paragraph, for `--help`. */
export function describeConfig(): string {
  const lines: string[] = [];
  for (const [name, key] of Object.entries(CONFIG_KEYS) as [string, Key<Json>][]) {
    lines.push(`  ${name} (${JSON.stringify(key.fallback)})`, `      ${key.meaning}`);
  }
  return lines.join("\n");
}
