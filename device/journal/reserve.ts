/**
 * Space that is kept for bad times: a file that is deleted when the card is full, so that measuring, closing and
 * sealing go on durably for a year while somebody makes room.
 */
import {
  closeSync,
  existsSync,
  fsyncSync,
  openSync,
  statfsSync,
  unlinkSync,
  writeSync,
} from "node:fs";
import path from "node:path";

/** A sealed day takes 6 KB, its slots as much again while they are open. */
export const RESERVE_BYTES = 4 * 1024 * 1024;
/** With less than this left the card counts as full before the journal is opened. */
const LEAST_BYTES = 1024 * 1024;

export class Reserve {
  readonly #file: string;
  readonly #bytes: number;

  constructor(file: string, bytes: number = RESERVE_BYTES) {
    this.#file = file;
    this.#bytes = bytes;
  }

  /** Whether the space is there to be given up. Nothing is kept while there would not be as much again beside it. */
  hold(): boolean {
    if (existsSync(this.#file)) return true;
    if (freeBytes(path.dirname(this.#file)) < 2 * this.#bytes) return false;
    try {
      this.#write();
      return true;
    } catch {
      // Somebody else was faster.
      this.release();
      return false;
    }
  }

  /** Gives the space up. Returns whether there was any. */
  release(): boolean {
    try {
      unlinkSync(this.#file);
      return true;
    } catch {
      return false;
    }
  }

  /** The same if the card is as good as full. */
  releaseIfFull(): boolean {
    return freeBytes(path.dirname(this.#file)) < LEAST_BYTES && this.release();
  }

  #write(): void {
    const handle = openSync(this.#file, "w", 0o600);
    try {
      const block = Buffer.alloc(65_536);
      for (let left = this.#bytes; left > 0; ) left -= writeSync(handle, block);
      fsyncSync(handle);
    } finally {
      closeSync(handle);
    }
  }
}

/** What is left for this user on the file system of a folder. */
export function freeBytes(folder: string): number {
  const { bavail, bsize } = statfsSync(folder);
  return bavail * bsize;
}
