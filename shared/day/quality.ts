/**
 * Quality letters of slots (records.md section 4), and their count by what a bill reports.
 *
 * `M` metered, `I` integrated, `E` estimated, each in lower case for a partial slot; `R` recovered, the register's
 * delta over the gap before it; `S` substituted, in corrections only; `G` gap.
 */

/** Slots by kind; `total` is the sum of the other six. */
export interface SlotCounts {
  readonly total: number;
  /** M, I, E. */
  readonly measured: number;
  /** m, i, e. */
  readonly partial: number;
  readonly recovered: number;
  readonly substituted: number;
  readonly gap: number;
  /** Slots that no usable record covers; never counted from letters. */
  readonly missing: number;
}

type CountedKind = Exclude<keyof SlotCounts, "total" | "missing">;

/** The kind of a quality letter, undefined for a letter that does not exist. */
export function kindOfQuality(letter: string): CountedKind | undefined {
  switch (letter) {
    case "M":
    case "I":
    case "E":
      return "measured";
    case "m":
    case "i":
    case "e":
      return "partial";
    case "R":
      return "recovered";
    case "S":
      return "substituted";
    case "G":
      return "gap";
    default:
      return undefined;
  }
}

/** Counts of the letters of any number of records, with `missing` slots that no record covers. */
export function countSlots(qualities: Iterable<string>, missing = 0): SlotCounts {
  const counts = { measured: 0, partial: 0, recovered: 0, substituted: 0, gap: 0, missing };
  for (const quality of qualities) {
    for (let slot = 0; slot < quality.length; slot++) {
      const kind = kindOfQuality(quality.charAt(slot));
      if (kind !== undefined) counts[kind]++;
    }
  }
  const { measured, partial, recovered, substituted, gap } = counts;
  return { total: measured + partial + recovered + substituted + gap + missing, ...counts };
}
