/**
 * A batch of envelopes in one transferable buffer, for the way from the socket to a crypto worker.
 *
 * Cloning envelopes one by one costs the main thread five times as much as moving one buffer
 * (reference/performance.md section 2). The index is five numbers an envelope.
 */

/** Numbers an envelope in `index`: meter, epoch, packet id, offset, length. */
const STRIDE = 5;

export interface PackedBatch {
  /** Both buffers are transferred with the message. */
  readonly bytes: ArrayBuffer;
  readonly index: Uint32Array<ArrayBuffer>;
}

/** One envelope of a batch. */
export interface BatchItem {
  /** The nine digits of the topic as a number (below 2^30). */
  readonly meter: number;
  readonly epoch: number;
  readonly packetId: number;
  readonly payload: Uint8Array;
}

export function packBatch(items: readonly BatchItem[]): PackedBatch {
  let total = 0;
  for (const item of items) total += item.payload.byteLength;
  const bytes = new ArrayBuffer(total);
  const target = new Uint8Array(bytes);
  const index = new Uint32Array(items.length * STRIDE);
  let offset = 0;
  items.forEach((item, i) => {
    const { payload } = item;
    target.set(payload, offset);
    index.set([item.meter, item.epoch, item.packetId, offset, payload.byteLength], i * STRIDE);
    offset += payload.byteLength;
  });
  return { bytes, index };
}

/** The envelopes of a batch as views into its buffer. */
export function* unpackBatch(batch: PackedBatch): Generator<BatchItem> {
  const { bytes, index } = batch;
  for (let i = 0; i < index.length; i += STRIDE) {
    yield {
      meter: index[i] as number,
      epoch: index[i + 1] as number,
      packetId: index[i + 2] as number,
      payload: new Uint8Array(bytes, index[i + 3], index[i + 4]),
    };
  }
}
