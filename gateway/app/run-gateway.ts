/**
 * A gateway process put together: broker, ledger thread, crypto workers, intake, portal, control socket.
 *
 * Everything that can wait for something is started in order and stopped in reverse: first nothing more is taken
 * in, then what was taken in is committed, then the store is closed.
 */
import { availableParallelism } from "node:os";
import { monitorEventLoopDelay } from "node:perf_hooks";
import { setTimeout } from "node:timers/promises";
import { MessageChannel } from "node:worker_threads";
import { createClock, parseClockSpec } from "../../shared/base/clock.ts";
import { fail } from "../../shared/base/error.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { formatMeterFilter, netOf } from "../../shared/message/topic.ts";
import { GATEWAY_CLIENT } from "../broker/embedded-broker.ts";
import type { GatewayConfig } from "../config.ts";
import { type EarlyRefusal, Intake } from "../intake/intake.ts";
import { LullWatch } from "../intake/lull-watch.ts";
import { MqttClient } from "../intake/mqtt-client.ts";
import { PLACES } from "../intake/packet-batch.ts";
import { WorkerPool } from "../intake/worker-pool.ts";
import { openReadOnly } from "../ledger/database.ts";
import { createReadModel } from "../projection/read-model.ts";
import { createPortal, startPortal } from "../web/portal.ts";
import { listHosts } from "../web/security-headers.ts";
import { openBroker, tlsOptions } from "./broker-access.ts";
import { startControlServer } from "./control-server.ts";
import type { DataFolder } from "./data-folder.ts";
import type { EventLog } from "./event-log.ts";
import { HeavyClient } from "./heavy-client.ts";
import { LedgerClient } from "./ledger-client.ts";
import type { FromLedger } from "./ledger-protocol.ts";
import { openLiveDesk } from "./live-desk.ts";
import { openOrFound } from "./open-store.ts";
import { createPortalGate } from "./portal-gate.ts";
import { createSideTopics } from "./side-topics.ts";
import { lockStore } from "./store-lock.ts";
import { systemClock, systemRandomBytes } from "./system-clock.ts";

export interface RunOptions {
  readonly folder: DataFolder;
  readonly config: GatewayConfig;
  /** Clock specification (shared/base/clock.ts). */
  readonly clock: string;
  readonly log: EventLog;
}

export interface RunningGateway {
  /** Resolves when the gateway has ended by itself because it cannot go on. */
  readonly failed: Promise<Error>;
  /** Drains and closes; the data folder is free afterwards. */
  stop(): Promise<void>;
}

const FLUSH_EVENTS_MS = 1000;
/** Longest wait at the end for commits under way. */
const DRAIN_MS = 3000;
/** Event-loop delay is sampled at this resolution, milliseconds. */
const LOOP_RESOLUTION_MS = 2;

function messageOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}

