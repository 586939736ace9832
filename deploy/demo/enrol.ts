/**
 * Brings one meter into a chain, as an operator would: join file from the gateway, key and request on the
 * device, request back to the gateway, which logs the enrolment.
 *
 * in: the two data folders and who the meter is → out: a data folder that `meter run` can run.
 */
import { existsSync, mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cliScript } from "../project-root.ts";
import { runToEnd } from "./child.ts";

export interface MeterPlan {
  /** Nine digits. */
  readonly meter: string;
  /** IANA zone of its civil day. */
  readonly zone: string;
  /** "latitude,longitude" in degrees. */
  readonly location?: string;
  /** Shown to people. */
  readonly label: string;
  /** The meter's configuration: what it reads, as `meter run` takes it. */
  readonly config: Readonly<Record<string, unknown>>;
}

export interface EnrolOptions {
  readonly gatewayData: string;
  readonly meterData: string;
  readonly plan: MeterPlan;
  /** Clock specification of the gateway's command line. */
  readonly clock: string;
  /** Aborted to stop before the next step; the next start goes on from there. */
  readonly signal?: AbortSignal;
}

const JOIN = "join.json";
const REQUEST = "request.jws";
const DONE = "enrolled";

/** True when this meter was enrolled from this folder before. */
export function isEnrolled(meterData: string): boolean {
  return existsSync(path.join(meterData, DONE));
}

/** Writes `meter.json`, what the meter reads and how it sends it. */
export function configureMeter(meterData: string, config: Readonly<Record<string, unknown>>): void {
  writeFileSync(path.join(meterData, "meter.json"), `${JSON.stringify(config, null, 2)}\n`);
}

/**
 * The only effects are in the two data folders. Begun earlier and cut off, it goes on with the request that is there.
 * Throws with the command's own words when a step fails, and the signal's reason when it is aborted.
 */
export async function enrolMeter(options: EnrolOptions): Promise<void> {
  const { gatewayData, meterData, plan, clock, signal } = options;
  mkdirSync(meterData, { recursive: true });
  const join = path.join(meterData, JOIN);
  const request = path.join(meterData, REQUEST);
  const gateway = (name: string, ...args: readonly string[]) => {
    signal?.throwIfAborted();
    return runToEnd({
      name: `gateway enrol ${name}`,
      script: cliScript("gateway"),
      args: ["enrol", "--data", gatewayData, "--clock", clock, ...args],
    });
  };
  const begun = existsSync(request);
  if (!begun) {
    const location = plan.location === undefined ? [] : ["--location", plan.location];
    const place = ["--zone", plan.zone, ...location, "--label", plan.label];
    await gateway("--meter", "--meter", plan.meter, ...place, "--out", join);
    signal?.throwIfAborted();
    await runToEnd({
      name: "meter keygen",
      script: cliScript("device"),
      args: ["keygen", "--join", join, "--data", meterData, "--out", request],
    });
  }
  try {
    await gateway("--request", "--request", request);
  } catch (error) {
    // The request of an earlier start was logged, and only the note of it was cut off.
    if (!(begun && /\benrolment:/.test(String(error)))) throw error;
  }
  configureMeter(meterData, plan.config);
  writeFileSync(path.join(meterData, DONE), `${plan.meter}\n`);
}
