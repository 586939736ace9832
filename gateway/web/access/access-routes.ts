/** The routes that write: signing in and out, set-up, the own password. Forms only, of this site only, small only. */
import type { Context, Hono } from "hono";
import { bodyLimit } from "hono/body-limit";
import { fail, isCoded } from "../../../shared/base/error.ts";
import { accountPage, type Refusal, setUpPage, signInPage } from "../page/sign-in.ts";
import type { Page } from "../view/layout.ts";
import type { Gate } from "./gate.ts";

/** Bytes: two passwords, or a note, of the longest kind in any script; each character takes up to 12 in a form. */
const MAX_FORM = 16_384;
/** Refusals that the form itself shows, so that what was typed is not lost. */
const SHOWN = ["credentials", "throttled", "password", "schema"];

export interface AccessRoutes {
  readonly app: Hono;
  readonly gate: Gate;
  readonly respond: (c: Context, page: Page, status: 200 | 400 | 429) => Response;
  /** Where a request came from, as the server saw it. */
  readonly addressOf: (c: Context) => string;
  /** A session has ended: nothing more is told to its pages. */
  readonly onSignOut: (session: string) => void;
}

type Form = { readonly [name: string]: string };

export function addAccessRoutes(options: AccessRoutes): void {
  const { app, gate, respond, addressOf, onSignOut } = options;
  app.post(
    "*",
    bodyLimit({ maxSize: MAX_FORM, onError: () => fail("size", "the form is too large") }),
  );

  app.get("/sign-in", (c) => {
    const next = safeNext(c.req.query("next"));
    return respond(c, signInPage({ token: gate.formToken(c), next }), 200);
  });
  app.post("/sign-in", async (c) => {
    const form = await readForm(c);
    const { name = "", password = "" } = form;
    const next = safeNext(form["next"]);
    gate.requireForm(c, form["token"]);
    const refusal = await refused(() => gate.signIn(c, name, password, addressOf(c)));
    if (refusal === undefined) return c.redirect(next, 303);
    const page = signInPage({ token: gate.formToken(c), next, name, refusal });
    return respond(c, page, statusOf(refusal));
  });

  app.post("/sign-out", async (c) => {
    gate.requireForm(c, (await readForm(c))["token"]);
    const session = gate.sessionOf(c);
    if (session !== undefined) onSignOut(session);
    gate.signOut(c);
    return c.redirect("/sign-in", 303);
  });

  app.get("/set-up", (c) => {
    const key = c.req.query("key");
    gate.requireSetUp(key);
    return respond(c, setUpPage({ token: gate.formToken(c), key: key ?? "" }), 200);
  });
  app.post("/set-up", async (c) => {
    const { token, key = "", name = "", password = "" } = await readForm(c);
    gate.requireForm(c, token);
    const refusal = await refused(() => gate.setUp(c, key, name, password));
    if (refusal === undefined) return c.redirect("/", 303);
    return respond(c, setUpPage({ token: gate.formToken(c), key, refusal }), statusOf(refusal));
  });

  app.get("/account", (c) => {
    const viewer = gate.viewer(c, { tokens: false });
    if (viewer === undefined) return c.redirect("/sign-in?next=/account", 303);
    return respond(c, accountPage({ token: gate.formToken(c), viewer }), 200);
  });
  app.post("/account", async (c) => {
    const { token, old = "", password = "" } = await readForm(c);
    const viewer = gate.viewer(c, { tokens: false });
    if (viewer === undefined) return c.redirect("/sign-in?next=/account", 303);
    gate.requireForm(c, token);
    const refusal = await refused(() => gate.changePassword(c, viewer, old, password));
    if (refusal === undefined) return c.redirect("/account", 303);
    const page = accountPage({ token: gate.formToken(c), viewer, refusal });
    return respond(c, page, statusOf(refusal));
  });
}

/** The fields of a form. Throws `parameter`. */
export async function readForm(c: Context): Promise<Form> {
  const type = c.req.header("content-type") ?? "";
  if (!type.startsWith("application/x-www-form-urlencoded")) {
    fail("parameter", "expected the fields of a form");
  }
  return Object.fromEntries(new URLSearchParams(await c.req.text()));
}

/** The refusal of an action that the form can show; anything else is thrown on. */
async function refused(action: () => Promise<void>): Promise<Refusal | undefined> {
  try {
    await action();
    return undefined;
  } catch (error) {
    if (!isCoded(error) || !SHOWN.includes(error.code)) throw error;
    return { code: error.code, message: error.message };
  }
}

function statusOf({ code }: Refusal): 400 | 429 {
  return code === "throttled" ? 429 : 400;
}

/** A path of this portal: never another site's address. */
function safeNext(next: string | undefined): string {
  return next !== undefined && /^\/(?![/\\])[\x21-\x7e]{0,500}$/.test(next) ? next : "/";
}