/** Starts a gateway on a data folder. Throws `store-locked`, `listen`, `config`, `store`, … */
export async function runGateway(options: RunOptions): Promise<RunningGateway> {
  const { folder, config, log } = options;
  const clockSpec = parseClockSpec(options.clock);
  const clock = createClock(clockSpec, systemClock);
  const undo: (() => unknown)[] = [];
  const stop = async (): Promise<void> => {
    const failures: unknown[] = [];
    // One step that fails must not keep the others from freeing ports, lock and threads: the process could not end.
    for (const step of undo.splice(0).reverse()) {
      try {
        await step();
      } catch (error) {
        failures.push(error);
      }
    }
    if (failures.length > 0) throw failures[0];
  };
  try {
    return await start();
  } catch (error) {
    await stop().catch(() => undefined);
    throw error;
  }

  async function start(): Promise<RunningGateway> {
    const store = { suite: nodeSuite, clock, randomBytes: systemRandomBytes };
    const lock = lockFolder();
    undo.push(() => lock.release());
    const opened = await openOrFound(folder, config, store);
    const { founded, keys } = opened;
    const { id: chain, zone } = opened.ledger.state.chain;
    opened.ledger.users.offerSessionSecret(systemRandomBytes(32));
    opened.ledger.close();
    if (founded.keys) log.write({ event: "keys-made", file: folder.keys, kid: keys.signing.kid });
    if (founded.chain) log.write({ event: "chain-begun", chain, zone });

    const broker = await openBroker(config);
    const { embedded } = broker;
    if (embedded !== undefined) undo.push(() => embedded.close());

    let reportFailure: (error: Error) => void = () => {};
    const failed = new Promise<Error>((resolve) => {
      reportFailure = resolve;
    });
    let deliver: (message: FromLedger) => void = () => {};
    const ledger = new LedgerClient(
      { dataFolder: folder.root, config, clock: options.clock, brokerUrl: broker.publicUrl },
      (message) => deliver(message),
      reportFailure,
    );
    undo.push(() => ledger.stop());
    deliver = (message) => handleEvents(message);
    await ledger.ready;

    const net = netOf(chain);
    const workers = config.workers || availableParallelism();
    const channels = Array.from({ length: workers }, () => new MessageChannel());
    const pool = new WorkerPool({
      workers,
      ...{ utility: keys.utility, chain, clock: options.clock },
      writerPorts: channels.map((channel) => channel.port1),
      onError: reportFailure,
      onDrain: () => {
        intake.letIn();
        lull.look();
      },
      onLive: (meter, verdict) => live.intake.judged(meter, verdict),
    });
    const lull = new LullWatch({
      isIdle: () => pool.idle,
      passed: () => pool.passed,
      // The loop comes to its timers before its sockets: after a long turn something may lie there.
      wait: (ms, then) => void globalThis.setTimeout(() => setImmediate(then), ms).unref(),
      onLull: (passed) => ledger.send({ kind: "lull", passed }),
    });
    const readDb = openReadOnly(folder.store);
    undo.push(() => readDb.close());
    const readModel = createReadModel(readDb, { suite: nodeSuite });
    const heavy = new HeavyClient({ store: folder.store, utility: keys.utility });
    undo.push(() => heavy.close());
    const live = openLiveDesk({
      ...{ config, clock: clockSpec, readModel },
      knows: (meter) => intake.knows(meter),
      judge: (meter, bytes) => pool.judgeLive(meter, bytes),
      onError: (error) => log.count("portal-failed", { message: messageOf(error) }, 1),
    });
    const takeSide = createSideTopics({
      ...{ net, zone, knows: (meter) => intake.knows(meter) },
      acknowledge: (epoch, packetIds) => client.acknowledge(epoch, packetIds),
      onLive: (meter, message) => live.intake.receive(meter, message),
      onPresence: (meter, online) => {
        ledger.send({ kind: "online", meter, online });
        live.presence(meter, online);
      },
    });
    const connection = {
      url: broker.url,
      ...(broker.username === undefined ? {} : { username: broker.username }),
      ...(broker.password === undefined ? {} : { password: broker.password }),
      tls: tlsOptions(config),
      keepaliveS: 30,
      random: Math.random,
    };
    const client = new MqttClient({
      ...connection,
      clientId: `${GATEWAY_CLIENT}${net}`,
      subscriptions: [
        formatMeterFilter(net, zone, "envelope"),
        formatMeterFilter(net, zone, "seen"),
        formatMeterFilter(net, zone, "status"),
        ...(config.live_per_second > 0 ? [formatMeterFilter(net, zone, "live")] : []),
      ],
      onMessage: (message) => {
        if (!takeSide(message)) intake.receive(message);
      },
      onState: ({ connected, reason }) => {
        log.write({ event: connected ? "connected" : "disconnected", broker: broker.url, reason });
        if (connected) ledger.send({ kind: "connected" });
      },
    });
    // On one connection the broker's acknowledgements of receipts would wait behind thousands of envelopes, and for
    // ever while the socket is paused.
    const publisher = new MqttClient({
      ...connection,
      clientId: `${GATEWAY_CLIENT}${net}-out`,
      subscriptions: [],
      publishWindow: config.publish_window,
      onMessage: () => {},
      onState: ({ connected, reason }) => {
        const event = connected ? "publishing" : "not-publishing";
        log.write({ event, broker: broker.url, reason });
      },
    });
    let refusals: EarlyRefusal[] = [];
    const intake = new Intake(
      {
        net,
        zone,
        queueLimit: config.queue_limit,
        unacknowledgedLimit: config.unacknowledged_limit,
        meterBurst: config.meter_burst,
        meterPerMinute: config.meter_per_minute,
        monotonicMs: () => performance.now(),
        onRefused: (refusal) => {
          if (refusals.length === 0) {
            setImmediate(() => {
              ledger.send({ kind: "refused", refusals });
              refusals = [];
            });
          }
          refusals.push(refusal);
        },
        onSeen: (meter, note) => ledger.send({ kind: "seen", meter, note }),
      },
      client,
      pool,
    );
    deliver = (message) => {
      if (message.kind === "committed") intake.acknowledge(message.epoch, message.packetIds);
      else if (message.kind === "registry") {
        pool.enter(message.entries);
        intake.addMeters(message.entries.map((entry) => entry.meter));
      } else if (message.kind === "publish") {
        for (const publication of message.messages) publisher.publish(publication);
      } else if (message.kind === "receipts") {
        publisher.publishBatch(message.batch, (bytes) =>
          ledger.send({ kind: "returned", bytes }, [bytes.buffer]),
        );
        pace(message.batch.places.length / PLACES);
      } else handleEvents(message);
    };
    undo.push(() => pool.stop());
    const ports = channels.map((channel) => channel.port2);
    ledger.send({ kind: "workers", ports }, ports);
    client.start();
    publisher.start();
    undo.push(async () => {
      // What was taken in is committed and acknowledged; nothing more is taken in.
      intake.close();
      const end = performance.now() + DRAIN_MS;
      while (intake.unacknowledged > 0 && performance.now() < end) await setTimeout(10);
      await Promise.all([client.stop(), publisher.stop()]);
    });

    const office = (method: string, parameters: unknown) => ledger.call(method, parameters);
    const gate = createPortalGate({ config, db: readDb, office });
    const portal = await startPortal({
      app: createPortal({
        readModel,
        clock,
        suite: nodeSuite,
        ...(gate === undefined ? {} : { gate }),
        office,
        dir: config.portal_direction,
        ...{ live: live.values, events: live.hub },
        allowedHosts: listHosts(config.portal_host, config.portal_names),
        exportBundle: heavy.exportBundle,
        work: heavy,
        onError: (error) => log.count("portal-failed", { message: messageOf(error) }, 1),
      }),
      host: config.portal_host,
      port: config.portal_port,
    }).catch((error: Error) =>
      fail("listen", `the portal cannot listen on port ${config.portal_port}: ${error.message}`),
    );
    undo.push(() => {
      live.hub.close();
      return portal.close();
    });

    const loop = monitorEventLoopDelay({ resolution: LOOP_RESOLUTION_MS });
    loop.enable();
    const control = await startControlServer(folder.control, async (method, parameters) => {
      const result = await ledger.call(method, parameters);
      if (method !== "status") return result;
      const whole = { ...(result as object), ...processStatus() };
      // A measurement begins: what was before it does not count.
      if ((parameters as { fresh?: unknown }).fresh === 1) loop.reset();
      return whole;
    });
    undo.push(() => control.close());
    const flush = setInterval(() => {
      log.flush();
      const counts = live.takeCounts();
      if (counts.length > 0) ledger.send({ kind: "outcomes", counts });
    }, FLUSH_EVENTS_MS);
    undo.push(() => {
      clearInterval(flush);
      loop.disable();
      log.flush();
    });
    const setUp = gate?.setUpPath();
    if (setUp !== undefined) log.write({ event: "set-up", link: `${portal.url}${setUp}` });
    log.write({ event: "ready", chain, mqtt: broker.publicUrl, portal: `${portal.url}/` });
    return { failed, stop };

    function lockFolder(): ReturnType<typeof lockStore> {
      return lockStore(folder.root);
    }

    function handleEvents(message: FromLedger): void {
      if (message.kind === "events") for (const event of message.events) log.write(event);
      if (message.kind !== "counts") return;
      for (const { code, count } of message.counts) {
        if (code.startsWith("refused-")) log.count("refused", { code: code.slice(8) }, count);
        else log.count(code, {}, count);
      }
    }

    /** Tells the receipt desk when the broker's client has room again. Never what keeps the process alive. */
    function pace(count: number): void {
      const check = (): void => {
        if (publisher.pendingPublishes <= config.publish_window * 2) {
          ledger.send({ kind: "published", count });
        } else void setTimeout(2, undefined, { ref: false }).then(check);
      };
      check();
    }

    /** What a bench reads: processor time of the whole process, and how long the main loop was kept waiting. */
    function processStatus(): Record<string, number> {
      const { user, system } = process.cpuUsage();
      return {
        received: intake.received,
        unacknowledged: intake.unacknowledged,
        queued: pool.queued,
        publishes_pending: publisher.pendingPublishes,
        publishes_dropped: publisher.droppedPublishes,
        cpu_user_us: user,
        cpu_system_us: system,
        rss_bytes: process.memoryUsage.rss(),
        loop_p99_us: Math.round(loop.percentile(99) / 1000),
        loop_max_us: Math.round(loop.max / 1000),
        workers,
      };
    }
  }
}
