/**
 * What the crypto workers let through waits here for one durable commit of many (at most 2,048 records or 150 ms, less when no more
 * come; a batch is not divided).
 *
 * After the commit the envelopes may be acknowledged and each has its outcome. Records that are ahead of their turn
 * are parked, a few a key, and held as soon as the gap before them is filled; parking is memory only, because the
 * meter keeps its envelope until a receipt anyway.
 */

import type { ErrorCode } from "../../shared/base/error-code.ts";
import type { ReplyCode } from "../../shared/message/reply.ts";
import type { OpenCandidate } from "../intake/admission.ts";
import type { AdmittedItem } from "../intake/admitted-batch.ts";
import type { Candidate, HoldOutcome, Opened } from "../ledger/candidate.ts";

/** The part of the ledger that is used here. */
interface HoldingLedger {
  hold(candidates: readonly Candidate[]): HoldOutcome[];
}

/** One answered message. */
export interface Outcome {
  readonly meter: string;
  readonly leaf: string;
  readonly code: ReplyCode;
  readonly kid?: string;
  readonly last?: string;
  readonly want?: number;
  /** Set when the record is in the log already. */
  readonly position?: number;
  /** Set when the record entered and does not open to sense. */
  readonly unusable?: string;
  /** Asked for, but kept: it is answered again when the gap before it is filled, and counted then. */
  readonly parked?: true;
}

export interface Commit {
  readonly outcomes: readonly Outcome[];
  /** Packet ids by connection, one an envelope; 0 for one that came at QoS 0 and is only done with. */
  readonly acknowledge: ReadonlyMap<number, number[]>;
}

export interface CommitQueueOptions {
  readonly ledger: HoldingLedger;
  /** Opens what a worker did not, because it took it for a repetition. */
  readonly open: OpenCandidate;
  /** kids of the recipients that a meter's line 2 must be sealed to. */
  readonly recipientsOf: (kid: string) => readonly string[];
  /** seq of the newest record of a key that the ledger held at the start. */
  readonly newestOf: (kid: string) => number;
  readonly commitRecords: number;
  readonly commitMs: number;
  readonly maxParked: number;
  onCommit(commit: Commit): void;
}

/** A bound over all keys, so that many meters with one gap each cannot fill the memory. */
const MAX_PARKED_TOTAL = 16_384;

export class CommitQueue {
  readonly #options: CommitQueueOptions;
  readonly #newest = new Map<string, number>();
  readonly #parked = new Map<string, Map<number, Candidate>>();
  #parkedTotal = 0;
  #queue: AdmittedItem[] = [];
  /** To be called after the commit: for the batches that lie in the queue. */
  #onDone: (() => void)[] = [];
  #timer: NodeJS.Timeout | undefined;

  constructor(options: CommitQueueOptions) {
    this.#options = options;
  }

  /** Records that wait for an earlier one of their key. */
  get parked(): number {
    return this.#parkedTotal;
  }

