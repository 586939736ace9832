/**
 * What a running meter knows of itself this instant: the last reading of each part, what fails, the broker.
 *
 * In: readings, events, progress. Out: a snapshot with ages instead of times, because the clock may not be set. It lives
 * in memory only: `meter status` asks for it (status-server.ts), the card is not written for it.
 */
import type { PartFault, PartReading, Sample } from "../../hardware/source.ts";
import { encodeHex } from "../../shared/base/bytes.ts";
import type { UnixSeconds } from "../../shared/base/units.ts";
import type { MeterEvent } from "../meter-event.ts";

/** Of one part. A part that has never answered has no reading. */
export interface PartStatus {
  readonly part: string;
  readonly sensor: string;
  readonly counts: boolean;
  /** Seconds since it was last read. */
  readonly ageS?: number;
  readonly reading?: PartReading;
  /** What it was read from: the part's reply as it came over the wire, checksums included, in hexadecimal. */
  readonly raw?: string;
  /** The code of its error, while it fails. */
  readonly code?: string;
  /** Seconds since it began to fail. */
  readonly failingS?: number;
}

export interface LiveStatus {
  readonly pid: number;
  readonly upS: number;
  /** Seconds since the sampler last did its work. */
  readonly progressS: number;
  readonly parts: readonly PartStatus[];
  readonly broker: {
    readonly state: "connecting" | "online" | "offline";
    readonly detail: string;
    readonly sinceS: number;
  };
  /** Times that the process that reads the sensors was started again. */
  readonly sensorRestarts: number;
  readonly clock: ClockStatus;
}

export interface ClockStatus {
  /** Who says that the clock is right (time/machine-clock.ts). */
  readonly sync: string;
  /** The meter's civil time, as far as it believes one. */
  readonly at: UnixSeconds;
}

interface PartRow {
  sensor: string;
  counts: boolean;
  readAtMs?: number;
  reading?: PartReading;
  raw?: string;
  fault?: { readonly code: string; readonly atMs: number };
}

/** A sensor process that hangs holds a reading up for ten seconds, a slow card for some more. */
const SLACK_MS = 30_000;

export class LiveState {
  readonly #monotonicMs: () => number;
  readonly #startedMs: number;
  readonly #parts = new Map<string, PartRow>();
  #progressMs: number;
  #broker: { state: LiveStatus["broker"]["state"]; detail: string; atMs: number };
  #sensorRestarts = 0;
  #mostIdleMs: number | undefined;

  #clock: () => ClockStatus = () => ({ sync: "not known yet", at: Math.floor(Date.now() / 1000) });
  /** Resolves when the sampler has done its work for the first time. */
  readonly begun: Promise<void>;
  #begin: () => void = () => {};

  constructor(monotonicMs: () => number) {
    this.begun = new Promise((resolve) => {
      this.#begin = resolve;
    });
    this.#monotonicMs = monotonicMs;
    this.#startedMs = monotonicMs();
    this.#progressMs = this.#startedMs;
    this.#broker = { state: "connecting", detail: "", atMs: this.#startedMs };
  }

  /** Who is asked for the clock from now on. */
  set clock(ask: () => ClockStatus) {
    this.#clock = ask;
  }

  /** The sampler has done its work, whether or not a sensor has answered. */
  progress(): void {
    this.#progressMs = this.#monotonicMs();
    this.#begin();
  }

  /** Its work is due so often, by its own interval; undefined when there is nothing more to do. */
  expect(intervalMs: number | undefined): void {
    this.#mostIdleMs = intervalMs === undefined ? undefined : 2 * intervalMs + SLACK_MS;
  }

  /** Whether the sampler has done its work as often as it should. */
  get isAlive(): boolean {
    const idleMs = this.#monotonicMs() - this.#progressMs;
    return this.#mostIdleMs === undefined || idleMs <= this.#mostIdleMs;
  }

  get online(): boolean {
    return this.#broker.state === "online";
  }

  watch({ parts, evidence, faults }: Pick<Sample, "parts" | "evidence" | "faults">): void {
    const now = this.#monotonicMs();
    for (const [i, reading] of parts.entries()) {
      const { sensor, counts, takenMs } = reading;
      const readAtMs = Math.min(now, takenMs ?? now);
      const raw = encodeHex(evidence[i]?.raw ?? new Uint8Array());
      this.#parts.set(reading.part, { sensor, counts, readAtMs, reading, raw });
    }
    for (const { part, sensor, code } of faults) this.#fail({ part, sensor, code }, now);
    if (parts.length > 0) this.#parts.delete("all");
  }

  note(event: MeterEvent): void {
    const atMs = this.#monotonicMs();
    if (event.event === "online") {
      this.#broker = { state: "online", detail: event.broker, atMs };
    } else if (event.event === "offline" && this.#broker.detail !== event.reason) {
      this.#broker = { state: "offline", detail: event.reason, atMs };
    } else if (event.event === "sensor-host") this.#sensorRestarts += 1;
  }

  snapshot(): LiveStatus {
    const since = (atMs: number): number => Math.max(0, Math.round((this.#now - atMs) / 1000));
    const { state, detail, atMs } = this.#broker;
    return {
      pid: process.pid,
      upS: since(this.#startedMs),
      progressS: since(this.#progressMs),
      parts: [...this.#parts].map(([part, { sensor, counts, readAtMs, reading, raw, fault }]) => ({
        part,
        sensor,
        counts,
        ...(readAtMs === undefined ? {} : { ageS: since(readAtMs) }),
        ...(reading === undefined ? {} : { reading }),
        ...(raw === undefined ? {} : { raw }),
        ...(fault === undefined ? {} : { code: fault.code, failingS: since(fault.atMs) }),
      })),
      broker: { state, detail, sinceS: since(atMs) },
      sensorRestarts: this.#sensorRestarts,
      clock: this.#clock(),
    };
  }

  get #now(): number {
    return this.#monotonicMs();
  }

  #fail({ part, sensor, code }: PartFault, now: number): void {
    const row = this.#parts.get(part) ?? { sensor, counts: false };
    const atMs = row.fault?.code === code ? row.fault.atMs : now;
    this.#parts.set(part, { ...row, fault: { code, atMs } });
  }
}
