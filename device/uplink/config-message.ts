/**
 * The retained `config` message: log records that concern this meter, each with its proof.
 *
 * In: the message. Out: the meter's enrolment, if the message proves one. The meter acts on a record only when it
 * is signed by a member with the role that it needs and is in the log under a signed checkpoint; records of types
 * that this version does not act on are passed over.
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

/**
 * The enrolment that `message` proves. `known` is the one that the meter acts on so far: its leaf stays `prev` of
 * seq 1, a later record only replaces the recipients.
 * Throws `chain, schema, json, canonical` for the message, `signature`, `checkpoint`, `receipt`, `proof` for a record.
 */
export function readEnrolment(
  suite: CryptoSuite,
  trust: Trust,
  identity: MeterIdentity,
  message: string,
  known: Enrolment | undefined,
): Enrolment | undefined {
  let found = known;
  for (const { record: line1, receipt } of parseMeterConfig(message, trust.chain).records) {
    const record = parseKnown(suite, line1);
    if (record?.typ !== "enrol") continue;
    const { key, point, to } = record.payload;
    if (thumbprint(suite, key) !== identity.kid || point !== identity.point) continue;
    const position = provePosition(suite, trust, record, receipt);
    if (found !== undefined && position <= found.position) continue;
    const recipients = to.map((r) => ({ kid: thumbprint(suite, r.key), key: r.key.x }));
    found = { leaf: found?.leaf ?? record.leaf, position, recipients };
  }
  return found === known ? undefined : found;
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
    fail("signature", "the enrolment is not signed by a registrar of the chain");
  }
  const receipt = parseReceipt(receiptText);
  const { size, root } = verifyCheckpoint(suite, receipt.checkpoint, trust);
  const leaf = decodeBase64url(record.leaf);
  verifyInclusion(suite, leaf, receipt.index, size, receipt.inclusion, root);
  return receipt.index;
}
