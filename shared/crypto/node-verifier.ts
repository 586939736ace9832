/**
 * The part of the node suite that verifying records takes: SHA-256 and ES256. Apart from node-suite.ts because the
 * rest of it loads a library for notes, which costs a thread that only verifies more than anything else at its start.
 */
import { createPublicKey, hash, type KeyObject, verify } from "node:crypto";
import { fail } from "../base/error.ts";
import { decodeEcPoint, isLowSSignature } from "./p256-rule.ts";
import type { CryptoSuite, VerifyKey } from "./suite.ts";

/** Survives being posted to another thread: importing a key takes as long as verifying a signature. */
interface NodeVerifyKey extends VerifyKey {
  readonly suite: "node";
  /** Handed to `crypto.verify` as it is, so that no call builds it anew. */
  readonly options: { readonly key: KeyObject; readonly dsaEncoding: "ieee-p1363" };
}

function isNodeKey(key: VerifyKey): key is NodeVerifyKey {
  return key.suite === "node";
}

/** A plain view: a Buffer would differ from the other suite's results in `slice` and in comparisons. */
export function plain(buffer: Uint8Array): Uint8Array {
  return new Uint8Array(buffer.buffer, buffer.byteOffset, buffer.byteLength);
}

/** One character a byte: the only result of a one-shot hash that costs no native memory. */
function sha256Into(data: Uint8Array, out: Uint8Array, at: number): void {
  const bytes = hash("sha256", data, "binary");
  for (let i = 0; i < 32; i++) out[at + i] = bytes.charCodeAt(i);
}

export const nodeVerifier: Pick<
  CryptoSuite,
  "sha256" | "sha256Into" | "sha256Text" | "importVerifyKey" | "verify"
> = {
  sha256(data) {
    // Arrays up to 64 bytes lie in V8's own heap; a Buffer has native memory that the collector must free.
    const out = new Uint8Array(32);
    sha256Into(data, out, 0);
    return out;
  },
  sha256Into,
  sha256Text: (text) => hash("sha256", text, "base64url"),

  importVerifyKey(jwk) {
    decodeEcPoint(jwk);
    const { crv, kty, x, y } = jwk;
    const key = createPublicKey({ key: { crv, kty, x, y }, format: "jwk" });
    const verifyKey: NodeVerifyKey = {
      suite: "node",
      options: { key, dsaEncoding: "ieee-p1363" },
    };
    return verifyKey;
  },
  verify(key, message, signature) {
    if (!isNodeKey(key)) fail("key-form", "a key of another crypto suite");
    return isLowSSignature(signature) && verify("sha256", message, key.options, signature);
  },
};
