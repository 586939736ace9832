/**
 * One reading: asks the source, hands what counts to the sampler, and tells what fails and works again, part by part.
 *
 * In: an instant. Out: false behind the end of a recording. A sensor's error is reported when the failing begins and when
 * it ends; any other error ends the run: a recording with a malformed row will not get better.
 */
import {
  type PartFault,
  type PartReading,
  type Sample,
  type Source,
  SourceSilent,
} from "../../hardware/source.ts";
import { isCoded } from "../../shared/base/error.ts";
import type { ErrorCode } from "../../shared/base/error-code.ts";
import type { UnixMillis } from "../../shared/base/units.ts";
import type { MeterEvent } from "../meter-event.ts";
import type { EnergyReading } from "../sampler/energy-part.ts";
import type { Sampler } from "../sampler/sampler.ts";

export interface SourceReaderOptions {
  readonly source: Source;
  readonly sampler: Pick<Sampler, "add">;
  readonly report: (event: MeterEvent) => void;
  /** Told of each reading, for those who look at the meter while it runs. */
  readonly watch?: (said: Watched) => void;
}

/** What the parts said; `whole` is absent when none has answered. */
export type Watched = Pick<Sample, "parts" | "evidence" | "faults"> & { readonly whole?: Sample };

/** Resolves with whether there can be further readings. */
export type ReadSource = (at: UnixMillis, monotonicMs: () => number) => Promise<boolean>;

export function createSourceReader(options: SourceReaderOptions): ReadSource {
  const { source, sampler, report, watch } = options;
  const failing = new Map<string, ErrorCode>();
  return async (at, monotonicMs) => {
    if (source.hasEnded !== undefined && (await source.hasEnded(at))) return false;
    let parts: readonly PartReading[] = [];
    let evidence: Sample["evidence"] = [];
    let faults: readonly PartFault[];
    let whole: Sample | undefined;
    try {
      const sample = await source.read(at);
      ({ parts, evidence, faults } = sample);
      whole = sample;
      sampler.add({ ...sample, energies: parts.flatMap(toEnergy), monotonicMs: monotonicMs() });
    } catch (error) {
      if (!isCoded(error) || !error.code.startsWith("sensor-")) throw error;
      const whole = { part: "all", sensor: "all", code: error.code };
      const all = error instanceof SourceSilent ? error.faults : [];
      faults = all.length === 0 ? [whole] : all;
    }
    watch?.({ parts, evidence, faults, ...(whole !== undefined && { whole }) });
    for (const { part, code } of faults) {
      if (failing.get(part) === code) continue;
      failing.set(part, code);
      report({ event: "sensor", part, state: "failing", code });
    }
    const working = parts.length === 0 ? [] : ["all", ...parts.map(({ part }) => part)];
    for (const part of working) {
      if (failing.delete(part)) report({ event: "sensor", part, state: "working" });
    }
    return true;
  };
}

function toEnergy(said: PartReading): EnergyReading[] {
  const { part, counter: sensor, counts, energy, register, epoch, exported } = said;
  if (!counts || energy === "none") return [];
  const { registerSpan, registerStep, power, takenMs } = said;
  return [
    {
      part,
      sensor,
      energy,
      ...(register === undefined ? {} : { register }),
      ...(registerSpan === undefined ? {} : { registerSpan }),
      ...(epoch === undefined ? {} : { epoch }),
      ...(registerStep === undefined ? {} : { registerStep }),
      ...(exported === undefined ? {} : { exported }),
      ...(power === undefined ? {} : { power }),
      ...(takenMs === undefined ? {} : { takenMs }),
    },
  ];
}
