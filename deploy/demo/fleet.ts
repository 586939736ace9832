/** The meters of the demo: five simulated households and one that replays a recording. */
import path from "node:path";
import type { MeterPlan } from "./enrol.ts";
import type { DemoOptions } from "./options.ts";
import { describeRecording } from "./recording.ts";

const MOCK_ZONE = "Europe/Berlin";

/** Meter, place and what people call it. */
const HOUSEHOLDS: readonly (readonly [meter: string, location: string, label: string])[] = [
  ["352100017", "52.5384,13.4124", "flat, Kastanienallee"],
  ["352100024", "52.4897,13.4245", "flat, Sonnenallee"],
  ["352100031", "52.5163,13.3041", "house with a heat pump, Charlottenburg"],
  ["352100048", "52.4321,13.2592", "house, Zehlendorf"],
  ["352100055", "52.5069,13.4543", "workshop, Friedrichshain"],
];

/** The meter, place and zone that the paper prints. */
const PAPER = {
  meter: "352522395",
  location: "37.4217636,-122.084614",
  zone: "America/Los_Angeles",
} as const;

/** First id of recordings given by path. */
const FIRST_RECORDING = 352_200_010;

export interface Fleet {
  readonly plans: readonly MeterPlan[];
  /** Civil day with which the earliest recording begins. */
  readonly firstDate: string;
}

function planHouseholds(): MeterPlan[] {
  return HOUSEHOLDS.map(([meter, location, label], i) => ({
    meter,
    zone: MOCK_ZONE,
    location,
    label,
    config: { sources: [{ kind: "mock", seed: i + 1 }] },
  }));
}

/** @throws OptionError when a recording cannot be understood */
export function planFleet(options: DemoOptions, root: string): Fleet {
  if (options.recordings.length === 0) {
    const file = path.join(root, "deploy", "paper-rows.csv");
    const { source, firstDate } = describeRecording(file, PAPER.zone);
    const plan = { ...PAPER, label: "replays the paper's table 3", config: { sources: [source] } };
    return { plans: [...planHouseholds(), plan], firstDate };
  }
  const recordings = options.recordings.map((file) => describeRecording(file, options.zone));
  const plans = recordings.map(({ source }, i) => ({
    meter: String(FIRST_RECORDING + i),
    zone: options.zone,
    label: `replays ${path.basename(options.recordings[i] ?? "")}`,
    config: { sources: [source] },
  }));
  const firstDate = recordings.map((recording) => recording.firstDate).sort()[0] ?? "2024-01-01";
  return { plans: [...planHouseholds(), ...plans], firstDate };
}
