/**
 * The store that the portal's bench reads: many meters, two years of days, a bill a month, made by the real ledger block by block.
 *
 * Keys, signatures, tree, projection and bills are real for one meter in ten; the others are twins of it in the projection. Line 2 is one text for all days, and what the crypto workers would have found
 * in it is handed over made: sealing and opening them takes ten times as long and no page reads them.
 */
import { cpSync, existsSync, mkdirSync, renameSync, rmSync } from "node:fs";
import { join } from "node:path";
import type { Candidate, Opened } from "../../gateway/ledger/candidate.ts";
import { STORE_VERSION } from "../../gateway/ledger/schema.ts";
import { packDay } from "../../gateway/projection/packed-day.ts";
import { decodeBase64url, encodeBase64url, encodeUtf8 } from "../../shared/base/bytes.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { computeCt, computePt } from "../../shared/record/envelope.ts";
import { parseRecord, signRecord } from "../../shared/record/record.ts";
import { sealLine2 } from "../../shared/record/sealed-box.ts";
import { dayBounds, localDayOf } from "../../shared/time/civil-day.ts";
import { projectRoot } from "../support/project-root.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { assignFlatTariff, closeMonthsOf } from "../support/test-bill.ts";
import { TestLedger, type TestMeter, ZONE } from "../support/test-ledger.ts";

/** Raise when the way in which the store is made changes. */
const MADE = 1;
/** Between a meter's number and its twin's; more than there are meters. */
const TWIN_STEP = 10_000;
/** Records held in one transaction. */
const BATCH = 1_000;
/** One day in so many is unusable, so that there are alarms. */
const UNUSABLE = 4_001;

export interface PortalStoreOrder {
  /** Meters with records of their own. */
  readonly meters: number;
  /** Further meters of each of them, in the projection only: the same days once more, under the same records. */
  readonly twins: number;
  readonly days: number;
}

/** Path of the store's file, made if it is not there yet. */
export function preparePortalStore(order: PortalStoreOrder, say: (line: string) => void): string {
  const { meters, twins, days } = order;
  const folder = join(
    projectRoot(),
    ".build",
    "bench",
    `portal-${meters}-${twins}-${days}-${MADE}.${STORE_VERSION}`,
  );
  const path = join(folder, "gateway.db");
  if (existsSync(path)) return path;
  say(`making a store of ${meters * (1 + twins)} meters and ${days} days, kept in ${folder}`);
  const t = new TestLedger();
  try {
    fill(t, order, say);
    t.ledger.db.transaction(() => addTwins(t, twins))();
    t.ledger.db.pragma("wal_checkpoint(TRUNCATE)");
    mkdirSync(folder, { recursive: true });
    cpSync(join(t.folder, "gateway.db"), `${path}.part`);
    renameSync(`${path}.part`, path);
  } finally {
    t.close();
    rmSync(t.folder, { recursive: true, force: true });
  }
  return path;
}

function fill(
  t: TestLedger,
  { meters, days }: PortalStoreOrder,
  say: (line: string) => void,
): void {
  const houses = Array.from({ length: meters }, () => t.enrol(t.addMeter()));
  for (const meter of houses) assignFlatTariff(t, meter);
  t.mine();
  const seal = daySealer(t);
  let month = "";
  for (let day = 0; day < days; day++) {
    const date = localDayOf(ZONE, houses[0]?.from ?? 0);
    if (month !== "" && !date.startsWith(month)) {
      const { issued } = closeMonthsOf(t, { month });
      say(`${month}: ${issued.length} bills`);
      t.mine();
    }
    month = date.slice(0, 7);
    for (let at = 0; at < houses.length; at += BATCH) {
      const batch = houses.slice(at, at + BATCH);
      const codes = t.hold(...batch.map((meter, i) => seal(meter, at + i, day)));
      const wrong = codes.find((code) => code !== "held");
      if (wrong !== undefined) throw new Error(`a day was answered with ${wrong}`);
    }
    t.mine();
  }
  t.ledger.vault.setOnline(houses.map(({ id }) => ({ meter: id, online: true, at: 1 })));
}

