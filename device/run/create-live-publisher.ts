/** The live publisher as a meter's configuration says, or none. In: configuration, join file, key, journal. Out: not yet started. */
import type { RandomBytes } from "../../shared/base/clock.ts";
import type { WattHour } from "../../shared/base/units.ts";
import type { SigningKey } from "../../shared/crypto/key.ts";
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import type { Join } from "../../shared/message/join.ts";
import type { MeterConfig } from "../config.ts";
import type { Journal } from "../journal/journal.ts";
import { LivePublisher } from "../live/live-publisher.ts";
import { findSealPlace } from "../seal/make-envelope.ts";

export interface LiveParts {
  readonly config: MeterConfig;
  readonly join: Join;
  readonly key: SigningKey;
  readonly journal: Journal;
  /** Number of this start, from 1. */
  readonly boot: number;
  readonly randomBytes: RandomBytes;
  readonly register: () => WattHour;
  readonly publish: (text: string) => boolean;
}

export function createLivePublisher(parts: LiveParts): LivePublisher | undefined {
  const { config, join, key, journal, boot, randomBytes, register, publish } = parts;
  if (config.live_interval_ms === 0) return undefined;
  return new LivePublisher({
    suite: nobleSuite,
    ...{ key, boot, randomBytes, register, publish },
    chain: join.chain,
    meter: join.meter,
    intervalMs: config.live_interval_ms,
    // One row of the journal's state table: what is sealed to is what days are sealed to.
    recipients: () => findSealPlace(journal)?.enrolment.recipients,
  });
}