  /** Takes a batch in, which is never divided; `onDone` is called when it is committed. */
  add(items: readonly AdmittedItem[], onDone: () => void = () => {}): void {
    const { commitRecords, commitMs } = this.#options;
    if (this.#queue.length + items.length > commitRecords) this.flush();
    for (const item of items) this.#queue.push(item);
    this.#onDone.push(onDone);
    if (this.#queue.length >= commitRecords) this.flush();
    else this.#timer ??= setTimeout(() => this.flush(), commitMs);
  }

  /** Commits what waits, now. */
  flush(): void {
    clearTimeout(this.#timer);
    this.#timer = undefined;
    const items = this.#queue;
    const done = this.#onDone;
    this.#queue = [];
    this.#onDone = [];
    if (items.length > 0) this.#commit(items);
    for (const onDone of done) onDone();
  }

  #commit(items: readonly AdmittedItem[]): void {
    const outcomes: Outcome[] = [];
    const acknowledge = new Map<number, number[]>();
    const batch: Candidate[] = [];
    for (const item of items) {
      const ids = acknowledge.get(item.epoch);
      if (ids === undefined) acknowledge.set(item.epoch, [item.packetId]);
      else ids.push(item.packetId);
      if (item.candidate !== undefined) batch.push(this.#opened(item));
      else outcomes.push({ meter: item.meter, leaf: item.leaf, code: refusal(item.refused) });
    }
    for (let next = batch; next.length > 0; next = this.#unpark(next)) {
      this.#hold(next, outcomes);
    }
    this.#options.onCommit({ outcomes, acknowledge });
  }

  #hold(batch: readonly Candidate[], outcomes: Outcome[]): void {
    const results = this.#options.ledger.hold(batch);
    results.forEach((result, i) => {
      const candidate = batch[i] as Candidate;
      const { kid, seq } = candidate.record;
      const { code, leaf, last, want, position } = result;
      const { meter = "", opened } = candidate;
      if (code === "held") {
        this.#newest.set(kid, seq);
        const isUnusable = opened !== undefined && "unusable" in opened;
        outcomes.push(
          isUnusable
            ? { meter, leaf, code, kid, unusable: opened.unusable }
            : { meter, leaf, code, kid },
        );
        return;
      }
      const parked = code === "resend" && this.#park(candidate);
      outcomes.push({
        ...{ meter, leaf, code, kid },
        ...(last === undefined ? {} : { last }),
        ...(want === undefined ? {} : { want }),
        ...(position === undefined ? {} : { position }),
        ...(parked ? { parked } : {}),
      });
    });
  }

  /** A worker skips the opening of what it takes for a repetition; if it is none after all, it is made up for. */
  #opened(item: AdmittedItem): Candidate {
    const candidate = item.candidate as Candidate;
    const { record } = candidate;
    if (item.unopened !== true || record.typ !== "day") return candidate;
    // Only now: making the text of line 2 costs as much as holding the record.
    const { line2 } = candidate;
    if (line2 === undefined) return candidate;
    const newest = this.#newest.get(record.kid) ?? this.#options.newestOf(record.kid);
    if (record.seq <= newest) return candidate;
    const entry = { meter: item.meter, recipients: this.#options.recipientsOf(record.kid) };
    return withVerdict(candidate, this.#options.open(record, line2, entry));
  }

  /** Keeps a record that is ahead of its turn; false if it is there already or there is no room. */
  #park(candidate: Candidate): boolean {
    const { kid, seq } = candidate.record;
    const parked = this.#parked.get(kid) ?? new Map<number, Candidate>();
    if (parked.has(seq) || parked.size >= this.#options.maxParked) return false;
    if (this.#parkedTotal >= MAX_PARKED_TOTAL) return false;
    parked.set(seq, withVerdict(candidate, candidate.opened));
    this.#parked.set(kid, parked);
    this.#parkedTotal += 1;
    return true;
  }

  /** What may follow now that these were held: the next parked record of each of their keys. */
  #unpark(held: readonly Candidate[]): Candidate[] {
    const next: Candidate[] = [];
    if (this.#parkedTotal === 0) return next;
    for (const kid of new Set(held.map((candidate) => candidate.record.kid))) {
      const parked = this.#parked.get(kid);
      const newest = this.#newest.get(kid);
      if (parked === undefined || newest === undefined) continue;
      for (const [seq, candidate] of parked) {
        if (seq > newest + 1) continue;
        parked.delete(seq);
        this.#parkedTotal -= 1;
        // One whose seq was held meanwhile ends as a repetition or a conflict: none goes without an outcome.
        next.push(candidate);
      }
      if (parked.size === 0) this.#parked.delete(kid);
    }
    return next;
  }
}

/** The candidate with this verdict on its line 2, in memory of its own. */
function withVerdict(candidate: Candidate, opened: Opened | undefined): Candidate {
  const { record, meter, packedLine2, parts } = candidate;
  const rest = {
    record,
    opened,
    ...(meter === undefined ? {} : { meter }),
    ...(parts === undefined ? {} : { parts }),
  };
  if (packedLine2 !== undefined) return { ...rest, packedLine2: new Uint8Array(packedLine2) };
  const { line2 } = candidate;
  return line2 === undefined ? rest : { ...rest, line2 };
}

/** A frozen key has a reply code of its own (records.md section 7). */
function refusal(code: ErrorCode = "form"): ReplyCode {
  return code === "frozen" ? "frozen" : `refused-${code}`;
}
