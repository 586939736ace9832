/**
 * The messages between the main thread and the writer's thread. Plain data; everything is typed here once.
 */

import type { GatewayConfig } from "../config.ts";
import type { EarlyRefusal } from "../intake/intake.ts";
import type { PacketBatch } from "../intake/packet-batch.ts";
import type { RegistryEntry } from "../intake/registry.ts";
import type { CodeCount } from "../ledger/counter-store.ts";
import type { GatewayEvent } from "./event-log.ts";

/** What the writer's thread is started with. */
export interface LedgerThreadData {
  readonly dataFolder: string;
  readonly config: GatewayConfig;
  /** Clock specification, `real` or `simulated:…` (shared/base/clock.ts). */
  readonly clock: string;
  /** The broker's URL for join files. */
  readonly brokerUrl: string;
}

/** What a meter or the public gets: published at QoS 1. */
export interface Publication {
  readonly topic: string;
  readonly payload: string;
  readonly retain?: boolean;
}

export type ToLedger =
  /** One port a crypto worker, in the order of their numbers. */
  | {
      readonly kind: "workers";
      readonly ports: readonly import("node:worker_threads").MessagePort[];
    }
  | { readonly kind: "refused"; readonly refusals: readonly EarlyRefusal[] }
  | { readonly kind: "seen"; readonly meter: string; readonly note: string }
  /** Outcomes that the main thread came to alone, to be counted with the others. */
  | { readonly kind: "outcomes"; readonly counts: readonly CodeCount[] }
  | { readonly kind: "online"; readonly meter: string; readonly online: boolean }
  /** The client is connected to the broker, again or for the first time. */
  | { readonly kind: "connected" }
  /** So many receipts were handed to the broker's client and left its queue half empty. */
  | { readonly kind: "published"; readonly count: number }
  /** Memory of `receipts` that the broker has all of; transferred. */
  | { readonly kind: "returned"; readonly bytes: Uint8Array<ArrayBuffer> }
  /** No more envelopes come for now: the workers have judged all of so many since the start. */
  | { readonly kind: "lull"; readonly passed: number }
  /** A control request. */
  | {
      readonly kind: "call";
      readonly id: number;
      readonly method: string;
      readonly parameters: unknown;
    }
  /** Commit what waits and close the store; answered like a call. No control request comes to this. */
  | { readonly kind: "stop"; readonly id: number };

export type FromLedger =
  | {
      readonly kind: "ready";
      readonly chain: string;
      readonly zone: string;
      readonly origin: string;
    }
  /** A durable commit: packet ids by connection, one an envelope; 0 for one that came at QoS 0. */
  | {
      readonly kind: "committed";
      readonly epoch: number;
      readonly packetIds: Uint16Array<ArrayBuffer>;
    }
  | { readonly kind: "publish"; readonly messages: readonly Publication[] }
  /** Receipts, whose number is bounded: the answer is `published`. Its buffers are transferred. */
  | { readonly kind: "receipts"; readonly batch: PacketBatch }
  /** New or changed entries; they reach the workers before any later envelope of their meters. */
  | { readonly kind: "registry"; readonly entries: readonly RegistryEntry[] }
  | { readonly kind: "events"; readonly events: readonly GatewayEvent[] }
  /** Outcomes of a commit by code; for the event line, they are stored by the writer. */
  | { readonly kind: "counts"; readonly counts: readonly CodeCount[] }
  | {
      readonly kind: "answer";
      readonly id: number;
      readonly result?: unknown;
      readonly error?: { readonly code: string; readonly message: string };
    }
  | { readonly kind: "failed"; readonly code: string; readonly message: string };
