/**
 * `I2cBus` over /dev/i2c-N by the `i2c-bus` module.
 *
 * The module runs transactions on a thread pool, where two would interleave: a lock makes them one after the
 * other. The device file is opened at first use. It is closed, and opened anew at the next use, after every
 * failure but a missing acknowledge and a lost arbitration: the module keeps a descriptor whose address the kernel
 * refused (EBUSY), and would use it later to talk to address 0.
 *
 * A bus that a part holds low times out in the kernel, a second for each call. An address that timed out some
 * times in a row rests for a while, so that it fails at once instead of holding up the others. (For each address by
 * itself: some USB adapters report nobody there as a time-out.) That, and the new descriptor, which finds an adapter
 * that was plugged in again, is all that can be done from user space: nine clock pulses would free the line, but a
 * hardware controller sends none without a transfer. Switching the part's power does.
 *
 * A call that does not even come back from the kernel is `sensor-timeout` here; while it hangs no other is
 * started. Only the end of the process can stop it: `onStuck` tells its owner when that is due.
 */
import type { PromisifiedBus } from "i2c-bus";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { I2cBus } from "../port/i2c-bus.ts";
import { Lock } from "../port/lock.ts";
import { realTiming, type Timing } from "../port/timing.ts";
import { loadOptional } from "./optional-module.ts";
import { codeOfSystemError, errnoOf, failFromSystem } from "./system-error.ts";
import { withTimeLimit } from "./time-limit.ts";

/** The part of the module that is used. */
export type I2cModule = Pick<typeof import("i2c-bus"), "openPromisified">;

export interface I2cBusOptions {
  /** Replaces the installed module. */
  readonly load?: () => Promise<I2cModule>;
  /** What a transaction may take. The kernel's own limit is 1 s on most controllers; 32 bytes take 4 ms. */
  readonly limitMs?: number;
  readonly timing?: Timing;
  /** Called at each use of a bus whose last call has hung for two minutes. */
  readonly onStuck?: (what: string) => void;
}

const TRANSACTION_MS = 1_500;
/** Times a transaction is repeated after a lost arbitration (EAGAIN). */
const REPEATS = 2;
/** Time-outs in a row after which an address rests. */
const PATIENCE = 3;
const REST_MS = 5_000;
/** Longer than the process has to live for its successor to be started at once (host/sensor-host.ts). */
const STUCK_MS = 120_000;

/** Throws `hardware-module`; a missing bus shows at its first use. */
export async function openLinuxI2cBus(bus: number, options: I2cBusOptions = {}): Promise<I2cBus> {
  const module = await loadOptional("i2c-bus", options.load ?? (() => import("i2c-bus")));
  return new LinuxI2cBus(module, bus, options);
}

class LinuxI2cBus implements I2cBus {
  readonly #module: I2cModule;
  readonly #number: number;
  readonly #limitMs: number;
  readonly #timing: Timing;
  readonly #onStuck: ((what: string) => void) | undefined;
  readonly #lock = new Lock();
  // Owned by work inside the lock.
  #handle: PromisifiedBus | undefined;
  #hungAtMs: number | undefined;
  #closed = false;
  /** Addresses that timed out last: how often in a row, and until when they rest. */
  readonly #weary = new Map<number, { readonly times: number; readonly untilMs: number }>();

  constructor(module: I2cModule, number: number, options: I2cBusOptions) {
    this.#module = module;
    this.#number = number;
    this.#limitMs = options.limitMs ?? TRANSACTION_MS;
    this.#timing = options.timing ?? realTiming;
    this.#onStuck = options.onStuck;
  }

  write(address: number, bytes: Uint8Array): Promise<void> {
    return this.#transact(address, (handle) => write(handle, address, bytes));
  }

  read(address: number, length: number): Promise<Uint8Array> {
    return this.#transact(address, (handle) => read(handle, address, length));
  }

