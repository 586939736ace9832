/** The page for what cannot be shown: names the code and says what to do. */
import { html } from "../view/html.ts";
import type { Page } from "../view/layout.ts";

/** A refusal or a failure, already safe to show: no stack, no path of the machine. */
export interface Problem {
  readonly status: 400 | 401 | 403 | 404 | 405 | 409 | 413 | 421 | 422 | 429 | 500 | 503;
  readonly code: string;
  readonly message: string;
}

const ADVICE: Readonly<Record<Problem["status"], readonly [title: string, advice: string]>> = {
  400: ["That address is not right", "Check what was typed, or start again from the meters."],
  401: ["Sign in first", "Whoever runs this gateway can give you an account."],
  403: ["Not for this reader", "Ask the operator of this gateway for access."],
  404: ["Not here", "It may not have arrived yet, or the address has a typing error."],
  405: ["Only for reading", "This portal shows and never changes anything."],
  409: ["Somebody was faster", "Load the page again: it shows how things stand now."],
  413: ["Too much at once", "What was sent is larger than any form of this portal."],
  421: ["Another address", "Open the portal by the address that the gateway printed at its start."],
  422: ["Not to be computed", "Choose other days; the page of tariffs says which are covered."],
  429: ["Not so fast", "Wait a little and try again."],
  500: [
    "Something went wrong here",
    "The readings are safe: this page only shows them. Try again; the gateway's log says more.",
  ],
  503: [
    "Busy",
    "More is asked for at once than this gateway takes on. Wait a little and try again.",
  ],
};

export function problemPage(problem: Problem): Page {
  const [title, advice] = ADVICE[problem.status];
  return {
    title,
    body: html`<div class="problem"><p class="problem-code"><code>${problem.code}</code></p><h1>${title}</h1><p class="lead">${sentence(problem.message)}</p><p>${advice}</p><p class="actions"><a class="button" href="/">Meters</a> <a class="button" href="/chain">Chain</a></p></div>`,
  };
}

function sentence(text: string): string {
  const start = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?]$/.test(start) ? start : `${start}.`;
}
