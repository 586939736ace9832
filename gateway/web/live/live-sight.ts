/** What of the live values a viewer may see: an operator all, a customer those of the own meters, an auditor none. */
import type { LiveReader } from "../../live/live-values.ts";
import { maySee, type Viewer } from "../access/role.ts";
import type { StreamSight } from "./event-hub.ts";

/** `viewer` undefined: a portal that asks nobody to sign in. */
export function sightOf(viewer: Viewer | undefined): StreamSight {
  if (viewer === undefined) return { operations: true, money: true, seesMeter: () => true };
  const own = viewer.role === "customer" ? new Set(viewer.meters) : undefined;
  const readings = maySee(viewer, "readings");
  return {
    operations: maySee(viewer, "operations"),
    money: maySee(viewer, "money"),
    seesMeter: (meter) => readings && (own?.has(meter) ?? true),
  };
}

export function scopeLive(live: LiveReader, { seesMeter }: StreamSight): LiveReader {
  return { newest: (meter) => (seesMeter(meter) ? live.newest(meter) : undefined) };
}
