/**
 * The crypto worker thread: packed envelopes in, admitted candidates out, straight to the writer's thread.
 *
 * One meter always goes to the same worker, and the port to the writer keeps order, so a meter's records reach
 * the ledger in the order in which they came.
 */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import { createClock, parseClockSpec } from "../../shared/base/clock.ts";
import type { RecipientKey } from "../../shared/crypto/key.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { systemClock } from "../app/system-clock.ts";
import { openDay } from "../projection/open-day.ts";
import { type AdmissionOptions, admit } from "./admission.ts";
import { AdmittedBatchWriter, type ReturnedBatch } from "./admitted-batch.ts";
import { DayAdmission } from "./day-admission.ts";
import { LiveAdmission, type LiveVerdict } from "./live-admission.ts";
import { BATCH_STRIDE, type PackedBatch } from "./packed-batch.ts";
import { Registry, type RegistryEntry } from "./registry.ts";

/** What the worker is started with. */
export interface AdmissionWorkerData {
  /** The utility's key; opens line 2. */
  readonly utility: RecipientKey;
  /** Port to the writer: admitted batches go there, and their memory comes back. */
  readonly writer: MessagePort;
  /** The chain's id, H. */
  readonly chain: string;
  /** Clock specification (shared/base/clock.ts). */
  readonly clock: string;
}

/** From the main thread, before the envelopes that it concerns. */
export interface RegistryMessage {
  readonly entries: readonly RegistryEntry[];
}

/** A live message of a meter (nine digits); its verdict goes back to the main thread, the writer never sees it. */
export interface LiveMessage {
  readonly live: string;
  readonly bytes: Uint8Array;
}

/** From the worker to the main thread: a batch is done, whose buffer comes back, or a live message judged. */
export type WorkerAnswer =
  | { readonly done: ArrayBuffer }
  | { readonly live: string; readonly verdict: LiveVerdict };

function run(port: MessagePort, data: AdmissionWorkerData): void {
  const registry = new Registry();
  const options: AdmissionOptions = {
    suite: nodeSuite,
    registry,
    open: (...order) => openDay(nodeSuite, data.utility, ...order),
  };
  const days = new DayAdmission(nodeSuite, registry, data.utility);
  const spec = parseClockSpec(data.clock);
  const live = new LiveAdmission({
    ...{ suite: nodeSuite, registry, utility: data.utility, chain: data.chain },
    clock: createClock(spec, systemClock),
    rate: spec.kind === "simulated" ? spec.rate : 1,
  });
  const admitted = new AdmittedBatchWriter();
  data.writer.on("message", (batch: ReturnedBatch) => admitted.giveBack(batch));
  port.on("message", (message: PackedBatch | RegistryMessage | LiveMessage) => {
    if ("entries" in message) {
      for (const entry of message.entries) registry.set(entry);
      return;
    }
    if ("live" in message) {
      const verdict = live.judge(message.live, message.bytes);
      port.postMessage({ live: message.live, verdict } satisfies WorkerAnswer);
      return;
    }
    const { index } = message;
    const bytes = new Uint8Array(message.bytes);
    for (let i = 0; i < index.length; i += BATCH_STRIDE) {
      const meter = index[i] as number;
      const epoch = index[i + 1] as number;
      const packetId = index[i + 2] as number;
      const start = index[i + 3] as number;
      const end = start + (index[i + 4] as number);
      const verdict = days.admit(admitted, meter, epoch, packetId, bytes, start, end);
      if (verdict === "admitted") continue;
      const id = String(meter).padStart(9, "0");
      const judged = verdict === "other" ? admit(options, id, bytes.subarray(start, end)) : verdict;
      admitted.other({ meter: id, epoch, packetId, ...judged });
    }
    const { batch, transfer } = admitted.take();
    data.writer.postMessage(batch, transfer);
    port.postMessage({ done: message.bytes } satisfies WorkerAnswer, [message.bytes]);
  });
}

if (parentPort !== null) run(parentPort, workerData as AdmissionWorkerData);
