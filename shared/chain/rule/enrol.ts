/** Rule C6 of `enrol`: a device takes a metering point, or changes its recipients or point. */
import { fail } from "../../base/error.ts";
import { thumbprint } from "../../crypto/key.ts";
import type { VerifyKey } from "../../crypto/suite.ts";
import { readKnownRequest, requireRequestFor, verifyRequest } from "../../message/request.ts";
import type { EnrolPayload } from "../../record/payload.ts";
import type { ParsedRecord } from "../../record/record.ts";
import type { ChainState } from "../chain-state.ts";
import { enterPlace, leavePlace } from "../place.ts";
import type { RuleContext } from "../rule-context.ts";

/** Throws `recipients`, `known-key`, `inactive-key`, `point`, `request`, `chain`, `token`, `key-off-curve`. */
export function applyEnrol(
  state: ChainState,
  record: ParsedRecord<"enrol">,
  context: RuleContext,
): void {
  const { payload, leaf } = record;
  const { point } = payload;
  checkRecipients(payload, context);
  const kid = thumbprint(context.suite, payload.key);
  if (state.get("member", kid) !== undefined) fail("known-key", "a member key cannot be a meter's");
  const device = state.get("device", kid);
  const place = state.get("point", point) ?? { last_to: 0, bills: [] };
  if (place.kid !== undefined && place.kid !== kid) fail("point", "the point has an active device");
  if (device === undefined) {
    // Keys are checked to be on their curve when they enter the registry.
    const verifyKey = context.keys.get(kid, payload.key);
    const token = checkRequest(state, payload, verifyKey, context);
    state.put("token", token, { leaf });
    const { key, to } = payload;
    state.put("device", kid, { key, point, to, seq: 0, leaf, status: "active", ended: 0 });
    enterPlace(state, point, kid, 0);
  } else {
    if (device.status !== "active")
      fail("known-key", "the key was known and is not active any more");
    if (payload.req !== undefined) fail("request", "a known key is enrolled without a request");
    if (device.point === point) {
      state.put("device", kid, { ...device, to: payload.to });
    } else {
      leavePlace(state, kid, device);
      enterPlace(state, point, kid, device.seq);
      const left = state.get("moved", kid)?.points ?? [];
      state.put("moved", kid, { points: [...left, device.point] });
      const { last_to: _, ...moved } = device;
      state.put("device", kid, { ...moved, point, to: payload.to, ended: 0 });
    }
  }
  state.put("point", point, { ...place, kid });
}

/** Sorted by kid, none twice, at least one utility key. */
function checkRecipients(payload: EnrolPayload, { suite }: RuleContext): void {
  const kids = payload.to.map((recipient) => thumbprint(suite, recipient.key));
  if (kids.some((kid, i) => i > 0 && kid <= (kids[i - 1] as string))) {
    fail("recipients", "recipients are sorted by kid and none is named twice");
  }
  if (!payload.to.some((recipient) => recipient.use === "utility")) {
    fail("recipients", "no recipient is the utility's");
  }
}

/** The request proves possession of the new key and spends a one-time token, whose hash it returns. */
function checkRequest(
  state: ChainState,
  payload: EnrolPayload,
  verifyKey: VerifyKey,
  { suite, requestChecked }: RuleContext,
): string {
  if (payload.req === undefined) fail("request", "a new key is enrolled with its request");
  const token = requestChecked
    ? readCheckedToken(payload.req, state.chain.id)
    : verifyRequest(suite, payload.req, payload.key, state.chain.id, verifyKey).token;
  if (state.get("token", token) !== undefined) fail("token", "the one-time token was used before");
  return token;
}

/** Form and signature were verified by whoever says that the request is checked. */
function readCheckedToken(req: string, chain: string): string {
  const request = readKnownRequest(req);
  requireRequestFor(chain, request);
  return request.token;
}
