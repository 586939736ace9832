/**
 * Outgoing QoS 1 messages: a bounded queue and a bounded window of unacknowledged packets.
 *
 * Nothing here is durable: a receipt that is lost with the process is given again when the meter repeats its
 * envelope. What is in flight when a connection ends is sent again, marked DUP, on the next one.
 */
import { fail } from "../../shared/base/error.ts";
import { encodePublish, type OutgoingMessage } from "./mqtt-wire.ts";

const MAX_PACKET_ID = 65_535;

export class PublishWindow {
  readonly #window: number;
  readonly #limit: number;
  /** Owned here: in the order of sending, by packet id. */
  readonly #inFlight = new Map<number, OutgoingMessage>();
  #queue: OutgoingMessage[] = [];
  #head = 0;
  #nextId = 1;
  #dropped = 0;

  /**
   * @param window packets that may be unacknowledged at a time, 1 to 10,000
   * @param limit messages that may wait; more are dropped and counted
   */
  constructor(window: number, limit: number) {
    if (window < 1 || window > 10_000)
      fail("config", "the publish window is 1 to 10000", { window });
    this.#window = window;
    this.#limit = limit;
  }

  /** Messages not yet acknowledged by the broker. */
  get pending(): number {
    return this.#inFlight.size + this.#queue.length - this.#head;
  }

  get dropped(): number {
    return this.#dropped;
  }

  /** Queues a message; false if the queue was full and the message was dropped. */
  push(message: OutgoingMessage): boolean {
    if (this.#queue.length - this.#head >= this.#limit) {
      this.#dropped += 1;
      return false;
    }
    this.#queue.push(message);
    return true;
  }

  /** The bytes that may be sent now: as many packets as the window has room for. */
  take(): Buffer | undefined {
    const parts: Buffer[] = [];
    while (this.#inFlight.size < this.#window && this.#head < this.#queue.length) {
      const message = this.#queue[this.#head] as OutgoingMessage;
      this.#head += 1;
      const id = this.#freeId();
      this.#inFlight.set(id, message);
      parts.push(encodePublish(message, id));
    }
    if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return parts.length === 0 ? undefined : Buffer.concat(parts);
  }

  /** The broker acknowledged a packet; unknown ids (of an earlier session) are ignored. */
  acknowledged(packetId: number): void {
    this.#inFlight.delete(packetId);
  }

  /** What has to be sent first on a new connection: everything in flight, marked DUP. */
  resend(): Buffer | undefined {
    if (this.#inFlight.size === 0) return undefined;
    const parts = [...this.#inFlight].map(([id, message]) => encodePublish(message, id, true));
    return Buffer.concat(parts);
  }

  #freeId(): number {
    do {
      this.#nextId = this.#nextId === MAX_PACKET_ID ? 1 : this.#nextId + 1;
    } while (this.#inFlight.has(this.#nextId));
    return this.#nextId;
  }
}
