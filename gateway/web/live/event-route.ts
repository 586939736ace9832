/** The address of the event stream, `/events`: who asks, for which meters, and what it saw last → a stream. */
import type { Context } from "hono";
import type { Gate } from "../access/gate.ts";
import type { Viewer } from "../access/role.ts";
import { readMeters } from "../parameters.ts";
import type { EventHub } from "./event-hub.ts";
import { sightOf } from "./live-sight.ts";

export const EVENTS_PATH = "/events";

const HEADERS = {
  "Content-Type": "text/event-stream; charset=utf-8",
  "Cache-Control": "private, no-store",
  // A proxy that gathers bytes would hold back what happens now.
  "X-Accel-Buffering": "no",
};
const LAST_ID = /^[\x21-\x7e]{1,64}$/;

/** `viewer` has been let in already. Throws `parameter`, `busy`. */
export function answerEvents(
  c: Context,
  hub: EventHub,
  gate: Gate | undefined,
  viewer: Viewer | undefined,
): Response {
  // Nobody would read it.
  if (c.req.method === "HEAD") return c.body(null, 200, HEADERS);
  // A browser that comes back by itself says what it saw in a header; a page that was hidden, in its address.
  const last = c.req.header("last-event-id") ?? c.req.query("last");
  const stream = hub.open({
    owner: viewer?.name ?? "",
    sight: sightOf(viewer),
    meters: readMeters(c.req.query("meters") ?? ""),
    last: last !== undefined && LAST_ID.test(last) ? last : undefined,
    session: gate?.sessionOf(c),
    isValid: () => gate === undefined || isSame(gate.viewer(c, { tokens: true }), viewer),
  });
  return c.body(stream, 200, HEADERS);
}

/** Whether who asked is still there and may still see the same. */
function isSame(now: Viewer | undefined, then: Viewer | undefined): boolean {
  return now !== undefined && now.role === then?.role && now.meters.join() === then.meters.join();
}
