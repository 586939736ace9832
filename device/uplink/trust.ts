/**
 * What the meter trusts: the chain whose id its join file names, and the keys that this chain's genesis lists.
 *
 * The chain id is the leaf hash of genesis, so the genesis record in the join file cannot be another one. All
 * that the broker delivers is checked under these keys; the broker itself is trusted with nothing.
 */
import { decodeBase64url } from "../../shared/base/bytes.ts";
import { fail } from "../../shared/base/error.ts";
import type { NoteVerifier } from "../../shared/chain/checkpoint.ts";
import { thumbprint } from "../../shared/crypto/key.ts";
import type { CryptoSuite, VerifyKey } from "../../shared/crypto/suite.ts";
import type { Join } from "../../shared/message/join.ts";
import { netOf } from "../../shared/message/topic.ts";
import type { GenesisPayload, Role } from "../../shared/record/payload.ts";
import { parseRecord, verifyRecordSignature } from "../../shared/record/record.ts";

export interface Trust {
  /** H */
  readonly chain: string;
  readonly origin: string;
  /** Note keys of the gateways. */
  readonly verifiers: readonly NoteVerifier[];
  /** Gateway signatures that a checkpoint needs (records.md section 6, Q). */
  readonly threshold: number;
  /** Genesis time, before which no reading of this chain can lie. */
  readonly since: number;
  /** The key of a member that holds `role`. */
  memberKey(kid: string, role: Role): VerifyKey | undefined;
}

/** Throws `join` when genesis is not the one that the chain id names, or is not signed by its signer. */
export function createTrust(suite: CryptoSuite, join: Join): Trust {
  const record = parseRecord(suite, join.genesis);
  if (record.typ !== "genesis" || record.leaf !== join.chain) {
    fail("join", "the join file's genesis record is not the one that its chain id names");
  }
  if (netOf(join.chain) !== join.net) fail("join", "the join file's net is not its chain's");
  const genesis: GenesisPayload = record.payload;
  const members = new Map(genesis.members.map((m) => [thumbprint(suite, m.key), m]));
  const keys = new Map<string, VerifyKey>();
  const keyOf = (kid: string): VerifyKey | undefined => {
    const member = members.get(kid);
    if (member !== undefined && !keys.has(kid)) keys.set(kid, suite.importVerifyKey(member.key));
    return keys.get(kid);
  };
  const signer = keyOf(record.kid);
  if (signer === undefined || !verifyRecordSignature(suite, signer, join.genesis)) {
    fail("join", "the join file's genesis record is not signed by a member that it names");
  }
  const gateways = genesis.members.filter((member) => member.roles.includes("gateway"));
  const verifiers = gateways.flatMap(({ name, note }) =>
    note === undefined ? [] : [{ name, publicKey: decodeBase64url(note) }],
  );
  return {
    chain: join.chain,
    origin: genesis.origin,
    verifiers,
    threshold: gateways.length - Math.floor((gateways.length - 1) / 3),
    since: genesis.time,
    memberKey: (kid, role) => (members.get(kid)?.roles.includes(role) ? keyOf(kid) : undefined),
  };
}
