/**
 * A serial line: raw bytes both ways, 8 data bits unless its settings say otherwise.
 *
 * Contract
 * - Bytes arrive in order but cut anywhere; two messages may come in one chunk. A reader frames by length and
 *   checksum, never by pauses.
 * - What arrives while nobody reads is kept (the newest 4,096 bytes) until `read` or `discard`.
 * - One reader at a time. Drivers that share a line (two slaves on one RS485 pair) put each exchange of
 *   request and reply into `exclusive`.
 * - After an unplug every call fails with `sensor-gone` until the line is there again; reopening is the
 *   line's own work, at its next use.
 */
export interface SerialLine {
  /** Resolves when the bytes have left the machine. Throws `sensor-gone`, `sensor-timeout`. */
  write(bytes: Uint8Array): Promise<void>;
  /**
   * At least one byte: whatever has arrived, or the next chunk. Throws `sensor-timeout` after `timeoutMs`
   * without any, `sensor-gone`.
   */
  read(timeoutMs: number): Promise<Uint8Array>;
  /**
   * Another speed from now on, until the line is opened anew; what has arrived and was not read is forgotten. For
   * protocols that agree on one (IEC 62056-21). Throws `sensor-gone`, `sensor-timeout`.
   */
  setBaud(baud: number): Promise<void>;
  /** Forgets what has arrived and was not read. */
  discard(): void;
  /** Runs `work` alone: calls wait for each other in the order in which they came. */
  exclusive<T>(work: () => Promise<T>): Promise<T>;
  /** Idempotent; a waiting `read` fails with `sensor-gone`. */
  close(): Promise<void>;
}

export interface SerialSettings {
  /** Device file; a `/dev/serial/by-id/…` name survives re-plugging. */
  readonly port: string;
  readonly baud: number;
  readonly parity: "none" | "even" | "odd";
  /** Default 8. */
  readonly dataBits?: 7 | 8;
  /**
   * Of a part that speaks by itself: after so many milliseconds without a byte, while somebody reads, the line counts
   * as stuck and is closed and opened anew. Without it silence is nothing but silence.
   */
  readonly silenceMs?: number;
}
