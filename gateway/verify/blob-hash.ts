/** Reads line 2 from either form of a {@link RawBlob} and hashes it: what the verifier's threads do to blobs. */
import { isUtf8 } from "node:buffer";
import { encodeBase64url } from "../../shared/base/bytes.ts";
import { isCoded } from "../../shared/base/error.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { unpackLine2 } from "../../shared/record/compact.ts";
import { computeCt } from "../../shared/record/envelope.ts";
import type { RawBlob } from "./verify-source.ts";

/** `ct` of line 2, or "" for bytes that are no line 2 in this form. */
export function hashBlob(form: RawBlob["form"], bytes: Uint8Array): string {
  return form === "packed" ? hashPacked(bytes) : hashEncoded(bytes);
}

function hashPacked(bytes: Uint8Array): string {
  try {
    return computeCt(nodeSuite, unpackLine2(bytes));
  } catch (error) {
    if (!isCoded(error)) throw error;
    return "";
  }
}

/** Demands canonical base64url of UTF-8. */
function hashEncoded(bytes: Uint8Array): string {
  const text = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength).toString("latin1");
  const line2 = Buffer.from(text, "base64url");
  const holds = line2.toString("base64url") === text && isUtf8(line2);
  return holds ? encodeBase64url(nodeSuite.sha256(line2)) : "";
}
