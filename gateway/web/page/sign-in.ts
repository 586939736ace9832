/** The pages around signing in: sign-in, set-up of the first operator, the own account. */
import type { Viewer } from "../access/role.ts";
import { type Html, html } from "../view/html.ts";
import { type Page, pageHead } from "../view/layout.ts";

/** What a form says after it was refused. */
export interface Refusal {
  readonly code: string;
  readonly message: string;
}

export function signInPage(form: {
  readonly token: string;
  readonly next: string;
  readonly name?: string;
  readonly refusal?: Refusal;
}): Page {
  const body = html`${pageHead({ title: "Sign in", lead: "Every page behind this one shows only what you may see." })}
<form class="form" method="post" action="/sign-in">${refusalOf(form.refusal)}
${hidden("token", form.token)}${hidden("next", form.next)}
${field("name", "Name", "text", "username", form.name)}
${field("password", "Password", "password", "current-password")}
<p><button class="button button-main" type="submit">Sign in</button></p></form>`;
  return { title: "Sign in", isOutside: true, body };
}

export function setUpPage(form: {
  readonly token: string;
  readonly key: string;
  readonly refusal?: Refusal;
}): Page {
  const lead =
    "This gateway has no users yet. The first one is its operator, who sees everything and admits the others. The link works once.";
  const body = html`${pageHead({ title: "Set up this gateway", lead })}
<form class="form" method="post" action="/set-up">${refusalOf(form.refusal)}
${hidden("token", form.token)}${hidden("key", form.key)}
${field("name", "Name", "text", "username")}
${field("password", "Password, at least 10 characters", "password", "new-password")}
<p><button class="button button-main" type="submit">Make the operator</button></p></form>`;
  return { title: "Set up", isOutside: true, body };
}

export function accountPage(form: {
  readonly token: string;
  readonly viewer: Viewer;
  readonly refusal?: Refusal;
  readonly done?: boolean;
}): Page {
  const { viewer } = form;
  const own = viewer.role === "customer" ? ` of ${viewer.meters.join(", ")}` : "";
  const body = html`${pageHead({ title: viewer.name, lead: `Signed in as ${viewer.role}${own}.` })}
<form class="form" method="post" action="/account">${refusalOf(form.refusal)}${form.done === true && html`<p class="notice" role="status">The password is changed. Every other session has ended.</p>`}
${hidden("token", form.token)}
<h2>Change the password</h2>
${field("old", "Password now", "password", "current-password")}
${field("password", "New password, at least 10 characters", "password", "new-password")}
<p><button class="button button-main" type="submit">Change it</button></p></form>
<form class="form form-plain" method="post" action="/sign-out">${hidden("token", form.token)}<p><button class="button button-quiet" type="submit">Sign out</button></p></form>`;
  return { title: "Account", body };
}

function refusalOf(refusal: Refusal | undefined): Html | undefined {
  return (
    refusal &&
    html`<p class="notice notice-bad" role="alert">${refusal.message} <code>${refusal.code}</code></p>`
  );
}

function hidden(name: string, value: string): Html {
  return html`<input type="hidden" name="${name}" value="${value}">`;
}

function field(name: string, label: string, type: string, complete: string, value = ""): Html {
  return html`<p class="field"><label for="${name}">${label}</label><input id="${name}" name="${name}" type="${type}" autocomplete="${complete}" required maxlength="200" value="${value}"></p>`;
}
