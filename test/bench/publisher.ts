/**
 * The bench's publisher, a process of its own: sends all envelopes over a few raw sockets and takes the receipts.
 *
 * It stands for thousands of meters and must cost next to nothing, so its packets are built before the clock starts
 * and receipts are only counted while it runs; they are verified afterwards. A meter stays on one connection.
 * Started by intake.ts with its order as JSON in the first argument; talks to it over the IPC channel.
 */
import { connect, type Socket } from "node:net";
import mqttPacket from "mqtt-packet";
import { encodePubacks } from "../../gateway/intake/mqtt-wire.ts";
import { packOne } from "../../gateway/intake/packet-batch.ts";
import { formatMeterFilter, formatMeterTopic } from "../../shared/message/topic.ts";
import { readEnvelopes } from "./fixture.ts";

export interface PublishOrder {
  readonly port: number;
  readonly envelopesFile: string;
  readonly net: string;
  readonly zone: string;
  /** Nine digits each, by the number in the file. */
  readonly meters: readonly string[];
  readonly connections: number;
  /** Envelopes that go ahead, before the clock starts: the first of the file, a multiple of the meters. */
  readonly warmUp: number;
  /** Envelopes against the clock, which follow them, and how often; the rest comes afterwards. */
  readonly measured: number;
  readonly turns: number;
  /** Every n-th receipt is handed over for verification. */
  readonly sampleEvery: number;
}

export interface SampledReceipt {
  readonly meter: string;
  readonly text: string;
}

export type PublisherMessage =
  /** After the first: connected. After the second: warm, everything so far has its receipt. */
  | { readonly kind: "ready" }
  | {
      readonly kind: "measured";
      /** From the first publish to the last receipt. */
      readonly seconds: number;
      readonly cpuS: number;
    }
  | {
      readonly kind: "done";
      /** Bytes written to the broker, all of MQTT included. */
      readonly bytes: number;
      readonly samples: readonly SampledReceipt[];
      /** Receipts whose record had one already. */
      readonly repeated: number;
    };

const SUBSCRIBE_ID = 1;
const MAX_PACKET_ID = 60_000;

function send(message: PublisherMessage): Promise<void> {
  return new Promise((resolve) => process.send?.(message, undefined, {}, () => resolve()));
}

function connectPacket(clientId: string): Buffer {
  return mqttPacket.generate({
    cmd: "connect",
    protocolId: "MQTT",
    protocolVersion: 4,
    clean: true,
    clientId,
    keepalive: 0,
  });
}

const CONNACK = 2;
const PUBLISH = 3;
const SUBACK = 9;

/** Takes a packet as it lies in what was received: its type, and its body after the fixed header (MQTT 3.1.1 section 2.2). */
type OnPacket = (type: number, data: Buffer, start: number, end: number) => void;

/** Cuts packets out of a stream, with as little work as can be: this process must cost next to nothing. */
function createReader(onPacket: OnPacket): (chunk: Buffer) => void {
  let rest: Buffer = Buffer.alloc(0);
  return (chunk) => {
    const data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
    let at = 0;
    for (;;) {
      let length = 0;
      let shift = 0;
      let head = at + 1;
      let byte = 0x80;
      for (; head < data.length && byte & 0x80; head++) {
        byte = data[head] as number;
        length += (byte & 0x7f) * 2 ** shift;
        shift += 7;
      }
      if (byte & 0x80 || head + length > data.length) break;
      onPacket((data[at] as number) >> 4, data, head, head + length);
      at = head + length;
    }
    rest = data.subarray(at);
  };
}

/** Receipts as they came, without an object for each: where they lie in which chunk. */
class ReceiptPile {
  readonly #chunks: Buffer[] = [];
  #places = new Uint32Array(3 * 65_536);
  #count = 0;

  get count(): number {
    return this.#count;
  }

  /** Adds the body of a PUBLISH that lies in `data`. */
  add(data: Buffer, start: number, end: number): void {
    if (this.#chunks.at(-1) !== data) this.#chunks.push(data);
    const at = this.#count * 3;
    if (at === this.#places.length) {
      const grown = new Uint32Array(at * 2);
      grown.set(this.#places);
      this.#places = grown;
    }
    this.#places[at] = this.#chunks.length - 1;
    this.#places[at + 1] = start;
    this.#places[at + 2] = end;
    this.#count += 1;
  }

  *bodies(): Generator<Buffer> {
    for (let i = 0; i < this.#count; i++) {
      const [chunk = 0, start, end] = this.#places.subarray(i * 3, i * 3 + 3);
      yield (this.#chunks[chunk] as Buffer).subarray(start, end);
    }
  }
}

/** A connected socket; `onPacket` gets everything after the CONNACK. */
function open(port: number, clientId: string, onPacket: OnPacket): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect({ port, host: "127.0.0.1", noDelay: true });
    const read = createReader((type, data, start, end) => {
      if (type === CONNACK) resolve(socket);
      else onPacket(type, data, start, end);
    });
    socket.on("data", read);
    socket.on("error", reject);
    socket.on("connect", () => socket.write(connectPacket(clientId)));
  });
}

/** What a connection publishes, as it goes over the wire, in one piece of memory. */
class Lane {
  #bytes = Buffer.allocUnsafeSlow(1 << 20);
  #at = 0;
  /** Where each packet begins, and where the last one ends. */
  readonly #places = [0];

