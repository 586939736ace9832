/**
 * A scripted gateway on a real broker: it verifies what meters publish under the chain rules, answers with true
 * replies and receipts of a real chain, and misbehaves where a test tells it to. Nothing of gateway/ is in it.
 */

import { connectAsync, type IClientOptions, type MqttClient } from "mqtt";
import { decodeBase64url, encodeBase64url } from "../../shared/base/bytes.ts";
import { MAX_RECORDS_OF_METER } from "../../shared/chain/block-rules.ts";
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import type { EcPublicJwk } from "../../shared/crypto/suite.ts";
import { formatMeterConfig, type Join, parseJoinRequest } from "../../shared/message/join.ts";
import { type ReplyCode, signReply } from "../../shared/message/reply.ts";
import { verifyRequest } from "../../shared/message/request.ts";
import { formatMeterTopic, type MeterChannel, netOf } from "../../shared/message/topic.ts";
import { computeCt, splitEnvelope } from "../../shared/record/envelope.ts";
import { computePoint } from "../../shared/record/meter-id.ts";
import { computeLeaf, type ParsedRecord, parseRecord } from "../../shared/record/record.ts";
import { SampleChain, START } from "./sample-chain.ts";

/** What the gateway does with one envelope; the script may decide otherwise. */
export type Verdict = ReplyCode | "silent";

export interface FakeScript {
  /** Returns a verdict that replaces the true one, or undefined. */
  verdict?(record: ParsedRecord, times: number): Verdict | undefined;
  /** Returns what is published in place of a receipt; none for an empty list. */
  receipts?(text: string, record: ParsedRecord): readonly string[];
}

const ZONE = "000";

export class FakeGateway {
  readonly chain = new SampleChain(nobleSuite);
  /** All envelopes as they came, by seq. */
  readonly received: { seq: number; text: string }[] = [];
  readonly statuses: string[] = [];
  script: FakeScript = {};
  readonly #client: MqttClient;
  readonly #salt: Uint8Array;
  readonly #token: Uint8Array;
  readonly #meter: string;
  readonly #broker: string;
  #kid = "";
  #last = { seq: 0, leaf: "", line1: "" };
  #held: ParsedRecord[] = [];
  #positions = new Map<string, { index: number; record: ParsedRecord }>();
  #seen = 0;
  #enrolment = 0;

