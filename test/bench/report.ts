/** The bench's results: one object for `--json`, one table for people. */
import type { IntakeResult } from "./intake.ts";
import type { LedgerRates } from "./ledger-rates.ts";
import type { MeterResult } from "./metering.ts";
import type { MiningResult } from "./mining.ts";
import type { PortalResult } from "./portal-rates.ts";
import { TARGETS } from "./recipe.ts";
import type { VerifyResult } from "./verifying.ts";

export const PARTS = ["mining", "meter", "intake", "verify", "ledger", "portal"] as const;
export type Part = (typeof PARTS)[number];

export interface BenchResults {
  readonly node: string;
  readonly cores: number;
  readonly cpu: string;
  /** Load average of the last minute when the bench began: above 0.5 others had a part of the machine. */
  readonly load_before: number;
  readonly recipe: "full" | "quick";
  mining?: MiningResult;
  meter?: MeterResult;
  intake?: IntakeResult;
  verify?: VerifyResult;
  ledger?: LedgerRates;
  portal?: PortalResult;
}

type Row = readonly [what: string, value: string, limit: string, ratio: string, target: string];

function count(value: number): string {
  return Math.round(value).toLocaleString("en-US");
}

const mega = (value: number): string => `${(value / 1e6).toFixed(1)} M`;
const percent = (value: number): string => `${(value * 100).toFixed(2)} %`;
const ms = (value: number): string => `${value.toFixed(1)} ms`;
const us = (value: number): string => `${value.toFixed(0)} us`;

/** A target with a mark: whether the figure holds it. */
function judged(holds: boolean, target: string): string {
  return `${target} ${holds ? "ok" : "MISSED"}`;
}

function atLeast(ratio: number, target: number): string {
  return judged(ratio >= target, `>= ${target}`);
}

function below(value: number, target: number, text: string): string {
  return judged(value < target, `< ${text}`);
}

function intakeRows(r: IntakeResult): Row[] {
  const ratio = r.ratio.toFixed(3);
  const bytes = TARGETS.meterDayBytes;
  const fits = (size: number): string => judged(size <= bytes, `<= ${count(bytes)} B`);
  const loop = below(r.loop_p99_ms, TARGETS.loopDelayMs, ms(TARGETS.loopDelayMs));
  return [
    [
      "intake, envelopes/s",
      count(r.value),
      count(r.limit),
      ratio,
      atLeast(r.ratio, TARGETS.intake),
    ],
    [`  envelopes, in s`, count(r.envelopes), r.seconds.toFixed(2), "", ""],
    ["  of the turns", r.turns_per_s.map(count).join(", "), "", "", ""],
    ["  CPU gateway an envelope", us(r.gateway_us), us(r.limit_us), "", ""],
    ["  CPU broker an envelope", us(r.broker_us), "", "", ""],
    ["  CPU publisher an envelope", us(r.publisher_us), "", "", ""],
    ["  main loop p99 (max)", `${ms(r.loop_p99_ms)} (${ms(r.loop_max_ms)})`, "", "", loop],
    ["  wire bytes a meter-day", count(r.wire_bytes), "", "", fits(r.wire_bytes)],
    ["  store bytes a meter-day", count(r.store_bytes), "", "", fits(r.store_bytes)],
    ["  blocks, a second", `${r.blocks}, ${r.blocks_per_s.toFixed(1)}`, "", "", ""],
  ];
}

function portalRows({ meters, records, p99_ms: all, rows }: PortalResult): Row[] {
  const limit = TARGETS.portalMs;
  const verdict = (p99: number): string => below(p99, limit, ms(limit));
  return [
    ["portal: p50, p99 (longest), CPU", "", ms(all), "", verdict(all)],
    ["  meters, records", `${count(meters)}, ${count(records)}`, "", "", ""],
    ...rows.map(
      ({ route, p50_ms, p99_ms, max_ms, cpu_ms }): Row => [
        `  ${route}`,
        ms(p50_ms),
        `${ms(p99_ms)} (${ms(max_ms)})`,
        ms(cpu_ms),
        verdict(p99_ms),
      ],
    ),
  ];
}

function rowsOf(results: BenchResults): Row[] {
  const rows: Row[] = [];
  const { mining, meter, intake, verify, ledger, portal } = results;
  if (intake !== undefined) rows.push(...intakeRows(intake));
  if (mining !== undefined) {
    const { value, limit, ratio, loop_p99_ms: p99, loop_max_ms: max } = mining;
    const target = atLeast(ratio, TARGETS.mining);
    const loop = below(p99, TARGETS.loopDelayMs, ms(TARGETS.loopDelayMs));
    rows.push(["mining, hashes/s a core", mega(value), mega(limit), ratio.toFixed(3), target]);
    rows.push(["  main loop p99 (max)", `${ms(p99)} (${ms(max)})`, "", "", loop]);
  }
  if (verify !== undefined) {
    const { value, limit, ratio } = verify;
    const target = atLeast(ratio, TARGETS.verify);
    rows.push(["verify, signatures/s", count(value), count(limit), ratio.toFixed(3), target]);
    rows.push([
      "  store, records/s",
      count(verify.store_per_s),
      "",
      verify.store_ratio.toFixed(3),
      "",
    ]);
    rows.push([
      "  dump, records/s",
      count(verify.dump_per_s),
      "",
      verify.dump_ratio.toFixed(3),
      "",
    ]);
    rows.push([
      "  records, signatures",
      `${count(verify.records)}, ${count(verify.signatures)}`,
      "",
      "",
      "",
    ]);
  }
  if (meter !== undefined) {
    const { value, limit, ratio, cpu, cpu_limit: most } = meter;
    const small = judged(value < limit, "< 1");
    rows.push(["meter, bytes resident", mega(value), mega(limit), ratio.toFixed(3), small]);
    rows.push([
      "  share of one core",
      percent(cpu),
      percent(most),
      "",
      below(cpu, most, percent(most)),
    ]);
  }
  if (ledger !== undefined) {
    rows.push(["bills/s", count(ledger.bills_per_s), "", "", ""]);
    rows.push([`  block of ${ledger.bills} bills`, ms(ledger.bill_block_ms), "", "", ""]);
    rows.push(["blocks/s, empty, with work", ledger.blocks_per_s.toFixed(1), "", "", ""]);
  }
  if (portal !== undefined) rows.push(...portalRows(portal));
  return rows;
}

export function formatTable(results: BenchResults): string {
  const head: Row = ["", "value", "limit", "ratio", "target"];
  const rows = [head, ...rowsOf(results)];
  const widths = [0, 1, 2, 3, 4].map((i) => Math.max(...rows.map((row) => (row[i] ?? "").length)));
  const lines = rows.map(([what, ...cells]) =>
    [what.padEnd(widths[0] ?? 0), ...cells.map((cell, i) => cell.padStart(widths[i + 1] ?? 0))]
      .join("  ")
      .trimEnd(),
  );
  const { node, cores, cpu, load_before: load, recipe } = results;
  return [
    `Node ${node}, ${cores} cores, ${cpu}, load ${load.toFixed(2)} at the start, ${recipe} recipe`,
    ...lines,
    "",
  ].join("\n");
}
