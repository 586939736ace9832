/**
 * `SerialLine` over a tty by the `serialport` module.
 *
 * The port is opened at first use and, after an unplug, at the next use again, at most once a second. Received
 * bytes are kept until somebody reads them. The module does not report every hang-up, and a USB adapter may
 * stop to deliver while its device file stays: so a silent read looks whether the name still leads to the
 * device that was opened, and a line that should speak (`silenceMs`) is opened anew.
 */
import { stat } from "node:fs/promises";
import type { SerialPort } from "serialport";
import { concatBytes } from "../../shared/base/bytes.ts";
import { fail, isCoded, WattproofError } from "../../shared/base/error.ts";
import { Lock } from "../port/lock.ts";
import type { SerialLine, SerialSettings } from "../port/serial-line.ts";
import { loadOptional } from "./optional-module.ts";
import { errnoOf } from "./system-error.ts";
import { withTimeLimit } from "./time-limit.ts";

type SerialPortClass = typeof SerialPort;

const OPEN_MS = 5_000;
/** A whole frame of 256 bytes takes 1.1 s at 2400 Bd. */
const WRITE_MS = 2_000;
const REOPEN_MS = 1_000;
/** The kernel may wait that long for bytes that a broken adapter does not take. */
const CLOSE_MS = 2_000;
/** What is kept of bytes that nobody reads. */
const KEEP = 4_096;

/** Throws `hardware-module`; a missing port shows at its first use. */
export async function openLinuxSerialLine(settings: SerialSettings): Promise<SerialLine> {
  const module = await loadOptional("serialport", () => import("serialport"));
  return new LinuxSerialLine(module.SerialPort, settings);
}

class LinuxSerialLine implements SerialLine {
  readonly #class: SerialPortClass;
  readonly #settings: SerialSettings;
  readonly #lock = new Lock();
  #port: SerialPort | undefined;
  #opening: Promise<SerialPort> | undefined;
  /** A device file that is being closed. */
  #leaving: Promise<void> | undefined;
  #retryAt = 0;
  /** The device file that was opened, and when it was last heard of. */
  #device: string | undefined;
  #heardMs = 0;
  #closed = false;
  // Owned by the port's events and by `read`.
  #arrived: Uint8Array = new Uint8Array(0);
  #wake: (() => void) | undefined;

  constructor(portClass: SerialPortClass, settings: SerialSettings) {
    this.#class = portClass;
    this.#settings = settings;
  }

