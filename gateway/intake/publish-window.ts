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

/** Gets the bytes of a batch back. */
type OnDone = (bytes: Uint8Array<ArrayBuffer>) => void;

/** A batch whose bytes are still needed. */
interface OpenBatch {
  readonly bytes: Uint8Array<ArrayBuffer>;
  /** Packets that are not acknowledged. */
  left: number;
  /** Writes that have not ended. A broker may acknowledge what it never got; the socket reads the memory all the same. */
  writes: number;
  readonly onDone: OnDone | undefined;
}

/** What is to be written to the socket. */
export interface Outgoing {
  readonly bytes: Uint8Array;
  /** To be called once, when the socket needs the bytes no more. */
  written(): void;
}

/** A packet in the bytes of its batch. */
interface Packet {
  readonly batch: OpenBatch;
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

  /**
   * Queues all packets of a batch; false if any was dropped. Its bytes belong to this window until `onDone`, which comes when the
   * broker has acknowledged all of them.
   */
  pushBatch({ bytes, places }: PacketBatch, onDone?: OnDone): boolean {
    const count = places.length / PLACES;
    const room = Math.max(0, this.#limit - (this.#queue.length - this.#head));
    const batch: OpenBatch = { bytes, left: Math.min(count, room), writes: 0, onDone };
    for (let i = 0; i < batch.left; i++) {
      this.#queue.push({
        batch,
        start: places[i * PLACES] as number,
        idAt: places[i * PLACES + 1] as number,
        end: places[i * PLACES + 2] as number,
      });
    }
    this.#dropped += count - batch.left;
    release(batch);
    return batch.left === count;
  }

  /** What may be sent now: as many packets as the window has room for. */
  take(): Outgoing | undefined {
    const runs = new Runs();
    while (this.#inFlight.size < this.#window && this.#head < this.#queue.length) {
      const packet = this.#queue[this.#head] as Packet;
      this.#head += 1;
      const id = this.#freeId();
      packet.batch.bytes[packet.idAt] = id >> 8;
      packet.batch.bytes[packet.idAt + 1] = id & 255;
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
    const batch = this.#inFlight.get(packetId)?.batch;
    if (batch === undefined) return;
    this.#inFlight.delete(packetId);
    batch.left -= 1;
    release(batch);
  }

  /** What has to be sent first on a new connection: everything in flight, marked DUP. */
  resend(): Outgoing | undefined {
    const runs = new Runs();
    for (const packet of this.#inFlight.values()) {
      markDuplicate(packet.batch.bytes, packet.start);
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
  readonly #batches = new Set<OpenBatch>();
  #batch: OpenBatch | undefined;
  #start = 0;
  #end = 0;

  add({ batch, start, end }: Packet): void {
    if (batch !== this.#batch || start !== this.#end) {
      this.#close();
      this.#batch = batch;
      this.#batches.add(batch);
      this.#start = start;
    }
    this.#end = end;
  }

  join(): Outgoing | undefined {
    this.#close();
    const [first, ...more] = this.#done;
    if (first === undefined) return undefined;
    for (const batch of this.#batches) batch.writes += 1;
    return {
      bytes: more.length > 0 ? Buffer.concat(this.#done) : first,
      written: () => {
        for (const batch of this.#batches) {
          batch.writes -= 1;
          release(batch);
        }
        this.#batches.clear();
      },
    };
  }

  #close(): void {
    const batch = this.#batch;
    if (batch !== undefined) this.#done.push(batch.bytes.subarray(this.#start, this.#end));
    this.#batch = undefined;
  }
}

function release({ left, writes, bytes, onDone }: OpenBatch): void {
  if (left === 0 && writes === 0) onDone?.(bytes);
}
