/**
 * A chain in memory for tests of rules, blocks and verifiers: real keys, records, blocks and receipts under the
 * chain rules, with nothing of the gateway's code in it. Seeded, so that vectors can be frozen from it.
 */
import { decodeBase64url, encodeBase64url } from "../../shared/base/bytes.ts";
import type { RandomBytes } from "../../shared/base/clock.ts";
import {
  type BlockHeader,
  encodeHeader,
  hashBlock,
  hashHeader,
  type SealedBlock,
  signSeal,
} from "../../shared/chain/block.ts";
import { applyBlock, type ParentBlock } from "../../shared/chain/block-rules.ts";
import { ChainState } from "../../shared/chain/chain-state.ts";
import { signCheckpoint } from "../../shared/chain/checkpoint.ts";
import { formatDumpLine } from "../../shared/chain/dump.ts";
import { ListedLog } from "../../shared/chain/log-view.ts";
import { formatReceipt } from "../../shared/chain/receipt.ts";
import { NO_LEAF } from "../../shared/chain/rule/genesis.ts";
import { VerifyKeyCache } from "../../shared/chain/rule-context.ts";
import {
  CompactRange,
  computeRoot,
  hashNode,
  type NodeReader,
  proveConsistency,
  proveInclusion,
} from "../../shared/chain/tree.ts";
import { bitsToTarget, hashToInteger } from "../../shared/chain/work.ts";
import {
  createNoteKey,
  createRecipientKey,
  createSigningKey,
  type NoteKey,
  type RecipientKey,
  type SigningKey,
} from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { signRequest } from "../../shared/message/request.ts";
import { computeCt, computePt } from "../../shared/record/envelope.ts";
import { computePoint } from "../../shared/record/meter-id.ts";
import {
  hasLine2,
  type PayloadByTyp,
  type Role,
  type Typ,
  type TypWithLine2,
} from "../../shared/record/payload.ts";
import { computeLeaf, type ParsedRecord, signRecord } from "../../shared/record/record.ts";
import { sealLine2 } from "../../shared/record/sealed-box.ts";
import { seededBytes } from "./seeded-bytes.ts";

export const EASY_BITS = 0x207fffff;
/** 2024-01-01T00:00:00Z */
export const START = 1_704_067_200;
export const DAY_S = 86_400;

export interface SampleMember {
  readonly name: string;
  readonly roles: readonly Role[];
}

export interface SampleMeter {
  readonly id: string;
  readonly salt: Uint8Array;
  readonly point: string;
  readonly key: SigningKey;
}

const ALL_ROLES: readonly Role[] = ["authority", "biller", "gateway", "registrar"];

/** A payload without what the builder fills in. */
type Draft<T extends Typ> = Omit<PayloadByTyp[T], "v" | "seq" | "prev">;

export class SampleChain {
  readonly suite: CryptoSuite;
  readonly randomBytes: RandomBytes;
  readonly state = new ChainState();
  readonly blocks: SealedBlock[] = [];
  readonly leaves: Uint8Array[] = [];
  readonly blobs: string[] = [];
  readonly records: ParsedRecord[] = [];
  readonly log = new ListedLog(this.records);
  readonly members: { name: string; key: SigningKey; note?: NoteKey }[] = [];
  readonly utility: RecipientKey;
  readonly genesisLine: string;
  parent: ParentBlock | undefined;
  readonly #places = new Map<string, { seq: number; leaf: string }>();
  readonly #keys: VerifyKeyCache;

