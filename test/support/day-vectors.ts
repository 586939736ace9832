/**
 * The frozen days of records.md section 8, built from a seed: clock changes, a missing date, step 0, a swap at noon.
 *
 * `node dist/test/support/write-day-vectors.js` writes them; the test compares file and builder.
 */
import { createHash } from "node:crypto";
import { encodeBase64url } from "../../shared/base/bytes.ts";
import { padPlaintext } from "../../shared/record/plaintext.ts";
import { dayBounds, listSlotStarts } from "../../shared/time/civil-day.ts";
import { seededBytes } from "./seeded-bytes.ts";

interface DayVector {
  readonly name: string;
  readonly slots: number;
  readonly from: number;
  readonly to: number;
  /** SHA-256 of the plaintext, base64url. */
  readonly pt: string;
  readonly plaintext: string;
}

export interface DayVectors {
  readonly origin: string;
  readonly days: readonly DayVector[];
}

interface DayShape {
  readonly name: string;
  readonly zone: string;
  readonly day: string;
  readonly step: number;
  /** A part of the day: its bounds by the clock of a day without changes, in seconds after its beginning. */
  readonly part?: readonly [number, number];
  /** Letters repeated over the slots; M by default. */
  readonly quality?: string;
  readonly register?: number;
}

const NOON = 43_200;
const SHAPES: readonly DayShape[] = [
  { name: "an ordinary day", zone: "Europe/Berlin", day: "2024-02-29", step: 900 },
  { name: "Berlin, 23 hours", zone: "Europe/Berlin", day: "2024-03-31", step: 900 },
  { name: "Berlin, 25 hours", zone: "Europe/Berlin", day: "2024-10-27", step: 900 },
  { name: "Lord Howe, 24.5 hours", zone: "Australia/Lord_Howe", day: "2024-04-07", step: 900 },
  { name: "Lord Howe, 23.5 hours", zone: "Australia/Lord_Howe", day: "2024-10-06", step: 1800 },
  { name: "Troll, 22 hours", zone: "Antarctica/Troll", day: "2024-03-31", step: 900 },
  {
    name: "Apia, the day before the missing one",
    zone: "Pacific/Apia",
    day: "2011-12-29",
    step: 900,
  },
  { name: "Apia, the day after it", zone: "Pacific/Apia", day: "2011-12-31", step: 900 },
  { name: "one slot for the whole day", zone: "America/Los_Angeles", day: "2024-01-01", step: 0 },
  { name: "a minute a slot", zone: "Europe/Berlin", day: "2024-05-01", step: 60 },
  {
    name: "until a swap at noon",
    zone: "Europe/Berlin",
    day: "2024-06-05",
    step: 900,
    part: [0, NOON],
  },
  {
    name: "from a swap at noon, another register",
    zone: "Europe/Berlin",
    day: "2024-06-05",
    step: 900,
    part: [NOON, 2 * NOON],
    register: 7,
  },
  { name: "an outage", zone: "Europe/Berlin", day: "2024-07-01", step: 3600, quality: "G" },
  {
    name: "a gap that is recovered",
    zone: "Europe/Berlin",
    day: "2024-07-02",
    step: 3600,
    quality: "MMmGGRIiEe",
  },
];

function buildDay(shape: DayShape): DayVector {
  const { name, zone, day, step, part, quality: letters = "M", register = 1_234_567 } = shape;
  const bounds = dayBounds(zone, day);
  if (bounds === undefined) throw new Error(`${day} does not occur in ${zone}`);
  const from = bounds.from + (part?.[0] ?? 0);
  const to = part === undefined ? bounds.to : bounds.from + part[1];
  const starts = listSlotStarts({ from, to }, step);
  const bytes = seededBytes(`day vector ${name}`);
  const quality = starts.map((_, i) => letters.charAt(i % letters.length)).join("");
  const wh = starts.map((_, i) => {
    const [high = 0, low = 0] = bytes(2);
    if (quality[i] === "G") return 0;
    return step === 0 ? 10_470 : Math.floor((((high << 8) | low) * step) / 900) % 1_200;
  });
  const text = padPlaintext(
    {
      v: 1,
      meter: "352522395",
      salt: encodeBase64url(bytes(32)),
      location: [374_217_636, -1_220_846_140],
      day,
      zone,
      tz: "2025b",
      from,
      to,
      step,
      wh,
      quality,
      register: [register, wh.reduce((sum, value) => sum + value, register)],
      current: [[2_140, 310, 16_220]],
      voltage: [[230_100, 226_400, 233_900]],
      temperature: [-3_720, -8_010, 4_230],
      humidity: [6_825, 2_852, 9_551],
      events: [
        [from, "start"],
        [from + 60, "voltage-low", "226.4 V"],
      ],
      clock: [[0, 3, "ntp", -12]],
      fw: encodeBase64url(bytes(32)),
    },
    wh.length,
  );
  const pt = createHash("sha256").update(text, "utf8").digest("base64url");
  return { name, slots: wh.length, from, to, pt, plaintext: text };
}

export function buildDayVectors(): DayVectors {
  return {
    origin:
      "Built by this project from seeds (test/support/day-vectors.ts) and frozen; from and to agree with civil-days.json, which Python computed.",
    days: SHAPES.map(buildDay),
  };
}
