/**
 * A `Source` over drivers: reads them one after the other and merges what they say into one sample.
 *
 * A failed sensor costs its own quantities only. Where two sensors measure the same quantity, the one that the
 * configuration names first counts.
 */

import { isCoded, type WattproofError } from "../shared/base/error.ts";
import type { UnixMillis } from "../shared/base/units.ts";
import type { Driver, Reading } from "./driver/driver.ts";
import type { Sample, Source } from "./source.ts";

export interface SensorSourceOptions {
  readonly drivers: readonly Driver[];
  /** Called before the drivers are read, for ports that answer for an instant. */
  readonly moveTo?: (at: UnixMillis) => void | Promise<void>;
  /** Releases the ports, after the drivers are closed. */
  readonly release: () => Promise<void>;
}

export function createSensorSource(options: SensorSourceOptions): Source {
  const { drivers, moveTo, release } = options;
  return {
    async read(at) {
      await moveTo?.(at);
      let sample: Sample = { at, energy: "none", evidence: [], faults: [] };
      let first: WattproofError | undefined;
      for (const driver of drivers) {
        try {
          sample = mergeReading(sample, driver.sensor, await driver.read());
        } catch (error) {
          if (!isCoded(error)) throw error;
          first ??= error;
          const faults = [...sample.faults, { sensor: driver.sensor, code: error.code }];
          sample = { ...sample, faults };
        }
      }
      if (sample.evidence.length === 0 && first !== undefined) throw first;
      return sample;
    },
    async close() {
      for (const driver of drivers) await driver.close();
      await release();
    },
  };
}

function mergeReading(sample: Sample, sensor: string, reading: Reading): Sample {
  const { raw, energy, ...quantities } = reading;
  return {
    ...quantities,
    ...sample,
    energy: sample.energy === "none" ? energy : sample.energy,
    evidence: [...sample.evidence, { sensor, raw }],
  };
}
