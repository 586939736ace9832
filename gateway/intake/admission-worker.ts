/**
 * The crypto worker thread: packed envelopes in, admitted candidates out, straight to the writer's thread.
 *
 * One meter always goes to the same worker, and the port to the writer keeps order, so a meter's records reach
 * the ledger in the order in which they came.
 */
import { type MessagePort, parentPort, workerData } from "node:worker_threads";
import type { RecipientKey } from "../../shared/crypto/key.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { openDay } from "../projection/open-day.ts";
import { type AdmissionOptions, admit } from "./admission.ts";
import { type AdmittedItem, packAdmitted } from "./admitted-batch.ts";
import { type PackedBatch, unpackBatch } from "./packed-batch.ts";
import { Registry, type RegistryEntry } from "./registry.ts";

/** What the worker is started with. */
export interface AdmissionWorkerData {
  /** The utility's key; opens line 2. */
  readonly utility: RecipientKey;
  /** Port to the writer: admitted items go there. */
  readonly writer: MessagePort;
}

/** From the main thread, before the envelopes that it concerns. */
export interface RegistryMessage {
  readonly entries: readonly RegistryEntry[];
}

/** From the worker to the main thread: a batch is done. */
export interface BatchDone {
  readonly done: number;
}

function run(port: MessagePort, data: AdmissionWorkerData): void {
  const registry = new Registry(nodeSuite);
  const options: AdmissionOptions = {
    suite: nodeSuite,
    registry,
    open: (...order) => openDay(nodeSuite, data.utility, ...order),
  };
  port.on("message", (message: PackedBatch | RegistryMessage) => {
    if ("entries" in message) {
      for (const entry of message.entries) registry.set(entry);
      return;
    }
    const items: AdmittedItem[] = [];
    for (const { meter, epoch, packetId, payload } of unpackBatch(message)) {
      const id = String(meter).padStart(9, "0");
      items.push({ meter: id, epoch, packetId, ...admit(options, id, payload) });
    }
    const admitted = packAdmitted(items);
    data.writer.postMessage(admitted, [
      admitted.bytes,
      admitted.numbers.buffer,
      admitted.kinds.buffer,
    ]);
    port.postMessage({ done: items.length } satisfies BatchDone);
  });
}

if (parentPort !== null) run(parentPort, workerData as AdmissionWorkerData);
