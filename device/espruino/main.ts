/**
 * Where the file for the board begins: Espruino's own functions as a `Board`, and the head on it with the settings that stand
 * at the top of the file as `HEAD`.
 */
import type { Board, PinName, SerialPort, WatchEvent } from "./board.ts";
import { startHead } from "./head.ts";
import type { HeadConfig } from "./head-config.ts";

declare const HEAD: HeadConfig;
declare const E: {
  CRC32?(text: string): number;
  hwRand(): number;
  enableWatchdog?(seconds: number, isAuto: boolean): void;
  kickWatchdog?(): void;
  getErrorFlags(): string[];
  setConsole(port: SerialPort | null, options: { force: boolean }): void;
};
declare const getTime: () => number;
declare const pinMode: (pin: PinName, mode: string) => void;
declare const setWatch: (
  seen: (event: WatchEvent) => void,
  pin: PinName,
  options: { repeat: boolean; edge: string; debounce: number },
) => void;
declare const print: (text: string) => void;

/** What the head uses of Espruino's modules `crypto` and `Storage`. */
interface Modules {
  SHA256?(bytes: Uint8Array): ArrayBuffer;
  read(file: string): string | undefined;
  write(file: string, text: string): boolean;
}

/** `require`; the build explains its name. */
declare const LOAD: (name: string) => Modules;

const START_FILE = "wpstart";

function countStart(): number {
  try {
    const storage = LOAD("Storage");
    const before = storage.read(START_FILE);
    const number = before === undefined ? 1 : parseInt(before, 10) + 1;
    return number > 0 && storage.write(START_FILE, `${number}`) ? number : 0;
  } catch (_) {
    // A board without it, or full.
    return 0;
  }
}

function findHash(): ((bytes: Uint8Array) => Uint8Array) | undefined {
  try {
    const crypto = LOAD("crypto");
    if (crypto.SHA256 === undefined) return undefined;
    const hash = crypto.SHA256;
    return (bytes) => new Uint8Array(hash(bytes));
  } catch (_) {
    // A board without it.
    return undefined;
  }
}

function createBoard(): Board {
  const board: Board = {
    now: () => getTime(),
    after: (work, ms) => {
      setTimeout(work, ms);
    },
    repeat: (work, ms) => {
      setInterval(work, ms);
    },
    random: () => E.hwRand(),
    startNumber: countStart,
    watch: (pin, mode, seen) => {
      pinMode(pin, mode);
      setWatch(seen, pin, { repeat: true, edge: "both", debounce: 0 });
    },
    enableWatchdog: (seconds, byItself) => {
      if (E.enableWatchdog !== undefined) E.enableWatchdog(seconds, byItself);
    },
    feedWatchdog: () => {
      if (E.kickWatchdog !== undefined) E.kickWatchdog();
    },
    hasLostEdges: () => E.getErrorFlags().indexOf("FIFO_FULL") >= 0,
    setConsole: (port) => {
      E.setConsole(port === undefined ? null : port, { force: true });
    },
  };
  const hash = findHash();
  if (hash !== undefined) board.sha256 = hash;
  if (E.CRC32 !== undefined) board.crc32 = (text) => (E.CRC32 as (text: string) => number)(text);
  return board;
}

const fault = startHead(HEAD, createBoard());
if (fault !== "") print(`WattProof head: ${fault}`);
