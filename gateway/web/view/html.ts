/**
 * The escaping template of the portal: hono's `html`, narrowed to values that are known at once.
 * Every interpolated string is escaped; only another template's result passes as markup.
 */
import { html as template } from "hono/html";
import type { HtmlEscapedString } from "hono/utils/html";

/** Markup made by `html`; nothing else counts as markup. */
export type Html = HtmlEscapedString;

/** What a template may hold. `undefined` and `false` print nothing. */
export type HtmlValue = Html | string | number | undefined | false | readonly HtmlValue[];

/** Tagged template: html`<b>${text}</b>` escapes `text`. */
export function html(strings: TemplateStringsArray, ...values: HtmlValue[]): Html {
  return template(strings, ...values) as Html;
}
