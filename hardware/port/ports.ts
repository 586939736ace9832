/**
 * Gives drivers the ports that their configuration names.
 *
 * Contract: the same bus number, or the same serial settings, gives the same port object, so that the locks
 * of the ports hold between drivers. A serial port asked for twice with other settings is `sensor-busy`.
 */
import type { DigitalPin, PinSettings } from "./digital-pin.ts";
import type { I2cBus } from "./i2c-bus.ts";
import type { PulseCounter, PulseSettings } from "./pulse-counter.ts";
import type { SerialLine, SerialSettings } from "./serial-line.ts";
import type { Timing } from "./timing.ts";

export interface Ports {
  readonly timing: Timing;
  /** Throws `sensor-gone`, `sensor-busy`, `hardware-module`. */
  i2cBus(bus: number): Promise<I2cBus>;
  /** Throws `sensor-gone`, `sensor-busy`, `hardware-module`. */
  serialLine(settings: SerialSettings): Promise<SerialLine>;
  /** A new object for each call. Throws `sensor-gone`, `sensor-busy`, `hardware-module`, `gpio-chip`. */
  digitalPin(settings: PinSettings): Promise<DigitalPin>;
  /** One for each pin. Throws `sensor-gone`, `sensor-busy`, `hardware-module`, `gpio-chip`. */
  pulseCounter(settings: PulseSettings): Promise<PulseCounter>;
  /** Closes every port that was given out. Idempotent. */
  close(): Promise<void>;
}
