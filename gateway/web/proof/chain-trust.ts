/**
 * What a reader trusts: the founding record, and from it the members, their roles and their note keys. Everything else that a
 * gateway serves is checked against this.
 */
import { encodeBase64url } from "../../../shared/base/bytes.ts";
import { fail } from "../../../shared/base/error.ts";
import { KeyBook } from "../../../shared/bundle/key-book.ts";
import {
  type BlockHeader,
  decodeHeader,
  hashBlock,
  hashHeader,
  NONCE_BYTES,
  requireSeal,
} from "../../../shared/chain/block.ts";
import { quorumOf } from "../../../shared/chain/chain-state.ts";
import { type ParsedCheckpoint, verifyCheckpoint } from "../../../shared/chain/checkpoint.ts";
import { verifyConsistency, verifyInclusion } from "../../../shared/chain/tree.ts";
import { requireWork } from "../../../shared/chain/work.ts";
import { thumbprint } from "../../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../../shared/crypto/suite.ts";
import { computeLeaf, type ParsedRecord, parseRecord } from "../../../shared/record/record.ts";
import type { Outcome } from "./check-record.ts";
import type { ServedBlock, ServedChain, ServedHeader, ServedRecord } from "./served-chain.ts";

export interface CheckedHeader {
  readonly header: BlockHeader;
  readonly hash: Uint8Array;
}

export class ChainTrust {
  readonly suite: CryptoSuite;
  readonly genesis: ParsedRecord<"genesis">;
  /** Who may sign what; meters enter by their enrolments. */
  readonly keys: KeyBook;

  private constructor(suite: CryptoSuite, genesis: ParsedRecord<"genesis">) {
    this.suite = suite;
    this.genesis = genesis;
    this.keys = new KeyBook(suite, genesis);
  }

  /** Throws `genesis`, `signature`, `chain` for another chain than `expected`. */
  static async found(
    suite: CryptoSuite,
    chain: ServedChain,
    expected: string | undefined,
  ): Promise<ChainTrust> {
    const { line1 } = await chain.record(0);
    const genesis = parseRecord(suite, line1);
    if (genesis.typ !== "genesis") fail("genesis", "record 0 is not a founding record");
    if (expected !== undefined && expected !== genesis.leaf) {
      fail("chain", `this chain is ${genesis.leaf}, another one than before`);
    }
    const trust = new ChainTrust(suite, genesis);
    trust.keys.verify(genesis);
    return trust;
  }

  isMember(kid: string): boolean {
    return this.genesis.payload.members.some(({ key }) => thumbprint(this.suite, key) === kid);
  }

  /** For people: what the founding record says. */
  describe(): Outcome {
    const { leaf, line1, payload } = this.genesis;
    const names = payload.members.map(({ name }) => name).join(", ");
    return {
      sentence: `Record 0 founds this chain and names who may sign for it: ${names}. Its own signature holds. The chain's name is the fingerprint of this record; compare it with the one that you know.`,
      bytes: [
        ["Chain", leaf],
        ["Line 1", line1],
      ],
    };
  }

  /** Form, difficulty and work of a block. Throws `header`, `length`, `bits`, `work`. */
  checkWork({ header: bytes, nonce }: ServedHeader): CheckedHeader {
    const header = decodeHeader(bytes);
    if (nonce.length !== NONCE_BYTES) fail("length", `a nonce has ${NONCE_BYTES} bytes`);
    const hash = hashBlock(this.suite, hashHeader(this.suite, bytes), nonce);
    if (header.bits !== this.genesis.payload.params.bits) {
      fail("bits", "the difficulty is not the one that the founding record fixes");
    }
    requireWork(hash, header.bits);
    return { header, hash };
  }

  /** Whether a gateway of the chain sealed this block. Returns its name. Throws `seal`. */
  checkSeal({ seal }: ServedBlock, { header, hash }: CheckedHeader): string {
    const kid = encodeBase64url(header.gateway);
    const member = this.genesis.payload.members.find(
      ({ key, roles }) => roles.includes("gateway") && thumbprint(this.suite, key) === kid,
    );
    if (member === undefined) fail("seal", "the block names a key that is no gateway's");
    requireSeal(this.suite, this.suite.importVerifyKey(member.key), hash, seal);
    return member.name;
  }

  /** A note that enough gateways of the chain signed. Throws `checkpoint`. */
  checkNote(note: string): ParsedCheckpoint {
    const verifiers = this.keys.gateways();
    const { origin } = this.genesis.payload;
    const threshold = quorumOf(verifiers.length);
    return verifyCheckpoint(this.suite, note, { origin, verifiers, threshold });
  }

  /** The record at `position` is in the log of its block. Throws `proof`. */
  checkInclusion(served: ServedRecord, position: number): void {
    const { logSize, logRoot } = decodeHeader(served.block.header);
    const leaf = computeLeaf(this.suite, served.line1);
    verifyInclusion(this.suite, leaf, position, logSize, served.inclusion, logRoot);
  }

  /** The signed note covers the log of the record's block. Undefined while there is none. Throws `checkpoint`, `proof`. */
  checkCheckpoint({ block, checkpoint }: ServedRecord): ParsedCheckpoint | undefined {
    if (checkpoint === undefined) return undefined;
    const note = this.checkNote(checkpoint.note);
    const { logSize, logRoot } = decodeHeader(block.header);
    const path = checkpoint.consistency;
    verifyConsistency(this.suite, logSize, logRoot, note.size, note.root, path);
    return note;
  }
}
