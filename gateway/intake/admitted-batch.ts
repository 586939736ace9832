/**
 * What a crypto worker sends to the writer for one batch: light items, and all their packed bytes in one buffer
 * that is transferred instead of cloned.
 */
import type { Candidate } from "../ledger/candidate.ts";
import type { Admission } from "./admission.ts";

/** One judged envelope, as the writer sees it. */
export interface AdmittedItem extends Admission {
  readonly meter: string;
  readonly epoch: number;
  readonly packetId: number;
}

interface LightItem extends AdmittedItem {
  /** Lengths in `bytes` of packed line 1, packed line 2 and the opened day; 0 where there is none. */
  readonly lengths: readonly [number, number, number];
}

export interface AdmittedBatch {
  readonly items: readonly LightItem[];
  readonly bytes: ArrayBuffer;
}

const NOTHING = new Uint8Array(0);

/** Moves the bytes of all candidates into one buffer. */
export function packAdmitted(items: readonly AdmittedItem[]): AdmittedBatch {
  const parts: Uint8Array[] = [];
  let total = 0;
  const take = (bytes: Uint8Array = NOTHING): number => {
    parts.push(bytes);
    total += bytes.byteLength;
    return bytes.byteLength;
  };
  const light = items.map((item): LightItem => {
    const { candidate } = item;
    if (candidate === undefined) return { ...item, lengths: [0, 0, 0] };
    const { packedLine1, packedLine2, opened, ...rest } = candidate;
    const isPacked = opened !== undefined && "packed" in opened;
    const lengths: LightItem["lengths"] = [
      take(packedLine1),
      take(packedLine2),
      take(isPacked ? opened.packed : NOTHING),
    ];
    const kept: Candidate = opened === undefined || isPacked ? rest : { ...rest, opened };
    return { ...item, candidate: kept, lengths };
  });
  const target = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    target.set(part, at);
    at += part.byteLength;
  }
  return { items: light, bytes: target.buffer };
}

/** The items with their candidates whole again; the bytes are views into the batch's buffer. */
export function unpackAdmitted(batch: AdmittedBatch): AdmittedItem[] {
  let at = 0;
  const take = (length: number): Uint8Array => {
    at += length;
    return new Uint8Array(batch.bytes, at - length, length);
  };
  return batch.items.map(({ lengths, candidate, ...item }) => {
    if (candidate === undefined) return item;
    const [line1, line2, opened] = lengths.map(take) as [Uint8Array, Uint8Array, Uint8Array];
    const whole: Candidate = {
      ...candidate,
      ...(line1.length === 0 ? {} : { packedLine1: line1 }),
      ...(line2.length === 0 ? {} : { packedLine2: line2 }),
      ...(opened.length === 0 ? {} : { opened: { packed: opened } }),
    };
    return { ...item, candidate: whole };
  });
}
