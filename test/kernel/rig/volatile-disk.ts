/**
 * A disk with a write cache that a power cut empties, served to QEMU over the NBD protocol on a UNIX socket.
 *
 * What a file image keeps after `kill -9` of the emulator is everything that the guest had written, flushed or
 * not: no real card is that kind. Here a write counts as durable only after a flush (or with forced unit access). A
 * cut keeps or loses each 512-byte sector written since then by lot, so writes are lost, reordered and torn.
 *
 * in: an image in memory, requests → out: the image as the next boot finds it.
 */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";

const SECTOR = 512;
const EXPORT_FLAGS = 0b1101; // has flags, sends flush, sends forced unit access
const HANDSHAKE_FLAGS = 0b11; // fixed newstyle, no zeroes
const OPTION_EXPORT_NAME = 1;
const OPTION_ABORT = 2;
const OPTION_GO = 7;
const REPLY_ACK = 1;
const REPLY_INFO = 3;
const REPLY_UNSUPPORTED = 0x80000001;
const READ = 0;
const WRITE = 1;
const DISCONNECT = 2;
const FLUSH = 3;
const FORCED_UNIT_ACCESS = 1;
const INVALID = 22;

export class VolatileDisk {
  /** What a cut leaves for certain. */
  readonly #durable: Buffer;
  /** What the guest sees while it has power. */
  readonly #current: Buffer;
  /** Numbers of the sectors in which they may differ. */
  readonly #unflushed = new Set<number>();
  #server: Server | undefined;
  #flushes = 0;

  constructor(image: Buffer) {
    this.#durable = image;
    this.#current = Buffer.from(image);
  }

  get flushes(): number {
    return this.#flushes;
  }

  /** What would be there after a cut now, as bytes of the whole disk. */
  get image(): Buffer {
    return this.#durable;
  }

  read(offset: number, length: number): Buffer {
    return this.#current.subarray(offset, offset + length);
  }

  write(offset: number, data: Buffer, durable = false): void {
    data.copy(this.#current, offset);
    const last = Math.floor((offset + data.length - 1) / SECTOR);
    for (let sector = Math.floor(offset / SECTOR); sector <= last; sector++) {
      if (durable) this.#keep(sector);
      else this.#unflushed.add(sector);
    }
  }

  flush(): void {
    this.#flushes++;
    for (const sector of this.#unflushed) this.#keep(sector);
  }

  /** `share`: how likely an unflushed sector is lost, 0 to 1. Returns how many were. */
  cutPower(random: () => number, share: number): number {
    let lost = 0;
    for (const sector of [...this.#unflushed]) {
      if (random() >= share) {
        this.#keep(sector);
        continue;
      }
      lost++;
      const at = sector * SECTOR;
      this.#durable.copy(this.#current, at, at, at + SECTOR);
      this.#unflushed.delete(sector);
    }
    return lost;
  }

  #keep(sector: number): void {
    const at = sector * SECTOR;
    this.#current.copy(this.#durable, at, at, at + SECTOR);
    this.#unflushed.delete(sector);
  }

  /** Serves the disk on a UNIX socket, to one client after the other. */
  async listen(socketPath: string): Promise<void> {
    const server = createServer((socket) => {
      socket.on("error", () => socket.destroy());
      serve(socket, this).catch(() => socket.destroy());
    });
    server.listen(socketPath);
    await once(server, "listening");
    this.#server = server;
  }

  async close(): Promise<void> {
    const server = this.#server;
    this.#server = undefined;
    if (server === undefined) return;
    server.close();
    await once(server, "close");
  }

  get size(): number {
    return this.#current.length;
  }
}

/** Takes exactly as many bytes as asked for from a stream of chunks; undefined at its end. */
function createTaker(socket: Socket): (length: number) => Promise<Buffer | undefined> {
  const chunks = socket[Symbol.asyncIterator]() as AsyncIterator<Buffer>;
  let kept: Buffer = Buffer.alloc(0);
  return async (length) => {
    const parts: Buffer[] = [kept];
    let have = kept.length;
    while (have < length) {
      const { value, done } = await chunks.next();
      if (done) return undefined;
      parts.push(value);
      have += value.length;
    }
    const all = parts.length === 1 ? kept : Buffer.concat(parts);
    kept = all.subarray(length);
    return all.subarray(0, length);
  };
}

async function serve(socket: Socket, disk: VolatileDisk): Promise<void> {
  const take = createTaker(socket);
  const hello = Buffer.alloc(18);
  hello.write("NBDMAGICIHAVEOPT", "latin1");
  hello.writeUInt16BE(HANDSHAKE_FLAGS, 16);
  socket.write(hello);
  if ((await take(4)) === undefined) return;
  if (!(await negotiate(socket, take, disk.size))) return;
  for (;;) {
    const request = await take(28);
    if (request === undefined) return;
    const flags = request.readUInt16BE(4);
    const type = request.readUInt16BE(6);
    const offset = Number(request.readBigUInt64BE(16));
    const length = request.readUInt32BE(24);
    const answer = Buffer.alloc(16);
    answer.writeUInt32BE(0x67446698, 0);
    request.copy(answer, 8, 8, 16);
    if (type === DISCONNECT) return;
    if (type === READ) {
      socket.write(Buffer.concat([answer, disk.read(offset, length)]));
      continue;
    }
    if (type === WRITE) {
      const data = await take(length);
      if (data === undefined) return;
      disk.write(offset, data, (flags & FORCED_UNIT_ACCESS) !== 0);
    } else if (type === FLUSH) disk.flush();
    else answer.writeUInt32BE(INVALID, 4);
    socket.write(answer);
  }
}

/** The option phase; true when the client has chosen the disk. */
async function negotiate(
  socket: Socket,
  take: (length: number) => Promise<Buffer | undefined>,
  size: number,
): Promise<boolean> {
  for (;;) {
    const head = await take(16);
    if (head === undefined) return false;
    const option = head.readUInt32BE(8);
    if ((await take(head.readUInt32BE(12))) === undefined) return false;
    const reply = (type: number, data = Buffer.alloc(0)): void => {
      const out = Buffer.alloc(20);
      out.writeBigUInt64BE(0x3e889045565a9n, 0);
      out.writeUInt32BE(option, 8);
      out.writeUInt32BE(type, 12);
      out.writeUInt32BE(data.length, 16);
      socket.write(Buffer.concat([out, data]));
    };
    const facts = Buffer.alloc(10);
    facts.writeBigUInt64BE(BigInt(size), 0);
    facts.writeUInt16BE(EXPORT_FLAGS, 8);
    if (option === OPTION_EXPORT_NAME) {
      socket.write(facts);
      return true;
    }
    if (option === OPTION_GO) {
      reply(REPLY_INFO, Buffer.concat([Buffer.alloc(2), facts]));
      reply(REPLY_ACK);
      return true;
    }
    reply(option === OPTION_ABORT ? REPLY_ACK : REPLY_UNSUPPORTED);
    if (option === OPTION_ABORT) return false;
  }
}
