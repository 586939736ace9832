/**
 * The uplink: from the outbox to the log, over a broker that is trusted with nothing.
 *
 * Envelopes are published in the order of seq and repeated until a verified receipt takes their place (see
 * `send-plan.ts`). Every connection is a new one; between them the meter waits with full jitter. What arrives is
 * verified before it is acted on; what does not verify is counted and changes nothing.
 */
import { decodeUtf8 } from "../../shared/base/bytes.ts";
import { canonicalize } from "../../shared/base/canonical-json.ts";
import { type Clock, unixNow } from "../../shared/base/clock.ts";
import type { SigningKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import type { Join } from "../../shared/message/join.ts";
import { formatMeterTopic, type MeterChannel } from "../../shared/message/topic.ts";
import { isRevoked, isStopped, loadAlarms, raiseAlarm } from "../journal/alarm-store.ts";
import type { Journal } from "../journal/journal.ts";
import {
  loadChainPosition,
  loadEnrolment,
  loadSeen,
  type OutboxRow,
  readEnvelope,
  readOutbox,
  storeEnrolment,
} from "../journal/outbox-store.ts";
import type { MeterEvent } from "../meter-event.ts";
import { acceptReceipt } from "./accept-receipt.ts";
import { acceptReply } from "./accept-reply.ts";
import { jitteredWait, type RandomFraction } from "./backoff.ts";
import { type MeterIdentity, readConfig } from "./config-message.ts";
import {
  type Connection,
  type ConnectionOptions,
  connect,
  type PublishOptions,
} from "./connection.ts";
import { describeRejection } from "./rejection.ts";
import type { RestoreGuard } from "./restore-guard.ts";
import { SendPlan, type SendPlanOptions } from "./send-plan.ts";
import type { Trust } from "./trust.ts";

export interface UplinkOptions {
  readonly journal: Journal;
  readonly suite: CryptoSuite;
  readonly key: SigningKey;
  readonly trust: Trust;
  readonly identity: MeterIdentity;
  readonly join: Pick<Join, "chain" | "net" | "zone" | "meter">;
  /** Civil time; simulated where the meter's is. */
  readonly clock: Clock;
  /** Real monotonic time: retries follow the machine, not the simulation. */
  readonly monotonicMs: () => number;
  readonly random: RandomFraction;
  readonly plan: Omit<SendPlanOptions, "monotonicMs" | "random">;
  readonly link: Omit<ConnectionOptions, "clientId" | "will" | "subscriptions" | "onMessage">;
  /** Bounds of the wait between two connections. */
  readonly reconnect: { readonly firstMs: number; readonly mostMs: number };
  readonly report: (event: MeterEvent) => void;
  /** Looks at what the broker keeps before it is published over. */
  readonly guard: RestoreGuard;
  /** Called when the enrolment has become known or has changed: days can be sealed. */
  readonly onEnrolment: () => void;
}

/** Rows of the outbox that are looked at together. */
const LOOK_AHEAD = 256;
/** A connection that lasted this long was a good one: the next wait is short again. */
const GOOD_CONNECTION_MS = 30_000;
/** A broker that is silent does not hold up the end of the process. */
const FAREWELL: PublishOptions = { retain: true, timeoutMs: 2_000 };

export class Uplink {
  readonly #options: UplinkOptions;
  readonly #plan: SendPlan;
  #connection: Connection | undefined;
  #timer: NodeJS.Timeout | undefined;
  #wakeWait: (() => void) | undefined;
  readonly #stopping = new AbortController();
  #running: Promise<void> | undefined;

  constructor(options: UplinkOptions) {
    this.#options = options;
    const { plan, monotonicMs, random } = options;
    this.#plan = new SendPlan({ ...plan, monotonicMs, random });
  }

  /** Connects, and again whenever the connection is lost, until `stop`, or until the log has revoked the key. */
  start(): void {
    this.#running ??= this.#run();
  }

  /** Says offline, ends the connection. Resolves when nothing of the uplink is under way. */
  async stop(): Promise<void> {
    this.#stopping.abort();
    this.#wakeWait?.();
    clearTimeout(this.#timer);
    await this.#leave();
    await this.#running;
  }

  async #leave(): Promise<void> {
    const connection = this.#connection;
    if (connection === undefined) return;
    this.#connection = undefined;
    // Where it cannot be said, the broker says it: offline is also the last will.
    await this.#publish(connection, "status", this.#status("offline"), FAREWELL).catch(() => {});
    await connection.end();
  }

  /** A new envelope lies in the outbox; its first sending may wait `delayMs`. */
  wake(sealed?: { readonly seq: number; readonly delayMs: number }): void {
    if (sealed !== undefined && sealed.delayMs > 0) this.#plan.delay(sealed.seq, sealed.delayMs);
    this.#pump();
  }

  /** Publishes a live message at QoS 0; false when there is no connection, or the one before has not left yet. */
  tellLive(text: string): boolean {
    if (this.#stopping.signal.aborted) return false;
    return this.#connection?.send(this.#topic("live"), text) ?? false;
  }

  async #run(): Promise<void> {
    let failures = 0;
    while (!this.#isOver) {
      const since = this.#options.monotonicMs();
      try {
        await this.#serve();
        if (!this.#isOver) this.#options.report({ event: "offline", reason: "connection lost" });
      } catch (error) {
        const reason = error instanceof Error ? error.message : String(error);
        this.#options.report({ event: "offline", reason });
      }
      this.#connection = undefined;
      clearTimeout(this.#timer);
      if (this.#options.monotonicMs() - since > GOOD_CONNECTION_MS) failures = 0;
      const waitMs = jitteredWait(failures, this.#options.reconnect, this.#options.random);
      failures += 1;
      if (!this.#isOver) await this.#wait(waitMs);
    }
    if (!this.#stopping.signal.aborted) {
      this.#options.report({ event: "offline", reason: "the key is revoked" });
    }
  }

  /** The topics of a revoked key are its successor's. */
  get #isOver(): boolean {
    return this.#stopping.signal.aborted || isRevoked(this.#options.journal);
  }

  /** One connection, from beginning to end. */
  async #serve(): Promise<void> {
    const { join, link } = this.#options;
    const topic = (channel: MeterChannel): string => this.#topic(channel);
    const connection = await connect({
      ...link,
      signal: this.#stopping.signal,
      clientId: `wattproof-${join.net}-${join.meter}`,
      will: { topic: topic("status"), payload: this.#status("offline") },
      subscriptions: [topic("reply"), topic("receipt"), topic("config")],
      onMessage: (name, payload) => this.#receive(name, payload),
    });
    if (this.#isOver) return connection.end();
    this.#connection = connection;
    this.#plan.reconnected(this.#rows());
    this.#options.report({ event: "online", broker: link.broker });
    await this.#publish(connection, "status", this.#status("online"), { retain: true });
    await this.#options.guard.look(connection, topic("seen"));
    this.#publishSeen();
    this.#pump();
    await connection.closed;
  }

  /** Publishes what is due; called whenever something may have become so. */
  #pump(): void {
    const connection = this.#connection;
    clearTimeout(this.#timer);
    if (
      connection === undefined ||
      this.#stopping.signal.aborted ||
      isStopped(this.#options.journal)
    )
      return;
    const rows = this.#rows();
    const now = this.#options.monotonicMs();
    const due = new Set(this.#plan.next(rows, now));
    for (const row of rows) if (due.has(row.seq)) void this.#send(connection, row);
    const waitMs = this.#plan.nextWait(rows, now);
    if (waitMs !== undefined) this.#timer = setTimeout(() => this.#pump(), Math.max(10, waitMs));
  }

  async #send(connection: Connection, row: OutboxRow): Promise<void> {
    const envelope = readEnvelope(this.#options.journal, row.seq);
    if (envelope === undefined) return;
    this.#plan.sent(row);
    try {
      await this.#publish(connection, "envelope", envelope);
      this.#plan.acknowledged(row.seq);
      this.#pump();
    } catch {
      // The connection is over; the next one begins with what is in the outbox.
    }
  }

  #receive(topic: string, payload: Uint8Array): void {
    const channel = topic.slice(topic.lastIndexOf("/") + 1);
    if (topic !== this.#topic(channel as MeterChannel)) return;
    try {
      const text = decodeUtf8(payload);
      if (channel === "reply") this.#receiveReply(text);
      else if (channel === "receipt") this.#receiveReceipt(text);
      else if (channel === "config") this.#receiveConfig(text);
    } catch (error) {
      this.#options.report(describeRejection(channel, error));
    }
    this.#pump();
  }

  #receiveReply(text: string): void {
    const { journal, suite, trust, key, clock, report } = this.#options;
    const now = unixNow(clock);
    const outcome = acceptReply({ journal, suite, trust, key, now }, text);
    const { code, seq, resendFrom, later, alarm } = outcome;
    if (seq !== undefined) {
      const answer = later ? null : code === "duplicate" ? "held" : code;
      this.#plan.answered(seq, answer);
    }
    if (resendFrom !== undefined) this.#plan.resendFrom(resendFrom, this.#rows());
    report({ event: "reply", code, ...(seq === undefined ? {} : { seq }) });
    if (alarm !== undefined) this.#reportAlarms(alarm);
  }

  #receiveReceipt(text: string): void {
    const { journal, suite, trust, clock, report } = this.#options;
    const forked = loadAlarms(journal).some(({ code }) => code === "fork");
    try {
      const outcome = acceptReceipt({ journal, suite, trust, now: unixNow(clock) }, text);
      if (outcome.kind === "repeated") return;
      if (outcome.kind === "archived") {
        const { seq, date, position, size } = outcome;
        this.#plan.released(seq);
        report({ event: "receipt", seq, date, position, size });
      } else {
        this.#plan.again(outcome.seq);
      }
      this.#publishSeen();
    } finally {
      if (!forked) this.#reportAlarms("fork");
    }
  }

  #receiveConfig(text: string): void {
    const { journal, suite, trust, identity, clock, report, onEnrolment } = this.#options;
    const known = loadEnrolment(journal);
    const { enrolment, revocation } = readConfig(suite, trust, identity, text, known);
    if (revocation !== undefined) {
      const note = `record ${revocation.position} of the log ends this key after its record ${revocation.last} (${revocation.reason})`;
      const isNew = raiseAlarm(journal, { code: "revoked", at: unixNow(clock), note });
      if (isNew) this.#reportAlarms("revoked");
      void this.#leave();
    }
    if (enrolment === undefined) return;
    journal.transact("enrolment", () => storeEnrolment(journal, enrolment));
    report({ event: "enrolled", position: enrolment.position });
    if (revocation === undefined) onEnrolment();
  }

  #reportAlarms(code: string): void {
    for (const alarm of loadAlarms(this.#options.journal)) {
      if (alarm.code === code) this.#options.report({ event: "alarm", code, detail: alarm.note });
    }
  }

  /** The checkpoint seen last, retained: a gateway restored from an old copy learns that it is behind. */
  #publishSeen(): void {
    const { journal, guard } = this.#options;
    const seen = loadSeen(journal).at(-1);
    if (guard.isOlder || seen === undefined || this.#connection === undefined) return;
    // A failed publish ends the connection, and each new one begins with what was seen last.
    void this.#publish(this.#connection, "seen", seen.note, { retain: true }).catch(() => {});
  }

  #status(state: "online" | "offline"): string {
    const { journal, join, clock } = this.#options;
    const seq = loadChainPosition(journal)?.seq ?? 0;
    return canonicalize({ v: 1, chain: join.chain, state, at: unixNow(clock), seq });
  }

  #publish(
    connection: Connection,
    channel: MeterChannel,
    payload: string,
    options?: PublishOptions,
  ): Promise<void> {
    return connection.publish(this.#topic(channel), payload, options);
  }

  #rows(): OutboxRow[] {
    return readOutbox(this.#options.journal, LOOK_AHEAD);
  }

  #topic(channel: MeterChannel): string {
    const { net, zone, meter } = this.#options.join;
    return formatMeterTopic({ net, zone, meter, channel });
  }

  /** Waits between two connections; `stop` ends it early. */
  async #wait(ms: number): Promise<void> {
    await new Promise<void>((resolve) => {
      const timer = setTimeout(resolve, ms);
      this.#wakeWait = () => {
        clearTimeout(timer);
        resolve();
      };
    });
    this.#wakeWait = undefined;
  }
}
