/** Rule C6 of `genesis`: the first record, which founds the chain and names its members. */
import { encodeBase64url } from "../../base/bytes.ts";
import { fail } from "../../base/error.ts";
import { thumbprint } from "../../crypto/key.ts";
import type { ChainMember, ChainParams } from "../../record/payload.ts";
import type { ParsedRecord } from "../../record/record.ts";
import type { ChainState } from "../chain-state.ts";
import type { RuleContext } from "../rule-context.ts";
import { MAX_WORK, workOfBits } from "../work.ts";

/** 32 zero bytes as H: the `prev` of genesis. */
export const NO_LEAF = encodeBase64url(new Uint8Array(32));

/** The kid and key of the member that signs genesis: its first authority. Throws `genesis`. */
export function findFounder(
  record: ParsedRecord<"genesis">,
  suite: RuleContext["suite"],
): { readonly kid: string; readonly member: ChainMember } {
  const member = record.payload.members.find((m) => m.roles.includes("authority"));
  if (member === undefined) fail("genesis", "genesis names no authority");
  return { kid: thumbprint(suite, member.key), member };
}

/** Throws `genesis`, `params`, `bits`, `key-off-curve`. */
export function applyGenesis(
  state: ChainState,
  record: ParsedRecord<"genesis">,
  context: RuleContext,
): void {
  const { payload, leaf } = record;
  if (context.position !== 0 || context.height !== 0 || !state.isEmpty) {
    fail("genesis", "genesis is record 0 of block 0 only");
  }
  if (payload.time !== context.blockTime) fail("genesis", "the first block has genesis' time");
  const founder = findFounder(record, context.suite);
  const kids = payload.members.map((member) => checkMember(member, context));
  if (new Set(kids).size < kids.length) fail("genesis", "a member key is named twice");
  const names = new Set(payload.members.map((member) => member.name));
  if (names.size < kids.length) fail("genesis", "a member name is used twice");
  const notes = payload.members.flatMap(({ note }) => note ?? []);
  if (new Set(notes).size < notes.length) fail("genesis", "a note key is named twice");
  const authorities = payload.members.filter((m) => m.roles.includes("authority")).length;
  if (payload.quorum > authorities) fail("genesis", "the quorum is larger than the authorities");
  if (!payload.members.some((m) => m.roles.includes("gateway"))) {
    fail("genesis", "genesis names no gateway");
  }
  checkParams(payload.params);
  const { origin, zone, time, quorum, params } = payload;
  state.putChain({ id: leaf, origin, zone, time, quorum, params, members: kids });
  payload.members.forEach((member, i) => {
    const kid = kids[i] as string;
    state.put("member", kid, { ...member, seq: kid === founder.kid ? 1 : 0, leaf });
  });
}

function checkMember(member: ChainMember, { suite, keys }: RuleContext): string {
  const roles = member.roles;
  if (roles.some((role, i) => i > 0 && role <= (roles[i - 1] as string))) {
    fail("genesis", "a member's roles are sorted and none is named twice");
  }
  if (roles.includes("gateway") !== (member.note !== undefined)) {
    fail("genesis", "a note key is there exactly with the role gateway");
  }
  const kid = thumbprint(suite, member.key);
  keys.get(kid, member.key);
  return kid;
}

/** Bounds of chain parameters beyond their shape. Throws `params` or `bits`. */
export function checkParams(params: ChainParams): void {
  if (workOfBits(params.bits) > MAX_WORK) fail("params", "more than 2^48 tries a block");
  const { formats } = params;
  if (!formats.includes(1)) fail("params", "format 1 is always allowed");
  if (formats.some((format, i) => i > 0 && format <= (formats[i - 1] as number))) {
    fail("params", "formats are ascending");
  }
}
