/**
 * The status as text, and what is wrong in it. In: the journal's state, the running meter's, the machine's. Out: lines;
 * a list of troubles with what to do about each.
 */
import type { UnixSeconds } from "../../shared/base/units.ts";
import { formatKwh } from "../meter-event.ts";
import type { LiveStatus, PartStatus } from "../run/live-state.ts";
import type { MeterStatus } from "../status.ts";
import { adviceFor } from "./advice.ts";
import { showReading } from "./show-reading.ts";

export interface WholeStatus extends MeterStatus {
  readonly now: UnixSeconds;
  readonly freeBytes: number;
  /** H over the program. */
  readonly fw: string;
  /** Absent while no meter runs. */
  readonly live?: LiveStatus;
}

export interface Trouble {
  readonly code: string;
  readonly what: string;
  readonly advice?: string;
}

/** Less than this is worth a word: a year of days that nobody fetches. */
const LOW_BYTES = 50_000_000;
/** A broker that is away this long is a trouble; shorter is a restart. */
const OFFLINE_S = 300;

export function findTroubles(s: WholeStatus): Trouble[] {
  const found: Trouble[] = [];
  const add = (code: string, what: string): void => {
    const advice = adviceFor(code);
    found.push({ code, what, ...(advice === undefined ? {} : { advice }) });
  };
  const isDone = s.retired !== undefined && s.unsealedDays === 0 && s.outbox.count === 0;
  if (s.live === undefined && !isDone) add("stopped", "no meter runs on this folder");
  for (const { part, code, failingS = 0, ageS } of s.live?.parts ?? []) {
    if (code === undefined) continue;
    const last = ageS === undefined ? "never read" : `last read ${age(ageS)} ago`;
    add(code, `${part} has failed for ${age(failingS)}, ${last}`);
  }
  if (s.live?.clock.sync === "unset") add("clock", "the clock is not set");
  if (s.enrolledAt === undefined)
    add("not-enrolled", "not enrolled yet: days are kept, not sealed");
  const broker = s.live?.broker;
  const isRevoked = s.alarms.some(({ code }) => code === "revoked");
  if (
    !isRevoked &&
    broker !== undefined &&
    broker.state !== "online" &&
    broker.sinceS >= OFFLINE_S
  ) {
    add("offline", `not connected for ${age(broker.sinceS)}: ${broker.detail}`);
  }
  if (s.freeBytes < LOW_BYTES) add("storage", `${megabytes(s.freeBytes)} left on the card`);
  for (const { code, note, at } of s.alarms) add(code, `${note} (since ${moment(at)})`);
  return found;
}

export function describeStatus(s: WholeStatus, troubles: readonly Trouble[]): string {
  const lines: [string, string][] = [
    ["meter", `${s.meter ?? "unknown"}, key ${s.kid?.slice(0, 8) ?? "unknown"}`],
    ["enrolled", s.enrolledAt === undefined ? "not yet" : `record ${s.enrolledAt} of the log`],
    ["running", describeRunning(s)],
    ["clock", `${moment(s.now)}, ${s.live?.clock.sync ?? "not asked: no meter runs"}`],
    ...(s.live?.parts ?? []).map(describePart),
    ["register", formatKwh(s.register)],
    ...(s.retired === undefined ? [] : [["retired", describeEnd(s.retired)] as [string, string]]),
    ...s.unclosed.map(({ date, wh, out, quality }): [string, string] => {
      const letters = Object.entries(quality).map(([letter, count]) => `${count} ${letter}`);
      const given = out === undefined ? "" : `, ${formatKwh(out)} out`;
      return [date, `${formatKwh(wh)}${given}; slots: ${letters.join(", ") || "none finished"}`];
    }),
    ["last reading", s.lastReading === undefined ? "never" : since(s.lastReading, s.now)],
    ["closed days", `${s.unsealedDays} not sealed yet`],
    ["to be sent", describeOutbox(s)],
    ["last receipt", describeReceipt(s)],
    ["broker", describeBroker(s.live)],
    ["storage", `${megabytes(s.freeBytes)} left`],
    ["firmware", `${s.fw.slice(0, 12)}, started ${s.boots} times`],
    ...troubles.flatMap(({ code, what, advice }): [string, string][] => [
      ["TROUBLE", `${code}: ${what}`],
      ...(advice === undefined ? [] : [["", advice] as [string, string]]),
    ]),
  ];
  return lines.map(([name, value]) => `${name.padEnd(14)} ${value}\n`).join("");
}

function describeRunning({ live }: WholeStatus): string {
  if (live === undefined) return "no";
  const restarts =
    live.sensorRestarts === 0 ? "" : `, sensor process replaced ${live.sensorRestarts} times`;
  return `for ${age(live.upS)}, process ${live.pid}${restarts}`;
}

function describePart({ part, ageS, reading, code, counts }: PartStatus): [string, string] {
  const role = reading === undefined || counts || reading.energy === "none" ? "" : " (watched)";
  const state = code === undefined ? "" : `FAILS ${code}; `;
  const last =
    reading === undefined ? "never read" : `${age(ageS ?? 0)} ago: ${showReading(reading)}`;
  return [part, `${state}${last}${role}`];
}

function describeEnd({ to, final }: NonNullable<WholeStatus["retired"]>): string {
  return `nothing is measured after ${moment(to)}, final register ${formatKwh(final)}`;
}

function describeOutbox({ outbox: { count, held, oldest, newest } }: WholeStatus): string {
  if (oldest === undefined) return "nothing";
  return `${count} records, ${oldest} to ${newest}, ${held} held by the gateway`;
}

function describeReceipt({ lastReceipt, now }: WholeStatus): string {
  if (lastReceipt === undefined) return "none";
  const { seq, date, position, size, at } = lastReceipt;
  return `record ${seq} of ${date}, at ${position} of ${size} of the log, ${since(at, now)}`;
}

function describeBroker(live: LiveStatus | undefined): string {
  if (live === undefined) return "not asked: no meter runs";
  const { state, detail, sinceS } = live.broker;
  return `${state} for ${age(sinceS)}${detail === "" ? "" : `: ${detail}`}`;
}

const megabytes = (bytes: number): string => `${Math.floor(bytes / 1_000_000)} MB`;
const moment = (at: UnixSeconds): string => new Date(at * 1000).toISOString().replace(".000Z", "Z");
/** A clock that was set in between may make it older than the world, or younger than now. */
const since = (at: UnixSeconds, now: UnixSeconds): string =>
  `${moment(at)} (${at > now ? "ahead of the clock" : `${age(now - at)} ago`})`;

function age(seconds: number): string {
  if (seconds < 120) return `${seconds} s`;
  if (seconds < 7_200) return `${Math.round(seconds / 60)} min`;
  if (seconds < 172_800) return `${Math.round(seconds / 3_600)} h`;
  return `${Math.round(seconds / 86_400)} days`;
}
