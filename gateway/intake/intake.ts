/**
 * The intake on the main thread: messages from the broker → the crypto workers, acknowledgements after the commit,
 * and everything that the gateway publishes to meters.
 *
 * It takes in no more than it can hold: the socket is paused when too many envelopes wait for a worker or for a
 * commit, and resumed at half. Every envelope ends in one coded outcome, those that never reach a worker too.
 */
import type { ErrorCode } from "../../shared/base/error-code.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { MAX_METER_ENVELOPE } from "../../shared/record/envelope.ts";
import { meterText } from "../projection/meter-text.ts";
import { leafOfBytes } from "./admission.ts";
import type { IncomingMessage, MqttClient } from "./mqtt-client.ts";
import { TokenBuckets } from "./token-bucket.ts";
import type { WorkerPool } from "./worker-pool.ts";

/** A message that was refused before it reached a worker. */
export interface EarlyRefusal {
  readonly meter: string;
  readonly leaf: string;
  readonly code: ErrorCode;
}

export interface IntakeOptions {
  /** First eight hex digits of the chain id. */
  readonly net: string;
  /** The chain's three digits. */
  readonly zone: string;
  readonly queueLimit: number;
  readonly unacknowledgedLimit: number;
  readonly meterBurst: number;
  readonly meterPerMinute: number;
  readonly monotonicMs: () => number;
  /** A message was refused here; to be counted, and answered if its meter is known. */
  onRefused(refusal: EarlyRefusal): void;
  /** A meter said which checkpoint it verified last. */
  onSeen(meter: string, note: string): void;
}

/** A checkpoint note is a few hundred bytes; with four gateways still below this. */
const MAX_SEEN = 8192;
const METER_DIGITS = 9;
const SLASH = 0x2f;
const ENVELOPE = "/envelope";
const SEEN = "/seen";

export class Intake {
  readonly #options: IntakeOptions;
  readonly #client: MqttClient;
  readonly #pool: WorkerPool;
  readonly #buckets: TokenBuckets;
  /** Apart, so that what a meter says it saw never costs it an envelope. */
  readonly #seenBuckets: TokenBuckets;
  /** Nine digits each, as a number. */
  readonly #meters = new Set<number>();
  /** What stands before the meter in a topic. */
  readonly #prefix: string;
  #unacknowledged = 0;
  #epoch = 0;
  #received = 0;
  #flushing = false;
  #closed = false;
  /** Owned here: acknowledgements of what no commit follows, written together at the end of the turn. */
  #doneIds: number[] = [];

  constructor(options: IntakeOptions, client: MqttClient, pool: WorkerPool) {
    this.#options = options;
    this.#client = client;
    this.#pool = pool;
    this.#buckets = new TokenBuckets(options.meterBurst, options.meterPerMinute);
    this.#seenBuckets = new TokenBuckets(options.meterBurst, options.meterPerMinute);
    this.#prefix = `wattproof/${options.net}/${options.zone}/`;
  }

  /** Envelopes received since the start. */
  get received(): number {
    return this.#received;
  }

  /** Envelopes taken in and not yet committed. */
  get unacknowledged(): number {
    return this.#unacknowledged;
  }

  /** Meters whose envelopes are let through to the workers. */
  addMeters(meters: readonly string[]): void {
    for (const meter of meters) this.#meters.add(Number(meter));
  }

  knows(meter: string): boolean {
    return this.#meters.has(Number(meter));
  }

  /** Takes nothing more in; what the broker sends is left unacknowledged, so it comes again. */
  close(): void {
    this.#closed = true;
    this.#client.resume();
  }

