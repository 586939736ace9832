/** What a registrar and meters do beside days, on a test ledger: corrections, swaps, revocations. */
import assert from "node:assert/strict";
import { orderCorrection } from "../../gateway/app/correction-desk.ts";
import { orderExchange } from "../../gateway/app/exchange-desk.ts";
import { beginEnrolment, type OfficeOptions } from "../../gateway/app/office.ts";
import { decodeConfig } from "../../gateway/config.ts";
import type { Candidate } from "../../gateway/ledger/candidate.ts";
import { decodeBase64url, encodeBase64url, encodeUtf8 } from "../../shared/base/bytes.ts";
import type { Json } from "../../shared/base/canonical-json.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { formatJoinRequest, parseJoin } from "../../shared/message/join.ts";
import { signRequest } from "../../shared/message/request.ts";
import { computeCt, computePt } from "../../shared/record/envelope.ts";
import { padPlaintext } from "../../shared/record/plaintext.ts";
import { parseRecord, signRecord } from "../../shared/record/record.ts";
import { sealLine2 } from "../../shared/record/sealed-box.ts";
import { seededBytes } from "./seeded-bytes.ts";
import { type TestLedger, TestMeter, ZONE } from "./test-ledger.ts";

export function officeOf(t: TestLedger, seed = "office"): OfficeOptions {
  const { ledger, keys, clock } = t;
  const config = decodeConfig({});
  const randomBytes = seededBytes(`${seed} ${ledger.tip().logSize} ${ledger.heldCount()}`);
  return {
    ledger,
    suite: nodeSuite,
    keys,
    clock,
    randomBytes,
    config,
    brokerUrl: "mqtt://127.0.0.1",
  };
}

/** `date` may be given as `from` and `to` in `order`. */
export function correct(t: TestLedger, meter: TestMeter, order: { readonly [name: string]: Json }) {
  return orderCorrection(officeOf(t), { meter: meter.id, reason: "wrong-ratio", ...order });
}

/** Another device for the same meter: a key of its own, the same salt and point. It is not enrolled yet. */
export function makeSuccessor(meter: TestMeter, seed: string): TestMeter {
  const { id, salt, point } = meter;
  const made = new TestMeter(id, seededBytes(seed));
  return Object.assign(made, { salt, point, from: meter.from, register: 0 });
}

/** The request file with which a device answers the join file that the office has written for its meter. */
export function requestOf(t: TestLedger, device: TestMeter): string {
  const join = parseJoin(
    beginEnrolment(officeOf(t, `join ${device.key.kid}`), { meter: device.id }),
  );
  assert.equal(join.salt, encodeBase64url(device.salt));
  const token = decodeBase64url(join.token);
  const req = signRequest(nodeSuite, device.key, { chain: join.chain, token });
  return formatJoinRequest({ v: 1, key: device.key.jwk, req });
}

/** Swaps `meter` for a new device, by one order. */
export function swap(
  t: TestLedger,
  meter: TestMeter,
  changes: {
    readonly final?: number;
    readonly first?: number;
    readonly last?: number;
    readonly at?: number;
  } = {},
): TestMeter {
  const device = makeSuccessor(meter, `successor ${meter.id} ${meter.seq}`);
  const request = requestOf(t, device);
  const order = { meter: meter.id, request, final: meter.register, first: 0, at: meter.from };
  orderExchange(officeOf(t), { ...order, ...changes });
  const enrolled = t.ledger.pending.get("device", device.key.kid);
  assert.ok(enrolled);
  device.prev = enrolled.leaf;
  return device;
}

/** A correction that the meter itself signs, as it comes by MQTT; `changes` are of the plaintext. */
export function meterCorrection(
  t: TestLedger,
  meter: TestMeter,
  day: Candidate,
  changes: { readonly [name: string]: Json } = {},
): Candidate & { readonly line2: string } {
  const { record } = day;
  assert.ok(record.typ === "day");
  const { from, to } = record.payload;
  const slots = (to - from) / 900;
  const random = seededBytes(`correction ${record.leaf} ${meter.seq}`);
  const plaintext = encodeUtf8(
    padPlaintext(
      {
        v: 1,
        meter: meter.id,
        salt: encodeBase64url(random(32)),
        day: new Date((from + 7_200) * 1000).toISOString().slice(0, 10),
        zone: ZONE,
        tz: "2024a",
        from,
        to,
        step: 900,
        wh: Array.from({ length: slots }, () => 11),
        quality: "M".repeat(slots),
        register: [0, 0],
        events: [],
        clock: [],
        fw: encodeBase64url(new Uint8Array(32)),
        reason: "calibration",
        ...changes,
      },
      slots,
    ),
  );
  const line2 = sealLine2(nodeSuite, {
    typ: "correction",
    plaintext,
    signer: meter.key.kid,
    recipients: [{ kid: t.keys.utility.kid, key: decodeBase64url(t.keys.utility.jwk.x) }],
    randomBytes: random,
  });
  const line1 = signRecord(nodeSuite, meter.key, "correction", {
    v: 1,
    seq: meter.seq + 1,
    prev: meter.prev,
    ct: computeCt(nodeSuite, line2),
    pt: computePt(nodeSuite, plaintext),
    point: meter.point,
    from,
    to,
    of: record.leaf,
  });
  const corrected = parseRecord(nodeSuite, line1);
  return { record: corrected, line2, meter: meter.id };
}
