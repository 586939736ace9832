/**
 * Who may sign what in a bundle: members from genesis, meter keys from the enrolments in it; and each key's own chain.
 *
 * A bundle holds a slice of the log, so of a key's chain only what is there can be followed: from its first record here on,
 * `seq` and `prev` go on without a hole.
 */
import { decodeBase64url } from "../base/bytes.ts";
import { fail } from "../base/error.ts";
import type { NoteVerifier } from "../chain/checkpoint.ts";
import { findFounder } from "../chain/rule/genesis.ts";
import { VerifyKeyCache } from "../chain/rule-context.ts";
import { SIGNERS } from "../chain/signers.ts";
import { thumbprint } from "../crypto/key.ts";
import type { CryptoSuite, EcPublicJwk } from "../crypto/suite.ts";
import { verifyRequest } from "../message/request.ts";
import type { ChainMember } from "../record/payload.ts";
import { type ParsedRecord, verifyRecordSignature } from "../record/record.ts";

export class KeyBook {
  readonly #suite: CryptoSuite;
  readonly #cache: VerifyKeyCache;
  readonly #chain: string;
  readonly #founder: string;
  readonly #members = new Map<string, ChainMember>();
  readonly #meters = new Map<string, EcPublicJwk>();
  /** Newest record of each meter key in the bundle. */
  readonly #newest = new Map<string, { readonly seq: number; readonly leaf: string }>();

  /** Throws `genesis`, `key-off-curve`. */
  constructor(suite: CryptoSuite, genesis: ParsedRecord<"genesis">) {
    this.#suite = suite;
    this.#cache = new VerifyKeyCache(suite);
    this.#chain = genesis.leaf;
    this.#founder = findFounder(genesis, suite).kid;
    for (const member of genesis.payload.members) {
      this.#members.set(thumbprint(suite, member.key), member);
    }
  }

  /** Note keys of the members with role `gateway`. */
  gateways(): readonly NoteVerifier[] {
    return [...this.#members.values()].flatMap(({ name, note, roles }) =>
      roles.includes("gateway") && note !== undefined
        ? [{ name, publicKey: decodeBase64url(note) }]
        : [],
    );
  }

  /** Signer and signature of a record. Returns the member's name or the meter key's kid. Throws `unknown-key`, `role`, `signature`. */
  verify(record: ParsedRecord): string {
    const { key, name } = this.#signerOf(record);
    if (!verifyRecordSignature(this.#suite, this.#cache.get(record.kid, key), record.line1)) {
      fail("signature", "the signature does not verify");
    }
    return name;
  }

  /** Takes in the meter key of an enrolment that was verified. Throws `request`. */
  admit({ payload }: ParsedRecord<"enrol">): void {
    const kid = thumbprint(this.#suite, payload.key);
    if (payload.req !== undefined) {
      const key = this.#cache.get(kid, payload.key);
      verifyRequest(this.#suite, payload.req, payload.key, this.#chain, key);
    }
    this.#meters.set(kid, payload.key);
  }

  /** Whether an enrolment in the bundle admits this key. */
  isMeter(kid: string): boolean {
    return this.#meters.has(kid);
  }

  /** The record is the next one of its meter key. Throws `seq`, `prev`. */
  follow({ kid, seq, prev, leaf }: ParsedRecord): void {
    const newest = this.#newest.get(kid);
    if (newest !== undefined) {
      if (seq !== newest.seq + 1)
        fail("seq", `seq ${seq} follows ${newest.seq}: a record is missing`);
      if (prev !== newest.leaf) fail("prev", "prev is not the leaf of this key's last record");
    }
    this.#newest.set(kid, { seq, leaf });
  }

  #signerOf(record: ParsedRecord): { readonly key: EcPublicJwk; readonly name: string } {
    const needed = SIGNERS[record.typ];
    const key = this.#meters.get(record.kid);
    if (needed[0] === "meter" && (needed.length === 1 || key !== undefined)) {
      if (key === undefined) fail("unknown-key", "no enrolment in the bundle admits the key");
      return { key, name: record.kid };
    }
    const member = this.#members.get(record.kid);
    if (member === undefined) fail("unknown-key", "the signing key is not a member's");
    const isFounder = record.typ !== "genesis" || record.kid === this.#founder;
    if (!isFounder || !member.roles.some((role) => needed.includes(role))) {
      fail("role", `a ${record.typ} record needs role ${needed.join(" or ")}`);
    }
    return { key: member.key, name: member.name };
  }
}
