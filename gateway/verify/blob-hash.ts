/** Reads line 2 from either form of a {@link RawBlob} and hashes it: what the verifier's threads do to blobs. */
import { isUtf8 } from "node:buffer";
import { encodeBase64url, encodeUtf8 } from "../../shared/base/bytes.ts";
import { isCoded } from "../../shared/base/error.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { unpackLine2 } from "../../shared/record/compact.ts";
import type { RawBlob } from "./verify-source.ts";

/** `ct` of line 2, or "" for bytes that are no line 2 in this form. */
export function hashBlob(form: RawBlob["form"], bytes: Uint8Array): string {
  const line2 = form === "packed" ? unpack(bytes) : decode(bytes);
  return line2 === undefined ? "" : encodeBase64url(nodeSuite.sha256(line2));
}

function unpack(bytes: Uint8Array): Uint8Array | undefined {
  try {
    return encodeUtf8(unpackLine2(bytes));
  } catch (error) {
    if (!isCoded(error)) throw error;
    return undefined;
  }
}

/** The bytes of canonical base64url of UTF-8. */
function decode(bytes: Uint8Array): Uint8Array | undefined {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  const line2 = Buffer.from(text, "base64url");
  return line2.toString("base64url") === text && isUtf8(line2) ? line2 : undefined;
}
