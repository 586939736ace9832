/**
 * The chain dump: UTF-8 lines of canonical JSON, each ended by LF (records.md section 6).
 *
 *   {"header":b64u,"nonce":b64u,"records":[line 1,…],"seal":b64u}   by height
 *   {"blob":b64u(line 2)}                                           in log order, none twice
 *   {"checkpoint":b64u(note)}                                       by size
 *   {"opened":…}                                                    only in a dump made with keys
 */
import { decodeBase64url, decodeUtf8, encodeBase64url, encodeUtf8 } from "../base/bytes.ts";
import { canonicalize, isJsonObject, type Json, parseCanonical } from "../base/canonical-json.ts";
import { anyObject, arrayOf, object, pattern } from "../base/decoder.ts";
import { fail } from "../base/error.ts";
import { HEADER_BYTES, NONCE_BYTES, SEAL_BYTES, type SealedBlock } from "./block.ts";

export type DumpLine =
  | { readonly kind: "block"; readonly block: SealedBlock }
  | { readonly kind: "blob"; readonly line2: string }
  | { readonly kind: "checkpoint"; readonly note: string }
  | { readonly kind: "opened"; readonly opened: { readonly [name: string]: Json } };

const base64url = pattern(/^[A-Za-z0-9_-]+$/, "base64url");
const line1 = pattern(/^[A-Za-z0-9_.-]+$/, "line 1 of a record");
const blockLine = object({
  header: base64url,
  nonce: base64url,
  records: arrayOf(line1),
  seal: base64url,
});

/** One line of the dump, without its LF. */
export function formatDumpLine(line: DumpLine): string {
  switch (line.kind) {
    case "block":
      return canonicalize({
        header: encodeBase64url(line.block.header),
        nonce: encodeBase64url(line.block.nonce),
        records: line.block.records,
        seal: encodeBase64url(line.block.seal),
      });
    case "blob":
      return canonicalize({ blob: encodeBase64url(encodeUtf8(line.line2)) });
    case "checkpoint":
      return canonicalize({ checkpoint: encodeBase64url(encodeUtf8(line.note)) });
    case "opened":
      return canonicalize({ opened: line.opened });
  }
}

/** Parses one line without its LF. Throws `dump`, or the code of the form that is broken within. */
export function parseDumpLine(text: string): DumpLine {
  const value = parseCanonical(text);
  if (!isJsonObject(value)) fail("dump", "a dump line is an object");
  if (Object.hasOwn(value, "header")) return { kind: "block", block: decodeBlock(value) };
  const [name, member, ...more] = Object.entries(value).flat();
  if (more.length > 0 || typeof name !== "string" || member === undefined) {
    fail("dump", "a dump line of another form");
  }
  if (name === "opened") return { kind: "opened", opened: anyObject(member, "opened") };
  if (name !== "blob" && name !== "checkpoint") fail("dump", "a dump line of another form");
  const content = decodeUtf8(decodeBase64url(base64url(member, name)));
  return name === "blob" ? { kind: "blob", line2: content } : { kind: "checkpoint", note: content };
}

function decodeBlock(value: Json): SealedBlock {
  const line = blockLine(value, "block");
  return {
    header: decodeSized(line.header, HEADER_BYTES, "header"),
    nonce: decodeSized(line.nonce, NONCE_BYTES, "nonce"),
    records: line.records,
    seal: decodeSized(line.seal, SEAL_BYTES, "seal"),
  };
}

function decodeSized(text: string, length: number, name: string): Uint8Array {
  const bytes = decodeBase64url(text);
  if (bytes.length !== length) fail("length", `${name} has ${length} bytes`, { name });
  return bytes;
}
