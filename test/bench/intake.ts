/**
 * Intake: sealed envelopes through Mosquitto into a real gateway until each has its receipt, against the machine's
 * crypto limit on the same envelopes, measured before, between and after the turns.
 */
import { type ChildProcess, fork } from "node:child_process";
import { mkdirSync, readdirSync, statSync, writeFileSync } from "node:fs";
import { availableParallelism } from "node:os";
import { join } from "node:path";
import { fileURLToPath } from "node:url";
import { locateDataFolder } from "../../gateway/app/data-folder.ts";
import { readKeys } from "../../gateway/app/key-file.ts";
import { decodeConfig } from "../../gateway/config.ts";
import { openReadOnly } from "../../gateway/ledger/database.ts";
import { RecordStore } from "../../gateway/ledger/record-store.ts";
import { verifyReceipt } from "../../shared/chain/receipt.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { splitEnvelope } from "../../shared/record/envelope.ts";
import { computeLeaf } from "../../shared/record/record.ts";
import { startBroker } from "./broker.ts";
import { type CryptoLimit, type LimitEnvelope, measureCryptoLimit } from "./crypto-limit.ts";
import { createGatewayData, type Fixture, readEnvelopes } from "./fixture.ts";
import { type BenchGateway, startBenchGateway } from "./gateway-process.ts";
import { readUsage } from "./process-usage.ts";
import type { PublisherMessage, PublishOrder, SampledReceipt } from "./publisher.ts";
import { GATEWAY_CONFIG, type Recipe } from "./recipe.ts";

export interface IntakeResult {
  /** Envelopes a second, first publish to last receipt, of the best turn, of which the rest is unless it says otherwise. */
  readonly value: number;
  /** The same of each turn. */
  readonly turns_per_s: readonly number[];
  /** Envelopes a second that cryptography alone would allow. */
  readonly limit: number;
  readonly ratio: number;
  readonly envelopes: number;
  readonly seconds: number;
  /** CPU microseconds an envelope. */
  readonly gateway_us: number;
  readonly broker_us: number;
  readonly publisher_us: number;
  readonly limit_us: number;
  /** Of the worst turn. */
  readonly loop_p99_ms: number;
  readonly loop_max_ms: number;
  readonly gateway_rss_bytes: number;
  /** Bytes of an envelope, and with MQTT around it. */
  readonly wire_bytes: number;
  readonly mqtt_bytes: number;
  /** Growth of the store, once the WAL is in it. */
  readonly store_bytes: number;
  readonly blocks: number;
  readonly blocks_per_s: number;
  readonly receipts_verified: number;
}

export interface IntakeRun {
  readonly result: IntakeResult;
  /** Data folder of the gateway after the run; its process has ended. */
  readonly data: string;
}

/** Envelopes for the limit: enough that nothing is in a cache that would not be. */
const LIMIT_ENVELOPES = 8_000;
const SAMPLE_EVERY = 101;
const RUN_LIMIT_MS = 300_000;

function limitInput(fixture: Fixture): LimitEnvelope[] {
  const input: LimitEnvelope[] = [];
  for (const { meter, bytes } of readEnvelopes(fixture.envelopesFile)) {
    if (input.length === LIMIT_ENVELOPES) break;
    const { line1, line2 = "" } = splitEnvelope(bytes);
    input.push({ line1, line2, jwk: (fixture.meters[meter] as Fixture["meters"][number]).jwk });
  }
  return input;
}

function storeBytes(data: string): number {
  return readdirSync(data)
    .filter((name) => name.startsWith("gateway.db"))
    .reduce((sum, name) => sum + statSync(join(data, name)).size, 0);
}

/** Resolves with the publisher's next message. */
function nextMessage(child: ChildProcess): Promise<PublisherMessage> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => reject(new Error("the publisher waits in vain")), RUN_LIMIT_MS);
    child.once("message", (message) => {
      clearTimeout(timer);
      resolve(message as PublisherMessage);
    });
    child.once("exit", (code) => reject(new Error(`the publisher ended with ${code}`)));
  });
}

/** Verifies sampled receipts under the gateway's own note key. Throws at the first that does not hold. */
function verifySamples(data: string, samples: readonly SampledReceipt[]): void {
  const folder = locateDataFolder(data);
  const { name, origin } = decodeConfig({});
  const { note } = readKeys(nodeSuite, folder.keys, name);
  const db = openReadOnly(folder.store);
  try {
    const records = new RecordStore(db);
    for (const { text } of samples) {
      const position = Number(/\nindex (\d+)\n/.exec(text)?.[1]);
      const leaf = computeLeaf(nodeSuite, records.line1(position) ?? "");
      const verifiers = [{ name: note.name, publicKey: note.publicKey }];
      verifyReceipt(nodeSuite, text, leaf, { origin, verifiers, threshold: 1, known: [] });
    }
  } finally {
    db.close();
  }
}

/** What is known of one turn by itself. */
type Turn = Pick<
  IntakeResult,
  | "value"
  | "envelopes"
  | "seconds"
  | "gateway_us"
  | "broker_us"
  | "publisher_us"
  | "loop_p99_ms"
  | "loop_max_ms"
  | "blocks"
  | "blocks_per_s"
>;

