/**
 * Where a meter's numbers come from: the two contracts that the device consumes.
 *
 * `Source` is asked at each sampling instant and gives what the sensors say then. `RowSource` hands over
 * intervals that somebody else has measured and recorded, for recordings too coarse to sample. Both are
 * opened by `open-source.ts` from what `source-config.ts` decodes.
 */
import { WattproofError } from "../shared/base/error.ts";
import type { ErrorCode } from "../shared/base/error-code.ts";
import type {
  CentiPercent,
  MilliAmp,
  MilliCelsius,
  MilliVolt,
  MilliWatt,
  UnixMillis,
  UnixSeconds,
  WattHour,
} from "../shared/base/units.ts";
import type { Reading } from "./driver/driver.ts";

/** What one part said, in the units of the wire: calibrated. */
export interface PartReading extends Omit<Reading, "raw" | "troubles"> {
  /** Its name in the configuration. */
  readonly part: string;
  readonly sensor: string;
  /** Whether its energy counts into the meter's register. */
  readonly counts: boolean;
  /** What identifies its counter: another one begins anew. */
  readonly counter: string;
}

/**
 * What all sensors of one meter said at one instant: of the whole, and part by part. The quantities of the whole are
 * those of the part that counts the energy, and of climate sensors. If the energy sensor failed, `energy` is `none`,
 * its quantities are absent, and `faults` says why. A part that speaks by itself and has said nothing new is absent
 * without a fault.
 */
export interface Sample extends Omit<Reading, "raw" | "troubles"> {
  /** The instant asked for. */
  readonly at: UnixMillis;
  readonly parts: readonly PartReading[];
  /** The reply bytes of each part that answered, in the order of `parts`. */
  readonly evidence: readonly { readonly sensor: string; readonly raw: Uint8Array }[];
  readonly faults: readonly PartFault[];
}

/** A sensor that did not answer, or answered and told of something else that failed, with the code of the error. */
export interface PartFault {
  readonly part: string;
  readonly sensor: string;
  readonly code: ErrorCode;
}

/** No sensor has answered: the first one's error, and the faults of all. */
export class SourceSilent extends WattproofError {
  readonly faults: readonly PartFault[];

  constructor(first: Pick<WattproofError, "code" | "message">, faults: readonly PartFault[]) {
    super(first.code, first.message);
    this.faults = faults;
  }
}

/**
 * Contract
 * - `read` is called with instants that never go back; calls do not overlap.
 * - It resolves if at least one sensor answered and else rejects with `SourceSilent`: the first sensor's code
 *   (`sensor-…`) and all faults. A part that takes long is not waited for: its reading comes with a later sample. A failed read changes nothing; the next one may succeed.
 * - With real sensors `at` is only noted; simulated ones and recordings answer for that instant, and give the
 *   same answer for the same instant in every process.
 */
export interface Source {
  read(at: UnixMillis): Promise<Sample>;
  /**
   * Of a recording: whether `at` lies behind its last row, where nobody knows what came after. Called before `read`
   * of the same instant; throws the `replay-…` error of a malformed row.
   */
  hasEnded?(at: UnixMillis): Promise<boolean>;
  /** Idempotent. */
  close(): Promise<void>;
}

/** One recorded interval. Absent quantities were not recorded. */
export interface Row {
  readonly from: UnixSeconds;
  readonly to: UnixSeconds;
  /** Whole Wh; the fractions left over are carried from row to row, so that sums never drift. */
  readonly wh: WattHour;
  /** Mean active power of the same energy, for display; not a second source of energy. */
  readonly power: MilliWatt;
  /** The recording covers only a part of the interval. */
  readonly partial: boolean;
  /** Means over the interval. */
  readonly voltage?: MilliVolt;
  readonly current?: MilliAmp;
  readonly temperature?: MilliCelsius;
  readonly humidity?: CentiPercent;
  /** The line of the file, counted from 1. */
  readonly line: number;
}

/**
 * Contract
 * - Rows come in order of time, without overlap. Where nothing was recorded there is no row: a gap.
 * - `rows(from)` leaves out rows that begin before `from`; the others are the same as without it.
 * - A malformed row rejects with `replay-row`, `replay-time` or `replay-order` naming its line; the
 *   rows before it have been delivered.
 */
export interface RowSource {
  /** Seconds of a row, or 0 for whole local days. */
  readonly step: number;
  /** `metered` rows carry recorded energy, `integrated` ones recorded power times the step. */
  readonly energy: "metered" | "integrated";
  rows(from?: UnixSeconds): AsyncIterable<Row>;
}

export type OpenedSource =
  | { readonly kind: "samples"; readonly source: Source }
  | { readonly kind: "rows"; readonly source: RowSource };
