/**
 * The processes of the demo: one gateway, and a process for each meter. Started in order, stopped in reverse;
 * what they log as JSON becomes the few facts that the demo prints.
 *
 * in: plans, ports, a timeline → out: facts while it runs; nothing left running after `close`.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { netOf } from "../../shared/message/topic.ts";
import { cliScript } from "../project-root.ts";
import { type Child, type ChildEvent, startChild } from "./child.ts";
import { configureMeter, enrolMeter, isEnrolled, type MeterPlan } from "./enrol.ts";
import { readFact } from "./event.ts";
import type { DemoFact } from "./printer.ts";
import type { Timeline } from "./timeline.ts";

export interface HouseOptions {
  readonly folder: string;
  readonly plans: readonly MeterPlan[];
  readonly timeline: Timeline;
  readonly brokerPort: number;
  readonly portalPort: number;
  /** Aborted to stop also while the house is still being opened. */
  readonly signal: AbortSignal;
  onFact(fact: DemoFact): void;
  /** A line that a process wrote besides its log. */
  onTrouble(name: string, line: string): void;
  /** Progress of the first start. */
  onStep(line: string): void;
}

export interface House {
  /** URL of the portal. */
  readonly portal: string;
  /** `wattproof/<net>` */
  readonly topic: string;
  /** Resolves when a process ends that should go on, with what it was. */
  readonly failed: Promise<string>;
  /** Stops the meters, then the gateway. */
  close(): Promise<void>;
}

/** A day passes in seconds here, so blocks must not wait for a minute. */
const MINE_AFTER_MS = 1000;
const READY_LIMIT_MS = 30_000;
/** Nor must meters: what is unanswered is sent again soon. */
const PATIENCE = {
  retry_ms: 2000,
  held_retry_ms: 10_000,
  rejoin_ms: 1000,
  reconnect_most_ms: 2000,
};

/** A page that is open should move; a message costs a meter some milliseconds. */
const LIVE_INTERVAL_MS = 2000;

const gatewayFolder = (options: HouseOptions) => path.join(options.folder, "gateway");
const meterFolder = (options: HouseOptions, plan: MeterPlan) =>
  path.join(options.folder, `meter-${plan.meter}`);

function writeGatewayConfig(options: HouseOptions): void {
  const file = path.join(gatewayFolder(options), "gateway.json");
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  const config = {
    ...kept,
    name: "demo",
    broker_port: options.brokerPort,
    portal_port: options.portalPort,
    portal_access: "open",
    mine_after_ms: MINE_AFTER_MS,
    // Days pass in seconds, so a meter that starts a little late would be missed.
    no_data_hours: 480,
    offline_hours: 480,
  };
  writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`);
}

/**
 * Starts the gateway; resolves with its `ready` event. Throws what it complained of when it ends before, and the
 * signal's reason when it is aborted.
 */
async function startGateway(
  options: HouseOptions,
  clock: string,
): Promise<{ gateway: Child; ready: ChildEvent }> {
  const { signal } = options;
  signal.throwIfAborted();
  const complaints: string[] = [];
  let announce: (event: ChildEvent) => void = () => {};
  const isReady = new Promise<ChildEvent>((resolve) => {
    announce = resolve;
  });
  const gateway = startChild({
    name: "gateway",
    script: cliScript("gateway"),
    args: ["run", "--data", gatewayFolder(options), "--log", "json", "--clock", clock],
    onEvent: (event) => {
      if (event["event"] === "ready") announce(event);
      const fact = readFact(event);
      if (fact) options.onFact(fact);
    },
    onText: (line) => {
      complaints.push(line);
      options.onTrouble("gateway", line);
    },
  });
  const giveUp = () => void gateway.stop();
  const timer = setTimeout(giveUp, READY_LIMIT_MS);
  signal.addEventListener("abort", giveUp, { once: true });
  const ready = await Promise.race([isReady, gateway.exited.then(() => undefined)]);
  clearTimeout(timer);
  signal.removeEventListener("abort", giveUp);
  if (signal.aborted) await gateway.stop();
  signal.throwIfAborted();
  if (ready === undefined) throw new Error(`the gateway did not start: ${complaints.at(-1) ?? ""}`);
  return { gateway, ready };
}

/** Enrols the meters that are new, at the beginning of time: their first day is whole. */
async function enrolNewMeters(options: HouseOptions): Promise<void> {
  const fresh = options.plans.filter((plan) => !isEnrolled(meterFolder(options, plan)));
  if (fresh.length === 0) return;
  const { signal } = options;
  const clock = options.timeline.stillClock();
  const { gateway } = await startGateway({ ...options, onFact: () => {} }, clock);
  try {
    for (const plan of fresh) {
      options.onStep(`Enrolling ${plan.meter}: ${plan.label}`);
      const meterData = meterFolder(options, plan);
      await enrolMeter({ gatewayData: gatewayFolder(options), meterData, plan, clock, signal });
    }
  } finally {
    await gateway.stop();
  }
}

function startMeter(options: HouseOptions, plan: MeterPlan, clock: string): Child {
  const folder = meterFolder(options, plan);
  const broker = `mqtt://127.0.0.1:${options.brokerPort}`;
  configureMeter(folder, {
    ...plan.config,
    ...PATIENCE,
    live_interval_ms: LIVE_INTERVAL_MS,
    broker,
  });
  return startChild({
    name: `meter ${plan.meter}`,
    script: cliScript("device"),
    args: ["run", "--data", folder, "--log", "json", "--clock", clock],
    onEvent: (event) => {
      const fact = readFact(event);
      if (fact) options.onFact(fact);
    },
    onText: (line) => options.onTrouble(`meter ${plan.meter}`, line),
  });
}

/** Starts everything. Throws, with nothing left running, when a part does not start or the signal is aborted. */
export async function openHouse(options: HouseOptions): Promise<House> {
  mkdirSync(gatewayFolder(options), { recursive: true });
  writeGatewayConfig(options);
  await enrolNewMeters(options);
  const clock = options.timeline.begin();
  const { gateway, ready } = await startGateway(options, clock).catch((error: unknown) => {
    options.timeline.stop();
    throw error;
  });
  const meters = options.plans.map((plan) => startMeter(options, plan, clock));
  const failed = Promise.race(
    [gateway, ...meters].map(async (child) => {
      const { code, signal } = await child.exited;
      return `${child.name} ended (${signal ?? `exit ${code}`})`;
    }),
  );
  return {
    portal: String(ready["portal"]),
    topic: `wattproof/${netOf(String(ready["chain"]))}`,
    failed,
    close: async () => {
      await Promise.all(meters.map((meter) => meter.stop()));
      await gateway.stop();
    },
  };
}
