/**
 * The writer's thread: hosts the ledger, the schedule and the miner (design.md section 5: the single writer is
 * its own thread, so that a commit or a full block never delays the event loop that talks to the broker).
 */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { createClock, parseClockSpec, unixNow } from "../../shared/base/clock.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import type { AdmittedBatch, ReturnedBatch } from "../intake/admitted-batch.ts";
import { Miner } from "../ledger/miner.ts";
import { type BillingDesk, createBillingDesk } from "./billing-desk.ts";
import { makeBlock } from "./block-maker.ts";
import { BurstEnd } from "./burst-end.ts";
import { CostDesk } from "./cost-desk.ts";
import { locateDataFolder } from "./data-folder.ts";
import { LedgerHost } from "./ledger-host.ts";
import type { FromLedger, LedgerThreadData, ToLedger } from "./ledger-protocol.ts";
import { issueConfiguredTariff, type OfficeOptions } from "./office.ts";
import { runOfficeCall } from "./office-calls.ts";
import { openExisting } from "./open-store.ts";
import { PresenceDesk } from "./presence-desk.ts";
import { Scheduler } from "./scheduler.ts";
import { openSilenceDesk } from "./silence-desk.ts";
import { systemClock, systemRandomBytes } from "./system-clock.ts";

const TICK_MS = 50;
/** Of each tick, at month end. */
const BILLING_MS = 25;
const STORE_COUNTERS_MS = 5000;
const STORE_PRESENCE_MS = 1000;

function run(port: MessagePort, data: LedgerThreadData): void {
  const { config } = data;
  const clock = createClock(parseClockSpec(data.clock), systemClock);
  const randomBytes = systemRandomBytes;
  const realMs = () => performance.now();
  const folder = locateDataFolder(data.dataFolder);
  const { ledger, keys } = openExisting(folder, config, {
    ...{ suite: nodeSuite, clock, randomBytes, realMs },
  });
  const send = (message: FromLedger): void => {
    if (message.kind !== "receipts") port.postMessage(message);
    else port.postMessage(message, [message.batch.bytes.buffer, message.batch.places.buffer]);
  };
  let workers: readonly MessagePort[] = [];

  const host = new LedgerHost({
    ...{ ledger, suite: nodeSuite, keys, clock, config, realMs, send },
  });
  const presence = new PresenceDesk((presences) => ledger.vault.setOnline(presences));
  const office: OfficeOptions = {
    ...{ ledger, suite: nodeSuite, keys, clock, randomBytes, config, brokerUrl: data.brokerUrl },
  };
  const billing: BillingDesk = createBillingDesk(office, (event) => host.event(event), realMs);
  const costs = new CostDesk(ledger.costs, config.time_zone);
  const miner = new Miner();
  const burst = new BurstEnd(config.mine_quiet_records, realMs);
  const scheduler = new Scheduler({
    ledger,
    clock,
    realMs,
    timeZone: config.time_zone,
    mineAfterMs: config.mine_after_ms,
    mineAtRecords: config.mine_at_records,
    mineQuietRecords: config.mine_quiet_records,
    mining: config.mining === "on",
    mine: () =>
      makeBlock({
        ...{ ledger, miner, clock, randomBytes, realMs },
        onAppended: (block, result, ms) => {
          for (const { records } of result.added) billing.noteRecords(records);
          host.appended(block, result, ms);
        },
        onSpent: (spending) => costs.note(spending),
        onEvent: (event) => host.event(event),
      }),
    bill: config.billing === "on" ? () => billing.close() : undefined,
    refusal: () => host.refusal,
    onRefusal: (code, detail) => host.event({ event: "not-mining", code, ...detail }),
  });

  const silence = openSilenceDesk({ ledger, config, clock, realMs, entries: () => host.entries() });

  let stopped = false;
  const fatal = (error: unknown): void => {
    const code = isCoded(error) ? error.code : "internal";
    send({ kind: "failed", code, message: error instanceof Error ? error.message : String(error) });
  };
  const tick = (): void => {
    if (stopped) return;
    scheduler.tick().catch(fatal);
    host.pump();
    silence.pump();
    billing.pump(BILLING_MS);
  };
  /** Neither a commit nor a block waits for more. */
  const endBurst = (): void => {
    if (stopped) return;
    host.commit();
    scheduler.endBurst();
    tick();
  };
  const timers = [
    setInterval(tick, TICK_MS),
    setInterval(() => host.storeCounters(), STORE_COUNTERS_MS),
    setInterval(() => costs.flush(), STORE_COUNTERS_MS),
    setInterval(() => presence.flush(), STORE_PRESENCE_MS),
  ];

  const stop = async (): Promise<void> => {
    stopped = true;
    for (const timer of timers) clearInterval(timer);
    await miner.close();
    try {
      host.flush();
      presence.flush();
      costs.flush();
    } finally {
      ledger.close();
      for (const worker of workers) worker.close();
    }
  };

  const call = async (method: string, parameters: unknown): Promise<unknown> => {
    if (stopped) fail("stopping", "the gateway is stopping");
    if (method === "status") {
      return { ...host.status(), hashes: miner.hashes, counts: host.counts() };
    }
    return runOfficeCall(office, billing, method, parameters, (kid) => host.enrolled(kid));
  };

  port.on("message", (message: ToLedger) => {
    if (message.kind === "workers") {
      workers = message.ports;
      for (const worker of workers) {
        worker.on("message", (batch: AdmittedBatch) => {
          try {
            if (stopped) return;
            const { bytes } = batch;
            const back = (): void => worker.postMessage({ bytes } satisfies ReturnedBatch, [bytes]);
            if (burst.admit(host.admit(batch, back))) endBurst();
          } catch (error) {
            fatal(error);
          }
        });
      }
      host.start();
    } else if (message.kind === "refused") host.refuse(message.refusals);
    else if (message.kind === "seen") host.seen(message.meter, message.note);
    else if (message.kind === "outcomes") host.count(message.counts);
    else if (message.kind === "online") {
      const { meter, online } = message;
      const heard = { meter, online, at: unixNow(clock) };
      presence.note(heard);
      silence.note(heard);
    } else if (message.kind === "connected") host.reconnected();
    else if (message.kind === "published") {
      host.published(message.count);
      host.pump();
    } else if (message.kind === "returned") host.giveBack(message.bytes);
    else if (message.kind === "lull") {
      // Nothing more comes that could share a commit, and the broker may wait for the acknowledgement of what came.
      if (!stopped) host.commit();
      if (burst.lull(message.passed)) endBurst();
    } else {
      const { id } = message;
      const work = message.kind === "stop" ? stop() : call(message.method, message.parameters);
      work.then(
        (result) => send({ kind: "answer", id, result }),
        (error: unknown) => {
          const code = isCoded(error) ? error.code : "internal";
          const text = error instanceof Error ? error.message : String(error);
          send({ kind: "answer", id, error: { code, message: text } });
        },
      );
    }
  });

  const issued = config.billing === "on" ? issueConfiguredTariff(office) : undefined;
  if (issued !== undefined) host.event({ event: "tariff", id: config.tariff_id, leaf: issued });
  const { id, zone, origin } = ledger.state.chain;
  send({ kind: "ready", chain: id, zone, origin });
}

if (parentPort !== null) run(parentPort, workerData as LedgerThreadData);
