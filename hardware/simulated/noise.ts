/**
 * Repeatable chance: numbers that are a pure function of a seed and a place (a day, a minute, an appliance).
 * There is no generator state, so any instant can be computed first and in any process.
 */

/** 32 well-mixed bits of up to four integers (the finaliser of MurmurHash3 between them). */
export function mixBits(a: number, b: number, c = 0, d = 0): number {
  let h = 0x9e3779b9;
  for (const part of [a, Math.floor(a / 0x1_0000_0000), b, c, d]) {
    h = Math.imul(h ^ part, 0x85ebca6b);
    h = Math.imul(h ^ (h >>> 13), 0xc2b2ae35);
    h ^= h >>> 16;
  }
  return h >>> 0;
}

/** A fraction from 0 (included) to 1 (excluded). */
export function mixUnit(a: number, b: number, c = 0, d = 0): number {
  return mixBits(a, b, c, d) / 0x1_0000_0000;
}

/** A smooth wander from -1 to 1 along `x`, with a new direction at each whole number. */
export function wander(seed: number, x: number, stream: number): number {
  const left = Math.floor(x);
  const t = x - left;
  const from = 2 * mixUnit(seed, left, stream) - 1;
  const to = 2 * mixUnit(seed, left + 1, stream) - 1;
  return from + (to - from) * t * t * (3 - 2 * t);
}
