/**
 * Changes of what measures: another calibration, another counter. Each becomes a signed event with before and after.
 *
 * In: the configuration of this start and the one that the journal remembers; what the sampler noted of its counters.
 * Out: events; a hash of all settings by which readings become Wh, for each day (`cal`).
 */
import { type SourceConfig, sensorsOf } from "../../hardware/source-config.ts";
import { planParts } from "../../hardware/source-plan.ts";
import { encodeBase64url, encodeUtf8 } from "../../shared/base/bytes.ts";
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import type { RecordEvent } from "../event/event-recorder.ts";
import type { Journal } from "../journal/journal.ts";
import { NOW } from "../sampler/energy-part.ts";
import type { SamplerEvent } from "../sampler/sampler-types.ts";

/** Where a part is wired to, how it is called, and its secrets change no reading. */
const NOT_SETTINGS = /^(?:port|bus|name|baud|parity)$|key|secret|password/;

/** By part that counts: the settings by which its readings become Wh, as text. */
function listSettings(sources: readonly SourceConfig[]): { [part: string]: string } {
  const sensors = sensorsOf(sources);
  const settings: { [part: string]: string } = {};
  for (const [i, { name, use }] of planParts(sensors).entries()) {
    if (use !== "energy" && use !== "add") continue;
    const members = Object.entries(sensors[i] ?? {}).filter(([key]) => !NOT_SETTINGS.test(key));
    members.sort(([a], [b]) => (a < b ? -1 : 1));
    settings[name] = JSON.stringify(Object.fromEntries(members));
  }
  return settings;
}

/** H; undefined for simulated and recorded meters, which have nothing to calibrate. */
export function hashCalibration(sources: readonly SourceConfig[]): string | undefined {
  const settings = listSettings(sources);
  if (Object.keys(settings).length === 0) return undefined;
  const lines = Object.entries(settings).map(([part, text]) => `${part}\n${text}\n`);
  return encodeBase64url(nobleSuite.sha256(encodeUtf8(lines.join(""))));
}

/** In the journal: the settings of the last start. */
const SETTINGS = "settings";

/** Records what is different from the last start. The first start of a journal is no change. */
export function noteCalibration(
  journal: Journal,
  sources: readonly SourceConfig[],
  record: RecordEvent,
): void {
  const after = listSettings(sources);
  const before = journal.readState<{ [part: string]: string }>(SETTINGS);
  const names = new Set([...Object.keys(before ?? {}), ...Object.keys(after)]);
  const changed = [...names].filter((name) => before?.[name] !== after[name]);
  if (changed.length === 0) return;
  // Recorded first: a power cut in between makes the same event twice, and never none.
  for (const name of before === undefined ? [] : changed) {
    for (const [was, is] of listDifferences(before?.[name], after[name])) {
      record("calibration", `${name} ${was}`, `${name} ${is}`);
    }
  }
  journal.transact("settings", () => journal.writeState(SETTINGS, after));
}

/** An event's text is short: each setting that changed stands in one of its own, a long one from where it differs. */
const SHOWN = 120;

/** Before and after of each setting that is different; of a part that came or went, all of it. */
function listDifferences(
  before: string | undefined,
  after: string | undefined,
): (readonly [before: string, after: string])[] {
  if (before === undefined || after === undefined) return [[before ?? "none", after ?? "none"]];
  const [was, is] = [before, after].map((text) => JSON.parse(text) as Record<string, unknown>);
  const names = new Set([...Object.keys(was ?? {}), ...Object.keys(is ?? {})]);
  return [...names].sort().flatMap((name) => {
    const old = JSON.stringify(was?.[name]) ?? "none";
    const fresh = JSON.stringify(is?.[name]) ?? "none";
    if (old === fresh) return [];
    let same = 0;
    while (old[same] === fresh[same]) same++;
    const from = Math.max(old.length, fresh.length) <= SHOWN ? 0 : same;
    const show = (text: string): string => `${name}: ${from === 0 ? "" : "…"}${text.slice(from)}`;
    return [[show(old), show(fresh)] as const];
  });
}

/** The notes of the sampler that say that another counter counts. */
export function recordSwaps(noted: readonly SamplerEvent[], record: RecordEvent): void {
  for (const { code, note = "" } of noted) {
    const [before, after] = note.split(NOW);
    if (code === "counter-swap") record("part-swap", before, after);
    else if (code === "part-removed") record("part-swap", note, "no longer counted");
    else if (code === "part-added") record("part-swap", "not counted", note);
  }
}
