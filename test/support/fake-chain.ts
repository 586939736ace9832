/**
 * Test only: a small real chain in memory, with real signatures, tree, work, seals and checkpoints, so that the
 * portal's checks have something true to check. Seeded; no rules of the ledger are applied.
 */
import { createHash } from "node:crypto";
import type {
  BlockDetail,
  BlockSummary,
  LineRow,
  RecordDetail,
  RecordSummary,
} from "../../gateway/projection/chain-view-types.ts";
import { decodeBase64url, encodeBase64url } from "../../shared/base/bytes.ts";
import {
  encodeHeader,
  hashBlock,
  hashHeader,
  NONCE_BYTES,
  signSeal,
} from "../../shared/chain/block.ts";
import { signCheckpoint } from "../../shared/chain/checkpoint.ts";
import { formatReceipt } from "../../shared/chain/receipt.ts";
import { computeRoot, hashNode, proveInclusion } from "../../shared/chain/tree.ts";
import { bitsToTarget, hashToInteger, workOfBits } from "../../shared/chain/work.ts";
import { createNoteKey, createSigningKey, type SigningKey } from "../../shared/crypto/key.ts";
import { nodeSuite as suite } from "../../shared/crypto/node-suite.ts";
import type { Typ } from "../../shared/record/payload.ts";
import { computeLeaf, signRecord } from "../../shared/record/record.ts";

export const ZERO_HASH = encodeBase64url(new Uint8Array(32));
export const FAKE_ORIGIN = "demo.wattproof.example/352";

/** Reproducible bytes: SHA-256 of seed and counter. Never outside tests. */
export function seededBytes(seed: string): (length: number) => Uint8Array {
  let counter = 0;
  return (length) => {
    const out = new Uint8Array(length);
    for (let at = 0; at < length; at += 32) {
      const chunk = createHash("sha256").update(`${seed}:${counter++}`).digest();
      out.set(chunk.subarray(0, Math.min(32, length - at)), at);
    }
    return out;
  };
}

export interface Draft {
  readonly typ: Typ;
  readonly key: SigningKey;
  readonly signer: string;
  /** Without v, seq, prev. */
  readonly payload: Readonly<Record<string, unknown>>;
  readonly line2?: string;
  readonly meter?: string;
  readonly subject?: string;
}

interface Stored extends Draft {
  readonly line1: string;
  readonly leaf: string;
  readonly seq: number;
  readonly position: number;
  readonly height: number;
}

export class FakeChain {
  readonly gateway: SigningKey;
  readonly #noteKey;
  readonly #blocks: BlockDetail[] = [];
  readonly #records: Stored[] = [];
  readonly #leaves: Uint8Array[] = [];
  readonly #nodes = new Map<string, Uint8Array>();
  readonly #last = new Map<string, { seq: number; leaf: string }>();
  /** By kid of a meter key. */
  readonly #enrolments = new Map<string, string>();
  readonly #bits: number;
  /** Blocks above this are not final. */
  finalHeight = Number.MAX_SAFE_INTEGER;

  constructor(seed: string, bits: number) {
    const randomBytes = seededBytes(`${seed}/keys`);
    this.gateway = createSigningKey(suite, randomBytes);
    this.#noteKey = createNoteKey(suite, "gateway-1", randomBytes);
    this.#bits = bits;
  }

  get height(): number {
    return this.#blocks.length - 1;
  }
  get size(): number {
    return this.#records.length;
  }
  get noteKey(): Uint8Array {
    return this.#noteKey.publicKey;
  }

