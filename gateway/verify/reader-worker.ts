/**
 * A worker thread of the verifier: a {@link Reader} of its own behind messages. `workerData`: whether it reads a store.
 *
 * In: {@link ReaderMessage}. Out: one {@link Answer} to each order, in their order.
 */
import { parentPort, workerData } from "node:worker_threads";
import type { Answer, ReaderMessage } from "./facts.ts";
import { Reader } from "./reader.ts";

/** Loaded at once, and only for a store: a dump's readers would pay for its driver. */
const storeModule = workerData === true ? import("./store-reader.ts") : undefined;
let reader = new Reader();

async function handle(message: ReaderMessage): Promise<void> {
  if (message.kind === "keys") reader.addKeys(message.keys);
  else if (message.kind === "order") send(reader.read(message.order));
  else reader = new Reader((await storeModule)?.openStoreReader(message.store));
}

function send(answer: Answer): void {
  const moved = answer.facts === undefined ? [] : [answer.facts.hashes.buffer];
  parentPort?.postMessage(answer, moved);
}

// One message after the other: opening a store waits for its module.
let turn: Promise<void> = Promise.resolve();
parentPort?.on("message", (message: ReaderMessage) => {
  turn = turn.then(() => handle(message));
});
