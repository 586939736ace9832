/**
 * A digital input whose pulses are counted, for meters with a pulse output (S0).
 *
 * Contract
 * - The count is of the input, for ever: it goes on where it was when the program starts again. Up to a minute of
 *   pulses before a power cut, and those while no program runs, are lost; the count never shows more than there were.
 * - Contact bounce and disturbances are not counted; what they are is settled by `PulseSettings`.
 */
export interface PulseCount {
  readonly pulses: number;
  /** Between the beginnings of the last two pulses; absent as long as only one has been seen. */
  readonly intervalMs?: number;
  /** Since the last pulse; absent before the first one that this program has seen. */
  readonly agoMs?: number;
}

export interface PulseCounter {
  /** Throws `sensor-gone`, `sensor-busy` while pulses cannot be seen. */
  read(): Promise<PulseCount>;
  /** Idempotent; the count is durable when it resolves. */
  close(): Promise<void>;
}

export interface PulseSettings {
  /** BCM number, 0 to 53. */
  readonly pin: number;
  /** The level of a pulse: `low` with the output between pin and ground and a pull-up. */
  readonly active: "low" | "high";
  /** Only `gpiomon` can set it; `none` leaves the pin as it is. */
  readonly pull: "up" | "down" | "none";
  /**
   * Pulses that begin sooner after the one before are bounce; those shorter than a third of it are disturbances.
   */
  readonly debounceMs: number;
  /** Milliseconds between two savings of the count. */
  readonly saveMs: number;
  /** `gpiomon` keeps every edge with its time while the program is busy; `onoff` misses pulses then. */
  readonly via: "gpiomon" | "onoff";
}
