/** A flat tariff and a bill on a test ledger, issued as billing does: through the ledger's own `issue`. */
import { StoreBillingSource } from "../../gateway/app/store-billing-source.ts";
import { type CloseOutcome, closeMonths } from "../../gateway/billing/close-months.ts";
import type { BillingOptions } from "../../gateway/billing/issue-bill.ts";
import { decodeBase64url, encodeBase64url, encodeUtf8 } from "../../shared/base/bytes.ts";
import { unixNow } from "../../shared/base/clock.ts";
import { computeRoot } from "../../shared/chain/tree.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { createFlatTariff } from "../../shared/money/tariff.ts";
import { computeCt, computePt } from "../../shared/record/envelope.ts";
import { padPlaintext } from "../../shared/record/plaintext.ts";
import { parseRecord } from "../../shared/record/record.ts";
import { sealLine2 } from "../../shared/record/sealed-box.ts";
import { seededBytes } from "./seeded-bytes.ts";
import { START, type TestLedger, type TestMeter, ZONE } from "./test-ledger.ts";

/** Issues tariff "flat" version 1 and assigns it to the meter's point from the start. */
export function issueTariffOf(t: TestLedger, meter: TestMeter): string {
  const leaf = t.ledger.issue("tariff", { id: "flat", ver: 1, body: { kind: "flat" } });
  t.ledger.issue("assign", { point: meter.point, tariff: "flat", from: START });
  return leaf;
}

/** Issues a bill over all days of the meter that are in blocks. Its money is made up, `changes` are of the plaintext. */
export function issueBillOf(
  t: TestLedger,
  meter: TestMeter,
  no: string,
  changes: { readonly zone?: string; readonly to?: number } = {},
): string {
  const { ledger } = t;
  const used: [string, number][] = [];
  let to = START;
  for (let position = 0; position < ledger.tip().logSize; position++) {
    const record = parseRecord(nodeSuite, ledger.line1(position) ?? "");
    if (record.typ !== "day" || record.kid !== meter.key.kid) continue;
    used.push([record.leaf, 1]);
    to = record.payload.to;
  }
  const tariff =
    (ledger.state.get("tariff", "flat") ?? ledger.state.get("tariff", "home"))?.leaf ?? "";
  const text = padPlaintext(
    {
      v: 1,
      meter: meter.id,
      salt: encodeBase64url(new Uint8Array(32)),
      no,
      opening: encodeBase64url(meter.salt),
      zone: ZONE,
      from: START,
      to,
      offsets: [[START, 3600]],
      currency: "EUR",
      minor: 2,
      lines: [{ code: "energy", label: "Energy", qty: 3, unit: "wh", nano: 1, amount: 1 }],
      total: 1,
      used,
      slots: {
        total: 3,
        measured: 3,
        partial: 0,
        recovered: 0,
        substituted: 0,
        gap: 0,
        missing: 0,
      },
      missing: [],
      ...changes,
    },
    0,
  );
  const plaintext = encodeUtf8(text);
  const line2 = sealLine2(nodeSuite, {
    typ: "bill",
    plaintext,
    signer: t.keys.signing.kid,
    recipients: [{ kid: t.keys.utility.kid, key: decodeBase64url(t.keys.utility.jwk.x) }],
    randomBytes: seededBytes(no),
  });
  const leaves = used.map(([leaf]) => decodeBase64url(leaf));
  return ledger.issue(
    "bill",
    {
      ct: computeCt(nodeSuite, line2),
      pt: computePt(nodeSuite, plaintext),
      point: meter.point,
      from: START,
      to,
      tariffs: [tariff],
      days: encodeBase64url(computeRoot(nodeSuite, leaves)),
      n: used.length,
    },
    line2,
  );
}

/** A flat tariff of 0.30 EUR a kWh and 0.10 EUR a day, assigned to the meter's point from `from`. */
export function assignFlatTariff(t: TestLedger, meter: TestMeter, from: number = START): void {
  const body = createFlatTariff({
    name: "Flat",
    currency: "EUR",
    minor: 2,
    energyNano: 300_000_000,
    standing: { per: "day", nano: 100_000_000 },
  });
  if (t.ledger.pending.get("tariff", "home") === undefined) {
    t.ledger.issue("tariff", { id: "home", ver: 1, body });
  }
  t.ledger.issue("assign", { point: meter.point, tariff: "home", from });
}

/** The month close of a running gateway, over what is in blocks. */
export function closeMonthsOf(
  t: TestLedger,
  order: { readonly month?: string; readonly incomplete?: boolean } = {},
): CloseOutcome {
  const { ledger, clock, keys } = t;
  const options: BillingOptions = {
    suite: nodeSuite,
    randomBytes: seededBytes(`close-${clock.wallMs()}`),
    signer: keys.signing.kid,
    ledger,
  };
  const source = new StoreBillingSource(ledger, nodeSuite);
  return closeMonths(options, source, { now: unixNow(clock), ...order });
}
