/**
 * An I2C bus with simulated parts on it. A device says `undefined` where the real one does not acknowledge;
 * an address without a device never acknowledges.
 */
import { fail } from "../../shared/base/error.ts";
import type { I2cBus } from "../port/i2c-bus.ts";

export interface I2cDevice {
  /** Whether the bytes were acknowledged. */
  write(bytes: Uint8Array): boolean;
  read(length: number): Uint8Array | undefined;
}

export class SimulatedI2cBus implements I2cBus {
  readonly #deviceByAddress: ReadonlyMap<number, I2cDevice>;
  #closed = false;

  constructor(deviceByAddress: ReadonlyMap<number, I2cDevice>) {
    this.#deviceByAddress = deviceByAddress;
  }

  async write(address: number, bytes: Uint8Array): Promise<void> {
    if (this.#closed) fail("sensor-gone", "the simulated bus is closed");
    if (this.#deviceByAddress.get(address)?.write(bytes) !== true) refuseNack(address);
  }

  async read(address: number, length: number): Promise<Uint8Array> {
    if (this.#closed) fail("sensor-gone", "the simulated bus is closed");
    return this.#deviceByAddress.get(address)?.read(length) ?? refuseNack(address);
  }

  async transfer(address: number, bytes: Uint8Array, length: number): Promise<Uint8Array> {
    if (this.#closed) fail("sensor-gone", "the simulated bus is closed");
    const device = this.#deviceByAddress.get(address);
    if (device?.write(bytes) !== true) refuseNack(address);
    return device.read(length) ?? refuseNack(address);
  }

  async close(): Promise<void> {
    this.#closed = true;
  }
}

function refuseNack(address: number): never {
  fail("sensor-nack", `no acknowledge from I2C address 0x${address.toString(16)}`, { address });
}
