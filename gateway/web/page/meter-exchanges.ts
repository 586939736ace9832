/** Which devices have measured at this meter's point, and what their registers showed when they were swapped. */
import type { ReadModel } from "../../projection/read-model-types.ts";
import { type Html, html } from "../view/html.ts";
import { ENERGY, measure } from "../view/number.ts";
import { zonedTime } from "../view/time.ts";

/** Nothing where the first device is still there. */
export function meterExchanges(
  readModel: Pick<ReadModel, "exchanges">,
  meter: string,
  zone: string,
): Html | undefined {
  const exchanges = readModel.exchanges(meter);
  if (exchanges.length === 0) return undefined;
  const time = zonedTime(zone);
  const register = (wh: number | undefined): Html => measure({ ...ENERGY, digits: 3 }, wh);
  const rows = exchanges.map(
    (one) =>
      html`<tr><th scope="row"><a href="/records/${one.position}">${time.stamp(one.atSeconds)}</a></th><td class="n">${register(one.finalWh)}</td><td class="n">${register(one.firstWh)}</td><td class="n">${register(one.unmeteredWh)}</td><td>${one.reason !== undefined && html`<code>${one.reason}</code>`}</td></tr>`,
  );
  return html`<section aria-labelledby="exchanges"><h2 id="exchanges">Swapped devices</h2><p class="note">Another device took the place of the one before. Readings, tariff and bills go on across it; the registers are as the registrar read them.</p><div class="scroll" tabindex="0" role="region" aria-label="Registers at each swap"><table><thead><tr><th scope="col">When</th><th scope="col" class="n">Old one's last register</th><th scope="col" class="n">New one's first register</th><th scope="col" class="n">Unmetered between</th><th scope="col">Reason</th></tr></thead><tbody>${rows}</tbody></table></div></section>`;
}
