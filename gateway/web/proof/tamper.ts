/**
 * "What if somebody changed yesterday's reading?", computed for real: alters one character of a record's sealed
 * part, then follows the change through every hash above it. In: a record with its block. Out: each value before
 * and after. For the chain page, which teaches with it.
 */
import {
  decodeBase64url,
  decodeUtf8,
  encodeBase64url,
  encodeHex,
  encodeUtf8,
} from "../../../shared/base/bytes.ts";
import { decodeHeader, encodeHeader, hashBlock, hashHeader } from "../../../shared/chain/block.ts";
import { hashNode } from "../../../shared/chain/tree.ts";
import { bitsToTarget, hashToInteger } from "../../../shared/chain/work.ts";
import type { CryptoSuite } from "../../../shared/crypto/suite.ts";
import { computeCt } from "../../../shared/record/envelope.ts";
import { computeLeaf } from "../../../shared/record/record.ts";
import type { RecordDetail } from "../../projection/chain-view-types.ts";

type Sha256 = Pick<CryptoSuite, "sha256" | "sha256Text">;

export interface Tampered {
  readonly before: string;
  readonly after: string;
}

export interface TamperStory {
  readonly position: number;
  readonly height: number;
  /** Base64url. */
  readonly fingerprint: Tampered;
  readonly leaf: Tampered;
  readonly logRoot: Tampered;
  /** Hexadecimal, so that the zeros of the work can be seen. */
  readonly blockHash: Tampered;
  /** Whether the altered block would still show the work demanded; next to never. */
  readonly workHolds: boolean;
}

/** Undefined for a record without a sealed part. The record itself is not touched. */
export function tellTamperStory(suite: Sha256, record: RecordDetail): TamperStory | undefined {
  const { line1, line2, block } = record;
  const [head, body = "", signature] = line1.split(".");
  if (line2 === undefined) return undefined;
  const ct = computeCt(suite, line2);
  const changedCt = computeCt(suite, changeOneCharacter(line2));
  const changedBody = encodeBase64url(
    encodeUtf8(decodeUtf8(decodeBase64url(body)).replace(ct, changedCt)),
  );
  const changedLine1 = `${head}.${changedBody}.${signature}`;
  const path = record.inclusion.map(decodeBase64url);
  const header = decodeHeader(block.header);
  const leaf = computeLeaf(suite, changedLine1);
  const root = foldPath(suite, leaf, record.position, header.logSize, path);
  const changedHeader = encodeHeader({ ...header, logRoot: root });
  const hash = hashBlock(suite, hashHeader(suite, changedHeader), block.nonce);
  return {
    position: record.position,
    height: header.height,
    fingerprint: { before: ct, after: changedCt },
    leaf: { before: record.leaf, after: encodeBase64url(leaf) },
    logRoot: { before: encodeBase64url(header.logRoot), after: encodeBase64url(root) },
    blockHash: { before: encodeHex(decodeBase64url(block.hash)), after: encodeHex(hash) },
    workHolds: hashToInteger(hash) <= bitsToTarget(header.bits),
  };
}

function changeOneCharacter(text: string): string {
  const at = Math.floor(text.length / 2);
  return `${text.slice(0, at)}${text[at] === "A" ? "B" : "A"}${text.slice(at + 1)}`;
}

/** The root that a leaf and its path lead to (RFC 9162 section 2.1.3.2). */
function foldPath(
  suite: Sha256,
  leaf: Uint8Array,
  index: number,
  size: number,
  path: readonly Uint8Array[],
): Uint8Array {
  let hash = leaf;
  let node = index;
  let last = size - 1;
  for (const sibling of path) {
    if (node % 2 === 1 || node === last) {
      hash = hashNode(suite, sibling, hash);
      while (node % 2 === 0 && node !== 0) {
        node = Math.floor(node / 2);
        last = Math.floor(last / 2);
      }
    } else {
      hash = hashNode(suite, hash, sibling);
    }
    node = Math.floor(node / 2);
    last = Math.floor(last / 2);
  }
  return hash;
}
