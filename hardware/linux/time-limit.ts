/** A time limit for work that has none of its own: native calls, drains, opens. */
import { fail } from "../../shared/base/error.ts";

/** The result of `work`, or `sensor-timeout` after `ms`. The work itself cannot be stopped and goes on. */
export async function withTimeLimit<T>(work: Promise<T>, ms: number, what: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const limit = new Promise<never>((_, reject) => {
    timer = setTimeout(() => {
      try {
        fail("sensor-timeout", `${what} took longer than ${ms} ms`, { ms });
      } catch (error) {
        reject(error);
      }
    }, ms);
  });
  try {
    return await Promise.race([work, limit]);
  } finally {
    clearTimeout(timer);
  }
}
