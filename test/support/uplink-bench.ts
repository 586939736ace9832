/** An uplink over a real broker, with a meter bench behind it and a scripted gateway on the other side. */
import type { TestContext } from "node:test";
import type { MeterEvent } from "../../device/meter-event.ts";
import { RestoreGuard } from "../../device/uplink/restore-guard.ts";
import { createTrust } from "../../device/uplink/trust.ts";
import { Uplink, type UplinkOptions } from "../../device/uplink/uplink.ts";
import { decodeBase64url } from "../../shared/base/bytes.ts";
import { ManualClock } from "../../shared/base/clock.ts";
import { nobleSuite } from "../../shared/crypto/noble-suite.ts";
import { formatJoinRequest } from "../../shared/message/join.ts";
import { signRequest } from "../../shared/message/request.ts";
import { computePoint } from "../../shared/record/meter-id.ts";
import type { TestBroker } from "./brokers.ts";
import { FakeGateway } from "./fake-gateway.ts";
import { BENCH_METER, MeterBench } from "./meter-bench.ts";
import { DAY_S, START } from "./sample-chain.ts";

/** Waits short enough for a test and long enough that nothing happens by impatience alone. */
const PLAN: UplinkOptions["plan"] = {
  retryMs: 300,
  retryMostMs: 300,
  heldRetryMs: 600_000,
  refusedRetryMs: 300,
  rejoinMs: 200,
  window: 4,
  unanswered: 16,
  perMinute: 6000,
};

export class UplinkBench {
  readonly meter: MeterBench;
  readonly events: MeterEvent[] = [];
  readonly gateway: FakeGateway;
  readonly #broker: string;
  uplink: Uplink;
  guard: RestoreGuard | undefined;
  contactWaitMs = 0;
  #day = START;

  readonly #plan: UplinkOptions["plan"];
  readonly #step: number;

  private constructor(
    gateway: FakeGateway,
    broker: string,
    plan: Partial<UplinkOptions["plan"]>,
    step: number,
  ) {
    this.#plan = { ...PLAN, ...plan };
    this.#step = step;
    this.meter = new MeterBench({ zone: "Etc/UTC", step });
    this.gateway = gateway;
    this.#broker = broker;
    this.meter.utility = gateway.chain.utility;
    this.uplink = this.#create();
  }

  /** Everything is started but the uplink; the meter's request is admitted. */
  static async start(
    t: TestContext,
    broker: TestBroker,
    plan: Partial<UplinkOptions["plan"]> = {},
    step = 0,
  ): Promise<UplinkBench> {
    const gateway = await FakeGateway.start(broker.url, BENCH_METER, broker.gateway);
    const bench = new UplinkBench(gateway, broker.url, plan, step);
    t.after(async () => {
      await bench.uplink.stop();
      await gateway.close();
    });
    return bench;
  }

  async admit(): Promise<void> {
    const { key } = this.meter;
    const { chain, token } = this.gateway.join;
    const req = signRequest(nobleSuite, key, { chain, token: decodeBase64url(token) });
    await this.gateway.admit(formatJoinRequest({ v: 1, key: key.jwk, req }));
  }

  /** Measures and closes `count` days. */
  measure(count: number): void {
    for (let i = 0; i < count; i++, this.#day += DAY_S) {
      const step = this.#step === 0 ? DAY_S : this.#step;
      for (let from = this.#day; from < this.#day + DAY_S; from += step) {
        const wh = 100 + ((from / step) % 97);
        this.meter.addRow({ from, to: from + step, wh, voltage: [230_000], current: [4000 + wh] });
      }
    }
    this.meter.sampler.advance(this.#day * 1000, 0);
    this.meter.close();
  }

  sealAll(): void {
    for (let day = this.meter.seal(); day !== undefined; day = this.meter.seal()) {
      this.uplink.wake({ seq: day.seq, delayMs: 0 });
    }
  }

  /** The process is killed and started again: nothing volatile is left. */
  async restart(): Promise<void> {
    await this.uplink.stop();
    this.meter.reload();
    this.uplink = this.#create();
    this.uplink.start();
  }

  count(event: MeterEvent["event"]): number {
    return this.events.filter((one) => one.event === event).length;
  }

  get waiting(): number[] {
    return this.meter.envelopes().map(({ seq }) => seq);
  }

  get receipts(): number[] {
    return this.meter.journal
      .all<{ seq: number }>("SELECT seq FROM receipt ORDER BY seq")
      .map(({ seq }) => seq);
  }

  #create(): Uplink {
    const { join } = this.gateway;
    const { key, journal } = this.meter;
    const point = computePoint(nobleSuite, join.meter, decodeBase64url(join.salt));
    const clock = new ManualClock(START * 1000);
    const trust = createTrust(nobleSuite, join);
    const report = (event: MeterEvent): void => void this.events.push(event);
    this.guard = new RestoreGuard({
      ...{ journal, suite: nobleSuite, trust, clock, report },
      monotonicMs: () => performance.now(),
      waitMs: this.contactWaitMs,
      onOpen: () => undefined,
    });
    return new Uplink({
      guard: this.guard,
      journal,
      suite: nobleSuite,
      key,
      trust,
      identity: { kid: key.kid, point },
      join,
      clock,
      monotonicMs: () => performance.now(),
      random: () => 0.5,
      plan: this.#plan,
      link: { broker: this.#broker, connectTimeoutMs: 5000, publishTimeoutMs: 5000 },
      reconnect: { firstMs: 50, mostMs: 200 },
      report,
      onEnrolment: () => this.sealAll(),
    });
  }
}
