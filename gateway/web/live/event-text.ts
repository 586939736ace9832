/**
 * What an open page is told, as server-sent events. docs/api.md describes them for programs.
 *
 *   hello  {refresh}                                the stream begins; `refresh` 1: what was missed has to be read again
 *   tip    {height, finalHeight, size, timeSeconds} the newest block
 *   alarms {open}                                   open alarms; only for those who may see operations
 *   news   {topics}                                 something was added: block, day, bill, alarm, meter:<id>
 *   live   {values}                                 newest values of the meters that were asked for
 */
import type { LiveValue } from "../../live/live-values.ts";

export type PageEvent =
  | { readonly event: "hello"; readonly refresh: 0 | 1 }
  | {
      readonly event: "tip";
      readonly height: number;
      readonly finalHeight: number;
      readonly size: number;
      readonly timeSeconds: number;
    }
  | { readonly event: "alarms"; readonly open: number }
  | { readonly event: "news"; readonly topics: readonly string[] }
  | { readonly event: "live"; readonly values: readonly LiveValue[] };

/** A comment that keeps proxies and browsers from taking the stream for dead. */
export const HEARTBEAT = ": still here\n\n";

/** `id`: what a reader names when it comes back. */
export function formatEvent(id: string, { event, ...data }: PageEvent): string {
  return `id: ${id}\nevent: ${event}\ndata: ${JSON.stringify(data)}\n\n`;
}
