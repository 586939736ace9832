/**
 * Chain rules C2 to C6 (records.md section 3), in order; C1 is `parseRecord`.
 *
 * They use only records and the state at that position, never a clock, a secret or a line 2: every gateway and
 * auditor reaches the same verdict, today or after an erasure. A record that breaks one changes nothing.
 */
import { fail } from "../base/error.ts";
import type { EcPublicJwk } from "../crypto/suite.ts";
import type { Typ } from "../record/payload.ts";
import { type ParsedRecord, verifyRecordSignature } from "../record/record.ts";
import { type ChainState, withRecord } from "./chain-state.ts";
import { applyCorrection } from "./rule/correction.ts";
import { applyDay } from "./rule/day.ts";
import { applyEnrol } from "./rule/enrol.ts";
import { applyEvent } from "./rule/event.ts";
import { applyEvidence } from "./rule/evidence.ts";
import { applyExchange } from "./rule/exchange.ts";
import { applyGenesis, findFounder, NO_LEAF } from "./rule/genesis.ts";
import {
  applyAssign,
  applyBill,
  applyCredit,
  applyPayment,
  applyPrice,
  applyTariff,
} from "./rule/money.ts";
import { applyRevoke } from "./rule/revoke.ts";
import type { RuleContext } from "./rule-context.ts";
import { SIGNERS } from "./signers.ts";

const EFFECTS: {
  readonly [T in Typ]: (state: ChainState, record: ParsedRecord<T>, context: RuleContext) => void;
} = {
  genesis: applyGenesis,
  enrol: applyEnrol,
  revoke: applyRevoke,
  day: applyDay,
  event: applyEvent,
  correction: applyCorrection,
  exchange: applyExchange,
  tariff: applyTariff,
  price: applyPrice,
  assign: applyAssign,
  bill: applyBill,
  credit: applyCredit,
  payment: applyPayment,
  evidence: applyEvidence,
};

/**
 * Applies one record to the state, or throws the code of the first rule that it breaks and leaves the state as
 * it was. `signatureChecked` skips C5 for a record whose signature the caller has verified already.
 */
export function applyRecord(
  state: ChainState,
  record: ParsedRecord,
  context: RuleContext,
  signatureChecked = false,
): void {
  const mark = state.mark();
  try {
    const key = checkSigner(state, record, context);
    if (!signatureChecked) {
      const verifyKey = context.keys.get(record.kid, key);
      if (!verifyRecordSignature(context.suite, verifyKey, record.line1)) {
        fail("signature", "the signature does not verify");
      }
    }
    const apply = EFFECTS[record.typ] as (
      state: ChainState,
      record: ParsedRecord,
      context: RuleContext,
    ) => void;
    apply(state, record, context);
  } catch (error) {
    state.rollbackTo(mark);
    throw error;
  }
}

/**
 * Rules C2 to C4 without any effect; returns the signer's public key. Throws `version`, `unknown-key`,
 * `inactive-key`, `frozen`, `role`, `seq`, `prev`.
 */
function checkSigner(state: ChainState, record: ParsedRecord, context: RuleContext): EcPublicJwk {
  if (record.typ === "genesis") return checkFounder(record, context);
  if (!state.chain.params.formats.includes(record.payload.v)) {
    fail("version", `payload version ${record.payload.v} is not allowed on this chain`);
  }
  return isMeterSigned(state, record) ? advanceDevice(state, record) : advanceMember(state, record);
}

/** Whether a record is judged as a meter key's; where both kinds of key may sign, the key decides. */
function isMeterSigned(state: ChainState, { typ, kid }: ParsedRecord): boolean {
  const signers = SIGNERS[typ];
  return signers[0] === "meter" && (signers.length === 1 || state.get("device", kid) !== undefined);
}

function checkFounder(record: ParsedRecord<"genesis">, { suite }: RuleContext): EcPublicJwk {
  const { kid, member } = findFounder(record, suite);
  if (record.kid !== kid) fail("role", "genesis is signed by its first authority");
  if (record.seq !== 1) fail("seq", "genesis is its signer's first record");
  if (record.prev !== NO_LEAF) fail("prev", "genesis has no record before it");
  return member.key;
}

function advanceDevice(state: ChainState, record: ParsedRecord): EcPublicJwk {
  const device = state.get("device", record.kid);
  if (device === undefined) {
    if (state.get("member", record.kid) !== undefined)
      fail("role", "signed by a member, not a meter");
    fail("unknown-key", "the signing key was never enrolled");
  }
  if (device.status === "frozen") fail("frozen", "the signing key is frozen by evidence");
  if (device.status === "revoked") fail("inactive-key", "the signing key was revoked");
  checkPlace(record, device);
  state.put("device", record.kid, withRecord(device, record.seq, record.leaf));
  return device.key;
}

function advanceMember(state: ChainState, record: ParsedRecord): EcPublicJwk {
  const member = state.get("member", record.kid);
  if (member === undefined) {
    if (state.get("device", record.kid) !== undefined)
      fail("role", "signed by a meter, not a member");
    fail("unknown-key", "the signing key is not a member's");
  }
  const needed = SIGNERS[record.typ];
  if (!member.roles.some((role) => needed.includes(role))) {
    fail("role", `a ${record.typ} record needs role ${needed.join(" or ")}`);
  }
  checkPlace(record, member);
  state.put("member", record.kid, { ...member, seq: record.seq, leaf: record.leaf });
  return member.key;
}

function checkPlace(record: ParsedRecord, signer: { seq: number; leaf: string }): void {
  if (record.seq !== signer.seq + 1) {
    fail("seq", `seq ${record.seq} where ${signer.seq + 1} is next`, {
      seq: record.seq,
      want: signer.seq + 1,
    });
  }
  if (record.prev !== signer.leaf) fail("prev", "prev is not the leaf of this key's last record");
}
