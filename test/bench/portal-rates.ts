/**
 * How fast the portal answers: every page, file and API route, asked at a fixed rate whether or not the answers keep up, each time for
 * another meter, day, bill, block or record. The time of an answer is counted from the instant at which it was due.
 */
import { Agent, get } from "node:http";
import { setTimeout as sleep } from "node:timers/promises";
import { Worker } from "node:worker_threads";
import { openReadOnly } from "../../gateway/ledger/database.ts";
import { createReadModel } from "../../gateway/projection/read-model.ts";
import type { ReadModel } from "../../gateway/projection/read-model-types.ts";
import { API_ROUTES } from "../../gateway/web/api/api-routes.ts";
import { createPortal } from "../../gateway/web/portal.ts";
import { ROUTES } from "../../gateway/web/routes.ts";
import { ManualClock } from "../../shared/base/clock.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { seededBytes } from "../support/seeded-bytes.ts";

export interface PortalRow {
  readonly route: string;
  readonly p50_ms: number;
  readonly p99_ms: number;
  readonly max_ms: number;
  /** Processor time of one answer without compression and socket, the median: says something on a busy machine too. */
  readonly cpu_ms: number;
  readonly bytes: number;
}

export interface PortalResult {
  readonly meters: number;
  readonly records: number;
  readonly per_second: number;
  readonly samples: number;
  /** Of all answers. */
  readonly p99_ms: number;
  readonly rows: readonly PortalRow[];
}

/** Requests a second. */
const RATE = 20;
/** Requests of each route before the clock starts. */
const WARM_UP = 3;
/** Requests of each route whose processor time is taken. */
const CPU_SAMPLES = 15;
/** A wait that is counted as a failure. */
const PATIENCE_MS = 10_000;

/** Throws when a route does not answer with a page or rows. */
export async function measurePortal(path: string, samples: number): Promise<PortalResult> {
  const db = openReadOnly(path);
  const model = createReadModel(db, { suite: nodeSuite });
  const worker = new Worker(new URL("portal-server.js", import.meta.url), { workerData: { path } });
  const agent = new Agent({ keepAlive: true });
  try {
    const url = await new Promise<string>((resolve, reject) => {
      worker.once("message", resolve);
      worker.once("error", reject);
    });
    const addresses = addressesOf(model);
    const routes = [...addresses.keys()];
    const times = new Map(routes.map((route) => [route, [] as number[]]));
    const sizes = new Map<string, number>();
    const ask = async (route: string, dueMs: number): Promise<void> => {
      const size = await fetchAll(agent, url + (addresses.get(route)?.() ?? ""));
      times.get(route)?.push(performance.now() - dueMs);
      sizes.set(route, Math.max(size, sizes.get(route) ?? 0));
    };
    for (const route of routes) {
      for (let i = 0; i < WARM_UP; i++) await ask(route, performance.now());
      times.get(route)?.splice(0);
    }
    const order = Array.from({ length: samples }, () => routes).flat();
    const begin = performance.now();
    const asked: Promise<void>[] = [];
    for (const [i, route] of order.entries()) {
      const dueMs = begin + (i * 1000) / RATE;
      await sleep(Math.max(0, dueMs - performance.now()));
      asked.push(ask(route, dueMs));
    }
    await Promise.all(asked);
    const cpu = await measureCpu(model, addresses);
    const rows = routes
      .map((route) => ({
        ...rowOf(route, times.get(route) ?? []),
        cpu_ms: cpu.get(route) ?? 0,
        bytes: sizes.get(route) ?? 0,
      }))
      .sort((a, b) => b.p99_ms - a.p99_ms);
    const { meters, tip } = model.overview();
    return {
      meters,
      records: tip.logSize,
      per_second: RATE,
      samples,
      p99_ms: quantile([...times.values()].flat(), 0.99),
      rows,
    };
  } finally {
    agent.destroy();
    worker.postMessage("close");
    await worker.terminate();
    db.close();
  }
}

function rowOf(route: string, times: readonly number[]) {
  const [p50_ms, p99_ms] = [quantile(times, 0.5), quantile(times, 0.99)];
  return { route, p50_ms, p99_ms, max_ms: Math.max(...times) };
}

/** Milliseconds of processor time by route, asked one after the other with nothing else to do. */
async function measureCpu(
  readModel: ReadModel,
  addresses: ReadonlyMap<string, () => string>,
): Promise<Map<string, number>> {
  const clock = new ManualClock(readModel.overview().tip.timeSeconds * 1000);
  const app = createPortal({ readModel, clock, suite: nodeSuite });
  const medians = new Map<string, number>();
  for (const [route, next] of addresses) {
    const times: number[] = [];
    for (let i = 0; i < CPU_SAMPLES; i++) {
      const address = next();
      const before = process.cpuUsage();
      await (await app.request(address)).arrayBuffer();
      const { user, system } = process.cpuUsage(before);
      times.push((user + system) / 1000);
    }
    medians.set(route, quantile(times, 0.5));
  }
  return medians;
}

