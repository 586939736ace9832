/**
 * Blocks: the 156-byte header, its hash, the nonce and the seal (records.md section 6).
 *
 *   0 version u32 | 4 height u32 | 8 prev 32 | 40 recordsRoot 32 | 72 logSize u64 | 80 logRoot 32
 *   112 time u64 | 120 bits u32 | 124 gateway 32          all big-endian
 *
 * headerHash = SHA-256(header); hash = SHA-256(headerHash ‖ nonce32): one try of the miner hashes 64 bytes.
 * The seal is ES256 by the gateway over "wattproof-block/v1\n" ‖ hash and lies outside every hash.
 */
import { concatBytes, encodeUtf8, readU32, readU64, writeU32, writeU64 } from "../base/bytes.ts";
import { fail } from "../base/error.ts";
import type { SigningKey } from "../crypto/key.ts";
import type { CryptoSuite, VerifyKey } from "../crypto/suite.ts";

export const HEADER_BYTES = 156;
export const NONCE_BYTES = 32;
export const SEAL_BYTES = 64;
export const BLOCK_VERSION = 1;

export interface BlockHeader {
  readonly height: number;
  /** The parent's hash; 32 zero bytes at height 0. */
  readonly prev: Uint8Array;
  /** RFC 6962 root over this block's records. */
  readonly recordsRoot: Uint8Array;
  /** Number of records in the log, this block's included. */
  readonly logSize: number;
  /** RFC 6962 root over the whole log, this block's records included. */
  readonly logRoot: Uint8Array;
  /** Unix seconds. */
  readonly time: number;
  readonly bits: number;
  /** Raw thumbprint of the sealing gateway's key. */
  readonly gateway: Uint8Array;
}

/** A block as it travels: header and nonce and seal in bytes, records as line 1 in order. */
export interface SealedBlock {
  readonly header: Uint8Array;
  readonly nonce: Uint8Array;
  readonly records: readonly string[];
  readonly seal: Uint8Array;
}

export function encodeHeader(header: BlockHeader): Uint8Array {
  const bytes = new Uint8Array(HEADER_BYTES);
  writeU32(bytes, 0, BLOCK_VERSION);
  writeU32(bytes, 4, header.height);
  bytes.set(header.prev, 8);
  bytes.set(header.recordsRoot, 40);
  writeU64(bytes, 72, header.logSize);
  bytes.set(header.logRoot, 80);
  writeU64(bytes, 112, header.time);
  writeU32(bytes, 120, header.bits);
  bytes.set(header.gateway, 124);
  return bytes;
}

/** Throws `header` for another length or version, `length` for integers above 2^53-1. */
export function decodeHeader(bytes: Uint8Array): BlockHeader {
  if (bytes.length !== HEADER_BYTES) fail("header", `a header has ${HEADER_BYTES} bytes`);
  const version = readU32(bytes, 0);
  if (version !== BLOCK_VERSION) fail("header", `unknown header version ${version}`, { version });
  return {
    height: readU32(bytes, 4),
    prev: bytes.slice(8, 40),
    recordsRoot: bytes.slice(40, 72),
    logSize: readU64(bytes, 72),
    logRoot: bytes.slice(80, 112),
    time: readU64(bytes, 112),
    bits: readU32(bytes, 120),
    gateway: bytes.slice(124, 156),
  };
}

export function hashHeader(suite: Pick<CryptoSuite, "sha256">, header: Uint8Array): Uint8Array {
  return suite.sha256(header);
}

/** hash = SHA-256(headerHash ‖ nonce32). */
export function hashBlock(
  suite: Pick<CryptoSuite, "sha256">,
  headerHash: Uint8Array,
  nonce: Uint8Array,
): Uint8Array {
  return suite.sha256(concatBytes(headerHash, nonce));
}

const SEAL_PREFIX = encodeUtf8("wattproof-block/v1\n");

export function signSeal(suite: CryptoSuite, key: SigningKey, hash: Uint8Array): Uint8Array {
  return suite.sign(key.secret, concatBytes(SEAL_PREFIX, hash));
}

/** Throws `seal`. */
export function requireSeal(
  suite: CryptoSuite,
  key: VerifyKey,
  hash: Uint8Array,
  seal: Uint8Array,
): void {
  if (!suite.verify(key, concatBytes(SEAL_PREFIX, hash), seal)) {
    fail("seal", "the block seal does not verify");
  }
}
