/**
 * Builds the frozen vectors of cryptography: ES256 signatures and keys, Ed25519 notes, line 2.
 *
 * Fixed seeds and published keys → JSON values, the same on every run. Tests compare them with the files in
 * `test/vectors`, so a file can neither be edited by hand nor drift; `write-crypto-vectors.ts` writes them.
 */
import { ED25519_TORSION_SUBGROUP, ed25519 } from "@noble/curves/ed25519.js";
import { sha512 } from "@noble/hashes/sha2.js";
import {
  concatBytes,
  decodeHex,
  encodeBase64url,
  encodeHex,
  encodeUtf8,
} from "../../shared/base/bytes.ts";
import { createRecipientKey, createSigningKey, decodeOkpKey } from "../../shared/crypto/key.ts";
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import type { EcPublicJwk } from "../../shared/crypto/suite.ts";
import { sealLine2 } from "../../shared/record/sealed-box.ts";
import { seededBytes } from "./seeded-bytes.ts";

export interface Es256Case {
  readonly name: string;
  readonly jwk: EcPublicJwk;
  /** UTF-8. */
  readonly message: string;
  /** r ‖ s, hex. */
  readonly signature: string;
  /** `valid`, `invalid`, or the code with which the key is refused. */
  readonly verdict: "valid" | "invalid" | "key-off-curve" | "key-form" | "base64";
}

/** All values hex. */
export interface NoteCase {
  readonly name: string;
  readonly publicKey: string;
  readonly message: string;
  readonly signature: string;
  readonly valid: boolean;
  /** What a verifier of ZIP 215 says (cofactored, lax decoding): true shows that the strict rule is at work. */
  readonly zip215: boolean;
}

export interface Line2Case {
  readonly name: string;
  readonly typ: string;
  /** Thumbprint of the signer of line 1. */
  readonly signer: string;
  /** hex */
  readonly plaintext: string;
  /** Secrets (hex) with their thumbprints. */
  readonly recipients: readonly { readonly kid: string; readonly secret: string }[];
  readonly line2: string;
  /** base64url of SHA-256(line 2). */
  readonly ct: string;
}

export interface VectorFile<Case> {
  readonly origin: string;
  readonly cases: readonly Case[];
}

const N = 0xffffffff00000000ffffffffffffffffbce6faada7179e84f3b9cac2fc632551n;
const P = 2n ** 256n - 2n ** 224n + 2n ** 192n + 2n ** 96n - 1n;

const hex32 = (value: bigint): string => value.toString(16).padStart(64, "0");
const b64 = (hex: string): string => encodeBase64url(decodeHex(hex));

/** ES256 cases around the key and signatures of RFC 6979, appendix A.2.5. */
export function buildEs256Vectors(): VectorFile<Es256Case> {
  const x = "60fed4ba255a9d31c961eb74c6356d68c049b8923b61fa6ce669622e60f29fb6";
  const y = "7903fe1008b8bc99a41ae9e95628bc64f2f1b20c2d7e9f5177a3c294d4462299";
  const jwk: EcPublicJwk = { crv: "P-256", kty: "EC", x: b64(x), y: b64(y) };
  const sample = {
    r: 0xefd48b2aacb6a8fd1140dd9cd45e81d69d2c877b56aaf991c34d0ea84eaf3716n,
    s: 0xf7cb1c942d657c41d436c7a1b6e29f65f3e900dbb9aff4064dc4ab2f843acda8n,
  };
  const test = {
    r: 0xf1abb023518351cd71d881567b1ea663ed3efcf6c5132b354f28d3b0b7d38367n,
    s: 0x019f4113742a2b14bd25926b49c649155f267e60d3814b4c0cc84250e46f0083n,
  };
  const entry = (
    name: string,
    verdict: Es256Case["verdict"],
    r: bigint,
    s: bigint,
    message = "sample",
    key = jwk,
  ): Es256Case => ({ name, jwk: key, message, signature: hex32(r) + hex32(s), verdict });
  const withKey = (name: string, verdict: Es256Case["verdict"], change: Partial<EcPublicJwk>) =>
    entry(name, verdict, test.r, test.s, "test", { ...jwk, ...change });
  const good = entry("low s as published", "valid", test.r, test.s, "test");
  return {
    origin:
      "Key and signatures of RFC 6979 appendix A.2.5 (P-256, SHA-256, messages sample and test), changed as each name says; verdicts of records.md section 1, given by both suites.",
    cases: [
      good,
      entry("high s as published", "invalid", sample.r, sample.s),
      entry("the same with n-s", "valid", sample.r, N - sample.s),
      entry("low s made high", "invalid", test.r, N - test.s, "test"),
      entry("another message", "invalid", test.r, test.s, "sample"),
      entry("r zero", "invalid", 0n, test.s, "test"),
      entry("s zero", "invalid", test.r, 0n, "test"),
      entry("r and s zero", "invalid", 0n, 0n, "test"),
      entry("r and s one", "invalid", 1n, 1n, "test"),
      entry("r of n", "invalid", N, test.s, "test"),
      entry("s of n", "invalid", test.r, N, "test"),
      entry("s of 2^256 - 1", "invalid", test.r, 2n ** 256n - 1n, "test"),
      { ...good, name: "63 bytes", verdict: "invalid", signature: good.signature.slice(2) },
      { ...good, name: "65 bytes", verdict: "invalid", signature: `${good.signature}00` },
      {
        ...good,
        name: "DER",
        verdict: "invalid",
        signature: `3045022100${hex32(test.r)}0220${hex32(test.s)}`,
      },
      withKey("the other y of this x", "invalid", { y: b64(hex32(P - BigInt(`0x${y}`))) }),
      withKey("off the curve: y + 1", "key-off-curve", { y: b64(hex32(BigInt(`0x${y}`) + 1n)) }),
      withKey("off the curve: x and y exchanged", "key-off-curve", { x: b64(y), y: b64(x) }),
      withKey("x and y zero", "key-off-curve", { x: b64(hex32(0n)), y: b64(hex32(0n)) }),
      withKey("x of p", "key-off-curve", { x: b64(hex32(P)) }),
      withKey("x of 31 bytes", "key-form", { x: b64(x.slice(2)) }),
      withKey("x padded", "base64", { x: `${b64(x)}=` }),
    ],
  };
}

