/** Stops all, in order: a part that fails must not leave the ones after it running in a process that has given up. */
export async function stopParts(stops: readonly (() => Promise<void> | void)[]): Promise<void> {
  const [stop, ...rest] = stops;
  if (stop === undefined) return;
  try {
    await stop();
  } finally {
    await stopParts(rest);
  }
}
