/**
 * The nonce search: a header hash, a target and a start nonce → the first nonce at or after the start with
 * SHA-256(headerHash ‖ nonce) ≤ target (records.md section 6).
 *
 * Candidates are hashed in batches of 1,024, so that a native batch hash is fed without overhead and an abort is
 * seen within 0.1 ms; only 4 bytes change from one candidate to the next.
 */
import { compareBytes, readU32, writeU32 } from "../../shared/base/bytes.ts";

/** Hashes every 64-byte message of `input` with SHA-256 into 32 bytes each of `output`. */
export type BatchHash = (input: Uint8Array, output: Uint8Array) => void;

/** Candidates a batch. */
export const BATCH = 1024;

/** Words that the searching thread shares with its owner: {@link ABORT} and {@link BATCHES}. */
export const CONTROL_WORDS = 2;
/** Control word: anything but 0 stops the search after the current batch. */
export const ABORT = 0;
/** Control word: batches done since the words were made, modulo 2^32. */
export const BATCHES = 1;

export interface MineOptions {
  /** First nonce, 32 bytes big-endian; its low word is rounded down to a multiple of {@link BATCH}. */
  readonly start: Uint8Array;
  readonly hash: BatchHash;
  /** {@link CONTROL_WORDS} words over a SharedArrayBuffer. */
  readonly control: Int32Array;
}

export interface MineResult {
  /** 32 bytes; absent when aborted. */
  readonly nonce?: Uint8Array;
  /** Candidates hashed. */
  readonly hashes: number;
}

/** Searches until found or aborted. `target` is 32 bytes, big-endian. */
export function mine(headerHash: Uint8Array, target: Uint8Array, options: MineOptions): MineResult {
  const { hash, control } = options;
  const input = new Uint8Array(BATCH * 64);
  const output = new Uint8Array(BATCH * 32);
  const inputView = new DataView(input.buffer);
  const outputView = new DataView(output.buffer);
  const targetTop = readU32(target, 0);
  const nonce = options.start.slice();
  fill(input, headerHash, nonce);
  const first = readU32(nonce, 28);
  let low = first - (first % BATCH);
  let hashes = 0;
  while (Atomics.load(control, ABORT) === 0) {
    for (let i = 0; i < BATCH; i++) inputView.setUint32(i * 64 + 60, low + i);
    hash(input, output);
    hashes += BATCH;
    Atomics.add(control, BATCHES, 1);
    for (let i = 0; i < BATCH; i++) {
      if (outputView.getUint32(i * 32) > targetTop) continue;
      if (compareBytes(output.subarray(i * 32, i * 32 + 32), target) > 0) continue;
      return { nonce: input.slice(i * 64 + 32, i * 64 + 64), hashes };
    }
    low += BATCH;
    if (low === 0x1_0000_0000) {
      low = 0;
      incrementUpper(nonce);
      fill(input, headerHash, nonce);
    }
  }
  return { hashes };
}

function fill(input: Uint8Array, headerHash: Uint8Array, nonce: Uint8Array): void {
  for (let i = 0; i < BATCH; i++) {
    input.set(headerHash, i * 64);
    input.set(nonce, i * 64 + 32);
  }
}

/** Adds one to the upper 28 bytes (wraps after the last) and clears the low word. */
function incrementUpper(nonce: Uint8Array): void {
  for (let i = 27; i >= 0; i--) {
    const byte = ((nonce[i] ?? 0) + 1) & 0xff;
    nonce[i] = byte;
    if (byte !== 0) break;
  }
  writeU32(nonce, 28, 0);
}
