/**
 * What an operator does with an alarm: acknowledges it, closes it. A form of the portal's own pages, or a program with an
 * operator's token; the thread that writes carries it out.
 */
import type { Context, Hono } from "hono";
import { fail } from "../../shared/base/error.ts";
import { readForm } from "./access/access-routes.ts";
import type { Gate } from "./access/gate.ts";
import type { Viewer } from "./access/role.ts";
import { ALARM_ACTIONS } from "./api/api-actions.ts";
import { readInteger } from "./parameters.ts";

export interface AlarmRoutes {
  readonly app: Hono;
  readonly gate: Gate;
  /** Carries out `alarm-acknowledge` and `alarm-close` in the thread that writes. */
  readonly office: (method: string, parameters: unknown) => Promise<unknown>;
}

/** Longest note, characters. */
const MAX_NOTE = 500;

/** Addresses that take a POST here. */
export const ALARM_POST = /^(?:\/api\/v1)?\/alarms\/[0-9]{1,15}\/(?:acknowledge|close)$/;

export function addAlarmRoutes({ app, gate, office }: AlarmRoutes): void {
  for (const { path, method } of ALARM_ACTIONS) {
    app.post(path, async (c) => {
      const viewer = gate.viewer(c, { tokens: false });
      if (viewer === undefined) return c.redirect("/sign-in?next=/alarms", 303);
      const { token, note } = await readForm(c);
      gate.requireForm(c, token);
      await carryOut(c, viewer, method, note);
      return c.redirect("/alarms", 303);
    });
    app.post(`/api/v1${path}`, async (c) => {
      // Only a token: a cookie travels with requests that other sites make.
      const isToken = /^Bearer /.test(c.req.header("authorization") ?? "");
      const viewer = isToken ? gate.viewer(c, { tokens: true }) : undefined;
      if (viewer === undefined) fail("signed-out", "send an operator's token");
      await carryOut(c, viewer, method, await readNote(c));
      return c.json({}, 200, { "Cache-Control": "private, no-store" });
    });
  }

  /** Throws `access`, `parameter`, `not-found`, `alarm-state`. */
  async function carryOut(
    c: Context,
    { role, name: by }: Viewer,
    method: string,
    text: string | undefined,
  ): Promise<void> {
    if (role !== "operator") fail("access", `a ${role} may not do this`);
    const id = readInteger(c.req.param("id") ?? "", "id", 1);
    const note = text?.trim() ?? "";
    if (note.length > MAX_NOTE) fail("parameter", `a note has at most ${MAX_NOTE} characters`);
    await office(method, { id, by, ...(note === "" ? {} : { note }) });
  }
}

/** The note of a JSON body; an empty body has none. Throws `parameter`. */
async function readNote(c: Context): Promise<string | undefined> {
  const text = await c.req.text();
  if (text === "") return undefined;
  let body: unknown;
  try {
    body = JSON.parse(text);
  } catch {
    fail("parameter", "the body is not JSON");
  }
  const note = typeof body === "object" && body !== null ? Reflect.get(body, "note") : false;
  if (note !== undefined && typeof note !== "string") {
    fail("parameter", "the body is an object with a note, or without");
  }
  return note;
}
