/**
 * The page's end of the event stream (live/event-text.ts): connects while the page can be seen, again after a failure, and says
 * what it saw last. A hidden page holds no connection: browsers allow few to one place.
 */
import type { LiveValue } from "../../live/live-values.ts";
import type { PageEvent } from "../live/event-text.ts";

export interface EventListeners {
  tip(tip: Extract<PageEvent, { event: "tip" }>): void;
  alarms(open: number): void;
  news(topics: readonly string[]): void;
  live(values: readonly LiveValue[]): void;
  /** Something happened while nobody listened. */
  missed(): void;
  connected(isConnected: boolean): void;
}

const FIRST_WAIT_MS = 1000;
const MOST_WAIT_MS = 60_000;

/** `meters`: whose live values are shown now. */
export function followEvents(meters: () => readonly string[], listeners: EventListeners): void {
  let source: EventSource | undefined;
  let last = "";
  let waitMs = FIRST_WAIT_MS;
  let timer = 0;

  const close = (): void => {
    clearTimeout(timer);
    source?.close();
    source = undefined;
  };
  const open = (): void => {
    close();
    const wanted = meters();
    const query = new URLSearchParams();
    if (wanted.length > 0) query.set("meters", wanted.join(","));
    if (last !== "") query.set("last", last);
    const opened = new EventSource(`/events?${query}`);
    source = opened;
    const on = <K extends PageEvent["event"]>(
      name: K,
      hear: (event: Extract<PageEvent, { event: K }>) => void,
    ): void => {
      opened.addEventListener(name, (message: MessageEvent<string>) => {
        last = message.lastEventId;
        hear(JSON.parse(message.data) as Extract<PageEvent, { event: K }>);
      });
    };
    on("hello", ({ refresh }) => {
      waitMs = FIRST_WAIT_MS;
      listeners.connected(true);
      if (refresh === 1) listeners.missed();
    });
    on("tip", (tip) => listeners.tip(tip));
    on("alarms", (alarms) => listeners.alarms(alarms.open));
    on("news", ({ topics }) => listeners.news(topics));
    on("live", ({ values }) => listeners.live(values));
    opened.onerror = () => {
      listeners.connected(false);
      close();
      // Full jitter: after a restart of the gateway its pages do not all come back in one moment.
      timer = window.setTimeout(open, waitMs / 2 + (Math.random() * waitMs) / 2);
      waitMs = Math.min(MOST_WAIT_MS, waitMs * 2);
    };
  };
  document.addEventListener("visibilitychange", () => {
    if (document.visibilityState === "visible") open();
    else {
      close();
      listeners.connected(false);
    }
  });
  // A page that is left must not hold its connection until the browser thinks of it.
  window.addEventListener("pagehide", close);
  window.addEventListener("pageshow", (event) => {
    if (event.persisted) open();
  });
  if (document.visibilityState === "visible") open();
}
