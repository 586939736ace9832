/**
 * The meter's configuration `meter.json`: what to measure and how to send it.
 *
 * One flat table of keys, each with its meaning, unit and default, besides `sources` (hardware/source-config.ts).
 * The decoder reports every error at once and refuses unknown keys; `meter run --help` prints this table. Times
 * in `_ms` are real ones even when the civil clock is simulated.
 */
import { decodeSources, type SourceConfig } from "../hardware/source-config.ts";
import type { Json } from "../shared/base/canonical-json.ts";
import { fail, isCoded } from "../shared/base/error.ts";
import { STEPS } from "./day-close/calendar.ts";
import { decodePins, type PinsConfig } from "./pins/pins-config.ts";

interface Key<T> {
  readonly meaning: string;
  /** What holds when the key is absent; a text describes a default that depends on other things. */
  readonly fallback: T;
  readonly shown: string;
  /** What is wrong with a value, or undefined. */
  readonly check: (value: unknown) => string | undefined;
}

function count<F extends number | undefined>(
  meaning: string,
  fallback: F,
  min: number,
  max: number,
  shown = String(fallback),
): Key<number | F> {
  const check = (value: unknown): string | undefined =>
    Number.isSafeInteger(value) && (value as number) >= min && (value as number) <= max
      ? undefined
      : `expected an integer from ${min} to ${max}`;
  return { meaning, fallback, shown, check };
}

function optionalText(meaning: string, shown = "none"): Key<string | undefined> {
  const check = (value: unknown): string | undefined =>
    typeof value === "string" && value !== "" && value.length <= 1000 ? undefined : "expected text";
  return { meaning, fallback: undefined, shown, check };
}

const step: Key<number | undefined> = {
  meaning: "seconds of a slot of the day; 0 for one slot a day",
  fallback: undefined,
  shown: "900, or a recording's own if that is longer",
  check: (value) =>
    STEPS.includes(value as number) ? undefined : `expected one of ${STEPS.join(", ")}`,
};

const pins: Key<PinsConfig | undefined> = {
  meaning: "BCM numbers of what is wired to the header: led, tamper, button",
  fallback: undefined,
  shown: "none",
  check(value) {
    try {
      decodePins(value as Json);
      return undefined;
    } catch (error) {
      if (!isCoded(error)) throw error;
      return error.message;
    }
  },
};

/** Gateways take no more than two live messages a second of one meter. */
const LEAST_LIVE_MS = 1000;

/** Every key but `sources`. */
export const CONFIG_KEYS = {
  step,
  pins,
  interval_s: count(
    "seconds between two readings",
    undefined,
    1,
    60,
    "1; 60 with a simulated clock",
  ),
  max_gap_s: count(
    "longest time between two readings that still counts as measured",
    undefined,
    1,
    900,
    "5, or one and a half intervals; three periods of parts that speak at their own pace",
  ),
  max_power_w: count("most power of the connection; more is not counted", 100_000, 100, 10_000_000),
  live_interval_ms: count(
    "what is measured now is told so often to the recipients of this meter's days",
    0,
    0,
    3_600_000,
    "0: never",
  ),
  save_every_s: count("seconds between two savings of the open slot", 300, 10, 3600),
  broker: optionalText("mqtt:// or mqtts:// address", "the join file's"),
  username: optionalText("user name at the broker"),
  password: optionalText("password at the broker"),
  tls_ca: optionalText("PEM file of the authority that signed the broker's certificate"),
  tls_cert: optionalText("PEM file of the meter's own certificate"),
  tls_key: optionalText("PEM file of the key of that certificate"),
  publish_window_ms: count(
    "a day is first sent at the meter's own place in this window after midnight",
    undefined,
    0,
    21_600_000,
    "600000; 0 with a simulated clock",
  ),
  window: count("most messages on their way to the broker at once", 8, 1, 64),
  unanswered: count("most envelopes sent and not answered", 32, 1, 64),
  per_minute: count("envelopes sent on and on, after an outage", 240, 1, 100_000),
  retry_ms: count("first wait before an unanswered envelope is repeated", 30_000, 10, 3_600_000),
  retry_most_ms: count("longest such wait", 3_600_000, 10, 86_400_000),
  held_retry_ms: count("wait before a held envelope is repeated", 14_400_000, 10, 86_400_000),
  refused_retry_ms: count("wait before a refused envelope is repeated", 900_000, 10, 86_400_000),
  rejoin_ms: count("held envelopes are asked for within this after connecting", 60_000, 0, 600_000),
  contact_wait_s: count(
    "after a start sealing waits so long for a first contact with the broker",
    undefined,
    0,
    604_800,
    "43200; 0 with a simulated clock",
  ),
  connect_timeout_ms: count("most time for a connection to come about", 15_000, 100, 120_000),
  publish_timeout_ms: count("most time for a PUBACK", 30_000, 100, 300_000),
  reconnect_first_ms: count("bound of the first random wait between connections", 1000, 10, 60_000),
  reconnect_most_ms: count("bound of the longest such wait", 300_000, 10, 3_600_000),
} as const;

type Keys = typeof CONFIG_KEYS;
export type MeterConfig = {
  readonly [K in keyof Keys]: Keys[K] extends Key<infer T> ? T : never;
} & { readonly sources: readonly SourceConfig[] };

/** Decodes the file's text. Throws `config` with every error in its message. */
export function parseMeterConfig(text: string, file = "meter.json"): MeterConfig {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    fail("config", `${file} is not JSON: ${(error as Error).message}`);
  }
  if (typeof value !== "object" || value === null || Array.isArray(value)) {
    fail("config", `${file}: expected an object`);
  }
  const given = value as Record<string, unknown>;
  const problems: string[] = [];
  const config: Record<string, unknown> = {};
  for (const [name, key] of Object.entries(CONFIG_KEYS)) {
    const problem = given[name] === undefined ? undefined : key.check(given[name]);
    if (problem !== undefined) problems.push(`${name}: ${problem}`);
    config[name] = given[name] ?? key.fallback;
  }
  for (const name of Object.keys(given)) {
    if (name !== "sources" && !Object.hasOwn(CONFIG_KEYS, name))
      problems.push(`${name}: no such key`);
  }
  const live = config["live_interval_ms"];
  if (typeof live === "number" && live > 0 && live < LEAST_LIVE_MS) {
    problems.push(`live_interval_ms: expected 0 or at least ${LEAST_LIVE_MS}`);
  }
  if ((config["tls_cert"] === undefined) !== (config["tls_key"] === undefined)) {
    problems.push("tls_cert, tls_key: expected both or neither");
  }
  try {
    config["sources"] = decodeSources((given["sources"] ?? []) as Json, "sources");
  } catch (error) {
    if (!isCoded(error)) throw error;
    problems.push(error.message);
  }
  if (problems.length > 0) {
    fail("config", `${file}: ${problems.join("; ")}`, { errors: problems.length });
  }
  return config as MeterConfig;
}

/** The table of keys as lines of text for `--help`. */
export function describeConfig(): string {
  const rows = Object.entries(CONFIG_KEYS).map(
    ([name, { meaning, shown }]) => `  ${name.padEnd(20)}${meaning} (default: ${shown})`,
  );
  return [
    "  sources             list of what is measured: mock, replay, or sensors (required)",
    ...rows,
  ].join("\n");
}
