// Alarms as readers see them.

/** What sort of trouble an alarm's code is. */
export type AlarmKind =
  | "no-data"
  | "equivocation"
  | "tamper"
  | "register"
  | "clock"
  | "device"
  | "record"
  | "gateway";

export type AlarmState = "open" | "acknowledged" | "closed";

/** Who looked at an alarm, and when. */
export interface AlarmLook {
  readonly atSeconds: number;
  /** Absent: the cause ended by itself, or the reader is not told. */
  readonly by?: string;
  readonly note?: string;
}

export interface AlarmRow {
  readonly id: number;
  readonly kind: AlarmKind;
  /** Of an error, an event, or `no-data`. */
  readonly code: string;
  readonly atSeconds: number;
  readonly meter?: string;
  /** Of the record that raised it. */
  readonly position?: number;
  /** Plain text, may quote what a sender wrote. */
  readonly detail?: string;
  readonly state: AlarmState;
  readonly acknowledged?: AlarmLook;
  readonly closed?: AlarmLook;
}

/** Alarms, newest first. */
export interface AlarmQuery {
  /** Without it, those of any state. */
  readonly state?: AlarmState;
  readonly meter?: string;
  /** Only those with a smaller id: the last id of the page before. */
  readonly before?: number;
  readonly limit: number;
}

const KINDS: Readonly<Record<string, AlarmKind>> = {
  "no-data": "no-data",
  evidence: "equivocation",
  tamper: "tamper",
  "day-register": "register",
  "day-sum": "register",
  "correction-register": "register",
  "exchange-register": "register",
  "meter-correction": "device",
  revoked: "device",
  "clock-refused": "clock",
  calendar: "clock",
  "day-calendar": "clock",
  "day-period": "clock",
  "event-at": "clock",
  "part-swap": "device",
  "storage-full": "device",
  restored: "device",
  "store-old": "gateway",
  "log-forked": "gateway",
};

/** The sort of a code. `isOwn`: no record and no meter is to blame. */
export function kindOfAlarm(code: string, isOwn: boolean): AlarmKind {
  return (Object.hasOwn(KINDS, code) ? KINDS[code] : undefined) ?? (isOwn ? "gateway" : "record");
}