  get count(): number {
    return this.#places.length - 1;
  }

  add(packet: Uint8Array): void {
    if (this.#at + packet.length > this.#bytes.length) {
      const grown = Buffer.allocUnsafeSlow(this.#bytes.length * 2);
      this.#bytes.copy(grown);
      this.#bytes = grown;
    }
    this.#bytes.set(packet, this.#at);
    this.#at += packet.length;
    this.#places.push(this.#at);
  }

  /** Packets `from` to `to`, without the last. */
  slice(from: number, to: number): Buffer {
    return this.#bytes.subarray(this.#places[from], this.#places[to]);
  }
}

/** Packets of one write. */
const WRITE_PACKETS = 64;

/** Packets `from` to `to`. A socket takes what the broker takes: the next chunk is written when the one before has gone. */
function writeAll(socket: Socket, lane: Lane, from: number, to: number): void {
  let at = from;
  const more = (): void => {
    while (at < to) {
      const chunk = lane.slice(at, Math.min(at + WRITE_PACKETS, to));
      at += WRITE_PACKETS;
      if (!socket.write(chunk)) {
        socket.once("drain", more);
        return;
      }
    }
  };
  more();
}

async function run(order: PublishOrder): Promise<void> {
  const { port, net, zone, meters, connections } = order;
  const lanes = Array.from({ length: connections }, () => new Lane());
  let bytes = 0;
  let published = 0;
  for (const { meter, bytes: payload } of readEnvelopes(order.envelopesFile)) {
    const topic = formatMeterTopic({ net, zone, meter: meters[meter] ?? "", channel: "envelope" });
    const lane = lanes[meter % connections] as Lane;
    const { bytes: plain, places } = packOne(topic, payload, false);
    const packet = Buffer.from(plain.buffer, plain.byteOffset, plain.length);
    packet.writeUInt16BE((lane.count % MAX_PACKET_ID) + 1, places[1]);
    lane.add(packet);
    bytes += packet.length;
    published += 1;
  }
  const receipts = new ReceiptPile();
  let pubacks: number[] = [];
  let wanted = 0;
  let finish: () => void = () => {};
  let subscribed: () => void = () => {};
  const ready = new Promise<void>((resolve) => {
    subscribed = resolve;
  });
  const subscriber = await open(port, "bench-receipts", (type, data, start, end) => {
    if (type === SUBACK) subscribed();
    if (type !== PUBLISH) return;
    if (pubacks.length === 0) {
      setImmediate(() => {
        subscriber.write(encodePubacks(pubacks));
        pubacks = [];
      });
    }
    const idAt = start + 2 + (((data[start] as number) << 8) | (data[start + 1] as number));
    pubacks.push(((data[idAt] as number) << 8) | (data[idAt + 1] as number));
    receipts.add(data, start, end);
    if (receipts.count === wanted) finish();
  });
  subscriber.write(
    mqttPacket.generate({
      cmd: "subscribe",
      messageId: SUBSCRIBE_ID,
      subscriptions: [{ topic: formatMeterFilter(net, zone, "receipt"), qos: 1 }],
    }),
  );
  await ready;
  const sockets: Socket[] = [];
  for (let n = 0; n < connections; n++) {
    sockets.push(await open(port, `bench-publisher-${n}`, () => undefined));
  }
  /** Says where it is and waits for the word to go on. */
  const report = async (message: PublisherMessage): Promise<void> => {
    const go = new Promise((resolve) => process.once("message", resolve));
    await send(message);
    await go;
  };
  let sent = 0;
  /** Publishes so many more envelopes, of every lane alike, and waits until all so far have their receipts. */
  const publish = async (count: number): Promise<void> => {
    const [from, to] = [sent / connections, (sent + count) / connections];
    sent += count;
    wanted = sent;
    if (count === 0) return;
    const finished = new Promise<void>((resolve) => {
      finish = resolve;
    });
    sockets.forEach((socket, n) => {
      const lane = lanes[n] as Lane;
      writeAll(socket, lane, from, to);
    });
    await finished;
  };
  await report({ kind: "ready" });
  await publish(order.warmUp);
  await report({ kind: "ready" });
  for (let turn = 0; turn < order.turns; turn++) {
    const cpuAtStart = process.cpuUsage();
    const started = performance.now();
    await publish(order.measured);
    const seconds = (performance.now() - started) / 1000;
    const cpu = process.cpuUsage(cpuAtStart);
    await report({ kind: "measured", seconds, cpuS: (cpu.user + cpu.system) / 1e6 });
  }
  await publish(published - sent);
  const samples: SampledReceipt[] = [];
  const records = new Set<string | undefined>();
  let i = 0;
  for (const body of receipts.bodies()) {
    const topicEnd = 2 + body.readUInt16BE(0);
    const text = body.toString("utf8", topicEnd + 2);
    records.add(/\nindex (\d+)\n/.exec(text)?.[1]);
    const meter = body.toString("latin1", 2, topicEnd).split("/")[3] ?? "";
    if (i % order.sampleEvery === 0) samples.push({ meter, text });
    i += 1;
  }
  await send({
    kind: "done",
    bytes,
    samples,
    repeated: receipts.count - records.size,
  });
  for (const socket of [subscriber, ...sockets]) socket.destroy();
  process.disconnect();
}

await run(JSON.parse(process.argv[2] ?? "{}") as PublishOrder);
