/**
 * What the machine says of its own clock: civil and monotonic time, which boot this is, and who vouches for the civil
 * time. A parameter of the meter, so that tests can boot in 1970 and step the clock at will.
 */
import type { Clock } from "../../shared/base/clock.ts";

/**
 * `ntp`: a time service has synchronised the clock · `rtc`: it comes from a battery clock · `unset`: there is a time
 * service and it has not synchronised yet · `unchecked`: nothing on this machine can tell · `simulated`: it is made up.
 */
export type SyncCode = "ntp" | "rtc" | "unset" | "unchecked" | "simulated";

export interface SyncState {
  readonly code: SyncCode;
  /** When that was found out, by the monotonic clock; of `ntp` the newest synchronisation that was seen. */
  readonly asOfMs: number;
}

export interface MachineClock extends Clock {
  /** Of this boot; undefined where the system has none, then each start of the process counts as a boot. */
  readonly bootId?: string | undefined;
  /** Cheap: called before every reading. Absent: `unchecked`. */
  sync?(): SyncState;
}
