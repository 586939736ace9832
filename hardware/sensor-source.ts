/**
 * A `Source` over drivers: reads them all at the same time and merges what they say into one sample.
 *
 * A failed sensor costs its own quantities only, and a slow one holds up no other: after a while the sample is made of
 * what is there, and the slow one's reading comes with a later one. Where two sensors measure the same quantity, the one
 * that the configuration names first counts.
 */
import { isCoded, type WattproofError } from "../shared/base/error.ts";
import type { UnixMillis } from "../shared/base/units.ts";
import { calibrate } from "./calibration.ts";
import type { Driver, Reading } from "./driver/driver.ts";
import type { Timing } from "./port/timing.ts";
import { type PartReading, type Sample, type Source, SourceSilent } from "./source.ts";
import type { PartPlan } from "./source-plan.ts";

export interface SourcePart extends PartPlan {
  readonly driver: Driver;
}

export interface SensorSourceOptions {
  readonly parts: readonly SourcePart[];
  /** Called before the drivers are read, for ports that answer for an instant. */
  readonly moveTo?: (at: UnixMillis) => void | Promise<void>;
  /** How long a sample waits for slow parts; left out for ports whose time is not real. */
  readonly patience?: { readonly timing: Timing; readonly ms: number };
  /** Releases the ports, after the drivers are closed. */
  readonly release: () => Promise<void>;
}

type Outcome = { readonly reading: Reading } | { readonly error: WattproofError };

export function createSensorSource(options: SensorSourceOptions): Source {
  const { moveTo, patience, release } = options;
  const readers = options.parts.map((part) => new PartReader(part, patience?.timing));
  return {
    async read(at) {
      await moveTo?.(at);
      const all = Promise.all(readers.map((reader) => reader.begin()));
      await (patience === undefined
        ? all
        : Promise.race([all, patience.timing.sleep(patience.ms)]));
      let sample: Sample = { at, energy: "none", parts: [], evidence: [], faults: [] };
      let first: WattproofError | undefined;
      let answered = 0;
      for (const reader of readers) {
        const outcome = reader.take();
        if (outcome === undefined) continue;
        if ("error" in outcome) {
          const { name: part, driver } = reader.part;
          first ??= outcome.error;
          const fault = { part, sensor: driver.sensor, code: outcome.error.code };
          sample = { ...sample, faults: [...sample.faults, fault] };
        } else {
          answered += 1;
          if (reader.isNew(outcome.reading)) {
            sample = mergeReading(sample, reader.part, outcome.reading);
          }
        }
      }
      if (answered === 0) {
        const message = "no part has answered yet";
        throw new SourceSilent(first ?? { code: "sensor-timeout", message }, sample.faults);
      }
      return sample;
    },
    async close() {
      for (const { part } of readers) await part.driver.close();
      await release();
    },
  };
}

/** One part that is asked again only when it has answered. */
class PartReader {
  readonly part: SourcePart;
  readonly #timing: Timing | undefined;
  #reading: Promise<void> | undefined;
  #outcome: Outcome | undefined;
  #failure: unknown;
  #awaited = false;
  #takenMs: number | undefined;

  constructor(part: SourcePart, timing: Timing | undefined) {
    this.part = part;
    this.#timing = timing;
  }

  /** Asks, unless that is under way; resolves with the answer. Rejects with what is no sensor's error. */
  async begin(): Promise<void> {
    this.#awaited = true;
    const answered = this.#outcome !== undefined || this.#failure !== undefined;
    if (!answered) this.#reading ??= this.#read();
    await this.#reading;
    if (this.#failure !== undefined) throw this.#failure;
  }

  /** The answer, once; undefined while it is awaited. */
  take(): Outcome | undefined {
    const outcome = this.#outcome;
    this.#outcome = undefined;
    this.#awaited = false;
    return outcome;
  }

  /** Whether the part has not said just this before. */
  isNew({ takenMs }: Reading): boolean {
    if (takenMs !== undefined && takenMs === this.#takenMs) return false;
    this.#takenMs = takenMs;
    return true;
  }

  async #read(): Promise<void> {
    try {
      const reading = await this.part.driver.read();
      this.#outcome = { reading: this.#awaited ? reading : this.#late(reading) };
    } catch (error) {
      if (isCoded(error)) this.#outcome = { error };
      else this.#failure = error;
    } finally {
      this.#reading = undefined;
    }
  }

  /** Of an answer that comes between two samples it is told when it came. */
  #late(reading: Reading): Reading {
    const takenMs = reading.takenMs ?? this.#timing?.monotonicMs();
    return takenMs === undefined ? reading : { ...reading, takenMs };
  }
}

function mergeReading(sample: Sample, part: SourcePart, reading: Reading): Sample {
  const { raw, troubles = [], ...said } = reading;
  const { driver, name, use, counter, calibration } = part;
  const quantities = calibrate(said, calibration);
  const identity = reading.identity === undefined ? [] : [reading.identity];
  const entry: PartReading = {
    ...quantities,
    part: name,
    sensor: driver.sensor,
    counts: (use === "energy" || use === "add") && reading.energy !== "none",
    counter: [counter, ...identity].join(" "),
  };
  const parts = [...sample.parts, entry];
  const told = troubles.map((code) => ({ part: name, sensor: driver.sensor, code }));
  const faults = [...sample.faults, ...told];
  const evidence = [...sample.evidence, { sensor: driver.sensor, raw }];
  if (use === "add" || use === "watch") return { ...sample, parts, evidence, faults };
  const energy = sample.energy === "none" ? reading.energy : sample.energy;
  return { ...quantities, ...sample, energy, parts, evidence, faults };
}