  transfer(address: number, bytes: Uint8Array, length: number): Promise<Uint8Array> {
    const [register] = bytes;
    return this.#transact(address, async (handle) => {
      if (register !== undefined && bytes.length === 1) {
        return readRegister(handle, address, register, length);
      }
      await write(handle, address, bytes);
      return read(handle, address, length);
    });
  }

  close(): Promise<void> {
    return this.#lock.run(async () => {
      this.#closed = true;
      await this.#drop();
    });
  }

  #transact<T>(address: number, work: (handle: PromisifiedBus) => Promise<T>): Promise<T> {
    const what = `I2C bus ${this.#number}, address ${hex(address)}`;
    return this.#lock.run(async () => {
      this.#refuse(address, what);
      try {
        const result = await this.#repeat(work, what);
        this.#weary.delete(address);
        return result;
      } catch (error) {
        const code = isCoded(error) ? error.code : codeOfSystemError(error);
        if (code === "sensor-timeout") this.#tire(address);
        else this.#weary.delete(address);
        const harmless = code === "sensor-nack" || errnoOf(error) === "EAGAIN";
        // A descriptor below a hung call is left alone until the call comes back.
        if (!harmless && this.#hungAtMs === undefined) await this.#drop();
        if (isCoded(error)) throw error;
        failFromSystem(error, what);
      }
    });
  }

  #refuse(address: number, what: string): void {
    if (this.#closed) fail("sensor-gone", `${what}: the bus is closed`);
    if (this.#hungAtMs !== undefined) {
      if (this.#timing.monotonicMs() - this.#hungAtMs >= STUCK_MS) this.#onStuck?.(what);
      fail("sensor-timeout", `${what}: a call before still hangs in the kernel`, { hung: 1 });
    }
    const { times, untilMs } = this.#weary.get(address) ?? { times: 0, untilMs: 0 };
    if (this.#timing.monotonicMs() < untilMs) {
      const text = `${what}: ${times} time-outs in a row; something may hold the bus low`;
      fail("sensor-timeout", text, { times });
    }
  }

  #tire(address: number): void {
    const times = (this.#weary.get(address)?.times ?? 0) + 1;
    const untilMs = times < PATIENCE ? 0 : this.#timing.monotonicMs() + REST_MS;
    this.#weary.set(address, { times, untilMs });
  }

  async #repeat<T>(work: (handle: PromisifiedBus) => Promise<T>, what: string): Promise<T> {
    for (let attempt = 0; ; attempt++) {
      try {
        return await this.#limited(work, what);
      } catch (error) {
        if (errnoOf(error) !== "EAGAIN" || attempt >= REPEATS) throw error;
      }
    }
  }

  async #limited<T>(work: (handle: PromisifiedBus) => Promise<T>, what: string): Promise<T> {
    this.#handle ??= await this.#module.openPromisified(this.#number);
    const running = work(this.#handle);
    try {
      return await withTimeLimit(running, this.#limitMs, what);
    } catch (error) {
      // The work's own errors come from the system, or say that a transfer was short.
      if (isCoded(error, "sensor-timeout")) {
        this.#hungAtMs = this.#timing.monotonicMs();
        const release = (): Promise<void> =>
          this.#lock.run(async () => {
            this.#hungAtMs = undefined;
            await this.#drop();
          });
        running.then(release, release);
      }
      throw error;
    }
  }

  /** Closes the device file, so that the next use opens it anew. */
  async #drop(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    // Closing fails only where the descriptor is gone already.
    await handle?.close().catch(() => undefined);
  }
}

async function write(handle: PromisifiedBus, address: number, bytes: Uint8Array): Promise<void> {
  const { bytesWritten } = await handle.i2cWrite(address, bytes.length, Buffer.from(bytes));
  if (bytesWritten !== bytes.length) refuseShort(address, bytesWritten);
}

async function read(handle: PromisifiedBus, address: number, length: number): Promise<Uint8Array> {
  const { bytesRead, buffer } = await handle.i2cRead(address, length, Buffer.alloc(length));
  if (bytesRead !== length) refuseShort(address, bytesRead);
  return Uint8Array.from(buffer);
}

async function readRegister(
  handle: PromisifiedBus,
  address: number,
  register: number,
  length: number,
): Promise<Uint8Array> {
  const room = Buffer.alloc(length);
  const { bytesRead, buffer } = await handle.readI2cBlock(address, register, length, room);
  if (bytesRead !== length) refuseShort(address, bytesRead);
  return Uint8Array.from(buffer);
}

function refuseShort(address: number, count: number): never {
  fail("sensor-nack", `I2C address ${hex(address)} stopped after ${count} bytes`, {
    address,
    count,
  });
}

function hex(address: number): string {
  return `0x${address.toString(16).padStart(2, "0")}`;
}
