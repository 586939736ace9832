/**
 * Test only: an Espruino board as its own functions show it (`getTime`, `setWatch`, `I2C1`, `E` …), in a time that the test makes
 * pass. I2C parts are the simulated ones of the other tests; a part that does not acknowledge is an exception, as on the board.
 */
import { crc32 } from "node:zlib";
import type {
  Board,
  I2cPort,
  PinName,
  SerialPort,
  WatchEvent,
} from "../../device/espruino/board.ts";
import type { I2cDevice } from "../../hardware/simulated/simulated-i2c-bus.ts";
import { SimulatedTiming } from "../../hardware/simulated/simulated-timing.ts";

interface Timer {
  at: number;
  readonly everyMs: number | undefined;
  readonly work: () => void;
}

export class FakeEspruino {
  readonly timing = new SimulatedTiming();
  readonly devices = new Map<number, I2cDevice>();
  /** What the head wrote to its port. */
  readonly written: string[] = [];
  readonly portSettings: unknown[] = [];
  readonly i2cSettings: unknown[] = [];
  readonly pinModes = new Map<PinName, string>();
  /** What the console is on: nothing said yet, nothing, or a port. */
  console: SerialPort | undefined | "untouched" = "untouched";
  lostEdges = false;
  /** What the flash keeps. */
  starts = 0;
  readonly files = new Map<string, string>();
  /** When the watchdog was fed last, and after how many seconds it bites; the board then starts anew. */
  fedMs: number | undefined;
  watchdogS: number | undefined;
  /** The board feeds it by itself as long as it does not hang. */
  watchdogAuto = false;
  #timers: Timer[] = [];
  #watches = new Map<PinName, (event: WatchEvent) => void>();
  #listeners: ((text: string) => void)[] = [];
  #random = 0x9e3779b9;

  readonly port: SerialPort = {
    setup: (baud, options) => {
      this.portSettings.push({ baud, ...options });
    },
    write: (text) => {
      this.written.push(text);
    },
    on: (_event, heard) => {
      this.#listeners.push(heard);
    },
  };

  readonly i2c: I2cPort = {
    setup: (options) => {
      this.i2cSettings.push(options);
    },
    writeTo: (address, bytes) => {
      if (this.devices.get(address)?.write(Uint8Array.from(bytes)) !== true) {
        throw new Error("I2C Write Error 1");
      }
    },
    readFrom: (address, length) => {
      const bytes = this.devices.get(address)?.read(length);
      if (bytes === undefined) throw new Error("I2C Read Error 1");
      return bytes;
    },
  };

  readonly board: Board = {
    // Not from 0 on: a board's clock begins anywhere.
    now: () => 1_000_000 + this.timing.monotonicMs() / 1000,
    after: (work, ms) => this.#start(work, ms, undefined),
    repeat: (work, ms) => this.#start(work, ms, ms),
    random: () => this.#next(),
    startNumber: () => ++this.starts,
    watch: (pin, mode, seen) => {
      this.pinModes.set(pin, mode);
      this.#watches.set(pin, seen);
    },
    enableWatchdog: (seconds, byItself) => {
      this.watchdogS = seconds;
      this.watchdogAuto = byItself;
      this.fedMs = this.timing.monotonicMs();
    },
    feedWatchdog: () => {
      this.fedMs = this.timing.monotonicMs();
    },
    hasLostEdges: () => {
      const lost = this.lostEdges;
      this.lostEdges = false;
      return lost;
    },
    setConsole: (port) => {
      this.console = port;
    },
  };

  /** What a script finds as global names, on a board with all of them and `crypto`, or with none. */
  globals(rich: boolean, sha256?: (bytes: Uint8Array) => ArrayBuffer): Record<string, unknown> {
    const { board } = this;
    return {
      USB: this.port,
      I2C1: this.i2c,
      E: {
        ...(rich ? { CRC32: (text: string) => crc32(text) } : {}),
        ...(rich ? { enableWatchdog: board.enableWatchdog, kickWatchdog: board.feedWatchdog } : {}),
        hwRand: board.random,
        getErrorFlags: () => (board.hasLostEdges() ? ["LOW_MEMORY", "FIFO_FULL"] : []),
        setConsole: (port: SerialPort | null) => board.setConsole(port ?? undefined),
      },
      getTime: board.now,
      pinMode: (pin: PinName, mode: string) => this.pinModes.set(pin, mode),
      setWatch: (seen: (event: WatchEvent) => void, pin: PinName) => this.#watches.set(pin, seen),
      setTimeout: board.after,
      setInterval: board.repeat,
      print: (text: string) => this.written.push(text),
      require: (name: string) => {
        if (name === "Storage" && rich) {
          return {
            read: (file: string) => this.files.get(file),
            write: (file: string, text: string) => this.files.set(file, text) !== undefined,
          };
        }
        if (name === "crypto" && sha256 !== undefined) return { SHA256: sha256 };
        throw new Error(`Module ${name} not found`);
      },
    };
  }

  /** Time goes by; timers run in their order. */
  pass(ms: number): void {
    const end = this.timing.monotonicMs() + ms;
    for (;;) {
      const due = this.#timers.filter(({ at }) => at <= end).sort((a, b) => a.at - b.at)[0];
      if (due === undefined) break;
      this.timing.moveTo(due.at);
      if (due.everyMs === undefined) this.#timers = this.#timers.filter((timer) => timer !== due);
      else due.at += due.everyMs;
      due.work();
    }
    this.timing.moveTo(end);
  }

  edge(pin: PinName, state: boolean): void {
    this.#watches.get(pin)?.({ state, time: this.board.now() });
  }

  /** A pulse that pulls the pin low, and the pause behind it. */
  pulse(pin: PinName, lowMs: number, highMs: number): void {
    this.edge(pin, false);
    this.pass(lowMs);
    this.edge(pin, true);
    this.pass(highMs);
  }

  hear(text: string): void {
    for (const listener of this.#listeners) listener(text);
  }

  /** The frames written so far, without line ends. */
  get frames(): string[] {
    return this.written
      .join("")
      .split("\r\n")
      .filter((line) => line !== "");
  }

  #start(work: () => void, ms: number, everyMs: number | undefined): void {
    this.#timers.push({ at: this.timing.monotonicMs() + ms, everyMs, work });
  }

  #next(): number {
    this.#random = Math.imul(this.#random, 1_664_525) + 1_013_904_223;
    return this.#random | 0;
  }
}
