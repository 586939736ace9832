/**
 * Judging live messages, in a crypto worker: one message from a topic → the reading, or the code of the first rule broken.
 *
 * In order: form, chain, key known and active and of this meter, `n` and `at`, signature, then line 2. The newest `n` of a
 * key is kept in memory only: once it is older than the window, `at` alone keeps a repetition out.
 */
import type { Clock } from "../../shared/base/clock.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { ErrorCode } from "../../shared/base/error-code.ts";
import type { RecipientKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { type LiveReading, openLive, parseLiveLine } from "../../shared/message/live.ts";
import { verifyCompactJws } from "../../shared/record/compact-jws.ts";
import { splitEnvelope } from "../../shared/record/envelope.ts";
import type { KnownKey, Registry } from "./registry.ts";

/** Seconds that a message may be old when it arrives. */
export const LIVE_WINDOW_S = 300;
/** Seconds that a meter's clock may be ahead. */
const LIVE_AHEAD_S = 60;

export interface LiveAdmissionOptions {
  readonly suite: CryptoSuite;
  readonly registry: Registry;
  /** The utility's key; opens line 2. */
  readonly utility: Pick<RecipientKey, "kid" | "secret">;
  /** The chain's id, H. */
  readonly chain: string;
  /** The gateway's clock. */
  readonly clock: Clock;
  /** How much faster it runs than real time; the window is one of real time. */
  readonly rate: number;
}

export type LiveVerdict = { readonly reading: LiveReading } | { readonly refused: ErrorCode };

interface Newest {
  readonly n: number;
  readonly at: number;
}

export class LiveAdmission {
  readonly #options: LiveAdmissionOptions;
  /** By kid, of keys that signed a message that was taken. */
  readonly #newest = new Map<string, Newest>();

  constructor(options: LiveAdmissionOptions) {
    this.#options = options;
  }

  /** Never throws on any bytes. `meter`: nine digits of the topic. */
  judge(meter: string, bytes: Uint8Array): LiveVerdict {
    try {
      return { reading: this.#read(meter, bytes) };
    } catch (error) {
      if (!isCoded(error)) throw error;
      return { refused: error.code };
    }
  }

  #read(meter: string, bytes: Uint8Array): LiveReading {
    const { suite, chain, utility } = this.#options;
    const { line1, line2 } = splitEnvelope(bytes);
    if (line2 === undefined) fail("form", "a live message has a second line");
    const { kid, payload } = parseLiveLine(line1);
    if (payload.chain !== chain) fail("chain", "a live message of another chain");
    const known = this.#keyOf(kid, meter);
    this.#requireNew(kid, payload);
    if (!verifyCompactJws(suite, known.verifyKey(suite), line1)) {
      fail("signature", "the signature does not verify");
    }
    const { recipients } = known.entry;
    const reading = openLive(suite, utility, { kid, payload, line2, meter, recipients });
    this.#newest.set(kid, payload);
    return reading;
  }

  #keyOf(kid: string, meter: string): KnownKey {
    const known = this.#options.registry.get(kid);
    if (known === undefined) fail("unknown-key", "the signing key is not enrolled");
    const { entry } = known;
    if (entry.meter !== meter) fail("topic", "the key belongs to another meter than the topic");
    if (entry.state === "frozen") fail("frozen", "the signing key is frozen");
    if (entry.state === "inactive") fail("inactive-key", "the signing key is not active");
    return known;
  }

  #requireNew(kid: string, { n, at }: Newest): void {
    const { clock, rate } = this.#options;
    const now = clock.wallMs() / 1000;
    const oldest = now - LIVE_WINDOW_S * rate;
    if (at > now + LIVE_AHEAD_S * rate || at < oldest) {
      fail("live-time", "the message is from the future or too old");
    }
    const newest = this.#newest.get(kid);
    if (newest !== undefined && newest.at >= oldest && n <= newest.n) {
      fail("live-n", "a newer message of this key was taken");
    }
  }
}
