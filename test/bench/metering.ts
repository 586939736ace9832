/**
 * The meter: a real `meter run` with simulated sensors read once a second, enrolled at a real gateway and connected
 * to it, watched from outside for its memory and its share of a core.
 */
import { spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { setTimeout as sleep } from "node:timers/promises";
import { enrolMeter } from "../../deploy/demo/enrol.ts";
import { cliScript } from "../../deploy/project-root.ts";
import { startBenchGateway } from "./gateway-process.ts";
import { readUsage } from "./process-usage.ts";
import { type Recipe, TARGETS } from "./recipe.ts";

export interface MeterResult {
  /** Most resident bytes that were seen. */
  readonly value: number;
  readonly limit: number;
  /** value / limit: below 1 holds. */
  readonly ratio: number;
  /** Share of one core. */
  readonly cpu: number;
  readonly cpu_limit: number;
  readonly seconds: number;
}

/** Reading modules and connecting is not metering. */
const WARM_UP_S = 5;

export async function measureMeter(recipe: Recipe, folder: string): Promise<MeterResult> {
  const gatewayData = join(folder, "gateway");
  const meterData = join(folder, "meter");
  mkdirSync(gatewayData, { recursive: true });
  const config = { broker_port: 0, portal_port: 0, mine_after_ms: 500, difficulty: 8, workers: 1 };
  writeFileSync(join(gatewayData, "gateway.json"), JSON.stringify(config));
  const gateway = await startBenchGateway(gatewayData);
  try {
    const plan = {
      meter: "352000001",
      zone: recipe.zone,
      label: "bench",
      config: { sources: [{ kind: "mock", seed: 1 }] },
    };
    await enrolMeter({ gatewayData, meterData, plan, clock: "real" });
    const args = [cliScript("device"), "run", "--data", meterData, "--log", "json"];
    const meter = spawn(process.execPath, args, { stdio: ["ignore", "ignore", "inherit"] });
    const ended = once(meter, "exit");
    try {
      await sleep(WARM_UP_S * 1000);
      const pid = meter.pid ?? 0;
      const start = performance.now();
      const { cpuS } = readUsage(pid);
      let value = 0;
      for (let second = 0; second < recipe.meterS; second++) {
        await sleep(1000);
        value = Math.max(value, readUsage(pid).residentBytes);
      }
      const seconds = (performance.now() - start) / 1000;
      return {
        value,
        limit: TARGETS.meterBytes,
        ratio: value / TARGETS.meterBytes,
        cpu: (readUsage(pid).cpuS - cpuS) / seconds,
        cpu_limit: TARGETS.meterCpu,
        seconds,
      };
    } finally {
      meter.kill("SIGTERM");
      await ended;
    }
  } finally {
    await gateway.stop();
  }
}
