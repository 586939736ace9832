/** Waiting in tests: for a condition, never for a length of time. */

/** Resolves when `condition` holds; fails after a generous bound, so that a broken test ends. */
export async function waitFor(
  what: string,
  condition: () => boolean | Promise<boolean>,
  boundMs = 45_000,
): Promise<void> {
  const end = performance.now() + boundMs;
  while (!(await condition())) {
    if (performance.now() > end) throw new Error(`waited in vain for ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 10));
  }
}
