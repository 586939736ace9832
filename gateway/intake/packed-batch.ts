/**
 * A batch of envelopes in one transferable buffer, for the way from the socket to a crypto worker.
 *
 * Cloning envelopes one by one costs the main thread five times as much as moving one buffer
 * (docs/performance.md). An envelope is copied once, from what the socket gave; before each stands a
 * zero byte, so that with its line 1 it is the input of the leaf hash as it lies here.
 */

/** Numbers an envelope in `index`: meter (its nine digits as a number), epoch, packet id, offset, length. */
export const BATCH_STRIDE = 5;

export interface PackedBatch {
  /** Both buffers are transferred with the message. */
  readonly bytes: ArrayBuffer;
  /** As many envelopes as it has whole strides; `bytes` may be longer than they are. */
  readonly index: Uint32Array<ArrayBuffer>;
}

/** Most envelopes of a batch. */
export const MAX_BATCH = 256;
const FIRST_BYTES = 65_536;
/** Buffers that are kept for later batches; a worker has two under way. */
const MAX_SPARE = 3;

/** Collects envelopes for one batch after the other. */
export class BatchBuilder {
  /** Owned here until the batch is taken. */
  #bytes = new Uint8Array(FIRST_BYTES);
  /** Came back from the worker: new memory must be cleared by the system first, page by page. */
  readonly #spare: Uint8Array<ArrayBuffer>[] = [];
  #index = new Uint32Array(MAX_BATCH * BATCH_STRIDE);
  #at = 0;
  #count = 0;

  get count(): number {
    return this.#count;
  }

  get isFull(): boolean {
    return this.#count === MAX_BATCH;
  }

  /** Copies an envelope in; there must be room for one more. */
  push(meter: number, epoch: number, packetId: number, payload: Uint8Array): void {
    const start = this.#at + 1;
    const end = start + payload.length;
    if (end > this.#bytes.length) this.#grow(end);
    this.#bytes[this.#at] = 0;
    this.#bytes.set(payload, start);
    const at = this.#count * BATCH_STRIDE;
    const index = this.#index;
    index[at] = meter;
    index[at + 1] = epoch;
    index[at + 2] = packetId;
    index[at + 3] = start;
    index[at + 4] = payload.length;
    this.#count += 1;
    this.#at = end;
  }

  /** The batch so far; the builder begins a new one. */
  take(): PackedBatch {
    const bytes = this.#bytes;
    const index = this.#index.slice(0, this.#count * BATCH_STRIDE);
    // The next batch will be about as large as this one.
    this.#bytes =
      this.#spare.pop() ?? new Uint8Array(Math.max(FIRST_BYTES, this.#at + (this.#at >> 3)));
    this.#at = 0;
    this.#count = 0;
    return { bytes: bytes.buffer, index };
  }

  /** Takes back the buffer of a batch that is done with. */
  giveBack(bytes: ArrayBuffer): void {
    if (this.#spare.length < MAX_SPARE) this.#spare.push(new Uint8Array(bytes));
  }

  #grow(needed: number): void {
    const grown = new Uint8Array(Math.max(needed, this.#bytes.length * 2));
    grown.set(this.#bytes.subarray(0, this.#at));
    this.#bytes = grown;
  }
}
