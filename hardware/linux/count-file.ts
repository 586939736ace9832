/**
 * A number that only grows, kept in a small file through power cuts.
 *
 * The file has two pages; each saving overwrites the older one in place and flushes it, so that a cut in the middle of
 * a saving leaves the other page whole. A page is one line of text with a checksum:
 *
 *   wattproof-count 1 <count> <CRC-32 of what is before it, hex>
 *
 * A file without a whole page, as a new one, counts from 0: the meter sees a counter that began again.
 */
import { type FileHandle, open } from "node:fs/promises";
import path from "node:path";
import { crc32 } from "node:zlib";

/** What file systems and cards write at once. */
const PAGE = 4_096;
const PAGES = 2;
const LINE = /^(wattproof-count 1 (\d{1,16})) ([0-9a-f]{8}) *\n$/;

export class CountFile {
  readonly #file: FileHandle;
  #page: number;

  private constructor(file: FileHandle, page: number) {
    this.#file = file;
    this.#page = page;
  }

  /** Opens or creates it. Throws the system's errors. */
  static async open(name: string): Promise<{ readonly file: CountFile; readonly count: number }> {
    const file = await openOrCreate(name);
    const bytes = Buffer.alloc(PAGE * PAGES);
    await file.read(bytes, 0, bytes.length, 0);
    const counts = [0, 1].map((page) =>
      readPage(bytes.toString("latin1", page * PAGE, (page + 1) * PAGE)),
    );
    const count = Math.max(0, ...counts.map((value) => value ?? 0));
    // The page that holds the count is the one to keep.
    const kept = counts.indexOf(count);
    return { file: new CountFile(file, kept === -1 ? 0 : 1 - kept), count };
  }

  /** Durable when it resolves. Throws the system's errors; what was saved before stays. */
  async save(count: number): Promise<void> {
    const page = formatPage(count);
    await this.#file.write(page, 0, page.length, this.#page * PAGE);
    await this.#file.datasync();
    this.#page = 1 - this.#page;
  }

  async close(): Promise<void> {
    await this.#file.close();
  }
}

async function openOrCreate(name: string): Promise<FileHandle> {
  try {
    return await open(name, "r+");
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== "ENOENT") throw error;
  }
  const file = await open(name, "wx+", 0o600);
  // At its full size from the beginning: a saving changes nothing but its page.
  await file.write(Buffer.alloc(PAGE * PAGES, " "));
  await file.sync();
  const folder = await open(path.dirname(name), "r");
  await folder.sync();
  await folder.close();
  return file;
}

function formatPage(count: number): Buffer {
  const text = `wattproof-count 1 ${count}`;
  const line = `${text} ${checksum(text)}`;
  return Buffer.from(`${line.padEnd(PAGE - 1)}\n`, "latin1");
}

function readPage(page: string): number | undefined {
  const [, text = "", count = "", sum] = LINE.exec(page) ?? [];
  const value = Number(count);
  return sum === checksum(text) && Number.isSafeInteger(value) ? value : undefined;
}

function checksum(text: string): string {
  return crc32(text).toString(16).padStart(8, "0");
}