  async write(bytes: Uint8Array): Promise<void> {
    const port = await this.#open();
    const sent = new Promise<void>((resolve, reject) => {
      port.write(Buffer.from(bytes), (error) => {
        if (error) reject(this.#gone(error));
        else port.drain((late) => (late ? reject(this.#gone(late)) : resolve()));
      });
    });
    await this.#orDrop(sent, "writing to");
  }

  async setBaud(baud: number): Promise<void> {
    const port = await this.#open();
    const updated = new Promise<void>((resolve, reject) => {
      port.update({ baudRate: baud }, (error) => (error ? reject(this.#gone(error)) : resolve()));
    });
    await this.#orDrop(updated, "setting the speed of");
    this.discard();
  }

  /** The port's work within its time; a port that fails it is closed. */
  async #orDrop(work: Promise<void>, what: string): Promise<void> {
    try {
      await withTimeLimit(work, WRITE_MS, `${what} ${this.#settings.port}`);
    } catch (error) {
      await this.#drop();
      throw error;
    }
  }

  async read(timeoutMs: number): Promise<Uint8Array> {
    if (this.#arrived.length === 0) {
      await this.#open();
      await this.#untilWoken(timeoutMs);
    }
    if (this.#arrived.length === 0) await this.#explainSilence(timeoutMs);
    const bytes = this.#arrived;
    this.#arrived = new Uint8Array(0);
    return bytes;
  }

  async #explainSilence(timeoutMs: number): Promise<void> {
    const { port, silenceMs } = this.#settings;
    // The module may miss a hang-up that comes between its reads; the device file tells.
    if (this.#port !== undefined && (await identify(port)) !== this.#device) await this.#drop();
    if (this.#arrived.length > 0) return;
    if (this.#port === undefined) throw this.#gone("unplugged or closed");
    const silent = performance.now() - this.#heardMs;
    if (silenceMs !== undefined && silent > silenceMs) await this.#drop();
    fail("sensor-timeout", `nothing arrived on ${port}`, { ms: timeoutMs });
  }

  discard(): void {
    this.#arrived = new Uint8Array(0);
  }

  exclusive<T>(work: () => Promise<T>): Promise<T> {
    return this.#lock.run(work);
  }

  async close(): Promise<void> {
    this.#closed = true;
    await this.#opening?.catch(() => undefined);
    await this.#drop();
  }

  /** Closes the device file, if it is open; the next use opens it anew. */
  async #drop(): Promise<void> {
    const port = this.#port;
    this.#forget();
    if (!port?.isOpen) return;
    try {
      await withTimeLimit(this.#leave(port), CLOSE_MS, `closing ${this.#settings.port}`);
    } catch (error) {
      // It goes on closing by itself, and the next opening waits for it.
      if (!isCoded(error, "sensor-timeout")) throw error;
    }
  }

  /** Closes a device file, once it is open, however long that takes: a file that is still open is locked. */
  #leave(port: SerialPort, opened: Promise<void> = Promise.resolve()): Promise<void> {
    const close = (): Promise<void> => new Promise((resolve) => port.close(() => resolve()));
    const left = opened
      .then(close, () => undefined)
      .finally(() => {
        if (this.#leaving === left) this.#leaving = undefined;
      });
    this.#leaving = left;
    return left;
  }

  #untilWoken(timeoutMs: number): Promise<void> {
    if (this.#arrived.length > 0) return Promise.resolve();
    return new Promise((resolve) => {
      const done = (): void => {
        clearTimeout(timer);
        this.#wake = undefined;
        resolve();
      };
      const timer = setTimeout(done, timeoutMs);
      this.#wake = done;
    });
  }

  #open(): Promise<SerialPort> {
    if (this.#closed) return Promise.reject(this.#gone("the line is closed"));
    if (this.#port !== undefined) return Promise.resolve(this.#port);
    if (performance.now() < this.#retryAt) return Promise.reject(this.#gone("not there"));
    this.#opening ??= this.#openPort().finally(() => {
      this.#opening = undefined;
    });
    return this.#opening;
  }

  async #openPort(): Promise<SerialPort> {
    this.#retryAt = performance.now() + REOPEN_MS;
    const { port: path, baud, parity, dataBits = 8 } = this.#settings;
    if (this.#leaving !== undefined) {
      await withTimeLimit(this.#leaving, OPEN_MS, `the last closing of ${path}`);
    }
    const port = new this.#class({ path, baudRate: baud, parity, dataBits, autoOpen: false });
    port.on("data", (bytes: Buffer) => this.#receive(port, bytes));
    port.on("close", () => this.#forget(port));
    port.on("error", () => this.#forget(port));
    const opened = new Promise<void>((resolve, reject) => {
      port.open((error) => (error ? reject(this.#gone(error)) : resolve()));
    });
    try {
      await withTimeLimit(opened, OPEN_MS, `opening ${path}`);
    } catch (error) {
      void this.#leave(port, opened);
      throw error;
    }
    this.#device = await identify(path);
    this.#heardMs = performance.now();
    if (!port.isOpen) throw this.#gone("unplugged while it was opened");
    this.#port = port;
    this.#arrived = new Uint8Array(0);
    return port;
  }

  #receive(port: SerialPort, bytes: Uint8Array): void {
    if (port !== this.#port) return;
    this.#heardMs = performance.now();
    const all = concatBytes(this.#arrived, bytes);
    this.#arrived = all.length > KEEP ? all.slice(all.length - KEEP) : all;
    this.#wake?.();
  }

  #forget(port = this.#port): void {
    if (port === this.#port) this.#port = undefined;
    this.#wake?.();
  }

  #gone(cause: Error | string): WattproofError {
    const errno = errnoOf(cause);
    const code = /lock|EBUSY/i.test(String(cause)) ? "sensor-busy" : "sensor-gone";
    const text = cause instanceof Error ? cause.message : cause;
    return new WattproofError(code, `${this.#settings.port}: ${text}`, { errno });
  }
}

/** What a name leads to: a device that was pulled and plugged in again is another one. */
async function identify(file: string): Promise<string | undefined> {
  return stat(file).then(
    ({ dev, ino, rdev }) => `${dev} ${ino} ${rdev}`,
    () => undefined,
  );
}
