/**
 * The codes of event records with their meaning, in one table. A reader shows a code that it does not know as it is:
 * newer meters may have more. `alarm`: a person should look at it, so the gateway raises an alarm.
 */
interface EventMeaning {
  readonly meaning: string;
  readonly alarm?: true;
}

export const EVENT_CODES = {
  retime: { meaning: "readings from before the clock was known were given their civil time" },
  "clock-step": { meaning: "the time service set the clock anew" },
  "clock-refused": { meaning: "the machine's clock jumped and was not believed", alarm: true },
  calibration: { meaning: "the configured calibration was changed" },
  "part-swap": { meaning: "another part counts the energy", alarm: true },
  "sensor-restart": { meaning: "the process that reads the sensors was started again" },
  tamper: { meaning: "the tamper switch", alarm: true },
  "storage-full": { meaning: "the card was full: readings stayed in memory", alarm: true },
  "storage-free": { meaning: "there is space on the card again" },
  restored: { meaning: "the journal was older than what the gateway holds", alarm: true },
  overflow: {
    meaning: "more events of one code in a day than are recorded; later ones are left out",
  },
} as const satisfies Readonly<Record<string, EventMeaning>>;

export type EventCode = keyof typeof EVENT_CODES;

/** What is known of a code; undefined for one that this version does not know. */
function lookUp(code: string): EventMeaning | undefined {
  return Object.hasOwn(EVENT_CODES, code) ? EVENT_CODES[code as EventCode] : undefined;
}

/** Whether an event of this code is to be looked at by a person. */
export function isAlarming(code: string): boolean {
  return lookUp(code)?.alarm === true;
}

/** What a code means, for people; undefined for one that this version does not know. */
export function meaningOf(code: string): string | undefined {
  return lookUp(code)?.meaning;
}
