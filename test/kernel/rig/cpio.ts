/** Writes a cpio archive in the "newc" form, which the kernel unpacks as its first root file system. */

export interface CpioEntry {
  readonly name: string;
  /** Of a file; a folder has none. */
  readonly content?: Uint8Array | string;
  readonly executable?: boolean;
}

const FOLDER = 0o040755;
const FILE = 0o100644;
const PROGRAM = 0o100755;

function padTo4(length: number): Buffer {
  return Buffer.alloc((4 - (length % 4)) % 4);
}

function formatEntry(inode: number, name: string, mode: number, content: Buffer): Buffer {
  const fields = [inode, mode, 0, 0, 1, 0, content.length, 0, 0, 0, 0, name.length + 1, 0];
  const hex = fields.map((field) => field.toString(16).padStart(8, "0")).join("");
  const head = Buffer.from(`070701${hex}${name}\0`, "latin1");
  return Buffer.concat([head, padTo4(head.length), content, padTo4(content.length)]);
}

/** Archives may be put one behind the other: the kernel unpacks them in that order. */
export function writeCpio(entries: readonly CpioEntry[]): Buffer {
  const parts = entries.map(({ name, content, executable }, i) => {
    const mode = content === undefined ? FOLDER : executable ? PROGRAM : FILE;
    return formatEntry(i + 1, name, mode, Buffer.from(content ?? ""));
  });
  return Buffer.concat([...parts, formatEntry(0, "TRAILER!!!", 0, Buffer.alloc(0))]);
}
