/**
 * The `pins` of a meter's configuration: what is wired to the header besides sensors. Each is a BCM number, or an object
 * with it and the level that means something.
 *
 *   "pins": {"led": 17, "tamper": {"pin": 27, "opened": "high"}, "button": 22}
 */
import { isJsonObject, type Json } from "../../shared/base/canonical-json.ts";
import { type Decoded, type Decoder, integer, literal, object } from "../../shared/base/decoder.ts";
import { fail } from "../../shared/base/error.ts";

const pin = integer(0, 53);
const level = literal("low", "high");

const decodeMembers = object(
  {},
  {
    /** A light that shows how the meter is (blink.ts). `lit` is high by default. */
    led: pinOr(object({ pin }, { lit: level })),
    /** A switch that is closed to ground as long as the case is: `opened` is high by default, so that a cut wire is too. */
    tamper: pinOr(object({ pin }, { opened: level })),
    /** A button to ground: `pressed` is low by default. */
    button: pinOr(object({ pin }, { pressed: level })),
  },
);

export type PinsConfig = Decoded<typeof decodeMembers>;

function pinOr<T>(decode: Decoder<T>): Decoder<number | T> {
  return (value, path) => (isJsonObject(value) ? decode(value, path) : pin(value, path));
}

/** Throws `schema`. */
export function decodePins(value: Json, path = "pins"): PinsConfig {
  const config = decodeMembers(value, path);
  const { led, tamper, button } = config;
  const used = [led, tamper, button].filter((one) => one !== undefined).map(pinOf);
  if (new Set(used).size < used.length) fail("schema", `${path}: a pin named twice`, { path });
  return config;
}

export function pinOf(one: number | { readonly pin: number }): number {
  return typeof one === "number" ? one : one.pin;
}