  constructor(
    suite: CryptoSuite,
    members: readonly SampleMember[] = [{ name: "gw-1", roles: ALL_ROLES }],
    seed = "sample-chain",
  ) {
    this.suite = suite;
    this.randomBytes = seededBytes(seed);
    this.#keys = new VerifyKeyCache(suite);
    this.utility = createRecipientKey(suite, this.randomBytes);
    for (const { name, roles } of members) {
      const key = createSigningKey(suite, this.randomBytes);
      const note = roles.includes("gateway") ? createNoteKey(suite, name, this.randomBytes) : null;
      this.members.push({ name, key, ...(note === null ? {} : { note }) });
    }
    const authorities = members.filter((m) => m.roles.includes("authority")).length;
    const founder = this.members[members.findIndex((m) => m.roles.includes("authority"))];
    const founderKey = (founder ?? this.member(0)).key;
    this.#places.set(founderKey.kid, { seq: 0, leaf: NO_LEAF });
    this.genesisLine = this.sign(founderKey, "genesis", {
      origin: "sample.wattproof.example",
      zone: "000",
      time: START,
      salt: encodeBase64url(this.randomBytes(32)),
      quorum: Math.max(1, Math.ceil(authorities / 2)),
      members: this.members.map(({ name, key, note }, i) => ({
        key: key.jwk,
        ...(note === undefined ? {} : { note: encodeBase64url(note.publicKey) }),
        name,
        roles: [...(members[i] as SampleMember).roles],
      })),
      params: { bits: EASY_BITS, max_records: 16_384, max_bytes: 16_777_216, formats: [1] },
    });
    for (const { key } of this.members) {
      if (key.kid !== founderKey.kid) this.#places.set(key.kid, { seq: 0, leaf: this.chainId });
    }
    this.append([this.genesisLine], START);
  }

  get chainId(): string {
    return encodeBase64url(computeLeaf(this.suite, this.genesisLine));
  }

  member(index: number): { name: string; key: SigningKey; note?: NoteKey } {
    const member = this.members[index];
    if (member === undefined) throw new Error(`no member ${index}`);
    return member;
  }

  /** Signs the key's next record; the builder keeps seq and prev. */
  sign<T extends Typ>(key: SigningKey, typ: T, draft: Draft<T>): string {
    const place = this.#places.get(key.kid);
    if (place === undefined) throw new Error("the key has no place yet");
    const payload = { v: 1, seq: place.seq + 1, prev: place.leaf, ...draft };
    const line1 = signRecord(this.suite, key, typ, payload as unknown as PayloadByTyp[T]);
    const leaf = encodeBase64url(computeLeaf(this.suite, line1));
    this.#places.set(key.kid, { seq: place.seq + 1, leaf });
    return line1;
  }

  /** A record for the key's next place that is not logged: the builder's place stays. */
  trial<T extends Typ>(key: SigningKey, typ: T, own: Omit<Draft<T>, "ct" | "pt">): string {
    const place = this.#places.get(key.kid);
    const hash = this.chainId;
    const draft = hasLine2(typ) ? { ...own, ct: hash, pt: hash } : own;
    const line1 = this.sign(key, typ, draft as never);
    if (place !== undefined) this.#places.set(key.kid, place);
    return line1;
  }

  createMeter(id: string): SampleMeter {
    const salt = this.randomBytes(32);
    const key = createSigningKey(this.suite, this.randomBytes);
    return { id, salt, key, point: computePoint(this.suite, id, salt) };
  }

  /** The enrol record of a meter, signed by member 0 (or another registrar). */
  enrol(meter: SampleMeter, registrar: SigningKey = this.member(0).key): string {
    const line1 = this.sign(registrar, "enrol", {
      key: meter.key.jwk,
      point: meter.point,
      to: [{ key: this.utility.jwk, use: "utility" }],
      req: signRequest(this.suite, meter.key, {
        chain: this.chainId,
        token: this.randomBytes(32),
      }),
    });
    const leaf = encodeBase64url(computeLeaf(this.suite, line1));
    this.#places.set(meter.key.kid, { seq: 0, leaf });
    return line1;
  }

  /** A day record with a line 2 of `plaintext` sealed to the utility. */
  day(meter: SampleMeter, from: number, to: number, plaintext?: Uint8Array): string {
    return this.sealed(meter.key, "day", { from, to }, plaintext);
  }

  /** The same of an event. */
  event(meter: SampleMeter, at: number, plaintext?: Uint8Array): string {
    return this.sealed(meter.key, "event", { at }, plaintext);
  }

  /** Any record with a line 2, sealed to the utility. */
  sealed<T extends TypWithLine2>(
    key: SigningKey,
    typ: T,
    own: Omit<Draft<T>, "ct" | "pt">,
    plaintext: Uint8Array = this.randomBytes(1024),
  ): string {
    const line2 = sealLine2(this.suite, {
      typ,
      plaintext,
      signer: key.kid,
      recipients: [{ kid: this.utility.kid, key: decodeBase64url(this.utility.jwk.x) }],
      randomBytes: this.randomBytes,
    });
    this.blobs.push(line2);
    return this.sign(key, typ, {
      ct: computeCt(this.suite, line2),
      pt: computePt(this.suite, plaintext),
      ...own,
    } as never);
  }

