/**
 * A gateway and its meters as real processes for a test, driven only through the two command lines.
 * in: a test, configurations, a clock → out: running processes, and what the chain then holds.
 */
import { mkdirSync, writeFileSync } from "node:fs";
import path from "node:path";
import type { TestContext } from "node:test";

import { enrolMeter, type MeterPlan } from "../../deploy/demo/enrol.ts";
import type { Json } from "../../shared/base/canonical-json.ts";
import { parseDumpLine } from "../../shared/chain/dump.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { type ParsedRecord, parseRecord } from "../../shared/record/record.ts";
import { runCli, startCli, type TrackedChild, waitFor } from "./process.ts";

const READY_LIMIT_MS = 30_000;

export interface GatewayHandle {
  readonly data: string;
  readonly clock: string;
  readonly process: TrackedChild;
  /** URL of the portal, ending in a slash. */
  readonly portal: string;
}

/** Short waits and cheap work, so that a test is quick; a block still has its proof of work. */
const TEST_CONFIG = {
  broker_port: 0,
  portal_port: 0,
  portal_access: "open",
  difficulty: 8,
  mine_after_ms: 200,
  held_reply_after_ms: 1000,
  workers: 1,
};

/** Simulated clock that shows `simOriginS` now and runs `rate` times as fast. */
export function simulatedClock(simOriginS: number, rate: number): string {
  return `simulated:${Date.now()}:${simOriginS}:${rate}`;
}

/** Writes `gateway.json`: quick test settings and what the test adds. */
export function configureGateway(data: string, config: Readonly<Record<string, unknown>> = {}) {
  mkdirSync(data, { recursive: true });
  writeFileSync(path.join(data, "gateway.json"), JSON.stringify({ ...TEST_CONFIG, ...config }));
}

/** Starts the gateway of a configured folder and waits until it says that it is ready. */
export async function startGateway(
  t: TestContext,
  data: string,
  clock: string,
): Promise<GatewayHandle> {
  const args = ["run", "--data", data, "--log", "json", "--clock", clock];
  const process = startCli(t, "gateway", args);
  const ready = await waitFor(
    "the gateway to be ready",
    READY_LIMIT_MS,
    () => process.events.find((event) => event["event"] === "ready"),
    () => process.text.join("\n"),
  );
  return { data, clock, process, portal: String(ready["portal"]) };
}

/** Enrols a meter; `<folder>` is then its data folder. */
export async function addMeter(gateway: GatewayHandle, folder: string, plan: MeterPlan) {
  const { data, clock } = gateway;
  await enrolMeter({ gatewayData: data, meterData: folder, plan, clock });
}

/** Starts an enrolled meter. */
export function startMeter(t: TestContext, folder: string, clock: string): TrackedChild {
  return startCli(t, "device", ["run", "--data", folder, "--log", "json", "--clock", clock]);
}

/** The chain as `gateway dump` writes it, block by block. */
export async function dumpChain(data: string, ...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli("gateway", ["dump", "--data", data, ...args]);
  if (code !== 0) throw new Error(`gateway dump ended with ${code}: ${stderr}`);
  return stdout;
}

/** All records of a dump in log order. */
export function readRecords(dump: string): ParsedRecord[] {
  return dump
    .split("\n")
    .filter((line) => line !== "")
    .map(parseDumpLine)
    .flatMap((line) => (line.kind === "block" ? line.block.records : []))
    .map((line1) => parseRecord(nodeSuite, line1));
}

/** Plaintexts of `gateway dump --opened`, in log order. */
export function readOpened(dump: string): { readonly [name: string]: Json }[] {
  return dump
    .split("\n")
    .filter((line) => line.startsWith('{"opened"'))
    .map((line) => JSON.parse(line).opened.plaintext);
}

/** Rows of a CSV with a header, as objects; cells in quotes may hold commas. */
export function readCsv(text: string): Record<string, string>[] {
  const [header = [], ...rows] = text
    .split(/\r?\n/)
    .filter((line) => line !== "")
    .map((line) =>
      [...line.matchAll(/(?:^|,)(?:"((?:[^"]|"")*)"|([^,]*))/g)].map(
        (cell) => cell[1]?.replaceAll('""', '"') ?? cell[2] ?? "",
      ),
    );
  return rows.map((row) => Object.fromEntries(header.map((name, i) => [name, row[i] ?? ""])));
}

/** `gateway verify` on a live store or a dump; throws with its words when it finds something. */
export async function verify(...args: readonly string[]): Promise<string> {
  const { code, stdout, stderr } = await runCli("gateway", ["verify", ...args]);
  if (code !== 0) throw new Error(`gateway verify ended with ${code}: ${stdout}${stderr}`);
  return stdout;
}
