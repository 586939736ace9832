/**
 * Reads a chain dump from a file, whatever its size. Canonical JSON allows one way to write a block's or a blob's
 * line, so only the frame of such a line is compared here and what is in it is left to the readers; any other line,
 * and one in which a reader finds something else, is parsed the long way.
 */
import { accessSync, constants, statSync } from "node:fs";
import { decodeBase64url, decodeUtf8 } from "../../shared/base/bytes.ts";
import { fail, isCoded, WattproofError } from "../../shared/base/error.ts";
import { HEADER_BYTES, NONCE_BYTES, SEAL_BYTES } from "../../shared/chain/block.ts";
import { type DumpLine, formatDumpLine, parseDumpLine } from "../../shared/chain/dump.ts";
import { ByteWindow } from "./byte-window.ts";
import type { Order } from "./facts.ts";
import type { SourceBlobs, SourceBlock, SourceItem, VerifySource } from "./verify-source.ts";

/** The longest line is a block: 16,777,216 bytes of records at most, and what JSON puts around them. */
const MAX_LINE_BYTES = 1 << 25;
/** Bytes of lines 1 a batch: 300 days or so. */
const BATCH_BYTES = 150_000;
/** Lines 2 a batch. */
const BATCH_BLOBS = 256;

const LF = 10;
const QUOTE = 0x22;
const BETWEEN_LINES = '","';
const BLOB_START = Buffer.from('{"blob":"');
const BLOB_END = Buffer.from('"}');

/** A block's line with nothing but zeros in it, to find out where its parts stand. */
const SAMPLE = formatDumpLine({
  kind: "block",
  block: {
    header: new Uint8Array(HEADER_BYTES),
    nonce: new Uint8Array(NONCE_BYTES),
    records: [],
    seal: new Uint8Array(SEAL_BYTES),
  },
});
const RECORDS_AT = SAMPLE.indexOf("]");
/** A line's text before the records and behind them, with the base64url texts as groups. */
const HEAD = patternOf(SAMPLE.slice(0, RECORDS_AT));
const TAIL = patternOf(SAMPLE.slice(RECORDS_AT));
const TAIL_LENGTH = SAMPLE.length - RECORDS_AT;

function patternOf(sample: string): RegExp {
  const literal = sample.replace(/[{}[\]]/g, "\\$&");
  return new RegExp(`^${literal.replace(/A+/g, (zeros) => `([\\w-]{${zeros.length}})`)}$`);
}

/** Throws `not-found` or `file`. */
export function openDumpSource(file: string): VerifySource {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) fail("not-found", `no file ${file}`);
  try {
    accessSync(file, constants.R_OK);
  } catch {
    fail("file", `${file} cannot be read`);
  }
  let window: ByteWindow | undefined;
  return {
    name: file,
    bytes: size,
    usesStore: false,
    store: () => undefined,
    progress: () => (size === 0 ? 1 : (window?.read ?? 0) / size),
    *items(): Iterable<SourceItem> {
      window = new ByteWindow(file);
      for (let number = 1; ; ) {
        const end = findLine(window, number);
        if (end === undefined) return;
        const line = window.bytes.subarray(0, end);
        if (isBlob(line)) {
          const blobs = gatherBlobs(window.bytes, number);
          window.skip(blobs.length);
          number += blobs.count;
          yield blobs.item;
        } else {
          window.skip(end + 1);
          yield frameBlock(line, number) ?? parseLine(line, number);
          number += 1;
        }
      }
    },
    lines2: () => readLines2(file),
    close: () => window?.close(),
  };
}

/** Those that are blobs by their frame: any other line would have been refused before. */
function* readLines2(file: string): Generator<string> {
  const window = new ByteWindow(file);
  try {
    for (let number = 1; ; number++) {
      const end = findLine(window, number);
      if (end === undefined) return;
      const line = window.bytes.subarray(0, end);
      const parsed = isBlob(line) ? parseLine(line, number) : undefined;
      if (parsed?.kind === "blob") yield parsed.line2;
      window.skip(end + 1);
    }
  } finally {
    window.close();
  }
}

