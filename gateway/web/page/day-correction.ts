/** What a reading stands in the place of: why, by whom, and the old and the new side by side. */
import type { DayDetail, ReplacedReading } from "../../projection/read-model-types.ts";
import { kindOfSlots } from "../history.ts";
import { type Html, html } from "../view/html.ts";
import { count, ENERGY, measure } from "../view/number.ts";
import { completeness } from "../view/parts.ts";
import { seal } from "../view/seal.ts";
import type { ZonedTime } from "../view/time.ts";

/** Slots that are shown side by side before the reader asks for all. */
const OPEN_UP_TO = 12;

/** Nothing for a day that stands as its meter sealed it. */
export function dayCorrection(day: DayDetail, time: ZonedTime): Html | undefined {
  const { reason, replaced, signedBy } = day;
  if (reason === undefined && replaced.length === 0) return undefined;
  const title = replaced.length === 0 ? "Filled in" : "Corrected";
  return html`<section class="corrected" aria-labelledby="corrected-${day.position}"><h2 id="corrected-${day.position}">${title}</h2>
<p class="note">${words(day)} ${reason !== undefined && html`Reason: <code>${reason}</code>. `}${replaced.length > 0 && "What was there before stays in the chain and counts no more."}</p>
<div class="scroll" tabindex="0" role="region" aria-label="Before and after"><table><thead><tr><th scope="col">Reading</th><th scope="col" class="n">Energy</th><th scope="col">Slots</th><th scope="col">Signed by</th><th scope="col" class="n">Seal</th></tr></thead><tbody>${replaced.map(
    (old) =>
      html`<tr class="replaced"><th scope="row">${nameOf(old)}</th><td class="n">${measure(ENERGY, energyOf(old))}</td><td>${old.unusable === undefined ? completeness(old.slots) : html`cannot be used: <code>${old.unusable}</code>`}</td><td>${signerWords(old.signedBy)}</td><td class="n">${seal(old)}</td></tr>`,
  )}<tr><th scope="row">Counts now</th><td class="n">${measure(ENERGY, energyOf(day))}</td><td>${completeness(day.slots)}</td><td>${signerWords(signedBy)}</td><td class="n">${seal(day)}</td></tr></tbody></table></div>
${sideBySide(day, time)}</section>`;
}

function words({ reason, replaced, signedBy }: DayDetail): string {
  if (reason === undefined)
    return "The meter's own day has come after all, and takes the place of what was filled in.";
  const who = signedBy === "meter" ? "The meter itself" : "The registrar";
  return replaced.length === 0
    ? `Nothing was sealed for this time. ${who} has signed a reading for it.`
    : `${who} has signed another reading for this time.`;
}

function nameOf({ reason, unusable }: ReplacedReading): Html | string {
  if (unusable === "void") return "Void: its key was revoked";
  return reason === undefined
    ? "As the meter sealed it"
    : html`Earlier correction: <code>${reason}</code>`;
}

function signerWords(signer: DayDetail["signedBy"]): string {
  return signer === "meter" ? "the meter" : "the registrar";
}

function energyOf(reading: Pick<ReplacedReading, "unusable" | "slots" | "wh">): number | undefined {
  if (reading.unusable !== undefined || kindOfSlots(reading.slots) === "gap") return undefined;
  return reading.wh;
}

/** The slots that differ from the newest reading before, where both have the same ones. */
function sideBySide(day: DayDetail, time: ZonedTime): Html | undefined {
  const before = day.replaced.findLast(
    (old) =>
      old.fromSeconds === day.fromSeconds &&
      old.stepSeconds === day.stepSeconds &&
      old.slotWh.length === day.slotWh.length &&
      old.unusable === undefined,
  );
  if (before === undefined || day.slotWh.length < 2) return undefined;
  const fine = { ...ENERGY, digits: 3 };
  const slot = (wh: number | undefined, letter: string | undefined): Html =>
    measure(fine, letter === "G" ? undefined : wh);
  const rows = day.slotWh.flatMap((wh, i) => {
    const isSame = wh === before.slotWh[i] && day.quality[i] === before.quality[i];
    if (isSame) return [];
    const at = day.fromSeconds + i * day.stepSeconds;
    return [
      html`<tr><th scope="row">${time.clock(at)} – ${time.clock(at + day.stepSeconds)}</th><td class="n">${slot(before.slotWh[i], before.quality[i])}</td><td class="n">${slot(wh, day.quality[i])}</td></tr>`,
    ];
  });
  if (rows.length === 0) return undefined;
  return html`<details class="behind"${rows.length <= OPEN_UP_TO && html` open`}><summary>${count(rows.length, "slot")} of ${day.slotWh.length} changed</summary><div class="scroll" tabindex="0" role="region" aria-label="Slots that changed"><table><thead><tr><th scope="col">Time</th><th scope="col" class="n">Before</th><th scope="col" class="n">Now</th></tr></thead><tbody>${rows}</tbody></table></div></details>`;
}
