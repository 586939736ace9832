/** A file that is made while it is sent: pieces → a stream of bytes, at the pace of who reads it. */
import { setImmediate } from "node:timers/promises";

/** Sends pieces as they are taken, with a rest for everything else of the process after each. */
export function streamPieces(
  pieces: Iterable<string>,
  onError: ((error: unknown) => void) | undefined,
): ReadableStream<Uint8Array> {
  const source = pieces[Symbol.iterator]();
  const encoder = new TextEncoder();
  let isWanted = true;
  return new ReadableStream({
    async pull(controller) {
      try {
        for (;;) {
          await setImmediate();
          if (!isWanted) return;
          const { done, value } = source.next();
          if (done === true) return controller.close();
          if (value !== "") return controller.enqueue(encoder.encode(value));
        }
      } catch (error) {
        // The head was sent already: what is cut off must not look whole.
        onError?.(error);
        controller.error(error);
      }
    },
    cancel() {
      isWanted = false;
      source.return?.();
    },
  });
}
