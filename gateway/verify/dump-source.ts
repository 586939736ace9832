/** Reads a chain dump from a file, line by line, whatever its size. */
import { accessSync, constants, createReadStream, statSync } from "node:fs";
import { decodeUtf8 } from "../../shared/base/bytes.ts";
import { fail, isCoded, WattproofError } from "../../shared/base/error.ts";
import { type DumpLine, parseDumpLine } from "../../shared/chain/dump.ts";
import type { RawBlob, VerifySource } from "./verify-source.ts";

/** The longest line is a block: 16,777,216 bytes of records at most, and what JSON puts around them. */
const MAX_LINE_BYTES = 1 << 25;

/** Throws `not-found` or `file`. */
export function openDumpSource(file: string): VerifySource {
  const size = statSync(file, { throwIfNoEntry: false })?.size;
  if (size === undefined) fail("not-found", `no file ${file}`);
  try {
    accessSync(file, constants.R_OK);
  } catch {
    fail("file", `${file} cannot be read`);
  }
  let read = 0;
  return {
    name: file,
    progress: () => (size === 0 ? 1 : read / size),
    async *lines(): AsyncIterable<DumpLine | RawBlob> {
      const stream = createReadStream(file, { highWaterMark: 1 << 20 });
      let number = 0;
      // The line feed is the only separator that the format knows, and readline would drop carriage returns.
      let rest: Buffer = Buffer.alloc(0);
      for await (const chunk of stream as AsyncIterable<Buffer>) {
        read += chunk.length;
        let data = rest.length === 0 ? chunk : Buffer.concat([rest, chunk]);
        for (let end = data.indexOf(10); end >= 0; end = data.indexOf(10)) {
          yield readLine(data.subarray(0, end), ++number);
          data = data.subarray(end + 1);
        }
        rest = data;
        if (rest.length > MAX_LINE_BYTES) {
          fail("dump", `line ${number + 1} is longer than any line of a dump`, {
            line: number + 1,
          });
        }
      }
      if (rest.length > 0) {
        fail("dump", `line ${number + 1} is not ended by a line feed: the dump is cut off`, {
          line: number + 1,
        });
      }
    },
  };
}

const BLOB_START = Buffer.from('{"blob":"');
const BLOB_END = Buffer.from('"}');

/** Canonical JSON allows one way to write a blob's line, so its frame is compared and its text is left to others. */
function readLine(bytes: Buffer, line: number): DumpLine | RawBlob {
  const start = BLOB_START.length;
  const end = bytes.length - BLOB_END.length;
  const isBlob =
    end > start &&
    bytes.compare(BLOB_START, 0, start, 0, start) === 0 &&
    bytes.compare(BLOB_END, 0, BLOB_END.length, end) === 0;
  if (!isBlob) return parseLine(bytes, line);
  const text = bytes.subarray(start, end);
  return { kind: "raw-blob", form: "base64url", bytes: text, read: () => parseLine(bytes, line) };
}

function parseLine(bytes: Uint8Array, line: number): DumpLine {
  try {
    return parseDumpLine(decodeUtf8(bytes));
  } catch (error) {
    if (!isCoded(error)) throw error;
    throw new WattproofError(error.code, `line ${line}: ${error.message}`, {
      ...error.detail,
      line,
    });
  }
}
