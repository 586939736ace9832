/**
 * Alarms: what a person should look at. One of each code, kept until what raised it has passed.
 *
 * `frozen`    the gateway holds two records of this key with one seq: sealing stops, measuring goes on
 * `restored`  the gateway holds newer records of this key than the journal: the same
 * `revoked`   the log says that this key signs nothing more: sealing and publishing have ended for good
 * `refused`   a record was refused; it is sent again now and then, later ones wait
 * `fork`      gateways signed two different roots for one size of the log
 * `gap`       the gateway asks for a record that the meter no longer has
 * `older`     the broker keeps what this meter has seen and the journal has not: sealing waits for a person
 * `clock`     civil time is not known, or the machine's clock is not the one that is believed: measuring goes on
 * `storage`   the card takes nothing more: readings stay in memory
 * `tamper`    the case is open
 */
import type { UnixSeconds } from "../../shared/base/units.ts";
import { isStorageFull, type Journal } from "./journal.ts";

export type AlarmCode =
  | "frozen"
  | "restored"
  | "revoked"
  | "refused"
  | "fork"
  | "gap"
  | "older"
  | "clock"
  | "storage"
  | "tamper";

export interface Alarm {
  readonly code: AlarmCode;
  /** When it was first raised. */
  readonly at: UnixSeconds;
  readonly note: string;
  /** The record that it is about, if one. */
  readonly seq?: number;
}

const STOPPING: ReadonlySet<AlarmCode> = new Set(["frozen", "restored", "revoked"]);

export function loadAlarms(journal: Journal): readonly Alarm[] {
  return journal.readState<Alarm[]>("alarms") ?? [];
}

/** Whether records by this key are of no more use until a person has acted. */
export function isStopped(journal: Journal): boolean {
  return loadAlarms(journal).some(({ code }) => STOPPING.has(code));
}

/** Whether the key is done with for good: another device is at its place, or none. */
export function isRevoked(journal: Journal): boolean {
  return loadAlarms(journal).some(({ code }) => code === "revoked");
}

/** Returns whether it is new or says something new. On a full card it is said and not kept. */
export function raiseAlarm(journal: Journal, alarm: Alarm): boolean {
  const alarms = loadAlarms(journal);
  const known = alarms.find(({ code }) => code === alarm.code);
  if (known?.note === alarm.note && known.seq === alarm.seq) return false;
  const next = { ...alarm, at: known?.at ?? alarm.at };
  const all = [...alarms.filter(({ code }) => code !== alarm.code), next];
  unlessFull(() => journal.transact("alarm", () => journal.writeState("alarms", all)));
  return true;
}

/** What raised it has passed. */
export function clearAlarm(journal: Journal, code: AlarmCode): void {
  const alarms = loadAlarms(journal);
  const left = alarms.filter((alarm) => alarm.code !== code);
  if (left.length === alarms.length) return;
  unlessFull(() => journal.transact("alarm", () => journal.writeState("alarms", left)));
}

function unlessFull(work: () => void): void {
  try {
    work();
  } catch (error) {
    if (!isStorageFull(error)) throw error;
  }
}

/** Call it inside `transact`: the record that an alarm was about is in the log. */
export function clearAlarmsOf(journal: Journal, seq: number): void {
  const alarms = loadAlarms(journal);
  const left = alarms.filter((alarm) => alarm.seq === undefined || alarm.seq > seq);
  if (left.length < alarms.length) journal.writeState("alarms", left);
}
