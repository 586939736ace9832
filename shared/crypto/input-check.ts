/** Lengths and ranges that both crypto suites check before their library does, so that verdicts agree. */
import { fail } from "../base/error.ts";
import { isScalar } from "./p256-rule.ts";

/** Throws `key-form` unless `key` has the 32 bytes of a Curve25519 secret or public key. */
export function checkKeyLength(key: Uint8Array): void {
  if (key.length !== 32) fail("key-form", "a key is not of 32 bytes", { length: key.length });
}

/** Throws `key-form` unless `secret` is a P-256 secret, 1…n-1. */
export function checkSecret(secret: Uint8Array): void {
  if (!isScalar(secret)) fail("key-form", "not a P-256 secret in 1…n-1");
}

/** Throws `length` unless `key` is an AES key: 16, 24 or 32 bytes. */
export function checkAesKey(key: Uint8Array): void {
  if (key.length !== 16 && key.length !== 24 && key.length !== 32) {
    fail("length", "an AES key is not of 16, 24 or 32 bytes", { length: key.length });
  }
}

/** Throws `length` unless RFC 3394 can wrap `key`: whole 8-byte blocks, at least two. */
export function checkWrapInput(kek: Uint8Array, key: Uint8Array): void {
  checkAesKey(kek);
  if (key.length < 16 || key.length % 8 !== 0) {
    fail("length", "a key to wrap is not of two or more 8-byte blocks", { length: key.length });
  }
}

/** Throws `length` unless `key` has an AES length and `iv` 16 bytes. */
export function checkCbcInput(key: Uint8Array, iv: Uint8Array): void {
  checkAesKey(key);
  if (iv.length !== 16) fail("length", "an IV is not of 16 bytes", { length: iv.length });
}
