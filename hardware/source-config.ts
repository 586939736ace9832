/**
 * The `sources` of a meter's configuration: JSON of unknown shape in, typed configuration out.
 *
 * Each sensor decodes its own entry (driver/registry.ts); here are the two entries that stand for a whole
 * meter, `mock` and `replay`, and the rules between entries. Throws `schema` naming the path.
 */
import { isJsonObject, type Json } from "../shared/base/canonical-json.ts";
import {
  arrayOf,
  type Decoded,
  type Decoder,
  literal,
  natural,
  object,
} from "../shared/base/decoder.ts";
import { fail } from "../shared/base/error.ts";
import type { Sensor } from "./driver/driver.ts";
import { SENSORS } from "./driver/registry.ts";
import { decodeReplay, type ReplayConfig } from "./replay/replay-config.ts";
import { type EntryMembers, planParts, splitEntry } from "./source-plan.ts";

/** A household simulated under the unchanged drivers of a PZEM-004T and an SHT31; same seed, same house. */
const decodeMock = object({ kind: literal("mock"), seed: natural });

type MockConfig = Decoded<typeof decodeMock>;
/** A sensor's own settings, and what the meter makes of it (source-plan.ts). */
export type SensorConfig = Decoded<(typeof SENSORS)[number]["decode"]> & EntryMembers;
export type SourceConfig = MockConfig | ReplayConfig | SensorConfig;

const MAX_SOURCES = 16;

const decoderByKind = new Map<string, Decoder<SourceConfig>>([
  ["mock", decodeMock],
  ["replay", decodeReplay],
  ...(SENSORS as readonly Sensor<SensorConfig>[]).map(
    (sensor) => [sensor.kind, decodeSensor(sensor)] as const,
  ),
]);

function decodeSensor({ decode }: Sensor<SensorConfig>): Decoder<SourceConfig> {
  return (value, at) => {
    const { members, rest } = splitEntry(isJsonObject(value) ? value : {}, at);
    return { ...decode(rest, at), ...members };
  };
}

const decodeSource: Decoder<SourceConfig> = (value, at) => {
  const kind = isJsonObject(value) ? value["kind"] : undefined;
  const decode = typeof kind === "string" ? decoderByKind.get(kind) : undefined;
  if (decode === undefined) {
    const known = [...decoderByKind.keys()].join(", ");
    fail("schema", `${at}.kind: expected one of ${known}`, { path: `${at}.kind` });
  }
  return decode(value, at);
};

/** Sensors with their uses (source-plan.ts); or a mock or a replay alone. Throws `schema`. */
export function decodeSources(value: Json, at = "sources"): readonly SourceConfig[] {
  const configs = arrayOf(decodeSource, 1, MAX_SOURCES)(value, at);
  const alone = configs.find(({ kind }) => kind === "mock" || kind === "replay");
  if (alone !== undefined && configs.length > 1) {
    fail("schema", `${at}: a ${alone.kind} source stands alone`, { path: at });
  }
  planParts(sensorsOf(configs), at);
  return configs;
}

/** The sensors among the sources: all of them, or none. */
export function sensorsOf(configs: readonly SourceConfig[]): readonly SensorConfig[] {
  return configs.filter(
    (config): config is SensorConfig => config.kind !== "mock" && config.kind !== "replay",
  );
}
