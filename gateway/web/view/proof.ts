/** The proof of one record as a list of steps: a mark, a plain sentence, the bytes behind a disclosure. */
import type { ProofStep, RecordCheck, Verdict } from "../proof/check-record.ts";
import { type Html, html } from "./html.ts";

const WORDS: Readonly<Record<Verdict, string>> = {
  holds: "holds",
  fails: "does not hold",
  open: "not yet",
};

const MARKS: Readonly<Record<Verdict, Html>> = {
  holds: html`<circle cx="8" cy="8" r="7" class="seal-fill"/><path d="M4.7 8.2l2.3 2.3 4.3-4.8" class="seal-cut"/>`,
  fails: html`<path d="M8 .8 15.2 8 8 15.2.8 8z" class="seal-fill"/><path d="M5.9 5.9l4.2 4.2m0-4.2-4.2 4.2" class="seal-cut"/>`,
  open: html`<circle cx="8" cy="8" r="6.1" class="seal-line seal-open"/>`,
};

/** The three marks for a script that draws steps itself, as templates. */
export function verdictMarks(): Html {
  const verdicts: readonly Verdict[] = ["holds", "fails", "open"];
  return html`${verdicts.map((verdict) => html`<template data-mark="${verdict}">${verdictMark(verdict)}</template>`)}`;
}

function verdictMark(verdict: Verdict): Html {
  return html`<svg class="seal seal-${verdict}" viewBox="0 0 16 16" width="18" height="18" aria-hidden="true" focusable="false">${MARKS[verdict]}</svg>`;
}

/** One sentence for the whole proof. */
export function proofVerdict(check: RecordCheck): Html {
  const held = check.steps.filter((step) => step.verdict === "holds").length;
  if (check.failed > 0) {
    return html`<p class="notice notice-bad"><strong>This record does not verify.</strong> ${check.failed} of ${check.steps.length} steps do not hold. Do not rely on its numbers; compare with the receipt that the meter keeps.</p>`;
  }
  return html`<p class="notice notice-good"><strong>Checked again just now.</strong> ${held} of ${check.steps.length} steps hold${held < check.steps.length ? ", the others cannot be checked yet" : ""}.</p>`;
}

export function proofSteps(steps: readonly ProofStep[]): Html {
  return html`<ol class="proof">${steps.map(
    (step) => html`<li class="step step-${step.verdict}">${verdictMark(step.verdict)}
<div><h3>${step.title} <span class="vh">${WORDS[step.verdict]}</span>${step.code !== undefined && html`<code class="flag flag-bad">${step.code}</code>`}</h3><p>${step.sentence}</p>
${step.bytes.length > 0 && html`<details class="bytes"><summary>The bytes</summary>${step.bytes.map(([name, text]) => html`<h4>${name}</h4><pre tabindex="0">${text}</pre>`)}</details>`}</div></li>`,
  )}</ol>`;
}

/** For pages where the proof is beside the point: closed unless something is wrong. */
export function proofBehind(check: RecordCheck, position: number): Html {
  return html`${proofVerdict(check)}<details class="behind"${check.failed > 0 && html` open`}><summary>The proof, step by step</summary>${proofSteps(check.steps)}<p><a href="/records/${position}">Record ${position} on its own page</a></p></details>`;
}
