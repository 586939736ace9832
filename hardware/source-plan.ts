/**
 * What each sensor of a meter is for: which part counts the energy, which adds to it, which is only watched.
 *
 * In: the sensors of a configuration with what it says of their use. Out: one plan a sensor, with a name that stays
 * the same as long as the configuration says the same. Throws `schema` naming the path.
 */
import type { Json } from "../shared/base/canonical-json.ts";
import { type Decoded, literal, object, pattern } from "../shared/base/decoder.ts";
import { fail } from "../shared/base/error.ts";
import { type Calibration, decodeCalibration } from "./calibration.ts";
import { SENSORS } from "./driver/registry.ts";

/**
 * `energy`  counts into the meter's register, and voltage and current of the day are its own
 * `add`     counts into the register too: a second circuit
 * `watch`   is read and shown, and enters no day
 * `climate` measures no energy; its quantities enter the day
 */
export type Use = "energy" | "add" | "watch" | "climate";

/** Members that every sensor's entry may have, whatever its kind. */
export const ENTRY_MEMBERS = {
  /** Told apart by it in events, in `meter status` and in the journal; default: the kind, numbered if there are more. */
  name: pattern(/^[A-Za-z0-9][A-Za-z0-9 ._-]{0,31}$/, "a name of at most 32 letters and digits"),
  /** Default: the first sensor that measures energy counts; climate sensors are climate sensors. */
  use: literal("energy", "add", "watch"),
  calibration: decodeCalibration,
};

const decodeMembers = object({}, ENTRY_MEMBERS);

export type EntryMembers = Decoded<typeof decodeMembers>;

/** Takes the common members out of an entry, for the sensor's own decoder. */
export function splitEntry(
  entry: { readonly [name: string]: Json },
  at: string,
): { readonly members: EntryMembers; readonly rest: { readonly [name: string]: Json } } {
  const common = Object.entries(entry).filter(([name]) => Object.hasOwn(ENTRY_MEMBERS, name));
  const rest = Object.entries(entry).filter(([name]) => !Object.hasOwn(ENTRY_MEMBERS, name));
  return {
    members: decodeMembers(Object.fromEntries(common), at),
    rest: Object.fromEntries(rest),
  };
}

export interface PartPlan {
  readonly name: string;
  readonly use: Use;
  /** What identifies the counter as far as the configuration knows. */
  readonly counter: string;
  readonly calibration?: Calibration;
}

type Entry = { readonly kind: string; readonly address?: unknown } & EntryMembers;

/** One plan a sensor, in their order. Throws `schema`. */
export function planParts(entries: readonly Entry[], at = "sources"): readonly PartPlan[] {
  const plans: PartPlan[] = [];
  for (const [i, entry] of entries.entries()) {
    const { calibration } = entry;
    const path = `${at}[${i}]`;
    const use = chooseUse(entry, plans, path);
    const name = entry.name ?? nameByKind(entry.kind, entries.slice(0, i));
    if (plans.some((plan) => plan.name === name)) {
      fail("schema", `${path}.name: there is another part called ${name}`, { path });
    }
    const address = entry.address === undefined ? [] : [String(entry.address)];
    const scaled = calibration === undefined ? [] : [describeCalibration(calibration)];
    const counter = [entry.kind, ...address, ...scaled].join(" ");
    plans.push({ name, use, counter, ...(calibration === undefined ? {} : { calibration }) });
  }
  const has = (use: Use): boolean => plans.some((plan) => plan.use === use);
  if (has("add") && !has("energy")) {
    fail("schema", `${at}: a part adds to another, but none has the use "energy"`, { path: at });
  }
  return plans;
}

function chooseUse(entry: Entry, before: readonly PartPlan[], path: string): Use {
  const meters = SENSORS.some(({ kind, metersEnergy }) => kind === entry.kind && metersEnergy);
  const use = entry.use ?? (meters ? "energy" : "climate");
  if (!meters && (use === "energy" || use === "add")) {
    fail("schema", `${path}.use: a ${entry.kind} measures no energy`, { path });
  }
  if (use === "energy" && before.some((plan) => plan.use === "energy")) {
    const advice = 'say "use": "add" (a second circuit of this meter) or "watch" (only shown)';
    fail("schema", `${path}.use: more than one sensor that measures energy; ${advice}`, { path });
  }
  return use;
}

/** pzem-004t, pzem-004t 2, … */
function nameByKind(kind: string, before: readonly Entry[]): string {
  const count = before.filter((entry) => entry.kind === kind).length;
  return count === 0 ? kind : `${kind} ${count + 1}`;
}

/** `ct 200/5 voltage 1013/1000`, for events and for the name of a counter. */
export function describeCalibration(calibration: Calibration): string {
  const { ct_ratio, voltage_gain, power_gain } = calibration;
  const named = { ct: ct_ratio, voltage: voltage_gain, power: power_gain };
  const factors = Object.entries(named).flatMap(([name, by]) =>
    by === undefined ? [] : [`${name} ${by[0]}/${by[1]}`],
  );
  return factors.join(" ") || "none";
}
