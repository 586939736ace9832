/**
 * One frozen bill with all that it follows from: a clock change, a new tariff version at noon, recovered slots,
 * a record missing. `node dist/test/support/write-bill-vectors.js` writes it; the test compares file and builder.
 */
import { createHash } from "node:crypto";
import { encodeBase64url } from "../../shared/base/bytes.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { type BillInput, computeBill } from "../../shared/money/bill.ts";
import type { IssuedBill } from "../../shared/money/recompute-bill.ts";
import { padPlaintext } from "../../shared/record/plaintext.ts";
import { dayBounds, listOffsets } from "../../shared/time/civil-day.ts";
import { leafOf, METER, makeDays, SALT, tariffRecord } from "./bill-case.ts";

export interface BillVectors {
  readonly origin: string;
  readonly evidence: Pick<BillInput, "days" | "assignments" | "tariffs">;
  readonly payload: IssuedBill["payload"];
  /** SHA-256 of the plaintext, base64url. */
  readonly pt: string;
  readonly plaintext: string;
}

const ZONE = "Europe/Berlin";

export function buildBillVectors(): BillVectors {
  const from = dayBounds(ZONE, "2024-03-29")?.from ?? 0;
  const to = dayBounds(ZONE, "2024-04-02")?.to ?? 0;
  const noon = (dayBounds(ZONE, "2024-03-30")?.from ?? 0) + 43_200;
  const days = makeDays(ZONE, { from, to }, "bill vector", 3600).filter((_, i) => i !== 3);
  const evidence = {
    days,
    assignments: [
      { position: 4, tariff: "flat", from: 0 },
      { position: 5, tariff: "month", from: to - 86_400 },
    ],
    tariffs: [
      tariffRecord("month", 1, 2, { standing: { per: "month", nano: 9_900_000_000 } }),
      tariffRecord("flat", 1, 3),
      tariffRecord("flat", 2, 6, { energyNano: 298_765_432, from: noon, recovered: 150_000_000 }),
    ],
  };
  const offsets = listOffsets(ZONE, from, to);
  const input = { ...evidence, point: "", zone: ZONE, from, to, offsets };
  const point = createHash("sha256").update(`wattproof-point/v1\n${METER}`).update(SALT);
  const { payload, slots, ...computed } = computeBill(nodeSuite, {
    ...input,
    point: point.digest("base64url"),
  });
  const plaintext = padPlaintext(
    {
      v: 1,
      meter: METER,
      salt: leafOf("bill vector salt"),
      no: `${METER}-2024-03`,
      opening: encodeBase64url(SALT),
      zone: ZONE,
      from,
      to,
      offsets,
      slots: { ...slots },
      ...computed,
    },
    0,
  );
  return {
    origin:
      "Built by this project from seeds (test/support/bill-vectors.ts) and frozen; quantities, amounts, counts and the days root were computed again with Python (fractions, zoneinfo, hashlib).",
    evidence,
    payload,
    pt: createHash("sha256").update(plaintext, "utf8").digest("base64url"),
    plaintext,
  };
}
