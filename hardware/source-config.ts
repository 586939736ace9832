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
import { SENSORS } from "./driver/registry.ts";
import { decodeReplay, type ReplayConfig } from "./replay/replay-config.ts";

/** A household simulated under the unchanged drivers of a PZEM-004T and an SHT31; same seed, same house. */
const decodeMock = object({ kind: literal("mock"), seed: natural });

type MockConfig = Decoded<typeof decodeMock>;
export type SensorConfig = Decoded<(typeof SENSORS)[number]["decode"]>;
export type SourceConfig = MockConfig | ReplayConfig | SensorConfig;

const MAX_SOURCES = 8;

const decoderByKind = new Map<string, Decoder<SourceConfig>>([
  ["mock", decodeMock],
  ["replay", decodeReplay],
  ...SENSORS.map((sensor) => [sensor.kind, sensor.decode] as const),
]);

const decodeSource: Decoder<SourceConfig> = (value, at) => {
  const kind = isJsonObject(value) ? value["kind"] : undefined;
  const decode = typeof kind === "string" ? decoderByKind.get(kind) : undefined;
  if (decode === undefined) {
    const known = [...decoderByKind.keys()].join(", ");
    fail("schema", `${at}.kind: expected one of ${known}`, { path: `${at}.kind` });
  }
  return decode(value, at);
};

/** Sensors, of which at most one measures energy; or a mock or a replay alone. Throws `schema`. */
export function decodeSources(value: Json, at = "sources"): readonly SourceConfig[] {
  const configs = arrayOf(decodeSource, 1, MAX_SOURCES)(value, at);
  const alone = configs.find(({ kind }) => kind === "mock" || kind === "replay");
  if (alone !== undefined && configs.length > 1) {
    fail("schema", `${at}: a ${alone.kind} source stands alone`, { path: at });
  }
  const meters = SENSORS.filter((sensor) => sensor.metersEnergy).map(({ kind }) => kind as string);
  if (configs.filter(({ kind }) => meters.includes(kind)).length > 1) {
    fail("schema", `${at}: more than one sensor that measures energy`, { path: at });
  }
  return configs;
}
