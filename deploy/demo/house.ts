/**
 * The processes of the demo: one gateway, and a process for each meter. Started in order, stopped in reverse;
 * what they log as JSON becomes the few facts that the demo prints.
 *
 * in: plans, ports, a clock → out: facts while it runs; nothing left running after `close`.
 */
import { existsSync, mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { cliScript } from "../project-root.ts";
import { type Child, type ChildEvent, startChild } from "./child.ts";
import { enrolMeter, isEnrolled, type MeterPlan } from "./enrol.ts";
import { readFact } from "./event.ts";
import type { DemoFact } from "./printer.ts";

export interface HouseOptions {
  readonly folder: string;
  readonly plans: readonly MeterPlan[];
  /** Clock specification for all processes. */
  readonly clock: string;
  readonly brokerPort: number;
  readonly portalPort: number;
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

function writeGatewayConfig(folder: string, options: HouseOptions): void {
  const file = path.join(folder, "gateway.json");
  const kept = existsSync(file) ? JSON.parse(readFileSync(file, "utf8")) : {};
  const config = {
    ...kept,
    name: "demo",
    broker_port: options.brokerPort,
    portal_port: options.portalPort,
    mine_after_ms: MINE_AFTER_MS,
  };
  writeFileSync(file, `${JSON.stringify(config, null, 2)}\n`);
}

/** Starts the gateway; resolves with its `ready` event. */
async function startGateway(
  folder: string,
  options: HouseOptions,
): Promise<{ gateway: Child; ready: ChildEvent }> {
  mkdirSync(folder, { recursive: true });
  writeGatewayConfig(folder, options);
  const complaints: string[] = [];
  let resolveReady: (event: ChildEvent) => void;
  const isReady = new Promise<ChildEvent>((resolve) => {
    resolveReady = resolve;
  });
  const gateway = startChild({
    name: "gateway",
    script: cliScript("gateway"),
    args: ["run", "--data", folder, "--log", "json", "--clock", options.clock],
    onEvent: (event) => {
      if (event["event"] === "ready") resolveReady(event);
      const fact = readFact(event);
      if (fact) options.onFact(fact);
    },
    onText: (line) => {
      complaints.push(line);
      options.onTrouble("gateway", line);
    },
  });
  const timer = setTimeout(() => void gateway.stop(), READY_LIMIT_MS);
  const ready = await Promise.race([isReady, gateway.exited.then(() => undefined)]);
  clearTimeout(timer);
  if (ready === undefined) throw new Error(`the gateway did not start: ${complaints.at(-1) ?? ""}`);
  return { gateway, ready };
}

/** Starts everything. Throws, with nothing left running, when a part does not start. */
export async function openHouse(options: HouseOptions): Promise<House> {
  const gatewayData = path.join(options.folder, "gateway");
  const meterData = (plan: MeterPlan) => path.join(options.folder, `meter-${plan.meter}`);
  const { gateway, ready } = await startGateway(gatewayData, options);
  const children: Child[] = [gateway];
  const close = async () => {
    await Promise.all(children.slice(1).map((child) => child.stop()));
    await gateway.stop();
  };
  try {
    for (const plan of options.plans) {
      if (isEnrolled(meterData(plan))) continue;
      options.onStep(`Enrolling ${plan.meter} (${plan.label})`);
      await enrolMeter({ gatewayData, meterData: meterData(plan), plan, clock: options.clock });
    }
    for (const plan of options.plans) {
      children.push(
        startChild({
          name: `meter ${plan.meter}`,
          script: cliScript("device"),
          args: ["run", "--data", meterData(plan), "--log", "json", "--clock", options.clock],
          onEvent: (event) => {
            const fact = readFact(event);
            if (fact) options.onFact(fact);
          },
          onText: (line) => options.onTrouble(`meter ${plan.meter}`, line),
        }),
      );
    }
  } catch (error) {
    await close();
    throw error;
  }
  const failed = Promise.race(
    children.map(async (child) => {
      const { code, signal } = await child.exited;
      return `${child.name} ended (${signal ?? `exit ${code}`})`;
    }),
  );
  return {
    portal: String(ready["portal"]),
    topic: `wattproof/${String(ready["net"])}`,
    failed,
    close,
  };
}
