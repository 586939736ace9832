/**
 * Test only: the kernel's side of /dev/i2c-N for a process that runs with i2c-preload.c. Simulated adapters with
 * simulated parts, and what can go wrong on a bus: no acknowledge, disturbed bytes, a bus that stays low, a call
 * that never comes back, an address that a kernel driver holds, an adapter that is pulled out.
 *
 * in: requests of the preloaded library over a UNIX socket → out: replies; errors as the kernel's numbers.
 */
import { once } from "node:events";
import { createServer, type Server, type Socket } from "node:net";
import type { I2cDevice } from "../../hardware/simulated/simulated-i2c-bus.ts";

export const ERRNO = {
  ENOENT: 2,
  EIO: 5,
  ENXIO: 6,
  EAGAIN: 11,
  EBUSY: 16,
  ENODEV: 19,
  EINVAL: 22,
  EPROTO: 71,
  ENOTSUP: 95,
  ESHUTDOWN: 108,
  ETIMEDOUT: 110,
  EREMOTEIO: 121,
} as const;

/** One transaction as the adapter sees it; `length` bytes are to be read. */
interface Call {
  readonly address: number;
  readonly bytes: Uint8Array;
  readonly length: number;
}

/** What happens to a call instead of the device's answer. `flip`: that bit of the answer arrives wrong. */
type Fault =
  | { readonly errno: number }
  | { readonly hang: Promise<void> }
  | { readonly flip: number }
  | { readonly only: number };

export class SimulatedAdapter {
  readonly devices = new Map<number, I2cDevice>();
  /** Addresses that a driver of the kernel holds. */
  readonly held = new Set<number>();
  /** Every transaction that reached the bus. */
  readonly calls: Call[] = [];
  /** Asked before each transaction; undefined lets it pass. */
  disturb: (call: Call) => Fault | undefined = () => undefined;
  /** What this controller says when nobody acknowledges. */
  nack: number = ERRNO.EREMOTEIO;
  plugged = true;
  /** Descriptors of before an unplugging stay dead. */
  generation = 0;

  unplug(): void {
    this.plugged = false;
    this.generation++;
  }

  plug(): void {
    this.plugged = true;
  }

  /** The bytes that were read, or a negative error number, or how many bytes were written. */
  async transact(call: Call): Promise<Uint8Array | number> {
    this.calls.push(call);
    const fault = this.disturb(call);
    if (fault !== undefined && "errno" in fault) return -fault.errno;
    if (fault !== undefined && "hang" in fault) {
      await fault.hang;
      return -ERRNO.ETIMEDOUT;
    }
    const { address, bytes, length } = call;
    const device = this.devices.get(address);
    if (device === undefined) return -this.nack;
    if ((bytes.length > 0 || length === 0) && !device.write(bytes)) return -this.nack;
    if (fault !== undefined && "only" in fault) return fault.only;
    if (length === 0) return bytes.length;
    const reply = device.read(length);
    if (reply === undefined) return -this.nack;
    const { flip } = fault ?? {};
    if (flip !== undefined) reply[flip >> 3] = (reply[flip >> 3] ?? 0) ^ (1 << (flip & 7));
    return reply;
  }
}

const OP = { open: 1, slave: 2, write: 3, read: 4, smbus: 5, functions: 6 } as const;
/** I2C, and SMBus byte, word and block calls made of it; as i2c-bcm2835 says. */
const FUNCTIONS = 0x0eff0009;
const SMBUS_READ = 1;
const I2C_BLOCK_BROKEN = 6;
const I2C_BLOCK = 8;

interface Descriptor {
  adapter: SimulatedAdapter;
  generation: number;
  address: number;
}

interface Reply {
  readonly result: number;
  readonly bytes?: Uint8Array;
}

/** Serves the adapters at a socket until it is closed. */
export async function serveAdapters(
  socketPath: string,
  adapters: ReadonlyMap<number, SimulatedAdapter>,
): Promise<Server> {
  const server = createServer((socket) => serve(socket, adapters));
  server.listen(socketPath);
  await once(server, "listening");
  return server;
}

function serve(socket: Socket, adapters: ReadonlyMap<number, SimulatedAdapter>): void {
  let buffered = Buffer.alloc(0);
  let descriptor: Descriptor | undefined;
  socket.on("error", () => socket.destroy());
  socket.on("data", async (chunk: Buffer) => {
    // One request at a time: the thread behind it waits for the reply.
    buffered = Buffer.concat([buffered, chunk]);
    if (buffered.length < 5 || buffered.length < 5 + buffered.readUInt16LE(3)) return;
    const [operation, argument] = [buffered.readUInt8(0), buffered.readUInt16LE(1)];
    const bytes = Uint8Array.from(buffered.subarray(5));
    buffered = Buffer.alloc(0);
    let reply: Reply;
    if (operation === OP.open) {
      const adapter = adapters.get(argument);
      if (adapter?.plugged === true) {
        descriptor = { adapter, generation: adapter.generation, address: 0 };
      }
      reply = { result: descriptor === undefined ? -ERRNO.ENOENT : 0 };
    } else if (descriptor === undefined) {
      reply = { result: -ERRNO.EINVAL };
    } else {
      reply = await answer(descriptor, operation, argument, bytes);
    }
    const { result, bytes: data = new Uint8Array(0) } = reply;
    const head = Buffer.alloc(6);
    head.writeInt32LE(result, 0);
    head.writeUInt16LE(data.length, 4);
    socket.write(Buffer.concat([head, data]));
  });
}

async function answer(
  descriptor: Descriptor,
  operation: number,
  argument: number,
  bytes: Uint8Array,
): Promise<Reply> {
  const { adapter, address } = descriptor;
  if (descriptor.generation !== adapter.generation) return { result: -ERRNO.ENODEV };
  if (operation === OP.slave) {
    if (adapter.held.has(argument) && bytes[0] === 0) return { result: -ERRNO.EBUSY };
    descriptor.address = argument;
    return { result: 0 };
  }
  if (operation === OP.functions) {
    const functions = Buffer.alloc(4);
    functions.writeUInt32LE(FUNCTIONS);
    return { result: 0, bytes: functions };
  }
  if (operation === OP.smbus) return answerSmbus(adapter, address, bytes);
  const call =
    operation === OP.write
      ? { address, bytes, length: 0 }
      : { address, bytes: new Uint8Array(0), length: argument };
  const outcome = await adapter.transact(call);
  if (typeof outcome === "number") return { result: outcome };
  return { result: outcome.length, bytes: outcome };
}

/** Only block reads, as the meter makes them: a register's number, repeated START, its bytes. */
async function answerSmbus(
  adapter: SimulatedAdapter,
  address: number,
  request: Uint8Array,
): Promise<Reply> {
  const [direction, command = 0, size, , , length = 0] = request;
  if (direction !== SMBUS_READ || (size !== I2C_BLOCK && size !== I2C_BLOCK_BROKEN)) {
    return { result: -ERRNO.ENOTSUP };
  }
  const outcome = await adapter.transact({ address, bytes: Uint8Array.of(command), length });
  if (typeof outcome === "number") return { result: outcome < 0 ? outcome : -ERRNO.EPROTO };
  return { result: 0, bytes: Uint8Array.of(outcome.length, ...outcome) };
}
