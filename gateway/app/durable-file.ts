/** Small files that must be whole after a power cut: written beside, synced, renamed. */
import { closeSync, fsyncSync, openSync, renameSync, writeFileSync } from "node:fs";
import { dirname } from "node:path";

/** Replaces `path` by `text` in one step; readable by its owner only when `secret`. */
export function writeDurably(path: string, text: string, secret: boolean): void {
  const beside = `${path}.new`;
  const file = openSync(beside, "w", secret ? 0o600 : 0o644);
  try {
    // All of it or an error: `writeSync` may write a part on a full disk.
    writeFileSync(file, text);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
  renameSync(beside, path);
  const folder = openSync(dirname(path), "r");
  try {
    fsyncSync(folder);
  } finally {
    closeSync(folder);
  }
}
