/** Full-jitter back-off: a random wait below a bound that doubles with each failure in a row. */

/** Uniform in [0, 1). */
export type RandomFraction = () => number;

/** Milliseconds to wait before attempt `failures` + 1; `random` × min(`mostMs`, `firstMs` × 2^failures). */
export function jitteredWait(
  failures: number,
  bounds: { readonly firstMs: number; readonly mostMs: number },
  random: RandomFraction,
): number {
  const bound = Math.min(bounds.mostMs, bounds.firstMs * 2 ** Math.min(failures, 40));
  return Math.floor(random() * bound);
}
