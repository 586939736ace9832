/**
 * A whole gateway in the test's process: its threads, its store in a folder of its own, a broker given by URL or
 * embedded; and what the gateway says and sends.
 */
import { mkdirSync, mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import type { TestContext } from "node:test";
import { connectAsync, type MqttClient } from "mqtt";
import { askGateway } from "../../gateway/app/control-client.ts";
import { type DataFolder, locateDataFolder } from "../../gateway/app/data-folder.ts";
import type { GatewayEvent } from "../../gateway/app/event-log.ts";
import { readKeys } from "../../gateway/app/key-file.ts";
import { type RunningGateway, runGateway } from "../../gateway/app/run-gateway.ts";
import { decodeConfig, type GatewayConfig } from "../../gateway/config.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { parseCompactJws } from "../../shared/record/compact-jws.ts";
import { SealedMeter } from "./sealed-meter.ts";
import { seededBytes } from "./seeded-bytes.ts";
import { waitFor } from "./wait.ts";

export interface ReplyToMeter {
  readonly meter: string;
  readonly code: string;
  readonly leaf: string;
  readonly want?: number;
}

export class LiveGateway {
  readonly folder: DataFolder;
  readonly config: GatewayConfig;
  readonly events: GatewayEvent[] = [];
  readonly replies: ReplyToMeter[] = [];
  /** Receipt texts by meter. */
  readonly receipts = new Map<string, string[]>();
  #running: RunningGateway | undefined;
  #client: MqttClient | undefined;

  constructor(root: string, config: Readonly<Record<string, unknown>>) {
    this.folder = locateDataFolder(root);
    this.config = decodeConfig({
      ...{ broker_port: 0, portal_port: 0, portal_access: "open", difficulty: 4, workers: 2 },
      ...{ mine_after_ms: 100, held_reply_after_ms: 3000 },
      ...config,
    });
  }

  async start(): Promise<void> {
    const write = (event: GatewayEvent): void => {
      this.events.push(event);
    };
    const count = (name: string, fields: object, n: number): void =>
      write({ event: name, ...fields, count: n });
    const log = { write, count, flush: () => {} };
    mkdirSync(this.folder.root, { recursive: true });
    const { folder, config } = this;
    this.#running = await runGateway({ folder, config, clock: "real", log });
    const ready = this.events.findLast((event) => event.event === "ready") as GatewayEvent;
    const client = await connectAsync(String(ready["mqtt"]), { reconnectPeriod: 0 });
    this.#client = client;
    client.on("message", (topic, payload) => this.#receive(topic, payload.toString()));
    await client.subscribeAsync(["wattproof/+/+/+/reply", "wattproof/+/+/+/receipt"], { qos: 1 });
    await waitFor("the intake to be connected", () =>
      this.events.some((event) => event.event === "connected"),
    );
  }

  async stop(): Promise<void> {
    await this.#client?.endAsync();
    await this.#running?.stop();
    this.#running = undefined;
  }

  get net(): string {
    const { chain } = this.events.findLast((event) => event.event === "ready") as GatewayEvent;
    return Buffer.from(String(chain), "base64url").subarray(0, 4).toString("hex");
  }

  topic(meter: string): string {
    return `wattproof/${this.net}/${this.config.zone}/${meter}/envelope`;
  }

  async ask(method: string, parameters: unknown = {}): Promise<Record<string, unknown>> {
    const answer = await askGateway(this.folder.control, method, parameters);
    if (answer === undefined) throw new Error("the gateway does not listen");
    return answer.result as Record<string, unknown>;
  }

  /** Enrols a meter through the control socket. */
  async enrol(id: string): Promise<SealedMeter> {
    const meter = new SealedMeter(id, seededBytes(`meter ${id}`));
    const { join } = await this.ask("enrol-begin", { meter: id });
    const request = meter.request(String(join));
    const { leaf } = await this.ask("enrol-finish", { request });
    const { utility } = readKeys(nodeSuite, this.folder.keys, this.config.name);
    const key = Buffer.from(utility.jwk.x, "base64url");
    meter.enrolled(String(leaf), [{ kid: utility.kid, key }]);
    return meter;
  }

  async publish(topic: string, payload: Uint8Array | string, retain = false): Promise<void> {
    await this.#client?.publishAsync(topic, Buffer.from(payload), { qos: 1, retain });
  }

  /** How often intake came to this code since the first start of this process. */
  async countOf(code: string): Promise<number> {
    const { counts } = await this.ask("status");
    const list = counts as readonly { code: string; count: number }[];
    return list.find((one) => one.code === code)?.count ?? 0;
  }

  /** What must not change when a message is refused. */
  async standing(): Promise<string> {
    const { log_size, held, parked } = await this.ask("status");
    return JSON.stringify([Number(log_size) + Number(held), parked]);
  }

  #receive(topic: string, text: string): void {
    const [, , , meter = "", kind] = topic.split("/");
    if (kind === "reply") {
      const { code, leaf, want } = parseCompactJws(text).payload;
      this.replies.push({
        meter,
        code: String(code),
        leaf: String(leaf),
        ...(want === undefined ? {} : { want: Number(want) }),
      });
    } else {
      const receipts = this.receipts.get(meter) ?? [];
      receipts.push(text);
      this.receipts.set(meter, receipts);
    }
  }
}

/** A started gateway that is stopped and removed after the test. */
export async function startLiveGateway(
  t: TestContext,
  config: Readonly<Record<string, unknown>> = {},
): Promise<LiveGateway> {
  const root = mkdtempSync(join(tmpdir(), "wattproof-gateway-"));
  const gateway = new LiveGateway(root, config);
  t.after(async () => {
    await gateway.stop();
    rmSync(root, { recursive: true, force: true });
  });
  await gateway.start();
  return gateway;
}
