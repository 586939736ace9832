/**
 * What the gateway says while it runs: one event a line, as JSON for programs or as text for people.
 *
 * Frequent events (held, refused) are summed up and written once a second.
 */
import type { Clock } from "../../shared/base/clock.ts";

type EventValue = string | number;
export interface GatewayEvent {
  readonly event: string;
  readonly [field: string]: EventValue;
}

export interface EventLog {
  write(event: GatewayEvent): void;
  /** Adds to a sum that is written with the next tick: `field` names what is counted apart. */
  count(event: string, field: Record<string, EventValue>, count: number): void;
  /** Writes the sums. */
  flush(): void;
}

function readable(event: GatewayEvent, time: string): string {
  const fields = Object.entries(event)
    .filter(([name]) => name !== "event")
    .map(([name, value]) => `${name}=${value}`)
    .join(" ");
  return `${time} ${event.event.padEnd(10)} ${fields}`;
}

/**
 * @param format `json`: one object a line; `text`: readable lines with the clock's civil time
 * @param print receives lines without their end
 */
export function createEventLog(
  format: "json" | "text",
  clock: Clock,
  print: (line: string) => void,
): EventLog {
  const sums = new Map<string, { event: GatewayEvent; count: number }>();
  const write = (event: GatewayEvent): void => {
    if (format === "json") print(JSON.stringify(event));
    else print(readable(event, new Date(clock.wallMs()).toISOString().slice(0, 19)));
  };
  return {
    write,
    count: (name, field, count) => {
      const event = { event: name, ...field };
      const key = JSON.stringify(event);
      const sum = sums.get(key);
      if (sum === undefined) sums.set(key, { event, count });
      else sum.count += count;
    },
    flush: () => {
      for (const { event, count } of sums.values()) write({ ...event, count });
      sums.clear();
    },
  };
}
