/**
 * What a running meter reports: one event a line, for people as text or for programs as JSON.
 *
 * In: events of the runner and the uplink. Out: lines on standard output.
 */
import type { WattHour } from "../shared/base/units.ts";

export type MeterEvent =
  | { readonly event: "started"; readonly boot: number; readonly kid: string }
  | { readonly event: "stopped" }
  | { readonly event: "online"; readonly broker: string }
  | { readonly event: "offline"; readonly reason: string }
  | { readonly event: "enrolled"; readonly position: number }
  /** The meter is taken out: nothing is measured after `to`, unix seconds. */
  | { readonly event: "retired"; readonly to: number }
  | { readonly event: "day-closed"; readonly date: string; readonly wh: WattHour }
  | {
      readonly event: "day-sealed";
      readonly date: string;
      readonly wh: WattHour;
      readonly seq: number;
    }
  | { readonly event: "event-sealed"; readonly code: string; readonly seq: number }
  | { readonly event: "reply"; readonly code: string; readonly seq?: number }
  | {
      readonly event: "receipt";
      readonly seq: number;
      readonly date: string;
      readonly position: number;
      readonly size: number;
    }
  | { readonly event: "alarm"; readonly code: string; readonly detail: string }
  /** A message that does not verify; it changed nothing. */
  | {
      readonly event: "rejected";
      readonly channel: string;
      readonly code: string;
      readonly reason: string;
    }
  /** A sensor began to fail, or answers again. */
  | {
      readonly event: "sensor";
      readonly part: string;
      readonly state: "failing" | "working";
      readonly code?: string;
    }
  /** The process that reads the sensors was replaced. */
  | {
      readonly event: "sensor-host";
      readonly cause: string;
      readonly silentMs: number;
      readonly pid: number;
    }
  /** One of several meters of a process has failed; it is started again. */
  | { readonly event: "failed"; readonly code: string; readonly reason: string }
  /** systemd cannot be told how the meter is. */
  | { readonly event: "not-notified"; readonly reason: string }
  /** The case was opened or closed, by the tamper switch. */
  | { readonly event: "tamper"; readonly opened: boolean }
  /** The button was pressed: how the meter is. */
  | { readonly event: "button"; readonly status: string }
  /** A pin of the header cannot be used; the meter goes on without it. */
  | {
      readonly event: "pin";
      readonly pin: "led" | "tamper" | "button";
      readonly code: string;
      readonly reason: string;
    }
  /** The recording has no more rows. */
  | { readonly event: "recording-ended" };

/** `json`: one JSON object a line, with `meter` beside the event's members. */
export type LogFormat = "json" | "text";

export function formatEvent(meter: string, event: MeterEvent, format: LogFormat): string {
  if (format === "json") {
    const { event: name, ...members } = event;
    return JSON.stringify({ event: name, meter, ...members });
  }
  return `meter ${meter}: ${describe(event)}`;
}

function describe(event: MeterEvent): string {
  switch (event.event) {
    case "started":
      return `started, boot ${event.boot}, key ${event.kid.slice(0, 8)}`;
    case "stopped":
      return "stopped";
    case "online":
      return `connected to ${event.broker}`;
    case "offline":
      return `not connected: ${event.reason}`;
    case "enrolled":
      return `enrolled, record ${event.position} of the log`;
    case "retired":
      return `retired: the last day ends at ${new Date(event.to * 1000).toISOString()}`;
    case "day-closed":
      return `closed ${event.date}, ${formatKwh(event.wh)}`;
    case "day-sealed":
      return `sealed ${event.date} as record ${event.seq}, ${formatKwh(event.wh)}`;
    case "event-sealed":
      return `sealed event ${event.code} as record ${event.seq}`;
    case "reply":
      return `gateway: ${event.code}${event.seq === undefined ? "" : ` (record ${event.seq})`}`;
    case "receipt":
      return `${event.date} is in the log at ${event.position} of ${event.size} (record ${event.seq})`;
    case "alarm":
      return `ALARM ${event.code}: ${event.detail}`;
    case "rejected":
      return `a ${event.channel} message does not verify (${event.code}): ${event.reason}`;
    case "sensor":
      return event.state === "working"
        ? `sensor ${event.part} answers again`
        : `sensor ${event.part} fails: ${event.code ?? "unknown"}`;
    case "sensor-host":
      return `the sensor process was replaced after ${Math.round(event.silentMs / 1000)} s: ${event.cause}`;
    case "failed":
      return `FAILED, will be started again (${event.code}): ${event.reason}`;
    case "not-notified":
      return `systemd cannot be told how the meter is: ${event.reason}`;
    case "tamper":
      return event.opened ? "THE CASE IS OPEN" : "the case is closed";
    case "button":
      return `button: ${event.status}`;
    case "pin":
      return `the ${event.pin} pin cannot be used (${event.code}): ${event.reason}`;
    case "recording-ended":
      return "the recording has ended";
  }
}

/** Wh as kWh with three decimals. */
export function formatKwh(wh: WattHour): string {
  return `${(wh / 1000).toFixed(3)} kWh`;
}