/** Rows that differ in the number of the meter only, date by date as days arrive. */
function addTwins(t: TestLedger, twins: number): void {
  const { db } = t.ledger;
  const dates = db.prepare<[], { date: number }>("SELECT date FROM day_total ORDER BY date").all();
  const days = db.prepare(
    `INSERT INTO day (date, meter, pos, code, body)
     SELECT date, meter + ?, pos, code, body FROM day WHERE date = ? AND meter < ?`,
  );
  const end = Number(t.meters.at(-1)?.id) + 1;
  const shifts = Array.from({ length: twins }, (_, twin) => (twin + 1) * TWIN_STEP);
  for (const { date } of dates) for (const shift of shifts) days.run(shift, date, end);
  for (const shift of shifts) {
    db.prepare(
      `INSERT INTO month SELECT month, meter + ?, records, days, first, last, wh, measured, partial, recovered, substituted, gap
       FROM month WHERE meter < ?`,
    ).run(shift, end);
    db.prepare(
      `INSERT INTO enrolment SELECT pos + ?, meter + ?, point, kid, at, recipients
       FROM enrolment WHERE meter < ?`,
    ).run(shift * TWIN_STEP, shift, end);
    db.prepare("INSERT INTO meter SELECT meter + ?, pos + ? FROM meter WHERE meter < ?").run(
      shift,
      shift * TWIN_STEP,
      end,
    );
  }
  db.prepare("UPDATE total SET value = value * ? WHERE name = 'meters'").run(1 + twins);
  db.prepare("UPDATE day_total SET wh = wh * ?, days = days * ?").run(1 + twins, 1 + twins);
}

/** Seals the next day of a meter; what it measured follows from its number and the day's. */
function daySealer(t: TestLedger): (meter: TestMeter, house: number, day: number) => Candidate {
  const random = seededBytes("portal-store");
  const noise = random(4_096);
  const plaintext = encodeUtf8("one plaintext for all days of this store");
  const line2 = sealLine2(nodeSuite, {
    typ: "day",
    plaintext,
    signer: t.keys.signing.kid,
    recipients: [{ kid: t.keys.utility.kid, key: decodeBase64url(t.keys.utility.jwk.x) }],
    randomBytes: random,
  });
  const [ct, pt] = [computeCt(nodeSuite, line2), computePt(nodeSuite, plaintext)];
  const nothing = encodeBase64url(new Uint8Array(32));
  return (meter, house, day) => {
    const date = localDayOf(ZONE, meter.from);
    const bounds = dayBounds(ZONE, date);
    if (bounds === undefined) throw new Error(`${date} is no day`);
    const { from, to } = bounds;
    const shift = (house * 31 + day * 97) % 4_000;
    const wh = Array.from(
      { length: (to - from) / 900 },
      (_, slot) => noise[shift + (slot % 96)] ?? 0,
    );
    const last = meter.register + wh.reduce((sum, slot) => sum + slot, 0);
    const line1 = signRecord(nodeSuite, meter.key, "day", {
      v: 1,
      seq: meter.seq + 1,
      prev: meter.prev,
      ct,
      pt,
      from,
      to,
    });
    const record = parseRecord(nodeSuite, line1);
    const packed = packDay({
      v: 1,
      meter: meter.id,
      salt: nothing,
      pad: "",
      day: date,
      zone: ZONE,
      tz: "2024a",
      from,
      to,
      step: 900,
      wh,
      quality:
        day % 50 === 7 ? `${"G".repeat(8)}${"M".repeat(wh.length - 8)}` : "M".repeat(wh.length),
      register: [meter.register, last],
      current: [[2100 + shift, 100, 9000]],
      voltage: [[230_000 + shift, 228_000, 236_000]],
      temperature: [21_500, 20_000, 23_000],
      humidity: [4500, 4000, 5000],
      events: [],
      clock: [[0, 1, "ntp", 12]],
      fw: nothing,
    });
    meter.seq = record.seq;
    meter.prev = record.leaf;
    meter.from = to;
    meter.register = last;
    t.clock.setWall(Math.max(t.clock.wallMs(), to * 1000));
    const isUsable = (house * 733 + day) % UNUSABLE !== 17;
    const opened: Opened = isUsable ? { packed } : { unusable: "day-register" };
    return { record, line2, meter: meter.id, opened };
  };
}