function quantile(times: readonly number[], share: number): number {
  const sorted = [...times].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.ceil(sorted.length * share) - 1)] ?? 0;
}

/** Bytes of the answer on the wire; a browser takes it compressed. */
function fetchAll(agent: Agent, address: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const headers = { "accept-encoding": "gzip" };
    const request = get(address, { agent, headers, timeout: PATIENCE_MS }, (response) => {
      const { statusCode = 0 } = response;
      let bytes = 0;
      response.on("data", (chunk: Buffer) => {
        bytes += chunk.length;
      });
      response.on("end", () => {
        if (statusCode === 200 || statusCode === 303) resolve(bytes);
        else reject(new Error(`${address} answered ${statusCode}`));
      });
      response.on("error", reject);
    });
    request.on("error", (error: NodeJS.ErrnoException) => {
      // The server may end an idle connection in the very instant in which it is used again.
      const isStale = request.reusedSocket && error.code === "ECONNRESET";
      if (isStale) fetchAll(agent, address).then(resolve, reject);
      else reject(error);
    });
  });
}

/** By route, a function that gives another address each time. */
function addressesOf(model: ReadModel): Map<string, () => string> {
  const random = seededBytes("portal-rates");
  const pick = (below: number): number => Buffer.from(random(4)).readUInt32BE() % below;
  const meters = model.meters().rows;
  const { tip, bills } = model.overview();
  const parts: Readonly<Record<string, () => string>> = {
    meter: () => meters[pick(meters.length)]?.meter ?? "",
    date: () => {
      const { fromSeconds = 0 } = meters[0]?.lastDay ?? {};
      const at = (fromSeconds - pick(meters[0]?.days ?? 1) * 86_400) * 1000;
      return new Date(at + 43_200_000).toISOString().slice(0, 10);
    },
    no: () => {
      const [bill] = model.bills({ offset: pick(bills), limit: 1 }).rows;
      return encodeURIComponent(bill?.no ?? "");
    },
    height: () => String(pick(tip.height + 1)),
    position: () => String(pick(tip.logSize)),
  };
  // A part may name how it ends: ":no{.+\\.pdf}".
  const fill = (path: string): string =>
    path
      .replace(/\{\.\+([^}]*)\}/g, (_, end: string) => end.replaceAll("\\", ""))
      .replace(/:(\w+)/g, (_, name: string) => parts[name]?.() ?? "");
  const paths = [...ROUTES, ...API_ROUTES.map(({ path }) => ({ path: `/api/v1${path}` }))];
  const addresses = new Map(paths.map(({ path }) => [path, () => fill(path)]));
  const ask = (route: string, query: () => string): void => {
    addresses.set(`${route}?${query().replace(/=.*/, "")}`, () => `${fill(route)}?${query()}`);
  };
  const month = (): string => parts["date"]?.().slice(0, 7) ?? "";
  ask("/", () => `page=${1 + pick(Math.ceil(meters.length / 50))}`);
  ask("/meters/:meter", () => `month=${month()}`);
  ask("/meters/:meter", () => `year=${month().slice(0, 4)}`);
  ask("/bills", () => `page=${1 + pick(Math.max(1, Math.ceil(bills / 60)))}`);
  ask("/bills", () => `meter=${parts["meter"]?.()}`);
  ask("/chain", () => `before=${1 + pick(tip.height)}`);
  ask("/api/v1/meters", () => `offset=${pick(meters.length)}`);
  ask("/api/v1/bills", () => `offset=${pick(Math.max(1, bills))}`);
  ask("/api/v1/blocks", () => `before=${1 + pick(tip.height)}`);
  ask("/api/v1/records", () => `from=${parts["position"]?.()}`);
  addresses.delete("/find");
  // Made by the writer's thread, with keys that the portal does not have.
  addresses.delete("/bills/:no{.+\\.bundle\\.json}");
  // Everything of two years is tens of thousands of slots; a month is what people take.
  const span = (): string => {
    const asked = month();
    return `from=${asked}-01&to=${asked}-28`;
  };
  for (const route of [
    "/meters/:meter/readings.csv",
    "/meters/:meter/readings.json",
    "/meters/:meter/green-button.xml",
    "/meters/:meter/statement",
    "/meters/:meter/statement.pdf",
    "/api/v1/meters/:meter/statement",
  ]) {
    addresses.delete(route);
    ask(route, span);
  }
  // A row of its own: of the year so far.
  ask("/meters/:meter/statement", () => {
    const asked = month();
    return `to=${asked}-28&from=${asked.slice(0, 4)}-01-01`;
  });
  ask("/find", () => `q=${model.records(pick(tip.logSize), 1)[0]?.leaf ?? ""}`);
  ask("/meters/:meter/statements.csv", () => `month=${month()}`);
  return addresses;
}
