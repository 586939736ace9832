/**
 * The retained `config` message: log records that concern this meter, each with its proof.
 *
 * In: the message. Out: the meter's enrolment and its revocation, if the message proves them. The meter acts on a record
 * only when it is signed by a member with the role that it needs and is in the log under a signed checkpoint; records of
 * other keys, and of types that this version does not act on, are passed over. A message with a record that does not
 * verify says nothing at all.
 */
import { decodeBase64url } from "../../shared/base/bytes.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import { verifyCheckpoint } from "../../shared/chain/checkpoint.ts";
import { parseReceipt } from "../../shared/chain/receipt.ts";
import { verifyInclusion } from "../../shared/chain/tree.ts";
import { thumbprint } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { parseMeterConfig } from "../../shared/message/join.ts";
import {
  type ParsedRecord,
  parseRecord,
  verifyRecordSignature,
} from "../../shared/record/record.ts";
import type { Enrolment } from "../journal/outbox-store.ts";
import type { Trust } from "./trust.ts";

/** What the meter is: its key and the point that its id and salt open. */
export interface MeterIdentity {
  readonly kid: string;
  /** P */
  readonly point: string;
}

/** The key may sign nothing more. */
export interface Revocation {
  /** In the log. */
  readonly position: number;
  /** Records with a greater seq count as no readings. */
  readonly last: number;
  readonly reason: string;
}

/** What a message proves of this meter; a member is absent where that is nothing new. */
export interface ProvedConfig {
  readonly enrolment?: Enrolment;
  readonly revocation?: Revocation;
}

/**
 * What `message` proves. `known` is the enrolment that the meter acts on so far: its leaf stays `prev` of seq 1, a later
 * record only replaces the recipients.
 * Throws `chain, schema, json, canonical` for the message, `signature`, `checkpoint`, `receipt`, `proof` for a record.
 */
export function readConfig(
  suite: CryptoSuite,
  trust: Trust,
  identity: MeterIdentity,
  message: string,
  known: Enrolment | undefined,
): ProvedConfig {
  let found = known;
  let revocation: Revocation | undefined;
  for (const { record: line1, receipt } of parseMeterConfig(message, trust.chain).records) {
    const record = parseKnown(suite, line1);
    if (record?.typ === "revoke" && record.payload.kid === identity.kid) {
      const { last, reason } = record.payload;
      revocation = { position: provePosition(suite, trust, record, receipt), last, reason };
    }
    if (record?.typ !== "enrol") continue;
    const { key, point, to } = record.payload;
    if (thumbprint(suite, key) !== identity.kid || point !== identity.point) continue;
    const position = provePosition(suite, trust, record, receipt);
    if (found !== undefined && position <= found.position) continue;
    const recipients = to.map((r) => ({ kid: thumbprint(suite, r.key), key: r.key.x }));
    found = { leaf: found?.leaf ?? record.leaf, position, recipients };
  }
  return {
    ...(found === undefined || found === known ? {} : { enrolment: found }),
    ...(revocation === undefined ? {} : { revocation }),
  };
}

function parseKnown(suite: CryptoSuite, line1: string): ParsedRecord | undefined {
  try {
    return parseRecord(suite, line1);
  } catch (error) {
    if (isCoded(error, "unsupported") || isCoded(error, "newer") || isCoded(error, "typ")) return;
    throw error;
  }
}

function provePosition(
  suite: CryptoSuite,
  trust: Trust,
  record: ParsedRecord,
  receiptText: string,
): number {
  const key = trust.memberKey(record.kid, "registrar");
  if (key === undefined || !verifyRecordSignature(suite, key, record.line1)) {
    fail("signature", "the record is not signed by a registrar of the chain");
  }
  const receipt = parseReceipt(receiptText);
  const { size, root } = verifyCheckpoint(suite, receipt.checkpoint, trust);
  const leaf = decodeBase64url(record.leaf);
  verifyInclusion(suite, leaf, receipt.index, size, receipt.inclusion, root);
  return receipt.index;
}
