/**
 * What the sensor head asks of the board it runs on: the few things of Espruino that it uses, so that the rest of it
 * runs anywhere with others in their place.
 *
 * Everything in this folder is compiled into one file for Espruino and stays within the JavaScript that Espruino
 * knows (deploy/espruino-subset.mjs has the list, and refuses a file that leaves it).
 */

/** A pin's name, as printed on the board: "A5", "B3", "D21". */
export type PinName = string;

export interface I2cPort {
  setup(options: { sda: PinName; scl: PinName; bitrate: number }): void;
  /** Throws if nobody acknowledges. */
  writeTo(address: number, bytes: readonly number[]): void;
  /** Throws if nobody acknowledges. */
  readFrom(address: number, length: number): Uint8Array;
}

export interface SerialPort {
  /** Absent on USB. */
  setup?(baud: number, options: { tx?: PinName; rx?: PinName }): void;
  write(text: string): void;
  on(event: "data", heard: (text: string) => void): void;
}

/** An edge on a pin: the level after it, and when it was, in seconds. */
export interface WatchEvent {
  readonly state: boolean;
  readonly time: number;
}

export interface Board {
  /** Seconds by a clock that goes on evenly. */
  now(): number;
  after(work: () => void, ms: number): void;
  repeat(work: () => void, ms: number): void;
  /** 32 bits from the hardware; the same at each start on some boards. */
  random(): number;
  /** One more than at the start before, kept in flash; 0 on boards that can keep nothing. */
  startNumber(): number;
  /** Level and time of every edge on a pin, none left out, in order. */
  watch(pin: PinName, mode: string, seen: (event: WatchEvent) => void): void;
  /** 32 bytes; undefined on boards without one of their own. */
  sha256?(bytes: Uint8Array): Uint8Array;
  /** 32 bits; undefined on boards without one of their own. */
  crc32?(text: string): number;
  /**
   * The board starts anew if it is not fed for so long, or, `byItself`, if its own work hangs for so long. Nothing
   * turns it off. Boards without one do nothing.
   */
  enableWatchdog(seconds: number, byItself: boolean): void;
  feedWatchdog(): void;
  /** Whether edges were lost since the last call, because too many came at once. */
  hasLostEdges(): boolean;
  /** Where log texts go and commands come from; none: nowhere. */
  setConsole(port: SerialPort | undefined): void;
}
