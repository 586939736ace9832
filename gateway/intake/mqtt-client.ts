/**
 * The high-rate MQTT client of the intake: reconnects for ever, hands messages on unacknowledged, publishes at
 * QoS 1 within a window, and bounds what it has taken in by pausing its socket (design.md section 6).
 *
 * mqtt.js handles one packet at a time, so an acknowledgement after the commit would cost one commit a message;
 * this client acknowledges a whole commit in one socket write.
 */

import { type ConnectionOptionsMqtt, MqttConnection } from "./mqtt-connection.ts";
import { encodePubacks, type OutgoingMessage } from "./mqtt-wire.ts";
import type { PacketBatch } from "./packet-batch.ts";
import { type Outgoing, PublishWindow } from "./publish-window.ts";

export interface IncomingMessage {
  readonly topic: string;
  /** Valid while the message is handed over; who needs it longer copies it. */
  readonly payload: Uint8Array;
  /** Set only on what the broker had stored for the topic before the subscription. */
  readonly retain: boolean;
  /** 0 for a message at QoS 0, which needs no acknowledgement. */
  readonly packetId: number;
  /** The connection that it came by: packet ids mean nothing on another one. */
  readonly epoch: number;
}

export interface MqttClientOptions extends ConnectionOptionsMqtt {
  onMessage(message: IncomingMessage): void;
  onState?(state: { connected: boolean; reason: string }): void;
  /** Uniform in [0, 1), for the jitter. */
  readonly random: () => number;
  /** Unacknowledged messages towards the broker; default 1,000. */
  readonly publishWindow?: number;
  /** Waiting messages towards the broker; default 65,536. */
  readonly publishLimit?: number;
  /** Upper bound of the first pause before a reconnect, milliseconds; doubles up to 30 s. Default 250. */
  readonly backoffMs?: number;
}

const MAX_BACKOFF_MS = 30_000;
/** A broker that refuses the credentials is not asked again at once. */
const REFUSED_BACKOFF_MS = 60_000;

export class MqttClient {
  readonly #options: MqttClientOptions;
  readonly #outgoing: PublishWindow;
  #connection: MqttConnection | undefined;
  #epoch = 0;
  #ready = false;
  #paused = false;
  #attempt = 0;
  #stopped = false;
  #flushing = false;
  #retry: NodeJS.Timeout | undefined;
  #onStopped: (() => void) | undefined;

  constructor(options: MqttClientOptions) {
    this.#options = options;
    this.#outgoing = new PublishWindow(
      options.publishWindow ?? 1000,
      options.publishLimit ?? 65_536,
    );
  }

  get connected(): boolean {
    return this.#ready;
  }

  /** Messages not yet acknowledged by the broker. */
  get pendingPublishes(): number {
    return this.#outgoing.pending;
  }

  get droppedPublishes(): number {
    return this.#outgoing.dropped;
  }

  start(): void {
    this.#connect();
  }

  /** Acknowledges messages of connection `epoch`; without effect if that connection is gone. */
  acknowledge(epoch: number, packetIds: ArrayLike<number>): void {
    if (epoch === this.#epoch && packetIds.length > 0) {
      this.#connection?.write(encodePubacks(packetIds));
    }
  }

  /** Queues a message; false if the queue is full and it was dropped. Sent at the end of this turn. */
  publish(message: OutgoingMessage): boolean {
    const taken = this.#outgoing.push(message);
    this.#flushSoon();
    return taken;
  }

  /** {@link publish} for packets that are written already; their bytes belong to this client until `onDone` has them back. */
  publishBatch(batch: PacketBatch, onDone?: (bytes: Uint8Array<ArrayBuffer>) => void): void {
    this.#outgoing.pushBatch(batch, onDone);
    this.#flushSoon();
  }

  pause(): void {
    this.#paused = true;
    this.#connection?.pause();
  }

  resume(): void {
    if (!this.#paused) return;
    this.#paused = false;
    this.#connection?.resume();
  }

  get paused(): boolean {
    return this.#paused;
  }

  /** Ends the connection after what was written, and connects no more. */
  async stop(): Promise<void> {
    this.#stopped = true;
    clearTimeout(this.#retry);
    const connection = this.#connection;
    if (connection === undefined) return;
    const ended = new Promise<void>((resolve) => {
      this.#onStopped = resolve;
    });
    this.#flush();
    connection.resume();
    connection.end();
    await ended;
  }

  #connect(): void {
    this.#epoch += 1;
    const epoch = this.#epoch;
    this.#connection = new MqttConnection(this.#options, {
      ready: () => {
        this.#ready = true;
        this.#attempt = 0;
        this.#write(this.#outgoing.resend());
        this.#flush();
        if (this.#paused) this.#connection?.pause();
        this.#options.onState?.({ connected: true, reason: "connected" });
      },
      message: (topic, payload, packetId, retain) => {
        if (this.#stopped) return;
        this.#options.onMessage({ topic, payload, retain, packetId, epoch });
      },
      puback: (packetId) => {
        this.#outgoing.acknowledged(packetId);
        this.#flushSoon();
      },
      closed: (reason, refused) => {
        this.#ready = false;
        this.#connection = undefined;
        this.#options.onState?.({ connected: false, reason });
        this.#onStopped?.();
        if (!this.#stopped) this.#scheduleReconnect(refused);
      },
    });
  }

  /** Full jitter: after an outage a thousand gateways and meters must not come back in one second. */
  #scheduleReconnect(refused: boolean): void {
    const base = this.#options.backoffMs ?? 250;
    const bound = Math.min(MAX_BACKOFF_MS, base * 2 ** Math.min(this.#attempt, 20));
    this.#attempt += 1;
    const pause = this.#options.random() * bound + (refused ? REFUSED_BACKOFF_MS : 0);
    this.#retry = setTimeout(() => this.#connect(), pause);
  }

  #flushSoon(): void {
    if (this.#flushing) return;
    this.#flushing = true;
    setImmediate(() => {
      this.#flushing = false;
      this.#flush();
    });
  }

  #flush(): void {
    if (this.#ready) this.#write(this.#outgoing.take());
  }

  #write(outgoing: Outgoing | undefined): void {
    if (outgoing !== undefined) this.#connection?.write(outgoing.bytes, outgoing.written);
  }
}
