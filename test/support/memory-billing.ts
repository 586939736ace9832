/**
 * A log in memory for billing: days, tariffs and assignments of points, and the bills that are issued.
 *
 * The test decides what is in the log. The ledger half fails the test when a bill overlaps an earlier one of
 * its point or does not open, as the chain would refuse it.
 */
import assert from "node:assert/strict";
import type {
  BillingLedger,
  BillingPoint,
  BillingSource,
  OvertakenBill,
} from "../../gateway/billing/billing-source.ts";
import type { BillingOptions } from "../../gateway/billing/issue-bill.ts";
import { decodeUtf8, encodeBase64url } from "../../shared/base/bytes.ts";
import { createRecipientKey, createSigningKey } from "../../shared/crypto/key.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import type { BillableDay } from "../../shared/money/bill.ts";
import type { BillPlaintext } from "../../shared/money/bill-plaintext.ts";
import type { LoggedPrice } from "../../shared/money/price-series.ts";
import type { LoggedAssignment, LoggedTariff } from "../../shared/money/tariff-timeline.ts";
import { computeCt, computePt } from "../../shared/record/envelope.ts";
import { computePoint } from "../../shared/record/meter-id.ts";
import type { BillPayload } from "../../shared/record/payload.ts";
import { parsePlaintext } from "../../shared/record/plaintext.ts";
import { computeLeaf, parseRecord, signRecord } from "../../shared/record/record.ts";
import { openLine2, parseLine2 } from "../../shared/record/sealed-box.ts";
import type { Span } from "../../shared/time/civil-day.ts";
import { seededBytes } from "./seeded-bytes.ts";

export interface IssuedInMemory {
  readonly payload: BillPayload;
  readonly plaintext: BillPlaintext;
}

const randomBytes = seededBytes("memory billing");
const biller = createSigningKey(nodeSuite, randomBytes);
const utility = createRecipientKey(nodeSuite, randomBytes);

export interface MemoryPoint {
  readonly billing: BillingPoint;
  readonly zone: string;
  readonly days: BillableDay[];
  readonly unusable: Set<string>;
  readonly assignments: LoggedAssignment[];
}

export function makePoint(meter: string, zone: string): MemoryPoint {
  const salt = seededBytes(`salt of ${meter}`)(32);
  return {
    billing: {
      point: computePoint(nodeSuite, meter, salt),
      meter,
      opening: encodeBase64url(salt),
      recipients: [{ kid: utility.kid, key: nodeSuite.x25519Public(utility.secret) }],
    },
    zone,
    days: [],
    unusable: new Set(),
    assignments: [],
  };
}

export class MemoryBilling implements BillingSource, BillingLedger {
  readonly pointList: MemoryPoint[] = [];
  readonly tariffList: LoggedTariff[] = [];
  readonly bills: IssuedInMemory[] = [];
  unsettled = false;
  heldDays = false;
  /** How many days were opened, which is what costs. */
  opened = 0;

  readonly options: BillingOptions = {
    suite: nodeSuite,
    randomBytes,
    signer: biller.kid,
    ledger: this,
  };

  *points(): Iterable<BillingPoint> {
    for (const { billing } of this.pointList) yield billing;
  }

  service(point: string): { from: number; zone: string } | undefined {
    const { days, zone } = this.#find(point);
    return days.length === 0 ? undefined : { from: Math.min(...days.map((day) => day.from)), zone };
  }

  days(point: string, within: Span): readonly BillableDay[] {
    return this.#find(point).days.filter(({ from, to }) => within.from <= from && to <= within.to);
  }

  openDay(leaf: string): BillableDay | undefined {
    this.opened++;
    const point = this.pointList.find(({ days }) => days.some((day) => day.leaf === leaf));
    if (point?.unusable.has(leaf)) return undefined;
    return point?.days.find((day) => day.leaf === leaf);
  }

  assignments(point: string): readonly LoggedAssignment[] {
    return this.#find(point).assignments;
  }

  tariffs(): readonly LoggedTariff[] {
    return this.tariffList;
  }

  prices(): readonly LoggedPrice[] {
    return [];
  }

  issuedPeriods(point: string): readonly Span[] {
    return this.bills.map(({ payload }) => payload).filter((payload) => payload.point === point);
  }

  isUnsettled(): boolean {
    return this.unsettled;
  }

  hasHeldReadings(): boolean {
    return this.heldDays;
  }

  overtaken(): readonly OvertakenBill[] {
    return [];
  }

  issue(typ: "bill" | "credit", own: object, line2: string): string {
    assert.equal(typ, "bill");
    const payload = { ...(own as Omit<BillPayload, "v" | "seq" | "prev">), v: 1 as const };
    for (const { from, to } of this.issuedPeriods(payload.point)) {
      assert.ok(payload.to <= from || to <= payload.from, "a second bill for one time");
    }
    const chained = { ...payload, seq: this.bills.length + 2, prev: payload.days };
    const line1 = signRecord(nodeSuite, biller, "bill", chained);
    const record = parseRecord(nodeSuite, line1);
    assert.equal(record.typ, "bill");
    assert.equal(payload.ct, computeCt(nodeSuite, line2));
    const plaintext = openLine2(nodeSuite, parseLine2(line2), utility, biller.kid, "bill");
    assert.equal(payload.pt, computePt(nodeSuite, plaintext));
    this.bills.push({
      payload: chained,
      plaintext: parsePlaintext("bill", decodeUtf8(plaintext)),
    });
    return encodeBase64url(computeLeaf(nodeSuite, line1));
  }

  #find(point: string): MemoryPoint {
    const found = this.pointList.find(({ billing }) => billing.point === point);
    assert.ok(found !== undefined);
    return found;
  }
}
