/** How a comparison is asked for: ready-made ones as links, any other by a form that needs no script. */
import type { ReadModel } from "../../projection/read-model-types.ts";
import { type Html, html } from "../view/html.ts";
import { formatMeterId } from "../view/number.ts";
import type { Choice, Days, Side } from "./compare-sides.ts";

/** More meters than this are not listed: the number is typed. */
const LISTED = 50;

export function compareForm(
  readModel: Pick<ReadModel, "meters">,
  shown: { readonly left: Side; readonly right: Side; readonly choices: readonly Choice[] },
): Html {
  const { left, right, choices } = shown;
  const { rows, total } = readModel.meters({ limit: LISTED });
  const ids = total > LISTED ? undefined : rows.map(({ meter }) => meter);
  return html`<nav class="choices" aria-label="Ready-made comparisons"><ul>${choices.map(
    (choice) =>
      html`<li><a href="${addressOf(left.meter.meter, choice)}"${isShown(choice, left, right) && html` aria-current="true"`}>${choice.label}</a></li>`,
  )}</ul></nav>
<form class="compare" action="/compare" method="get">
${side("First", { meter: "meter", from: "from", to: "to" }, left, ids)}
${side("Second", { meter: "with", from: "with_from", to: "with_to" }, right, ids)}
<button>Compare</button></form>`;
}

function addressOf(meter: string, { left, right }: Choice): string {
  const query = { meter, ...left, with_from: right.from, with_to: right.to };
  return `/compare?${new URLSearchParams(query)}`;
}

function isShown(choice: Choice, left: Side, right: Side): boolean {
  const isSame = (a: Days, b: Days): boolean => a.from === b.from && a.to === b.to;
  if (left.meter.meter !== right.meter.meter) return false;
  return isSame(choice.left, left) && isSame(choice.right, right);
}

/** With one meter there is nothing to choose: it goes along unseen. */
function side(
  legend: string,
  names: { readonly meter: string; readonly from: string; readonly to: string },
  { meter: { meter }, from, to }: Side,
  ids: readonly string[] | undefined,
): Html {
  const id = (name: string): string => `compare-${name}`;
  const choose =
    ids === undefined
      ? html`<input id="${id(names.meter)}" name="${names.meter}" inputmode="numeric" pattern="[0-9]{9}" maxlength="9" required value="${meter}">`
      : html`<select id="${id(names.meter)}" name="${names.meter}">${ids.map((one) => html`<option value="${one}"${one === meter && html` selected`}>${formatMeterId(one)}</option>`)}</select>`;
  const date = (name: string, label: string, value: string): Html =>
    html`<p class="field"><label for="${id(name)}">${label}</label><input id="${id(name)}" name="${name}" type="date" required value="${value}"></p>`;
  return html`<fieldset><legend>${legend}</legend>${
    ids?.length === 1
      ? html`<input type="hidden" name="${names.meter}" value="${meter}">`
      : html`<p class="field"><label for="${id(names.meter)}">Meter</label>${choose}</p>`
  }${date(names.from, "First day", from)}${date(names.to, "Last day", to)}</fieldset>`;
}
