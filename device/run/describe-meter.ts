/** What configuration and join file say of a meter: whose journal, which slots, which parts, what each day tells of it. */
import type { OpenedSource } from "../../hardware/source.ts";
import { type SourceConfig, sensorsOf } from "../../hardware/source-config.ts";
import { planParts } from "../../hardware/source-plan.ts";
import { fail } from "../../shared/base/error.ts";
import type { SigningKey } from "../../shared/crypto/key.ts";
import type { Join } from "../../shared/message/join.ts";
import type { MeterConfig } from "../config.ts";
import type { MeterFacts } from "../day-close/day-body.ts";
import type { Journal } from "../journal/journal.ts";
import { hashCalibration } from "./part-changes.ts";
import { hashProgram } from "./program-hash.ts";

/** A journal belongs to one key, meter and chain for ever. Throws `join`. */
export function claimJournal(journal: Journal, join: Join, key: SigningKey): void {
  const claim = { meter: join.meter, chain: join.chain, kid: key.kid };
  const owner = journal.readState<typeof claim>("owner");
  if (owner === undefined) {
    journal.transact("owner", () => journal.writeState("owner", claim));
  } else if (JSON.stringify(owner) !== JSON.stringify(claim)) {
    fail("join", "the journal belongs to another meter, key or chain than the join file", owner);
  }
}

/** Throws `config` when a recording's rows are longer than the slots that they would have to fit in. */
export function chooseStep(config: MeterConfig, source: OpenedSource): number {
  const rows = source.kind === "rows" ? source.source.step : undefined;
  const step = config.step ?? (rows === 0 ? 0 : Math.max(900, rows ?? 0));
  if (rows === undefined || step === 0) return step;
  if (rows === 0 || step % rows !== 0) {
    fail("config", `step: rows of ${rows} s do not fill slots of ${step} s`);
  }
  return step;
}

/** What each day says of the meter. */
export function describeMeter(join: Join, sources: readonly SourceConfig[]): MeterFacts {
  const cal = hashCalibration(sources);
  return {
    meter: join.meter,
    zone: join.time_zone,
    tz: process.versions["tz"] ?? "unknown",
    ...(join.location === undefined ? {} : { location: join.location }),
    fw: hashProgram(),
    ...(cal === undefined ? {} : { cal }),
  };
}

/** The parts that count into the register; undefined for recorded rows, which have none. */
export function countingParts(
  sources: readonly SourceConfig[],
  opened: OpenedSource,
): { readonly parts?: readonly string[] } {
  if (opened.kind === "rows") return {};
  const sensors = sensorsOf(sources);
  if (sensors.length === 0) return { parts: sources.map(({ kind }) => kind) };
  const counting = planParts(sensors).filter(({ use }) => use === "energy" || use === "add");
  return { parts: counting.map(({ name }) => name) };
}

/** How often parts speak by themselves, and how often an optical head is asked, where the configuration does not say. */
const USUAL_PERIOD_S = 10;
const USUAL_INTERVAL_S = 60;

/**
 * The longest silence, in ms, of a part that speaks or is asked at its own pace that still counts as measured: it may be
 * misunderstood twice.
 */
export function longestSilence({ sources, max_gap_s }: MeterConfig): number {
  const periods = sensorsOf(sources).map((sensor) => {
    if (sensor.kind === "d0" && sensor.mode !== "push")
      return sensor.interval_s ?? USUAL_INTERVAL_S;
    return "period_s" in sensor ? (sensor.period_s ?? 0) : 0;
  });
  return 1000 * (max_gap_s ?? 3 * Math.max(USUAL_PERIOD_S, ...periods) + 5);
}