const { Point } = ed25519;
const { BASE, Fn } = Point;
type Point = typeof BASE;

function challenge(r: Uint8Array, publicKey: Uint8Array, message: Uint8Array): bigint {
  const digest = sha512(concatBytes(r, publicKey, message)).reverse();
  return Fn.create(BigInt(`0x${encodeHex(digest)}`));
}

function littleEndian(value: bigint): Uint8Array {
  return decodeHex(hex32(value)).reverse();
}

function torsionPoint(): Point {
  const points = ED25519_TORSION_SUBGROUP.map((hex) => Point.fromHex(hex));
  const point = points.find((candidate) => !candidate.multiplyUnsafe(4n).is0());
  if (point === undefined) throw new Error("no point of order 8");
  return point;
}

/** Ed25519 notes: good ones, and those that only a strict rule refuses. */
export function buildNoteVectors(): VectorFile<NoteCase> {
  const random = seededBytes("ed25519 notes");
  const seed = random(32);
  const { scalar, pointBytes: publicKey, point } = ed25519.utils.getExtendedPublicKey(seed);
  const text = encodeUtf8("wattproof.example/chain\n17\n");
  const nonce = Fn.create(BigInt(`0x${encodeHex(random(32))}`));
  const torsion = torsionPoint();
  const [R, order] = [BASE.multiply(nonce), Fn.ORDER];
  const identity = Point.ZERO.toBytes();
  // y = p + 1 is y = 1 again, and x = 0 has no sign: two more encodings of the identity
  const identityAbovep = decodeHex(`ee${"ff".repeat(30)}7f`);
  const identitySigned = decodeHex(`01${"00".repeat(30)}80`);

  const entry = (
    name: string,
    key: Uint8Array,
    message: Uint8Array,
    r: Uint8Array,
    s: bigint,
    valid = false,
  ): NoteCase => {
    const signature = concatBytes(r, littleEndian(s));
    const zip215 = ed25519.verify(signature, message, key, { zip215: true });
    return {
      name,
      publicKey: encodeHex(key),
      message: encodeHex(message),
      signature: encodeHex(signature),
      valid,
      zip215,
    };
  };
  /** S for this R and key, so that [S]B = R's prime-order part + [k]A's. */
  const solve = (r: Uint8Array, key: Uint8Array, from: bigint, secret: bigint, message = text) =>
    Fn.create(from + challenge(r, key, message) * secret);
  /** A message whose challenge is a multiple of 8, so that the torsion in the key falls out of [k]A. */
  const multipleOf8 = (key: Uint8Array): Uint8Array => {
    for (let n = 0; ; n++) {
      const message = encodeUtf8(`wattproof.example/chain\n${n}\n`);
      if (challenge(R.toBytes(), key, message) % 8n === 0n) return message;
    }
  };

  const good = solve(R.toBytes(), publicKey, nonce, scalar);
  const shifted = R.add(torsion).toBytes();
  const mixedKey = point.add(torsion).toBytes();
  const mixedText = multipleOf8(mixedKey);
  const smallKey = torsion.toBytes();
  const plain = ed25519.sign(text, seed);
  return {
    origin:
      "Key from seededBytes('ed25519 notes'), cases computed with the Point of @noble/curves; verdicts of records.md section 1, given by both suites; zip215 by @noble/curves.",
    cases: [
      {
        ...entry("RFC 8032 signature", publicKey, text, R.toBytes(), 0n),
        signature: encodeHex(plain),
        valid: true,
        zip215: true,
      },
      entry("another nonce", publicKey, text, R.toBytes(), good, true),
      entry("another message", publicKey, encodeUtf8("x"), R.toBytes(), good),
      entry("another key", point.double().toBytes(), text, R.toBytes(), good),
      entry("S + L", publicKey, text, R.toBytes(), good + order),
      entry("S of L", publicKey, text, R.toBytes(), order),
      entry("R + T8", publicKey, text, shifted, solve(shifted, publicKey, nonce, scalar)),
      entry("R of order 8", publicKey, text, smallKey, solve(smallKey, publicKey, 0n, scalar)),
      entry("R identity", publicKey, text, identity, solve(identity, publicKey, 0n, scalar)),
      entry(
        "R identity, y + p",
        publicKey,
        text,
        identityAbovep,
        solve(identityAbovep, publicKey, 0n, scalar),
      ),
      entry(
        "R identity, signed zero",
        publicKey,
        text,
        identitySigned,
        solve(identitySigned, publicKey, 0n, scalar),
      ),
      entry(
        "mixed key, k a multiple of 8",
        mixedKey,
        mixedText,
        R.toBytes(),
        solve(R.toBytes(), mixedKey, nonce, scalar, mixedText),
      ),
      entry("mixed key", mixedKey, text, R.toBytes(), solve(R.toBytes(), mixedKey, nonce, scalar)),
      entry(
        "key of order 8, k a multiple of 8",
        smallKey,
        multipleOf8(smallKey),
        R.toBytes(),
        nonce,
      ),
      entry("identity key", identity, text, R.toBytes(), nonce),
      entry("identity key, y + p", identityAbovep, text, R.toBytes(), nonce),
      entry("identity key, signed zero", identitySigned, text, R.toBytes(), nonce),
      entry(
        "key of order 4, y of p",
        decodeHex(`ed${"ff".repeat(30)}7f`),
        text,
        R.toBytes(),
        nonce,
      ),
      entry("key that is no point", decodeHex(`02${"00".repeat(31)}`), text, R.toBytes(), nonce),
    ],
  };
}

