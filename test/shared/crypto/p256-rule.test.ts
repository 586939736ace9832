/** P-256 rules: keys off the curve, coordinates out of range, ranges of r and s, low s. */
import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { encodeBase64url, encodeHex } from "../../../shared/base/bytes.ts";
import { isCoded } from "../../../shared/base/error.ts";
import {
  decodeEcPoint,
  isLowSSignature,
  isScalar,
  lowerS,
} from "../../../shared/crypto/p256-rule.ts";
import type { EcPublicJwk } from "../../../shared/crypto/suite.ts";

const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;
const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
// the generator (FIPS 186-4, D.1.2.3)
const GX = 0x6b17d1f2e12c4247f8bce6e563a440f277037d812deb33a0f4a13945d898c296n;
const GY = 0x4fe342e2fe1a7f9b8ee7eb4a7c0f9e162bce33576b315ececbb6406837bf51f5n;

const bytesOf = (value: bigint): Uint8Array =>
  Uint8Array.from(Buffer.from(value.toString(16).padStart(64, "0"), "hex"));
const jwkOf = (x: bigint, y: bigint): EcPublicJwk => ({
  crv: "P-256",
  kty: "EC",
  x: encodeBase64url(bytesOf(x)),
  y: encodeBase64url(bytesOf(y)),
});
const signatureOf = (r: bigint, s: bigint): Uint8Array =>
  Uint8Array.from([...bytesOf(r), ...bytesOf(s)]);

describe("P-256 keys", () => {
  test("a point of the curve decodes to its uncompressed form", () => {
    const point = decodeEcPoint(jwkOf(GX, GY));
    assert.equal(encodeHex(point), `04${GX.toString(16)}${GY.toString(16)}`);
    assert.doesNotThrow(() => decodeEcPoint(jwkOf(GX, P - GY)));
  });

  test("points off the curve and coordinates of p and above are refused", () => {
    const off: [bigint, bigint][] = [
      [GX, GY + 1n],
      [GX + 1n, GY],
      [GY, GX],
      [0n, 0n],
      [P, GY],
      [GX, P],
      [2n ** 256n - 1n, GY],
      // x = 5 is on the curve; 5 + p still fits 32 bytes and names the same residue
      [5n + P, rootAt(5n)],
    ];
    assert.doesNotThrow(() => decodeEcPoint(jwkOf(5n, rootAt(5n))));
    for (const [x, y] of off) {
      assert.throws(
        () => decodeEcPoint(jwkOf(x, y)),
        (error) => isCoded(error, "key-off-curve"),
      );
    }
  });

  test("a malformed JWK has its code", () => {
    const good = jwkOf(GX, GY);
    const short = encodeBase64url(new Uint8Array(31));
    assert.throws(
      () => decodeEcPoint({ ...good, x: short }),
      (error) => isCoded(error, "key-form"),
    );
    assert.throws(
      () => decodeEcPoint({ ...good, x: `${good.x}=` }),
      (error) => isCoded(error, "base64"),
    );
    // the last character of 32 bytes carries two spare bits that must be zero
    const loose = good.x.slice(0, -1) + String.fromCharCode(good.x.charCodeAt(42) + 1);
    assert.throws(
      () => decodeEcPoint({ ...good, x: loose }),
      (error) => isCoded(error, "base64"),
    );
    assert.throws(
      () => decodeEcPoint({ ...good, crv: "P-384" as "P-256" }),
      (error) => isCoded(error, "key-form"),
    );
  });
});

/** A y with y² = x³ - 3x + b: p ≡ 3 mod 4, so a root is the ((p+1)/4)th power. */
function rootAt(x: bigint): bigint {
  const b = (((GY * GY - GX ** 3n + 3n * GX) % P) + P) % P;
  let [base, power, exponent] = [(x ** 3n - 3n * x + b + 3n * P) % P, 1n, (P + 1n) / 4n];
  for (; exponent > 0n; exponent >>= 1n) {
    if (exponent & 1n) power = (power * base) % P;
    base = (base * base) % P;
  }
  return power;
}

describe("ES256 ranges", () => {
  test("scalars are 1…n-1 of 32 bytes", () => {
    assert.deepEqual(
      [0n, 1n, N - 1n, N, N + 1n, 2n ** 256n - 1n].map((value) => isScalar(bytesOf(value))),
      [false, true, true, false, false, false],
    );
    assert.equal(isScalar(bytesOf(1n).subarray(1)), false);
  });

  test("r in 1…n-1, s in 1…n/2", () => {
    const half = N >> 1n;
    const cases: [bigint, bigint, boolean][] = [
      [1n, 1n, true],
      [N - 1n, half, true],
      [1n, half + 1n, false],
      [1n, N - 1n, false],
      [1n, N, false],
      [0n, 1n, false],
      [1n, 0n, false],
      [0n, 0n, false],
      [N, 1n, false],
      [N + 1n, 1n, false],
    ];
    for (const [r, s, valid] of cases) {
      assert.equal(isLowSSignature(signatureOf(r, s)), valid, `r ${r} s ${s}`);
    }
    assert.equal(isLowSSignature(signatureOf(1n, 1n).subarray(1)), false);
  });

  test("a high s becomes n-s, a low one stays", () => {
    assert.deepEqual(lowerS(signatureOf(5n, N - 7n)), signatureOf(5n, 7n));
    assert.deepEqual(lowerS(signatureOf(5n, 7n)), signatureOf(5n, 7n));
    assert.deepEqual(lowerS(signatureOf(5n, (N >> 1n) + 1n)), signatureOf(5n, N >> 1n));
  });
});
