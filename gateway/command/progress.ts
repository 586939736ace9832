/** Progress of long work: a percentage on a terminal's standard error, nothing where there is no terminal. */

export interface Progress {
  /** Shows a part from 0 to 1. */
  show(part: number): void;
  /** Takes the line away. */
  end(): void;
}

export function createProgress(
  what: string,
  terminal: NodeJS.WriteStream = process.stderr,
): Progress {
  let shown = -1;
  return {
    show(part) {
      const percent = Math.floor(100 * part);
      if (!terminal.isTTY || percent === shown) return;
      shown = percent;
      terminal.write(`\r${what} ${percent} %`);
    },
    end() {
      if (shown >= 0) terminal.write("\r\u001b[K");
    },
  };
}