/** Line 2 for 1, 2 and 4 recipients, sealed by the noble suite. */
export function buildLine2Vectors(): VectorFile<Line2Case> {
  const suite = nobleSuite;
  const signer = createSigningKey(suite, seededBytes("line 2 signer")).kid;
  const cases = [1, 2, 4].map((count): Line2Case => {
    const random = seededBytes(`line 2 for ${count}`);
    const plaintext = random(1024);
    const keys = Array.from({ length: count }, () => createRecipientKey(suite, random));
    const recipients = keys.map(({ kid, jwk }) => ({ kid, key: decodeOkpKey(jwk) }));
    const line2 = sealLine2(suite, {
      typ: "day",
      plaintext,
      signer,
      recipients,
      randomBytes: random,
    });
    return {
      name: `${count} recipient${count > 1 ? "s" : ""}`,
      typ: "day",
      signer,
      plaintext: encodeHex(plaintext),
      recipients: keys.map(({ kid, secret }) => ({ kid, secret: encodeHex(secret) })),
      line2,
      ct: encodeBase64url(suite.sha256(encodeUtf8(line2))),
    };
  });
  return {
    origin:
      "Sealed by the noble suite with seededBytes('line 2 for <n>'): plaintext (1,024), recipient secrets, then content key, IV and one ephemeral secret a recipient sorted by kid; signer from seededBytes('line 2 signer'). Opened by both suites and by the npm package jose.",
    cases,
  };
}

/** File name → its content, for the writer and the drift test. */
export const CRYPTO_VECTORS = {
  "es256.json": buildEs256Vectors,
  "ed25519-note.json": buildNoteVectors,
  "line2.json": buildLine2Vectors,
} as const;
