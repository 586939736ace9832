/**
 * Live values in a running gateway: from the topic over the workers to the newest values, and to the pages that are open.
 *
 * In: messages of the topics `live` and `status`. Out: a reader of newest values, a hub of page events, counts of outcomes.
 */
import { randomBytes } from "node:crypto";
import { type ClockSpec, createClock } from "../../shared/base/clock.ts";
import type { GatewayConfig } from "../config.ts";
import { LIVE_WINDOW_S } from "../intake/live-admission.ts";
import { LiveIntake } from "../intake/live-intake.ts";
import type { CodeCount } from "../ledger/counter-store.ts";
import { LiveValues } from "../live/live-values.ts";
import type { ReadModel } from "../projection/read-model-types.ts";
import { EventHub } from "../web/live/event-hub.ts";
import { systemClock } from "./system-clock.ts";

export interface LiveDeskOptions {
  readonly config: GatewayConfig;
  readonly clock: ClockSpec;
  readonly readModel: Pick<ReadModel, "overview">;
  /** Whether a meter, nine digits, is enrolled here. */
  readonly knows: (meter: string) => boolean;
  /** Hands a message to a crypto worker; false when too many are under way. */
  readonly judge: (meter: string, bytes: Uint8Array) => boolean;
  readonly onError: (error: unknown) => void;
}

export interface LiveDesk {
  readonly intake: LiveIntake;
  readonly values: LiveValues;
  readonly hub: EventHub;
  /** A meter's status topic has spoken. */
  presence(meter: string, online: boolean): void;
  /** Outcomes since the last call. */
  takeCounts(): CodeCount[];
}

export function openLiveDesk(options: LiveDeskOptions): LiveDesk {
  const { config, clock: spec, readModel, knows, judge, onError } = options;
  const values = new LiveValues({
    clock: createClock(spec, systemClock),
    rate: spec.kind === "simulated" ? spec.rate : 1,
    windowMs: LIVE_WINDOW_S * 1000,
    onValue: (value) => hub.value(value),
  });
  const hub = new EventHub({
    overview: () => readModel.overview(),
    live: values,
    run: randomBytes(6).toString("hex"),
    onError,
  });
  const intake = new LiveIntake({
    perMinute: config.live_per_minute,
    perSecond: config.live_per_second,
    monotonicMs: () => performance.now(),
    ...{ knows, judge },
    onReading: (meter, reading) => values.take(meter, reading),
  });
  /** As last heard; the broker repeats every status after a reconnect. */
  const online = new Map<string, boolean>();
  return {
    ...{ intake, values, hub },
    presence(meter, now) {
      if (online.get(meter) === now) return;
      online.set(meter, now);
      hub.presence(meter);
    },
    takeCounts: () => intake.takeCounts(),
  };
}
