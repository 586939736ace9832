/**
 * Two batch hashes with one result: `@chainsafe/hashtree` (native, optional) and portable JavaScript.
 *
 * Both hash 64-byte messages with SHA-256 (FIPS 180-4). The portable one uses what is the same in all candidates of
 * one header: the first 32 bytes give rounds 0 to 7 once, and the padding block's message schedule is a constant.
 */
import { readU32 } from "../../shared/base/bytes.ts";
import type { BatchHash } from "./mine.ts";

/** The native batch hash, or undefined where its module is not installed for this platform. */
export async function loadNativeHash(): Promise<BatchHash | undefined> {
  try {
    const { hashInto } = await import("@chainsafe/hashtree");
    return hashInto;
  } catch {
    return undefined;
  }
}

/** FIPS 180-4 section 5.3.3: fractional parts of the square roots of the first 8 primes. */
const INITIAL = Int32Array.from(firstPrimes(8), (prime) => fraction(Math.sqrt(prime)));
/** FIPS 180-4 section 4.2.2: fractional parts of the cube roots of the first 64 primes. */
const ROUND = Int32Array.from(firstPrimes(64), (prime) => fraction(Math.cbrt(prime)));
/** The second block of every 64-byte message: 0x80, zeros and the length 512. */
const PADDING = extend(Int32Array.from({ length: 64 }, (_, i) => paddingWord(i)));

/**
 * A batch hash in JavaScript. Every message of one call must begin with the same 32 bytes, as the candidates of one
 * header do.
 */
export function createPortableHash(): BatchHash {
  const schedule = new Int32Array(64);
  const early = new Int32Array(8);
  const middle = new Int32Array(8);
  const final = new Int32Array(8);
  return (input, output) => {
    const inputView = new DataView(input.buffer, input.byteOffset, input.byteLength);
    const outputView = new DataView(output.buffer, output.byteOffset, output.byteLength);
    for (let i = 0; i < 8; i++) schedule[i] = readU32(input, i * 4);
    early.set(INITIAL);
    runRounds(early, schedule, 0, 8);
    for (let at = 0; at < input.length; at += 64) {
      for (let i = 8; i < 16; i++) schedule[i] = inputView.getInt32(at + i * 4);
      extend(schedule);
      middle.set(early);
      runRounds(middle, schedule, 8, 64);
      for (let i = 0; i < 8; i++) middle[i] = (middle[i] as number) + (INITIAL[i] as number);
      final.set(middle);
      runRounds(final, PADDING, 0, 64);
      for (let i = 0; i < 8; i++) {
        outputView.setInt32(at / 2 + i * 4, (middle[i] as number) + (final[i] as number));
      }
    }
  };
}

function firstPrimes(count: number): number[] {
  const primes: number[] = [];
  for (let n = 2; primes.length < count; n++) {
    if (primes.every((prime) => n % prime !== 0)) primes.push(n);
  }
  return primes;
}

function fraction(root: number): number {
  return Math.floor((root - Math.floor(root)) * 2 ** 32);
}

function paddingWord(index: number): number {
  if (index === 0) return 0x80000000;
  return index === 15 ? 512 : 0;
}

/** Fills words 16 to 63 from words 0 to 15 (FIPS 180-4 section 6.2.2 step 1). */
function extend(w: Int32Array): Int32Array {
  for (let i = 16; i < 64; i++) {
    const a = w[i - 15] as number;
    const b = w[i - 2] as number;
    const s0 = ((a >>> 7) | (a << 25)) ^ ((a >>> 18) | (a << 14)) ^ (a >>> 3);
    const s1 = ((b >>> 17) | (b << 15)) ^ ((b >>> 19) | (b << 13)) ^ (b >>> 10);
    w[i] = (w[i - 16] as number) + s0 + (w[i - 7] as number) + s1;
  }
  return w;
}

/** Rounds `from` to `to` on the eight working variables (section 6.2.2 step 3). */
function runRounds(state: Int32Array, w: Int32Array, from: number, to: number): void {
  let a = state[0] as number;
  let b = state[1] as number;
  let c = state[2] as number;
  let d = state[3] as number;
  let e = state[4] as number;
  let f = state[5] as number;
  let g = state[6] as number;
  let h = state[7] as number;
  for (let i = from; i < to; i++) {
    const s1 = ((e >>> 6) | (e << 26)) ^ ((e >>> 11) | (e << 21)) ^ ((e >>> 25) | (e << 7));
    const t1 = (h + s1 + ((e & f) ^ (~e & g)) + (ROUND[i] as number) + (w[i] as number)) | 0;
    const s0 = ((a >>> 2) | (a << 30)) ^ ((a >>> 13) | (a << 19)) ^ ((a >>> 22) | (a << 10));
    const t2 = (s0 + ((a & b) ^ (a & c) ^ (b & c))) | 0;
    h = g;
    g = f;
    f = e;
    e = (d + t1) | 0;
    d = c;
    c = b;
    b = a;
    a = (t1 + t2) | 0;
  }
  state[0] = a;
  state[1] = b;
  state[2] = c;
  state[3] = d;
  state[4] = e;
  state[5] = f;
  state[6] = g;
  state[7] = h;
}