  receive(message: IncomingMessage): void {
    if (this.#closed) return;
    if (message.epoch !== this.#epoch) {
      // A new connection: what the old one left unacknowledged comes again, so it no longer counts here.
      this.#epoch = message.epoch;
      this.#unacknowledged = 0;
      this.#doneIds = [];
    }
    const meter = this.#meterOf(message.topic);
    if (meter >= 0 && message.topic.endsWith(SEEN)) {
      this.#receiveSeen(meter, message);
      return;
    }
    this.#received += 1;
    const code = this.#judge(meter, message);
    if (code !== undefined) {
      this.#refuse(meter, code, message);
      return;
    }
    this.#unacknowledged += 1;
    const { epoch, packetId, payload } = message;
    this.#pool.push(meter, epoch, packetId, payload);
    this.#flushSoon();
    this.#holdBack();
  }

  /** A commit is done: acknowledges its envelopes in one socket write. Packet id 0 came at QoS 0 and needs none. */
  acknowledge(epoch: number, packetIds: Uint16Array): void {
    if (epoch === this.#epoch) {
      this.#unacknowledged = Math.max(0, this.#unacknowledged - packetIds.length);
      const owed = packetIds.includes(0) ? packetIds.filter((id) => id > 0) : packetIds;
      this.#client.acknowledge(epoch, owed);
    }
    this.letIn();
  }

  /** Resumes the socket when there is room again. */
  letIn(): void {
    const { queueLimit, unacknowledgedLimit } = this.#options;
    if (!this.#client.paused) return;
    if (this.#pool.queued <= queueLimit / 2 && this.#unacknowledged <= unacknowledgedLimit / 2) {
      this.#client.resume();
    }
  }

  /** The meter of one of our topics `…/envelope` and `…/seen`, as a number; -1 for any other topic. */
  #meterOf(topic: string): number {
    const at = this.#prefix.length;
    const end = at + METER_DIGITS;
    const channel = topic.length - end;
    if (!topic.startsWith(this.#prefix) || topic.charCodeAt(end) !== SLASH) return -1;
    const isOurs =
      (channel === ENVELOPE.length && topic.endsWith(ENVELOPE)) ||
      (channel === SEEN.length && topic.endsWith(SEEN));
    if (!isOurs) return -1;
    let meter = 0;
    for (let i = at; i < end; i++) {
      const digit = topic.charCodeAt(i) - 0x30;
      if (digit < 0 || digit > 9) return -1;
      meter = meter * 10 + digit;
    }
    return meter;
  }

  /** The checks that need no cryptography; undefined lets the message through. */
  #judge(meter: number, message: IncomingMessage): ErrorCode | undefined {
    if (message.retain) return "retained";
    if (meter < 0) return "topic";
    if (message.payload.byteLength > MAX_METER_ENVELOPE) return "size";
    if (!this.#meters.has(meter)) return "unknown-meter";
    if (!this.#buckets.take(meter, this.#options.monotonicMs())) return "rate";
    return undefined;
  }

  #refuse(number: number, code: ErrorCode, message: IncomingMessage): void {
    const meter = number < 0 ? "" : meterText(number);
    this.#options.onRefused({ meter, leaf: leafOfBytes(nodeSuite, message.payload), code });
    if (message.packetId > 0) this.#doneIds.push(message.packetId);
    this.#flushSoon();
  }

  #receiveSeen(meter: number, message: IncomingMessage): void {
    const code = this.#judgeSeen(meter, message);
    if (code !== undefined) {
      this.#refuse(meter, code, message);
      return;
    }
    if (message.packetId > 0) this.#doneIds.push(message.packetId);
    this.#flushSoon();
    const { buffer, byteOffset, byteLength } = message.payload;
    this.#options.onSeen(
      meterText(meter),
      Buffer.from(buffer, byteOffset, byteLength).toString("utf8"),
    );
  }

  #judgeSeen(meter: number, message: IncomingMessage): ErrorCode | undefined {
    if (message.payload.byteLength > MAX_SEEN) return "size";
    if (!this.#meters.has(meter)) return "unknown-meter";
    if (!this.#seenBuckets.take(meter, this.#options.monotonicMs())) return "rate";
    return undefined;
  }

  #holdBack(): void {
    const { queueLimit, unacknowledgedLimit } = this.#options;
    if (this.#client.paused) return;
    if (this.#pool.queued > queueLimit || this.#unacknowledged > unacknowledgedLimit) {
      this.#client.pause();
    }
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#pool.flush();
      const ids = this.#doneIds;
      this.#doneIds = [];
      this.#client.acknowledge(this.#epoch, ids);
    });
  }
}