  /** A sealed block over `records` on the tip, not applied; `change` alters the header before mining. */
  build(
    records: readonly string[],
    time: number,
    change: (header: BlockHeader) => BlockHeader = (header) => header,
    sealer: SigningKey = this.gatewayKey(),
  ): SealedBlock {
    const leaves = records.map((line1) => computeLeaf(this.suite, line1));
    const range = this.parent?.range.clone() ?? new CompactRange(this.suite);
    for (const leaf of leaves) range.append(leaf);
    const header = encodeHeader(
      change({
        height: this.parent === undefined ? 0 : this.parent.height + 1,
        prev: this.parent?.hash ?? new Uint8Array(32),
        recordsRoot: computeRoot(this.suite, leaves),
        logSize: range.size,
        logRoot: range.root(),
        time,
        bits: EASY_BITS,
        gateway: decodeBase64url(sealer.kid),
      }),
    );
    const { nonce, hash } = this.mine(header);
    return { header, nonce, records, seal: signSeal(this.suite, sealer, hash) };
  }

  mine(header: Uint8Array): { nonce: Uint8Array; hash: Uint8Array } {
    const headerHash = hashHeader(this.suite, header);
    const nonce = new Uint8Array(32);
    for (let tries = 0; ; tries++) {
      new DataView(nonce.buffer).setUint32(28, tries);
      const hash = hashBlock(this.suite, headerHash, nonce);
      if (hashToInteger(hash) <= bitsToTarget(EASY_BITS)) return { nonce, hash };
    }
  }

  /** Applies a block under the rules, or throws their code. */
  apply(block: SealedBlock): void {
    const checked = applyBlock(this.state, this.parent, block, {
      suite: this.suite,
      keys: this.#keys,
      log: this.log,
    });
    this.state.takeChanges();
    this.blocks.push(block);
    this.records.push(...checked.records);
    this.leaves.push(...checked.leaves);
    const { height, time } = checked.header;
    this.parent = { height, hash: checked.hash, time, range: checked.range };
  }

  append(records: readonly string[], time: number): SealedBlock {
    const block = this.build(records, time);
    this.apply(block);
    return block;
  }

  gatewayKey(): SigningKey {
    const gateway = this.members.find((member) => member.note !== undefined);
    return (gateway ?? this.member(0)).key;
  }

  /** The signed checkpoint at `size` by every gateway's note key, signatures one after the other. */
  checkpoint(size: number = this.leaves.length): string {
    const root = computeRoot(this.suite, this.leaves.slice(0, size));
    const { origin } = this.state.chain;
    const notes = this.members.flatMap(({ note }) =>
      note === undefined ? [] : [signCheckpoint(this.suite, note, { origin, size, root })],
    );
    const [first = "", ...rest] = notes;
    return first + rest.map((note) => note.slice(note.indexOf("\n\n") + 2)).join("");
  }

  /** The receipt of the record at `index`, leading from size `old` to `size`. */
  receipt(index: number, old = 0, size: number = this.leaves.length): string {
    return formatReceipt({
      old,
      consistency: proveConsistency(this.suite, old, size, this.node),
      index,
      inclusion: proveInclusion(this.suite, index, size, this.node),
      checkpoint: this.checkpoint(size),
    });
  }

  readonly node: NodeReader = (level, index) => {
    const leaf = this.leaves[index];
    if (level === 0 && leaf !== undefined) return leaf;
    return hashNode(
      this.suite,
      this.node(level - 1, 2 * index),
      this.node(level - 1, 2 * index + 1),
    );
  };

  /** The chain dump as text. */
  dump(): string {
    const lines = [
      ...this.blocks.map((block) => formatDumpLine({ kind: "block", block })),
      ...this.blobs.map((line2) => formatDumpLine({ kind: "blob", line2 })),
      formatDumpLine({ kind: "checkpoint", note: this.checkpoint() }),
    ];
    return lines.map((line) => `${line}\n`).join("");
  }
}
