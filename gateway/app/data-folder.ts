/** What lies where in a gateway's data folder. */
import { join, relative, resolve } from "node:path";

export interface DataFolder {
  readonly root: string;
  /** Configuration; absent: every key has its default. */
  readonly config: string;
  /** Secrets, mode 0600. */
  readonly keys: string;
  /** The store. */
  readonly store: string;
  /** Control socket of a running gateway, mode 0600. */
  readonly control: string;
}

/** A Unix socket's path has at most 107 bytes; from the working folder it is often shorter. */
const MAX_SOCKET_PATH = 107;

export function locateDataFolder(folder: string): DataFolder {
  const root = resolve(folder);
  const control = join(root, "control.sock");
  const fromHere = relative(process.cwd(), control);
  return {
    root,
    config: join(root, "gateway.json"),
    keys: join(root, "keys.json"),
    store: join(root, "gateway.db"),
    control: Buffer.byteLength(control) > MAX_SOCKET_PATH ? fromHere : control,
  };
}
