/**
 * One digital pin: a status LED, a tamper switch, a button.
 *
 * Contract
 * - Pins are named by their BCM number (the number in "GPIO17"), never by the kernel's global number, which
 *   moves between kernels.
 * - `watch` reports levels as they are after an edge; edges closer together than the process can follow melt
 *   into one. Pulses that must not be missed need a counting back end.
 */
export type PinLevel = 0 | 1;

export interface DigitalPin {
  /** Throws `sensor-gone`. */
  read(): Promise<PinLevel>;
  /** Only on an output. Throws `sensor-gone`, `sensor-busy` on an input. */
  write(level: PinLevel): Promise<void>;
  /** Only on an input: calls `listener` after each edge until the returned function is called. */
  watch(listener: (level: PinLevel) => void): () => void;
  /** Idempotent; gives the pin back to the kernel. */
  close(): Promise<void>;
}

export interface PinSettings {
  /** BCM number, 0 to 53. */
  readonly pin: number;
  readonly direction: "in" | "out";
}
