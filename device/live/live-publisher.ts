/**
 * What a meter measures now, told every so often to those who may open it (records.md section 7, `live`).
 *
 * In: samples as they come. Out: at each interval one sealed message of the newest, if there is a newer one and the broker is
 * there. Nothing is stored and nothing waits: a message that cannot be sent now is never sent.
 */
import type { Sample } from "../../hardware/source.ts";
import { decodeBase64url } from "../../shared/base/bytes.ts";
import type { RandomBytes } from "../../shared/base/clock.ts";
import type { WattHour } from "../../shared/base/units.ts";
import type { SigningKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { type LiveReading, sealLive } from "../../shared/message/live.ts";
import type { Enrolment } from "../journal/outbox-store.ts";

/** The quantities of the whole meter at one instant. */
export type LiveSample = Pick<
  Sample,
  "at" | "power" | "voltage" | "current" | "temperature" | "humidity"
>;

export interface LivePublisherOptions {
  readonly suite: CryptoSuite;
  readonly key: SigningKey;
  readonly chain: string;
  /** Nine digits. */
  readonly meter: string;
  /** Number of this start of the meter, from 1: a later start has greater numbers. */
  readonly boot: number;
  readonly intervalMs: number;
  readonly randomBytes: RandomBytes;
  /** For whom is sealed; undefined while that is not known, or when the key is of no more use. */
  readonly recipients: () => Enrolment["recipients"] | undefined;
  /** The meter's own register now. */
  readonly register: () => WattHour;
  /** Publishes at QoS 0; false when that is not possible now. */
  readonly publish: (text: string) => boolean;
}

/** Numbers of one start; more than a message a second for a hundred years. */
const NUMBERS_A_BOOT = 2 ** 32;
/** `boot` times this stays below 2^53. */
const BOOTS = 2 ** 21;

export class LivePublisher {
  readonly #options: LivePublisherOptions;
  #newest: LiveSample | undefined;
  #told = Number.NEGATIVE_INFINITY;
  #count = 0;
  #timer: NodeJS.Timeout | undefined;

  constructor(options: LivePublisherOptions) {
    this.#options = options;
  }

  start(): void {
    this.#timer ??= setInterval(() => this.tell(), this.#options.intervalMs).unref();
  }

  stop(): void {
    clearInterval(this.#timer);
    this.#timer = undefined;
  }

  /** A sample whose instant is civil time. */
  note(sample: LiveSample): void {
    this.#newest = sample;
  }

  /** Publishes the newest sample, unless it was told already. */
  tell(): void {
    const { suite, key, chain, meter, boot, randomBytes, recipients, publish } = this.#options;
    const sample = this.#newest;
    const to = recipients();
    if (sample === undefined || sample.at <= this.#told || to === undefined) return;
    this.#count += 1;
    const n = (boot % BOOTS) * NUMBERS_A_BOOT + this.#count;
    const reading = toReading(sample, this.#options.register());
    const sealedTo = to.map(({ kid, key: x }) => ({ kid, key: decodeBase64url(x) }));
    const sealing = { key, recipients: sealedTo, chain, meter, n, reading, randomBytes };
    if (publish(sealLive(suite, sealing))) this.#told = sample.at;
  }
}

/** Quantities that the sensors have just not said are absent. */
function toReading(sample: LiveSample, register: WattHour): LiveReading {
  const { at, power, voltage, current, temperature, humidity } = sample;
  return {
    at: Math.floor(at / 1000),
    ...(power !== undefined && { power }),
    ...(voltage !== undefined && voltage.length > 0 && { voltage: [...voltage] }),
    ...(current !== undefined && current.length > 0 && { current: [...current] }),
    ...(temperature !== undefined && { temperature }),
    ...(humidity !== undefined && { humidity }),
    register,
  };
}
