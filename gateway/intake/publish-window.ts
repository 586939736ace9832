/**
 * Outgoing QoS 1 messages: a bounded queue and a bounded window of unacknowledged packets.
 *
 * Nothing here is durable: a receipt that is lost with the process is given again when the meter repeats its
 * envelope. What is in flight when a connection ends is sent again, marked DUP, on the next one.
 */
import { fail } from "../../shared/base/error.ts";
import { markDuplicate, type OutgoingMessage } from "./mqtt-wire.ts";
import { type PacketBatch, PLACES, packOne } from "./packet-batch.ts";

const MAX_PACKET_ID = 65_535;

/** A packet in the bytes of its batch. */
interface Packet {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly idAt: number;
  readonly end: number;
}

export class PublishWindow {
  readonly #window: number;
  readonly #limit: number;
  /** Owned here: in the order of sending, by packet id. */
  readonly #inFlight = new Map<number, Packet>();
  #queue: Packet[] = [];
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
  push({ topic, payload, retain = false }: OutgoingMessage): boolean {
    return this.pushBatch(packOne(topic, payload, retain));
  }

  /** Queues all packets of a batch, whose bytes belong to this window from now on; false if any was dropped. */
  pushBatch({ bytes, places }: PacketBatch): boolean {
    let taken = true;
    for (let i = 0; i < places.length; i += PLACES) {
      if (this.#queue.length - this.#head >= this.#limit) {
        this.#dropped += 1;
        taken = false;
        continue;
      }
      const start = places[i] as number;
      this.#queue.push({
        bytes,
        start,
        idAt: places[i + 1] as number,
        end: places[i + 2] as number,
      });
    }
    return taken;
  }

  /** The bytes that may be sent now: as many packets as the window has room for. */
  take(): Uint8Array | undefined {
    const runs = new Runs();
    while (this.#inFlight.size < this.#window && this.#head < this.#queue.length) {
      const packet = this.#queue[this.#head] as Packet;
      this.#head += 1;
      const id = this.#freeId();
      packet.bytes[packet.idAt] = id >> 8;
      packet.bytes[packet.idAt + 1] = id & 255;
      this.#inFlight.set(id, packet);
      runs.add(packet);
    }
    if (this.#head === this.#queue.length) {
      this.#queue = [];
      this.#head = 0;
    } else if (this.#head > 1024 && this.#head * 2 > this.#queue.length) {
      this.#queue = this.#queue.slice(this.#head);
      this.#head = 0;
    }
    return runs.join();
  }

  /** The broker acknowledged a packet; unknown ids (of an earlier session) are ignored. */
  acknowledged(packetId: number): void {
    this.#inFlight.delete(packetId);
  }

  /** What has to be sent first on a new connection: everything in flight, marked DUP. */
  resend(): Uint8Array | undefined {
    const runs = new Runs();
    for (const packet of this.#inFlight.values()) {
      markDuplicate(packet.bytes, packet.start);
      runs.add(packet);
    }
    return runs.join();
  }

  #freeId(): number {
    do {
      this.#nextId = this.#nextId === MAX_PACKET_ID ? 1 : this.#nextId + 1;
    } while (this.#inFlight.has(this.#nextId));
    return this.#nextId;
  }
}

/** Packets in the order of sending; those that lie side by side in one batch stay one piece. */
class Runs {
  readonly #done: Uint8Array[] = [];
  #bytes: Uint8Array | undefined;
  #start = 0;
  #end = 0;

  add({ bytes, start, end }: Packet): void {
    if (bytes !== this.#bytes || start !== this.#end) {
      this.#close();
      this.#bytes = bytes;
      this.#start = start;
    }
    this.#end = end;
  }

  join(): Uint8Array | undefined {
    this.#close();
    return this.#done.length > 1 ? Buffer.concat(this.#done) : this.#done[0];
  }

  #close(): void {
    if (this.#bytes !== undefined) this.#done.push(this.#bytes.subarray(this.#start, this.#end));
    this.#bytes = undefined;
  }
}
