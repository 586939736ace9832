/**
 * One worker of fixture.ts: the days of some meters, each built by the device's own code and sealed with the node
 * suite. A household of its own for each meter: base load, mornings, evenings, now and then a heavy appliance.
 */
import { createHash, randomBytes as nodeRandomBytes } from "node:crypto";
import { parentPort, workerData } from "node:worker_threads";
import { buildDayBody, type DayParts, type MeterFacts } from "../../device/day-close/day-body.ts";
import type { FinishedSlot } from "../../device/sampler/slot.ts";
import type { Running } from "../../device/sampler/statistics.ts";
import { encodeBase64url, encodeUtf8 } from "../../shared/base/bytes.ts";
import { fail } from "../../shared/base/error.ts";
import { openSigningKey } from "../../shared/crypto/key.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { computeCt, computePt } from "../../shared/record/envelope.ts";
import { padPlaintext } from "../../shared/record/plaintext.ts";
import { computeLeaf, signRecord } from "../../shared/record/record.ts";
import { type Recipient, sealLine2 } from "../../shared/record/sealed-box.ts";
import { dayBounds, nextLocalDay } from "../../shared/time/civil-day.ts";

export interface SealOrder {
  readonly firstDay: string;
  readonly zone: string;
  readonly days: number;
  readonly recipients: readonly Recipient[];
  readonly meters: readonly {
    readonly index: number;
    /** Nine digits. */
    readonly meter: string;
    readonly secret: Uint8Array;
    /** Leaf of the enrol record: `prev` of the first day. */
    readonly enrol: string;
  }[];
}

/** All envelopes of one day, in the form of `Fixture.envelopesFile`. */
export interface SealedDays {
  readonly day: number;
  readonly bytes: Uint8Array;
}

const STEP = 900;
const BERLIN = [525_200_000, 134_050_000] as const;

/** Wh of a slot; `noise` is uniform in [0, 1). */
function slotEnergy(slot: number, noise: number, size: number): number {
  const hour = (slot * STEP) / 3600;
  const morning = Math.exp(-((hour - 7.5) ** 2) / 3);
  const evening = Math.exp(-((hour - 19.5) ** 2) / 8);
  const appliance = noise > 0.97 && hour > 6 ? 400 : 0;
  return Math.round(size * (25 + 90 * morning + 160 * evening) * (0.7 + 0.6 * noise) + appliance);
}

function slotsOf(meter: string, date: string, from: number, to: number): FinishedSlot[] {
  const bytes = createHash("sha512").update(`${meter}/${date}`).digest();
  const size = 0.6 + (bytes[0] ?? 0) / 256;
  return Array.from({ length: (to - from) / STEP }, (_, slot): FinishedSlot => {
    const noise = ((bytes[slot % 64] ?? 0) + (slot % 7) * 31) % 256;
    const running = (mean: number, spread: number): readonly Running[] => [
      [STEP, mean * STEP, mean - spread, mean + spread],
    ];
    return {
      start: from + slot * STEP,
      step: STEP,
      wh: slotEnergy(slot, noise / 256, size),
      quality: "M",
      statistics: {
        current: running(1_500 + noise, 900),
        voltage: running(230_000 + noise * 10, 2_500),
        temperature: running(20_500 + noise, 700),
        humidity: running(4_500 + noise, 300),
      },
    };
  });
}

function run(order: SealOrder): void {
  const randomBytes = (length: number): Uint8Array => new Uint8Array(nodeRandomBytes(length));
  const fw = encodeBase64url(new Uint8Array(createHash("sha256").update("bench").digest()));
  const chains = order.meters.map(({ secret, enrol }) => ({
    key: openSigningKey(nodeSuite, secret),
    prev: enrol,
    register: 0,
  }));
  let date = order.firstDay;
  for (let day = 0; day < order.days; day++) {
    const { from, to } = dayBounds(order.zone, date) ?? fail("calendar", "no such day");
    const parts: Buffer[] = [];
    order.meters.forEach(({ index, meter }, n) => {
      const chain = chains[n] as (typeof chains)[number];
      const facts: MeterFacts = { meter, zone: order.zone, tz: "2025b", location: BERLIN, fw };
      const dayParts: DayParts = {
        date,
        from,
        to,
        step: STEP,
        slots: slotsOf(meter, date, from, to),
        events: [],
        register: chain.register,
        clock: [1, "ntp"],
      };
      const body = buildDayBody(facts, dayParts);
      const salt = encodeBase64url(randomBytes(32));
      const plaintext = encodeUtf8(padPlaintext({ ...body, salt }, body.wh.length));
      const { key } = chain;
      const line2 = sealLine2(nodeSuite, {
        typ: "day",
        plaintext,
        signer: key.kid,
        recipients: order.recipients,
        randomBytes,
      });
      const line1 = signRecord(nodeSuite, key, "day", {
        v: 1,
        seq: day + 1,
        prev: chain.prev,
        ct: computeCt(nodeSuite, line2),
        pt: computePt(nodeSuite, plaintext),
        from,
        to,
      });
      chain.prev = encodeBase64url(computeLeaf(nodeSuite, line1));
      chain.register = body.register[1];
      const envelope = Buffer.from(`${line1}\n${line2}`, "latin1");
      const head = Buffer.alloc(8);
      head.writeUInt32BE(index);
      head.writeUInt32BE(envelope.length, 4);
      parts.push(head, envelope);
    });
    parentPort?.postMessage({ day, bytes: Buffer.concat(parts) } satisfies SealedDays);
    date = nextLocalDay(order.zone, date);
  }
}

run(workerData as SealOrder);
