/**
 * `SerialLine` over a tty by the `serialport` module.
 *
 * The port is opened at first use and, after an unplug, at the next use again, at most once a second. Received
 * bytes are kept until somebody reads them.
 */
import { access } from "node:fs/promises";
import type { SerialPort } from "serialport";
import { concatBytes } from "../../shared/base/bytes.ts";
import { fail, WattproofError } from "../../shared/base/error.ts";
import { Lock } from "../port/lock.ts";
import type { SerialLine, SerialSettings } from "../port/serial-line.ts";
import { loadOptional } from "./optional-module.ts";
import { errnoOf } from "./system-error.ts";
import { withTimeLimit } from "./time-limit.ts";

type SerialPortClass = typeof SerialPort;

const OPEN_MS = 2_000;
/** A whole frame of 256 bytes takes 1.1 s at 2400 Bd. */
const WRITE_MS = 2_000;
const REOPEN_MS = 1_000;
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
  #retryAt = 0;
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
    try {
      await withTimeLimit(sent, WRITE_MS, `writing to ${this.#settings.port}`);
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
    if (this.#arrived.length === 0) {
      const { port } = this.#settings;
      // The module may miss a hang-up that comes between its reads; the missing device file tells.
      if (this.#port !== undefined && !(await exists(port))) await this.#drop();
      if (this.#port === undefined) throw this.#gone("unplugged or closed");
      fail("sensor-timeout", `nothing arrived on ${port}`, { ms: timeoutMs });
    }
    const bytes = this.#arrived;
    this.#arrived = new Uint8Array(0);
    return bytes;
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
    if (port?.isOpen) await new Promise<void>((resolve) => port.close(() => resolve()));
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
    const { port: path, baud, parity } = this.#settings;
    const port = new this.#class({ path, baudRate: baud, parity, autoOpen: false });
    port.on("data", (bytes: Buffer) => this.#receive(bytes));
    port.on("close", () => this.#forget(port));
    port.on("error", () => this.#forget(port));
    const opened = new Promise<void>((resolve, reject) => {
      port.open((error) => (error ? reject(this.#gone(error)) : resolve()));
    });
    try {
      await withTimeLimit(opened, OPEN_MS, `opening ${path}`);
    } catch (error) {
      opened.then(
        () => port.close(),
        () => undefined,
      );
      throw error;
    }
    this.#port = port;
    this.#arrived = new Uint8Array(0);
    return port;
  }

  #receive(bytes: Uint8Array): void {
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

async function exists(file: string): Promise<boolean> {
  return access(file).then(
    () => true,
    () => false,
  );
}
