/**
 * `I2cBus` over /dev/i2c-N by the `i2c-bus` module.
 *
 * The module runs transactions on a thread pool, where two would interleave: a lock makes them one after the
 * other. The device file is opened at first use, and again after it went away or the bus hung. While a hung
 * call is still in the kernel no other is started.
 */
import type { PromisifiedBus } from "i2c-bus";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { I2cBus } from "../port/i2c-bus.ts";
import { Lock } from "../port/lock.ts";
import { loadOptional } from "./optional-module.ts";
import { codeOfSystemError, errnoOf, failFromSystem } from "./system-error.ts";
import { withTimeLimit } from "./time-limit.ts";

/** The part of the module that is used. */
export type I2cModule = Pick<typeof import("i2c-bus"), "openPromisified">;

/** The kernel's own limit is 1 s on most controllers; a read of 32 bytes takes 4 ms. */
const TRANSACTION_MS = 1_500;
/** Times a transaction is repeated after a lost arbitration (EAGAIN). */
const REPEATS = 2;

/** Throws `hardware-module`; a missing bus shows at its first use. */
export async function openLinuxI2cBus(
  bus: number,
  load: () => Promise<I2cModule> = () => import("i2c-bus"),
  limitMs = TRANSACTION_MS,
): Promise<I2cBus> {
  const module = await loadOptional("i2c-bus", load);
  return new LinuxI2cBus(module, bus, limitMs);
}

class LinuxI2cBus implements I2cBus {
  readonly #module: I2cModule;
  readonly #number: number;
  readonly #limitMs: number;
  readonly #lock = new Lock();
  // Owned by work inside the lock.
  #handle: PromisifiedBus | undefined;
  #hung = false;
  #closed = false;

  constructor(module: I2cModule, number: number, limitMs: number) {
    this.#limitMs = limitMs;
    this.#module = module;
    this.#number = number;
  }

  write(address: number, bytes: Uint8Array): Promise<void> {
    const buffer = Buffer.from(bytes);
    return this.#transact(address, async (handle) => {
      const { bytesWritten } = await handle.i2cWrite(address, buffer.length, buffer);
      if (bytesWritten !== buffer.length) this.#refuseShort(address, bytesWritten);
    });
  }

  read(address: number, length: number): Promise<Uint8Array> {
    return this.#transact(address, async (handle) => {
      const { bytesRead, buffer } = await handle.i2cRead(address, length, Buffer.alloc(length));
      if (bytesRead !== length) this.#refuseShort(address, bytesRead);
      return Uint8Array.from(buffer);
    });
  }

  close(): Promise<void> {
    return this.#lock.run(async () => {
      this.#closed = true;
      await this.#drop();
    });
  }

  #transact<T>(address: number, work: (handle: PromisifiedBus) => Promise<T>): Promise<T> {
    const what = `I2C bus ${this.#number}, address 0x${address.toString(16)}`;
    return this.#lock.run(async () => {
      if (this.#closed) fail("sensor-gone", `${what}: the bus is closed`);
      if (this.#hung) fail("sensor-timeout", `${what}: a call before still hangs in the kernel`);
      for (let attempt = 0; ; attempt++) {
        try {
          return await this.#limited(work, what);
        } catch (error) {
          if (errnoOf(error) === "EAGAIN" && attempt < REPEATS) continue;
          if (isCoded(error)) throw error;
          if (codeOfSystemError(error) === "sensor-gone") await this.#drop();
          failFromSystem(error, what);
        }
      }
    });
  }

  async #limited<T>(work: (handle: PromisifiedBus) => Promise<T>, what: string): Promise<T> {
    this.#handle ??= await this.#module.openPromisified(this.#number);
    const running = work(this.#handle);
    try {
      return await withTimeLimit(running, this.#limitMs, what);
    } catch (error) {
      if (isCoded(error, "sensor-timeout")) {
        this.#hung = true;
        const release = (): void => {
          this.#hung = false;
        };
        running.then(release, release);
      }
      throw error;
    }
  }

  /** Closes the device file, so that the next use opens it anew. */
  async #drop(): Promise<void> {
    const handle = this.#handle;
    this.#handle = undefined;
    await handle?.close().catch(() => undefined);
  }

  #refuseShort(address: number, count: number): never {
    fail("sensor-nack", `I2C address 0x${address.toString(16)} stopped after ${count} bytes`, {
      address,
      count,
    });
  }
}
