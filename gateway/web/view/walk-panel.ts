/**
 * "Verify in this browser": the panel that browser/explorer.ts brings to life. Hidden until the script is there, because a button
 * that does nothing helps nobody.
 */
import { type Html, html } from "./html.ts";
import { verdictMarks } from "./proof.ts";

export interface WalkPanel {
  readonly kind: "record" | "block" | "chain";
  /** What the button does, and what that means. */
  readonly title: string;
  readonly button: string;
  readonly words: string;
  /** What the page shows, for the script to hold against what it finds: names without `data-`. */
  readonly facts: Readonly<Record<string, string | number>>;
}

export function walkPanel({ kind, title, button, words, facts }: WalkPanel): Html {
  const data = Object.entries(facts).map(([name, value]) => html` data-${name}="${value}"`);
  return html`<section class="walk" aria-labelledby="walk" data-own data-walk="${kind}"${data} hidden>
<h2 id="walk">${title}</h2><p class="lead">${words}</p>
<div class="walk-bar"><button class="button button-main" type="button" data-start>${button}</button><button class="button" type="button" data-stop hidden>Stop</button><button class="button" type="button" data-forget hidden>Forget what this browser remembers</button><span class="walk-status" role="status"></span></div>
<progress class="walk-progress" max="1" value="0" aria-label="Progress" hidden></progress>
<div class="walk-verdict"></div>
<ol class="proof walk-steps"></ol>
<p class="note">The program that checks comes from this gateway as well. If you believe nobody, use the <a href="/verify-bill.html">offline verifier</a> that you have kept, or <code>gateway verify</code> on a dump: they ask for no network.</p>
${verdictMarks()}</section>`;
}
