/**
 * A window that moves over a file, whatever its size. What it shows stays where it is for as long as somebody holds a
 * view of it: memory is shared with other threads and never written again.
 */
import { closeSync, openSync, readSync } from "node:fs";

const CHUNK = 1 << 20;

export class ByteWindow {
  readonly #fd: number;
  /** Bytes of the file that have been read. */
  #read = 0;
  #buffer: Buffer = Buffer.from(new SharedArrayBuffer(0));
  #start = 0;
  #end = 0;

  constructor(file: string) {
    this.#fd = openSync(file, "r");
  }

  get read(): number {
    return this.#read;
  }

  /** What has been read and not passed over. */
  get bytes(): Buffer {
    return this.#buffer.subarray(this.#start, this.#end);
  }

  /** Moves on. */
  skip(count: number): void {
    this.#start += count;
  }

  /** Reads more behind what is there; false at the end of the file. */
  more(): boolean {
    if (this.#end === this.#buffer.length) {
      const kept = this.bytes;
      // Twice what is left over, so that one long line is not copied again and again.
      const next = Buffer.from(new SharedArrayBuffer(Math.max(CHUNK, 2 * kept.length)));
      kept.copy(next);
      this.#start = 0;
      this.#end = kept.length;
      this.#buffer = next;
    }
    const count = readSync(
      this.#fd,
      this.#buffer,
      this.#end,
      this.#buffer.length - this.#end,
      null,
    );
    this.#end += count;
    this.#read += count;
    return count > 0;
  }

  close(): void {
    closeSync(this.#fd);
  }
}