  private constructor(client: MqttClient, broker: string, meter: string) {
    this.#client = client;
    this.#broker = broker;
    this.#meter = meter;
    this.#salt = this.chain.randomBytes(32);
    this.#token = this.chain.randomBytes(32);
    client.on("message", (topic, payload) => this.#receive(topic, payload));
  }

  static async start(
    broker: string,
    meter: string,
    login: IClientOptions = {},
  ): Promise<FakeGateway> {
    const client = await connectAsync(broker, { ...login, reconnectPeriod: 50, resubscribe: true });
    const gateway = new FakeGateway(client, broker, meter);
    const topics = (["envelope", "seen", "status"] as const).map((c) => gateway.topic(c));
    await client.subscribeAsync(topics, { qos: 1 });
    return gateway;
  }

  topic(channel: MeterChannel): string {
    return formatMeterTopic({ net: this.join.net, zone: ZONE, meter: this.#meter, channel });
  }

  /** Log size of the checkpoint that the meter published last. */
  get seen(): number {
    return this.#seen;
  }

  get join(): Join {
    return {
      v: 1,
      chain: this.chain.chainId,
      genesis: this.chain.genesisLine,
      net: netOf(this.chain.chainId),
      zone: ZONE,
      meter: this.#meter,
      salt: encodeBase64url(this.#salt),
      token: encodeBase64url(this.#token),
      broker: this.#broker,
      time_zone: "Europe/Berlin",
    };
  }

  /** Seqs of all records in the log, in its order. */
  get logged(): number[] {
    return [...this.#positions.values()].map(({ record }) => record.seq);
  }

  /** Logs the enrolment that a request file asks for, and publishes the config message. */
  async admit(requestFile: string): Promise<void> {
    const { key, req } = parseJoinRequest(requestFile);
    verifyRequest(nobleSuite, req, key, this.chain.chainId);
    await this.enrol(key, req);
  }

  async enrol(jwk: EcPublicJwk, req?: string): Promise<void> {
    const registrar = this.chain.member(0).key;
    const point = computePoint(nobleSuite, this.#meter, this.#salt);
    const utility = { key: this.chain.utility.jwk, use: "utility" as const };
    const line1 = this.chain.sign(registrar, "enrol", {
      key: jwk,
      point,
      to: [utility],
      ...(req === undefined ? {} : { req }),
    });
    this.#kid = parseKid(req);
    this.#enrolment = this.chain.leaves.length;
    this.chain.append([line1], START);
    this.#last = { seq: 0, leaf: encodeBase64url(computeLeaf(nobleSuite, line1)), line1: "" };
    await this.publishConfig([{ record: line1, receipt: this.chain.receipt(this.#enrolment) }]);
  }

  async publishConfig(records: { record: string; receipt: string }[]): Promise<void> {
    const message = formatMeterConfig({ chain: this.chain.chainId, records });
    await this.publish("config", message, true);
  }

  /** Mines all held records, as many as a block may have of one meter each time, and sends their receipts. */
  async mine(): Promise<void> {
    while (this.#held.length > 0) await this.#mineBlock(this.#held.splice(0, MAX_RECORDS_OF_METER));
  }

  async #mineBlock(records: readonly ParsedRecord[]): Promise<void> {
    const time = Math.max(...records.map((r) => (r.typ === "day" ? r.payload.to : START)));
    for (const [i, record] of records.entries()) {
      this.#positions.set(record.leaf, { index: this.chain.leaves.length + i, record });
    }
    this.chain.append(
      records.map(({ line1 }) => line1),
      time,
    );
    for (const record of records) await this.sendReceipt(record);
  }

  /** Sends the receipts of all logged records again. */
  async sendReceipts(): Promise<void> {
    for (const { record } of this.#positions.values()) await this.sendReceipt(record);
  }

  async sendReceipt(record: ParsedRecord): Promise<void> {
    const { index } = this.#positions.get(record.leaf) ?? { index: -1 };
    const text = this.chain.receipt(index, this.#seen);
    const texts = this.script.receipts?.(text, record) ?? [text];
    for (const one of texts) await this.publish("receipt", one);
  }

  async reply(leaf: string, code: ReplyCode, more: { want?: number; last?: string } = {}) {
    const { chainId: chain } = this.chain;
    const answer = { chain, leaf, code, at: START, ...more };
    await this.publish("reply", signReply(nobleSuite, this.chain.gatewayKey(), answer));
  }

  async publish(channel: MeterChannel, text: string, retain = false): Promise<void> {
    await this.#client.publishAsync(this.topic(channel), text, { qos: 1, retain });
  }

  async close(): Promise<void> {
    await this.#client.endAsync(true);
  }

  #receive(topic: string, payload: Buffer): void {
    if (topic === this.topic("envelope")) void this.#answer(payload);
    else if (topic === this.topic("status")) this.statuses.push(payload.toString());
    else this.#seen = Number(payload.toString().split("\n")[1]);
  }

  async #answer(payload: Buffer): Promise<void> {
    const { line1, line2 = "" } = splitEnvelope(payload);
    const record = parseRecord(nobleSuite, line1);
    const times = this.received.filter(({ seq }) => seq === record.seq).length;
    this.received.push({ seq: record.seq, text: payload.toString() });
    const verdict = this.script.verdict?.(record, times) ?? this.#judge(record, line2);
    if (verdict === "silent") return;
    if (verdict === "held" && !this.#isKnown(record.leaf)) {
      this.#held.push(record);
      this.#last = { seq: record.seq, leaf: record.leaf, line1 };
    }
    const want = verdict === "resend" ? { want: this.#last.seq + 1 } : {};
    await this.reply(record.leaf, verdict, want);
    if (verdict === "duplicate" && this.#positions.has(record.leaf)) await this.sendReceipt(record);
  }

  #judge(record: ParsedRecord, line2: string): Verdict {
    if (record.typ !== "day" || record.kid !== this.#kid) return "refused-unknown-key";
    if (record.payload.ct !== computeCt(nobleSuite, line2)) return "refused-ct";
    if (this.#isKnown(record.leaf)) return "duplicate";
    if (record.seq <= this.#last.seq) return "frozen";
    if (record.seq > this.#last.seq + 1) return "resend";
    return record.prev === this.#last.leaf ? "held" : "refused-prev";
  }

  #isKnown(leaf: string): boolean {
    return this.#positions.has(leaf) || this.#held.some((record) => record.leaf === leaf);
  }
}

function parseKid(req: string | undefined): string {
  const header = Buffer.from(decodeBase64url(req?.split(".")[0] ?? "")).toString();
  return (JSON.parse(header) as { kid: string }).kid;
}
