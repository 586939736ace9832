/** Tariffs: each version, what its charges mean in words, and which meters have which. */
import { isCoded } from "../../../shared/base/error.ts";
import { decodeTariffBody, type TariffBody } from "../../../shared/money/tariff.ts";
import type { MeterSummary } from "../../projection/read-model-types.ts";
import type { TariffVersion } from "../../projection/tariff-types.ts";
import { type Html, html } from "../view/html.ts";
import { type Page, pageHead } from "../view/layout.ts";
import { count, formatMeterId } from "../view/number.ts";
import { bytesDisclosure, emptyState, ownWords, pager } from "../view/parts.ts";
import { chargesInWords } from "../view/tariff-words.ts";
import { zonedTime } from "../view/time.ts";
import type { PageContext } from "./context.ts";

const PAGE_SIZE = 60;

export function tariffsPage({ readModel }: PageContext, page: number): Page {
  const tariffs = readModel.tariffs();
  const { rows, total } = readModel.meters({ offset: (page - 1) * PAGE_SIZE, limit: PAGE_SIZE });
  const body = html`${pageHead({
    title: "Tariffs",
    lead:
      tariffs.length === 0
        ? undefined
        : "Each version is a signed record of the chain and never changes. A bill names the versions that it was made with.",
  })}
${
  tariffs.length === 0
    ? emptyState("No tariff yet", "The operator issues one with “gateway tariff”.")
    : tariffs.map(tariffSection)
}
${rows.length > 0 && meterTable(rows, total)}
${pager({ page, pages: Math.ceil(total / PAGE_SIZE), href: (n) => `/tariffs?page=${n}` })}`;
  return { title: "Tariffs", section: "tariffs", body };
}

function tariffSection({ id, version, position, body }: TariffVersion): Html {
  const tariff = readBody(body);
  const anchor = `t-${position}`;
  const head = html`<h2 id="${anchor}">${ownWords(tariff?.name ?? id)} <small class="quiet">${id}, version ${version}</small></h2>`;
  const record = html`<a href="/records/${position}">record ${position}</a>`;
  if (tariff === undefined) {
    return html`<section aria-labelledby="${anchor}">${head}<p class="notice">This version has a form that is not known here: ${record}.</p></section>`;
  }
  return html`<section aria-labelledby="${anchor}">${head}<p class="note">${validWords(tariff)} In ${tariff.currency}. ${record}</p>
<table><caption class="vh">Charges of ${id}, version ${version}</caption><thead><tr><th scope="col">Charge</th><th scope="col">How much</th></tr></thead><tbody>${chargesInWords(
    tariff,
  ).map(
    ({ label, lines }) =>
      html`<tr><th scope="row">${ownWords(label)}</th><td>${lines.map((line, i) => html`${i > 0 && html`<br>`}${line}`)}</td></tr>`,
  )}</tbody></table>
${tariff.holidays && bytesDisclosure(count(tariff.holidays.length, "holiday"), tariff.holidays.join("\n"))}</section>`;
}

/** Undefined for a body that the engine here does not compute with. */
function readBody(body: TariffVersion["body"]): TariffBody | undefined {
  try {
    return decodeTariffBody(body);
  } catch (error) {
    if (!isCoded(error, "tariff-body")) throw error;
    return undefined;
  }
}

function validWords({ from, to, zone = "UTC" }: TariffBody): string {
  const time = zonedTime(zone);
  const day = (instant: number): string => time.isoDate(instant);
  if (from !== undefined && to !== undefined) return `From ${day(from)} until ${day(to)}.`;
  if (from !== undefined) return `From ${day(from)}.`;
  return to === undefined ? "Valid whenever it is assigned." : `Until ${day(to)}.`;
}

function meterTable(rows: readonly MeterSummary[], total: number): Html {
  return html`<section aria-labelledby="assigned"><h2 id="assigned">Assigned now</h2><table><caption class="vh">${count(total, "meter")} and the tariff of each</caption><thead><tr><th scope="col">Meter</th><th scope="col">Tariff</th></tr></thead><tbody>${rows.map(
    ({ meter, tariff }) =>
      html`<tr><th scope="row"><a href="/bills?meter=${meter}" class="num">${formatMeterId(meter)}</a></th><td>${tariff ?? html`<span class="quiet">none</span>`}</td></tr>`,
  )}</tbody></table></section>`;
}