/** Lets the publisher send its next `measured` envelopes against the clock. `broker`: its process id. */
async function measureTurn(
  measured: number,
  parts: {
    readonly gateway: BenchGateway;
    readonly publisher: ChildProcess;
    readonly broker: number;
  },
): Promise<Turn> {
  const { gateway, publisher, broker } = parts;
  const before = await gateway.status(true);
  const brokerBefore = readUsage(broker);
  publisher.send("go");
  const run = await nextMessage(publisher);
  const after = await gateway.status();
  const brokerCpu = readUsage(broker).cpuS - brokerBefore.cpuS;
  if (run.kind !== "measured") throw new Error("a publisher out of step");
  const cpu = (s: typeof after): number => s.cpu_user_us + s.cpu_system_us;
  const blocks = after.height - before.height;
  return {
    value: measured / run.seconds,
    envelopes: measured,
    seconds: run.seconds,
    gateway_us: (cpu(after) - cpu(before)) / measured,
    broker_us: (brokerCpu * 1e6) / measured,
    publisher_us: (run.cpuS * 1e6) / measured,
    loop_p99_ms: after.loop_p99_us / 1000,
    loop_max_ms: after.loop_max_us / 1000,
    blocks,
    blocks_per_s: blocks / run.seconds,
  };
}

async function publishAll(
  recipe: Recipe,
  fixture: Fixture,
  folder: string,
  data: string,
  nodeOptions: readonly string[],
  afterTurn: () => Promise<void>,
): Promise<Omit<IntakeResult, "limit" | "ratio" | "limit_us" | "wire_bytes" | "store_bytes">> {
  const { net, zone, envelopes } = fixture;
  const broker = await startBroker(join(folder, "broker"));
  const config = { ...GATEWAY_CONFIG, broker_url: `mqtt://127.0.0.1:${broker.port}` };
  writeFileSync(
    locateDataFolder(data).config,
    JSON.stringify({ ...config, time_zone: recipe.zone }),
  );
  const gateway = await startBenchGateway(data, nodeOptions);
  const order: PublishOrder = {
    ...{ port: broker.port, envelopesFile: fixture.envelopesFile, net, zone },
    meters: fixture.meters.map(({ meter }) => meter),
    connections: recipe.connections,
    warmUp: recipe.warmUpDays * recipe.meters,
    measured: recipe.intakeDays * recipe.meters,
    turns: recipe.turns,
    sampleEvery: SAMPLE_EVERY,
  };
  const orderText = JSON.stringify(order);
  const publisher = fork(fileURLToPath(new URL("./publisher.js", import.meta.url)), [orderText]);
  try {
    await nextMessage(publisher);
    publisher.send("warm up");
    await nextMessage(publisher);
    const turns: Turn[] = [];
    while (turns.length < order.turns) {
      turns.push(await measureTurn(order.measured, { gateway, publisher, broker: broker.pid }));
      await afterTurn();
    }
    publisher.send("the rest");
    const done = await nextMessage(publisher);
    if (done.kind !== "done") throw new Error("a publisher out of step");
    if (done.repeated > 0) throw new Error("a record without its receipt");
    verifySamples(data, done.samples);
    const worst = (of: (turn: Turn) => number): number => Math.max(...turns.map(of));
    return {
      ...turns.reduce((best, turn) => (turn.value > best.value ? turn : best)),
      loop_p99_ms: worst((turn) => turn.loop_p99_ms),
      loop_max_ms: worst((turn) => turn.loop_max_ms),
      turns_per_s: turns.map(({ value }) => value),
      gateway_rss_bytes: (await gateway.status()).rss_bytes,
      mqtt_bytes: done.bytes / envelopes,
      receipts_verified: done.samples.length,
    };
  } finally {
    publisher.kill();
    await gateway.stop();
    await broker.stop();
  }
}

/** @param folder for everything that the run leaves; removed by the caller */
export async function measureIntake(
  recipe: Recipe,
  fixture: Fixture,
  folder: string,
  nodeOptions: readonly string[] = [],
): Promise<IntakeRun> {
  const data = join(folder, "gateway");
  mkdirSync(folder, { recursive: true });
  createGatewayData(fixture, data, recipe.zone);
  const before = storeBytes(data);
  const input = limitInput(fixture);
  const { utility } = readKeys(nodeSuite, locateDataFolder(data).keys, decodeConfig({}).name);
  const limits: CryptoLimit[] = [];
  const measureLimit = async (): Promise<void> => {
    const limit = await measureCryptoLimit({
      envelopes: input,
      recipient: { kid: utility.kid, secret: utility.secret },
      workers: availableParallelism(),
      seconds: recipe.limitS,
    });
    limits.push(limit);
  };
  await measureLimit();
  const run = await publishAll(recipe, fixture, folder, data, nodeOptions, measureLimit);
  const best = limits.reduce((a, b) => (b.perSecond > a.perSecond ? b : a));
  const { meters, envelopesFile, envelopes } = fixture;
  const framing = 8 * meters.length * recipe.days;
  const result: IntakeResult = {
    ...run,
    limit: best.perSecond,
    ratio: run.value / best.perSecond,
    limit_us: best.microseconds,
    wire_bytes: (statSync(envelopesFile).size - framing) / envelopes,
    store_bytes: (storeBytes(data) - before) / envelopes,
  };
  return { result, data };
}