  /** Appends one block; returns the placed records in order. */
  append(timeSeconds: number, drafts: readonly Draft[]): readonly Stored[] {
    const height = this.#blocks.length;
    const placed = drafts.map((draft) => this.#log(draft, height));
    const logSize = this.#leaves.length;
    const header = encodeHeader({
      height,
      prev: decodeBase64url(this.#blocks.at(-1)?.hash ?? ZERO_HASH),
      recordsRoot: computeRoot(suite, this.#leaves.slice(logSize - placed.length)),
      logSize,
      logRoot: this.#rootOf(0, logSize),
      time: timeSeconds,
      bits: this.#bits,
      gateway: decodeBase64url(this.gateway.kid),
    });
    const headerHash = hashHeader(suite, header);
    const { nonce, hash } = mine(headerHash, this.#bits);
    const before = this.#blocks.at(-1);
    if (before) this.#blocks[height - 1] = { ...before, nextHash: encodeBase64url(hash) };
    this.#blocks.push({
      height,
      hash: encodeBase64url(hash),
      prevHash: before?.hash ?? ZERO_HASH,
      timeSeconds,
      final: true,
      records: placed.length,
      firstPosition: logSize - placed.length,
      logSize,
      bits: this.#bits,
      work: String(workOfBits(this.#bits)),
      gatewayKid: this.gateway.kid,
      gatewayName: "gateway-1",
      header,
      nonce,
      seal: signSeal(suite, this.gateway, hash),
      headerHash: encodeBase64url(headerHash),
      recordsRoot: encodeBase64url(header.slice(40, 72)),
      logRoot: encodeBase64url(header.slice(80, 112)),
      gatewayKey: this.gateway.jwk,
    });
    return placed;
  }

  #log(draft: Draft, height: number): Stored {
    const last = this.#last.get(draft.key.kid) ?? {
      seq: 0,
      leaf: this.#records[0]?.leaf ?? ZERO_HASH,
    };
    const seq = last.seq + 1;
    const payload = { v: 1, seq, prev: last.leaf, ...draft.payload };
    const line1 = signRecord(suite, draft.key, draft.typ, payload as never);
    const hash = computeLeaf(suite, line1);
    const leaf = encodeBase64url(hash);
    const stored = { ...draft, line1, leaf, seq, position: this.#records.length, height };
    this.#last.set(draft.key.kid, { seq, leaf });
    this.#records.push(stored);
    this.#leaves.push(hash);
    return stored;
  }

  /** The first record of a meter key follows its enrolment. */
  admit(kid: string, enrolLeaf: string): void {
    this.#last.set(kid, { seq: 0, leaf: enrolLeaf });
    this.#enrolments.set(kid, enrolLeaf);
  }

  #node(level: number, index: number): Uint8Array {
    if (level === 0) return this.#leaves[index] as Uint8Array;
    const name = `${level}/${index}`;
    const known = this.#nodes.get(name);
    if (known) return known;
    const left = this.#node(level - 1, index * 2);
    const hash = hashNode(suite, left, this.#node(level - 1, index * 2 + 1));
    this.#nodes.set(name, hash);
    return hash;
  }

  /** Root over `size` leaves from `start`, by the complete subtrees they consist of. */
  #rootOf(start: number, size: number): Uint8Array {
    let width = 1;
    while (width * 2 <= size) width *= 2;
    const left = this.#node(Math.log2(width), start / width);
    return width === size ? left : hashNode(suite, left, this.#rootOf(start + width, size - width));
  }

  block(height: number): BlockDetail | undefined {
    const block = this.#blocks[height];
    return block && { ...block, final: height <= this.finalHeight };
  }

  blocks(before: number, limit: number): BlockSummary[] {
    const top = Math.min(before, this.#blocks.length);
    const heights = Array.from({ length: Math.min(limit, top) }, (_, i) => top - 1 - i);
    return heights.flatMap((height) => this.block(height) ?? []);
  }

  records(from: number, limit: number): RecordSummary[] {
    return this.#records.slice(from, from + limit).map((record) => this.#summary(record));
  }

  lines(from: number, limit: number): LineRow[] {
    const found = this.#records.slice(from, from + limit);
    return found.map(({ position, line1 }) => ({ position, line1 }));
  }

  positionOf(leaf: string): number | undefined {
    const position = this.#records.findIndex((record) => record.leaf === leaf);
    return position < 0 ? undefined : position;
  }

  #summary(record: Stored): RecordSummary {
    const { position, height, leaf, typ, key, seq, signer, meter, subject } = record;
    return {
      position,
      height,
      leaf,
      typ,
      kid: key.kid,
      seq,
      signer,
      state: height <= this.finalHeight ? "final" : "block",
      ...(meter !== undefined && { meter }),
      ...(subject !== undefined && { subject }),
    };
  }

  record(position: number): RecordDetail | undefined {
    const stored = this.#records[position];
    const block = stored && this.block(stored.height);
    if (!stored || !block) return undefined;
    const path = proveInclusion(suite, position, block.logSize, (level, index) =>
      this.#node(level, index),
    );
    const root = decodeBase64url(block.logRoot);
    const note = signCheckpoint(suite, this.#noteKey, {
      origin: FAKE_ORIGIN,
      size: block.logSize,
      root,
    });
    const sameKey = this.#records.filter((other) => other.key.kid === stored.key.kid);
    const at = sameKey.indexOf(stored);
    const previousPosition = sameKey[at - 1]?.position;
    const nextPosition = sameKey[at + 1]?.position;
    return {
      ...this.#summary(stored),
      line1: stored.line1,
      signerKey: stored.key.jwk,
      keyPosition: this.positionOf(this.#enrolments.get(stored.key.kid) ?? "") ?? 0,
      inclusion: path.map(encodeBase64url),
      block,
      ...(stored.line2 !== undefined && { line2: stored.line2 }),
      ...(previousPosition !== undefined && { previousPosition }),
      ...(nextPosition !== undefined && { nextPosition }),
      ...(block.final && {
        checkpoint: {
          size: block.logSize,
          note,
          threshold: 1,
          consistency: [],
          keys: [{ name: "gateway-1", publicKey: this.#noteKey.publicKey }],
        },
        receipt: formatReceipt({
          old: 0,
          consistency: [],
          index: position,
          inclusion: path,
          checkpoint: note,
        }),
      }),
    };
  }
}

function mine(headerHash: Uint8Array, bits: number): { nonce: Uint8Array; hash: Uint8Array } {
  const target = bitsToTarget(bits);
  const nonce = new Uint8Array(NONCE_BYTES);
  const view = new DataView(nonce.buffer);
  for (let n = 0; ; n++) {
    view.setUint32(28, n);
    const hash = hashBlock(suite, headerHash, nonce);
    if (hashToInteger(hash) <= target) return { nonce, hash };
  }
}
