/**
 * A store with a month that went wrong in every way: a day that nobody could read, a swapped meter with a day between, a last day
 * that came late; a bill with slots missing, and two credits of it. What bundles with corrections are made from.
 */
import assert from "node:assert/strict";
import path from "node:path";
import { buildBundle } from "../../gateway/bundle/build-bundle.ts";
import { openReadOnly } from "../../gateway/ledger/database.ts";
import { decodeBase64url, encodeBase64url, encodeUtf8 } from "../../shared/base/bytes.ts";
import type { JsonObject } from "../../shared/base/canonical-json.ts";
import { type BillBundle, formatBundle } from "../../shared/bundle/bill-bundle.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { computeCt, computePt } from "../../shared/record/envelope.ts";
import { padPlaintext } from "../../shared/record/plaintext.ts";
import { sealLine2 } from "../../shared/record/sealed-box.ts";
import { localDayOf } from "../../shared/time/civil-day.ts";
import { seededBytes } from "./seeded-bytes.ts";
import { assignFlatTariff, closeMonthsOf } from "./test-bill.ts";
import { START, TestLedger, TestMeter, ZONE } from "./test-ledger.ts";

const DAY_S = 86_400;

export interface CreditedHouse {
  readonly ledger: TestLedger;
  /** The first device of the point. */
  readonly meter: TestMeter;
  /** Numbers of the bill and its credits. */
  readonly numbers: readonly [bill: string, first: string, second: string];
  /** The bundle of a bill or credit. */
  readonly bundle: (no: string) => BillBundle;
  /** Its text. */
  readonly text: (no: string) => string;
}

/** Any record of the registrar with a line 2; returns its leaf. */
function issueSealed(
  house: TestLedger,
  typ: "correction" | "exchange",
  own: JsonObject,
  body: JsonObject,
  slots = 0,
): string {
  const { keys, ledger } = house;
  const randomBytes = seededBytes(`${typ} ${JSON.stringify(own)} ${ledger.tip().logSize}`);
  const salt = encodeBase64url(randomBytes(32));
  const plaintext = encodeUtf8(padPlaintext({ v: 1, salt, ...body }, slots));
  const line2 = sealLine2(nodeSuite, {
    typ,
    plaintext,
    signer: keys.signing.kid,
    recipients: [{ kid: keys.utility.kid, key: decodeBase64url(keys.utility.jwk.x) }],
    randomBytes,
  });
  const sealed = { ct: computeCt(nodeSuite, line2), pt: computePt(nodeSuite, plaintext) };
  return ledger.issue(typ, { ...sealed, ...own } as never, line2);
}

/** A reading of the registrar for a whole day, `wh` each quarter of an hour. */
function correct(
  house: TestLedger,
  meter: TestMeter,
  from: number,
  reason: string,
  { of, wh }: { readonly of?: string; readonly wh: number },
): string {
  const place = { point: meter.point, from, to: from + DAY_S };
  const body: JsonObject = {
    ...{ meter: meter.id, day: localDayOf(ZONE, from), zone: ZONE, tz: "2024a" },
    ...{ from, to: from + DAY_S, step: 900, quality: "S".repeat(96), register: [0, 0] },
    wh: Array.from({ length: 96 }, (_, slot) => wh + ((slot * 7) % 40)),
    ...{ events: [], clock: [], fw: encodeBase64url(new Uint8Array(32)), reason },
  };
  return issueSealed(house, "correction", of === undefined ? place : { ...place, of }, body, 96);
}

export function makeCreditedHouse(): CreditedHouse {
  const house = new TestLedger();
  const meter = house.enrol();
  house.mine();
  assignFlatTariff(house, meter);
  house.mine();
  const seal = (device: TestMeter, day: number, garbage?: true): string => {
    const wh = Array.from({ length: 96 }, (_, slot) => 30 + ((slot * 31 + day * 17) % 97));
    const candidate = house.day(device, garbage ? { wh, garbage } : { wh });
    assert.deepEqual(house.hold(candidate), ["held"]);
    return candidate.record.leaf;
  };
  let unread = "";
  for (let day = 0; day < 14; day++) {
    const leaf = seal(meter, day, day === 4 ? true : undefined);
    if (day === 4) unread = leaf;
  }
  house.mine();
  house.ledger.issue("revoke", { kid: meter.key.kid, last: meter.seq, reason: "calibration-due" });
  const next = Object.assign(new TestMeter(meter.id, seededBytes("next device")), {
    salt: meter.salt,
    point: meter.point,
    from: START + 15 * DAY_S,
    register: 0,
  });
  house.enrol(next);
  house.mine();
  const keys = { old: meter.key.kid, new: next.key.kid };
  const at = START + 14 * DAY_S;
  const shown = { final: meter.register, first: 0, unmetered: 9_100, reason: "calibration-due" };
  issueSealed(
    house,
    "exchange",
    { point: meter.point, ...keys, at },
    { meter: meter.id, ...shown },
  );
  for (let day = 15; day < 30; day++) seal(next, day);
  house.mine();
  house.clock.setWall((START + 33 * DAY_S) * 1000);
  const close = (): string => {
    const { issued, heldBack } = closeMonthsOf(house, { month: "2024-01", incomplete: true });
    assert.deepEqual([issued.length, heldBack], [1, []]);
    house.mine();
    return issued[0]?.no ?? "";
  };
  const bill = close();
  correct(house, meter, START + 4 * DAY_S, "unreadable", { of: unread, wh: 60 });
  correct(house, meter, START + 14 * DAY_S, "meter-swap", { wh: 75 });
  correct(house, meter, START + 30 * DAY_S, "no-contact", { wh: 50 });
  house.mine();
  const first = close();
  seal(next, 30);
  house.mine();
  const second = close();
  const bundle = (no: string): BillBundle => {
    const db = openReadOnly(path.join(house.folder, "gateway.db"));
    try {
      return buildBundle(db, no, { suite: nodeSuite, recipient: house.keys.utility });
    } finally {
      db.close();
    }
  };
  return {
    ledger: house,
    meter,
    numbers: [bill, first, second],
    bundle,
    text: (no) => formatBundle(bundle(no)),
  };
}
