/** What a meter said happened to it: the newest of its signed events, as a small list below its history. */
import { isAlarming, meaningOf } from "../../../shared/event/event-code.ts";
import type { MeterEventRow } from "../../projection/chain-view-types.ts";
import type { ReadModel } from "../../projection/read-model-types.ts";
import { type Html, html } from "../view/html.ts";
import { zonedTime } from "../view/time.ts";

/** Events on the page of a meter. */
const SHOWN = 12;

/** Nothing where the meter has told of nothing. */
export function meterEvents(
  readModel: Pick<ReadModel, "events">,
  meter: string,
  zone: string,
): Html | undefined {
  const events = readModel.events(meter, SHOWN);
  if (events.length === 0) return undefined;
  const time = zonedTime(zone);
  const rows = events.map(
    (event) =>
      html`<tr><th scope="row"><a href="/records/${event.position}">${time.stamp(event.atSeconds)}</a></th><td><code class="flag${isAlarming(event.code) && " flag-warn"}">${event.code}</code></td><td>${words(event)}</td></tr>`,
  );
  return html`<section aria-labelledby="events"><h2 id="events">What the meter told</h2><div class="scroll" tabindex="0" role="region" aria-label="Events"><table><thead><tr><th scope="col">When</th><th scope="col">Event</th><th scope="col">What</th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}

function words({ code, before, after }: MeterEventRow): Html | string {
  const meaning = meaningOf(code) ?? "an event that this gateway does not know";
  const sentence = meaning.charAt(0).toUpperCase() + meaning.slice(1);
  const change = [before, after].filter((text) => text !== undefined).join(" → ");
  return change === "" ? sentence : html`${sentence}: <span class="quiet">${change}</span>`;
}
