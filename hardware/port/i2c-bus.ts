/**
 * An I2C bus: writes, reads, and reads of registers.
 *
 * Contract
 * - Transactions of one bus never interleave: the bus runs them one after the other, in call order.
 * - `write` then `read` are two transactions, each with START and STOP; another driver's may come in between.
 *   Sensors that hold a result until it is fetched (Sensirion, Aosong) are safe that way.
 * - `transfer` lets nothing come in between. With one byte to write it is one transaction with a repeated
 *   START, as register parts want it; with more there is a STOP before the reading begins.
 * - A missing acknowledge is `sensor-nack`: nobody at that address, or a sensor that is still measuring.
 *   Whether to try again is the driver's knowledge.
 * - The bus repeats by itself only what says nothing about the sensor (a lost arbitration).
 * - Clock stretching is not waited for: a part that needs it is asked in the mode without.
 * - Addresses are 7-bit, 0x08 to 0x77.
 */
export interface I2cBus {
  /** Throws `sensor-nack`, `sensor-timeout` (stuck bus), `sensor-busy` (a kernel driver holds it), `sensor-gone`. */
  write(address: number, bytes: Uint8Array): Promise<void>;
  /** Exactly `length` bytes. Throws as `write` does. */
  read(address: number, length: number): Promise<Uint8Array>;
  /** Writes (a register's number), then reads exactly `length` bytes, 1 to 32. Throws as `write` does, and `sensor-crc`. */
  transfer(address: number, bytes: Uint8Array, length: number): Promise<Uint8Array>;
  /** Idempotent. */
  close(): Promise<void>;
}
