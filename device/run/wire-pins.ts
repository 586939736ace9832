/**
 * The pins of the header on a running meter: what the light shows is read from the live state and the alarms, and what
 * the tamper switch says is kept in the journal, so that an opening while the meter was off is noticed.
 */
import type { DigitalPin, PinSettings } from "../../hardware/port/digital-pin.ts";
import type { UnixSeconds } from "../../shared/base/units.ts";
import type { RecordEvent } from "../event/event-recorder.ts";
import { clearAlarm, loadAlarms, raiseAlarm } from "../journal/alarm-store.ts";
import { isStorageFull, type Journal } from "../journal/journal.ts";
import type { MeterEvent } from "../meter-event.ts";
import type { Trouble } from "../pins/blink.ts";
import type { PinsConfig } from "../pins/pins-config.ts";
import { type Pins, startPins } from "../pins/start-pins.ts";
import type { LiveState } from "./live-state.ts";
import { pause } from "./pause.ts";

export interface WirePinsOptions {
  readonly config: PinsConfig | undefined;
  readonly open: (settings: PinSettings) => Promise<DigitalPin>;
  readonly live: Pick<LiveState, "online" | "snapshot">;
  readonly journal: Journal;
  readonly isClockKnown: () => boolean;
  readonly now: () => UnixSeconds;
  readonly monotonicMs: () => number;
  readonly record: RecordEvent;
  readonly report: (event: MeterEvent) => void;
}

/** In the journal: how the case was. */
const CASE = "case";
interface CaseState {
  readonly opened: boolean;
}

export async function wirePins(options: WirePinsOptions): Promise<Pins> {
  const { config, open, journal, monotonicMs, record, report } = options;
  if (config === undefined) return { close: async () => {} };
  return startPins({
    ...{ config, open, monotonicMs, record, report, pause },
    troubles: () => findTroubles(options),
    wasOpened: journal.readState<CaseState>(CASE)?.opened,
    keepOpened: (opened) => keepCase(opened, options),
  });
}

function keepCase(opened: boolean, { journal, now, report }: WirePinsOptions): void {
  const state: CaseState = { opened };
  const note = "the case is open";
  try {
    journal.transact("case", () => journal.writeState(CASE, state));
    if (!opened) clearAlarm(journal, "tamper");
    else if (raiseAlarm(journal, { code: "tamper", at: now(), note })) {
      report({ event: "alarm", code: "tamper", detail: note });
    }
  } catch (error) {
    // The event itself waits in memory; a full card has an alarm of its own.
    if (!isStorageFull(error)) throw error;
  }
}

function findTroubles({ live, journal, isClockKnown }: WirePinsOptions): ReadonlySet<Trouble> {
  const alarms = loadAlarms(journal).filter(({ code }) => code !== "clock");
  const found: Trouble[] = [];
  if (live.snapshot().parts.some(({ code }) => code !== undefined)) found.push("sensor");
  if (!isClockKnown()) found.push("clock");
  if (alarms.length > 0) found.push("alarm");
  if (!live.online) found.push("broker");
  return new Set(found);
}