/** Length of the line with which the window begins; undefined at the end of the file. Throws `dump`. */
function findLine(window: ByteWindow, number: number): number | undefined {
  for (let from = 0; ; ) {
    const { bytes } = window;
    const end = bytes.indexOf(LF, from);
    if ((end < 0 ? bytes.length : end) > MAX_LINE_BYTES) {
      fail("dump", `line ${number} is longer than any line of a dump`, { line: number });
    }
    if (end >= 0) return end;
    from = bytes.length;
    if (window.more()) continue;
    if (from === 0) return undefined;
    fail("dump", `line ${number} is not ended by a line feed: the dump is cut off`, {
      line: number,
    });
  }
}

function isBlob(line: Buffer): boolean {
  const end = line.length - BLOB_END.length;
  return (
    end > BLOB_START.length &&
    line.compare(BLOB_START, 0, BLOB_START.length, 0, BLOB_START.length) === 0 &&
    line.compare(BLOB_END, 0, BLOB_END.length, end) === 0
  );
}

/** The blobs with which `bytes` begin, as many as are there whole and make one batch. */
function gatherBlobs(
  bytes: Buffer,
  number: number,
): { readonly item: SourceBlobs; readonly count: number; readonly length: number } {
  const starts: number[] = [];
  const ends: number[] = [];
  let at = 0;
  while (starts.length < BATCH_BLOBS) {
    const end = bytes.indexOf(LF, at);
    if (end < 0 || !isBlob(bytes.subarray(at, end))) break;
    starts.push(at + BLOB_START.length);
    ends.push(end - BLOB_END.length);
    at = end + 1;
  }
  const order: Order = {
    kind: "blobs",
    bytes: bytes.subarray(0, at),
    starts: Uint32Array.from(starts),
    ends: Uint32Array.from(ends),
  };
  const item: SourceBlobs = {
    kind: "source-blobs",
    order,
    wereShown: false,
    load: () =>
      starts.map((start, id) => ({
        id,
        read: () => {
          const to = (ends[id] ?? 0) + BLOB_END.length;
          const line = parseLine(bytes.subarray(start - BLOB_START.length, to), number + id);
          return line.kind === "blob" ? line.line2 : "";
        },
      })),
  };
  return { item, count: starts.length, length: at };
}

/** A block whose frame is canonical; undefined: parse the line, which finds out what it is. */
function frameBlock(line: Buffer, number: number): SourceBlock | undefined {
  const tailAt = line.length - TAIL_LENGTH;
  if (tailAt < RECORDS_AT) return undefined;
  const [, header, nonce] = HEAD.exec(line.toString("latin1", 0, RECORDS_AT)) ?? [];
  const [, seal] = TAIL.exec(line.toString("latin1", tailAt)) ?? [];
  if (header === undefined || nonce === undefined || seal === undefined) return undefined;
  const records = line.subarray(RECORDS_AT, tailAt);
  const isList = records.length === 0 || (records.length > 2 && isQuoted(records));
  if (!isList) return undefined;
  try {
    return {
      kind: "source-block",
      frame: {
        header: decodeBase64url(header),
        nonce: decodeBase64url(nonce),
        seal: decodeBase64url(seal),
      },
      orders: records.length === 0 ? [] : cutRecords(records.subarray(1, -1)),
      load: () => {
        const parsed = parseLine(line, number);
        return parsed.kind === "block" ? parsed.block.records : [];
      },
    };
  } catch (error) {
    if (!isCoded(error)) throw error;
    return undefined;
  }
}

function isQuoted(text: Buffer): boolean {
  return text[0] === QUOTE && text[text.length - 1] === QUOTE;
}

/** Batches of lines 1, which stand there joined by `","`. */
function cutRecords(text: Buffer): Order[] {
  const orders: Order[] = [];
  for (let start = 0; start <= text.length; ) {
    const next = text.indexOf(BETWEEN_LINES, start + BATCH_BYTES);
    const end = next < 0 ? text.length : next;
    orders.push({ kind: "lines", text: text.subarray(start, end) });
    start = end + (next < 0 ? 1 : BETWEEN_LINES.length);
  }
  return orders;
}

function parseLine(bytes: Uint8Array, line: number): DumpLine {
  try {
    // Copied, because a decoder takes no memory that other threads may write.
    return parseDumpLine(decodeUtf8(Uint8Array.from(bytes)));
  } catch (error) {
    if (!isCoded(error)) throw error;
    throw new WattproofError(error.code, `line ${line}: ${error.message}`, {
      ...error.detail,
      line,
    });
  }
}
