/**
 * What a meter measures now, above its history: figures, their age, the last minutes as a chart. Made once here; the script of the
 * page goes on with it (browser/live-strip.ts). Without a value, and for a reader without scripts, it is not there.
 */
import type { LiveValue } from "../../live/live-values.ts";
import type { DayDetail, MeterSummary } from "../../projection/read-model-types.ts";
import { formatAge, formatLive, LIVE_FIGURES, unsealedWh } from "../live/live-figures.ts";
import { type Html, html } from "../view/html.ts";
import { ENERGY, formatQuantity } from "../view/number.ts";
import { statStrip } from "../view/parts.ts";
import { formatDate } from "../view/time.ts";
import type { PageContext } from "./context.ts";

export function liveStrip(
  { live, readModel }: PageContext,
  { meter, lastDay }: MeterSummary,
): Html | undefined {
  if (live === undefined) return undefined;
  const value = live.newest(meter);
  const sealedWh = lastDay && sealedRegister(readModel.day(meter, lastDay.date));
  const since = lastDay === undefined ? "" : `since the end of ${formatDate(lastDay.date)}`;
  return html`<section class="live" id="live" aria-labelledby="live-title" data-own data-live-meter="${meter}"${sealedWh !== undefined && html` data-sealed-wh="${sealedWh}" data-sealed-words="${since}"`}${value === undefined && html` hidden`}>
<div class="section-head"><h2 id="live-title">Now</h2><p class="live-age"><span class="live-dot" aria-hidden="true"></span><span id="live-age">${value === undefined ? "" : `measured ${formatAge(value.ageMs)}`}</span></p></div>
<div class="live-board">${statStrip([
    ...LIVE_FIGURES.map((figure) =>
      liveStat(
        figure.key,
        figure.quantity.name,
        figure.quantity.unit,
        value && formatLive(figure, value),
      ),
    ),
    unsealed(value, sealedWh, since),
  ])}
<figure class="figure live-figure" id="live-figure" hidden><figcaption><h3>The last minutes</h3><p id="live-words"></p></figcaption><div class="chart chart-live" dir="ltr" aria-hidden="true"><div class="gutter" id="live-gutter"></div><svg class="plot" id="live-plot" width="100%" preserveAspectRatio="none" viewBox="0 0 300 100" focusable="false"></svg></div><p class="live-ends" aria-hidden="true"><span id="live-begin"></span><span>now</span></p></figure></div>
<p class="note">Signed by the meter and sealed for those who may read it, but not on the chain: a bill rests on sealed days alone.</p>
</section>`;
}

/** One figure; a quantity that the meter has not said is not shown. */
function liveStat(key: string, name: string, unit: string, text: string | undefined): Html {
  return html`<div class="stat" data-live="${key}"${text === undefined && html` hidden`}><dt>${name}</dt><dd><span class="measure"><span class="num live-value">${text}</span> <span class="unit">${unit}</span></span></dd></div>`;
}

function unsealed(value: LiveValue | undefined, sealedWh: number | undefined, since: string): Html {
  const wh = value && unsealedWh(value, sealedWh);
  return html`<div class="stat" data-live="unsealed"${wh === undefined && html` hidden`}><dt>Not sealed yet</dt><dd><span class="measure"><span class="num live-value">${wh !== undefined && formatQuantity(ENERGY, wh)}</span> <span class="unit">kWh</span></span><small id="live-since">${since}</small></dd></div>`;
}

/** The meter's register at the end of its newest day, from which a live register goes on. */
function sealedRegister(days: readonly DayDetail[]): number | undefined {
  const last = days.at(-1);
  return last === undefined || last.unusable !== undefined ? undefined : last.registerLastWh;
}
