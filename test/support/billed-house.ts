/** A store with a whole month of days, an event and bills under a tariff of hours and tiers: what bundles are made from. */
import assert from "node:assert/strict";
import path from "node:path";
import { buildBundle } from "../../gateway/bundle/build-bundle.ts";
import { openReadOnly } from "../../gateway/ledger/database.ts";
import type { JsonObject } from "../../shared/base/canonical-json.ts";
import { type BillBundle, formatBundle } from "../../shared/bundle/bill-bundle.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { closeMonthsOf } from "./test-bill.ts";
import { START, TestLedger, type TestMeter } from "./test-ledger.ts";

const DAYS = 31;
const HOUR = 3600;

const TARIFF: JsonObject = {
  v: 1,
  name: "Evening",
  currency: "EUR",
  minor: 2,
  holidays: ["2024-01-01"],
  charges: [
    {
      kind: "energy",
      code: "energy",
      label: "Energy",
      bands: [
        {
          code: "evening",
          label: "16 to 21 h",
          nano: 412_000_000,
          when: [{ hours: [[960, 1260]] }],
        },
        {
          code: "spot",
          label: "other hours",
          steps: [{ upto: 20_000, nano: 250_000_000 }, { nano: 290_000_000 }],
          per: "month",
        },
      ],
    },
    { kind: "energy", code: "market", label: "Market part", series: "spot" },
    { kind: "standing", code: "standing", label: "Standing charge", nano: 330_000_000, per: "day" },
    { kind: "demand", code: "demand", label: "Peak", nano: 1_250_000_000 },
    { kind: "tax", code: "vat", label: "VAT", nano: 190_000_000 },
  ],
};

export interface BilledHouse {
  readonly ledger: TestLedger;
  readonly meter: TestMeter;
  /** Number of the January bill. */
  readonly no: string;
  /** The bundle's text. */
  readonly text: string;
  readonly bundle: BillBundle;
}

/** January of one meter beside another one, billed and final. */
export function makeBilledHouse(): BilledHouse {
  const house = new TestLedger();
  const meter = house.enrol();
  const neighbour = house.enrol();
  house.mine();
  for (const version of [1, 2]) {
    house.ledger.issue("tariff", { id: "evening", ver: version, body: TARIFF });
  }
  for (const { point } of [meter, neighbour]) {
    house.ledger.issue("assign", { point, tariff: "evening", from: START });
  }
  for (let week = 0; week < 5; week++) {
    const nano = Array.from({ length: 7 * 24 }, (_, i) => 60_000_000 + 1000 * ((i * 7919) % 4096));
    house.ledger.issue("price", {
      id: "spot",
      from: START + week * 7 * 24 * HOUR,
      step: HOUR,
      nano,
    });
  }
  house.mine();
  for (let day = 0; day < DAYS; day++) {
    const wh = Array.from({ length: 96 }, (_, slot) => (slot * 31 + day * 17) % 97);
    house.hold(house.day(meter, { wh }), house.day(neighbour));
    if (day === 12) house.hold(house.event(meter, "tamper"));
    house.mine();
  }
  const { issued, heldBack } = closeMonthsOf(house);
  assert.deepEqual([issued.length, heldBack], [2, []]);
  house.mine();
  const db = openReadOnly(path.join(house.folder, "gateway.db"));
  const no = `${meter.id}-2024-01`;
  const bundle = buildBundle(db, no, { suite: nodeSuite, recipient: house.keys.utility });
  db.close();
  return { ledger: house, meter, no, text: formatBundle(bundle), bundle };
}
