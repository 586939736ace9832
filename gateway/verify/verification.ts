/**
 * One verification: the source is read ahead; records and lines 2 go to the readers in batches, while what came before
 * is folded in order by {@link ChainVerifier}.
 */
import { hash } from "node:crypto";
import { encodeHex } from "../../shared/base/bytes.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { DumpLine } from "../../shared/chain/dump.ts";
import { thumbprint } from "../../shared/crypto/key.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { hashLeaf, type ParsedRecord, parseRecord } from "../../shared/record/record.ts";
import { type BlockFrame, ChainVerifier, type LeafFinder } from "./chain-verifier.ts";
import {
  type BlobFacts,
  DAY,
  HASH_BYTES,
  NUMBERS,
  type RecordFacts,
  unknownFacts,
} from "./facts.ts";
import type { OpenedCounts, OpenedVerifier } from "./opened-verifier.ts";
import type { ReaderPool } from "./reader-pool.ts";
import { findLeaf, toDayRecord } from "./record-facts.ts";
import { SeenDays } from "./seen-days.ts";
import type { VerifyOptions, VerifyReport } from "./verify.ts";
import type { SourceBlobs, SourceBlock, SourceItem, VerifySource } from "./verify-source.ts";

/** Orders that each worker finds waiting, so that no core waits for what comes next. */
const ORDERS_AHEAD = 8;

const NOTHING_OPENED: OpenedCounts = {
  opened: 0,
  unusable: 0,
  days: 0,
  corrections: 0,
  events: 0,
  bills: 0,
  credits: 0,
  exchanges: 0,
  mismatched: 0,
};

/** Something that was read and is not folded yet; its turn comes in the order of the source. */
interface Step {
  readonly orders: number;
  fold(): Promise<void>;
}

/** A block's records as the opened plaintexts need them. */
interface KeptBlock {
  readonly first: number;
  readonly height: number;
  readonly facts: readonly RecordFacts[];
  readonly others: readonly ParsedRecord[];
}

export class Verification {
  readonly #source: VerifySource;
  readonly #options: VerifyOptions;
  readonly #pool: ReaderPool;
  readonly #verifier: ChainVerifier;
  /** The log of a dump, for rules of rare records. */
  readonly #seen = new SeenDays((no) => this.#verifier.kidOf(no));
  readonly #ahead: Step[] = [];
  #ordersAhead = 0;
  #areBlobsAccepted: boolean | undefined;
  /** Whether the founding members' keys were looked up. */
  #isFounded = false;
  /** Of a dump, which may have opened plaintexts at its end. */
  readonly #kept: KeptBlock[] = [];
  #opened: OpenedVerifier | undefined;
  /** Rows of lines 2 that were seen: records may share one. */
  readonly #rows = new Set<number>();

  constructor(source: VerifySource, options: VerifyOptions, pool: ReaderPool) {
    this.#source = source;
    this.#options = options;
    this.#pool = pool;
    this.#verifier = new ChainVerifier(nodeSuite, source.openLog ?? (() => this.#seen));
    pool.onAdmitted = (keys) => pool.addKeys(this.#verifier.addKeys(keys));
  }

  async complete(): Promise<VerifyReport> {
    const { onProgress, withoutBlobs } = this.#options;
    try {
      for (const item of this.#source.items()) await this.#take(item);
    } catch (error) {
      // What comes before what cannot be read is judged first: the first fault in order is the one named.
      await this.#foldAll();
      throw error;
    }
    await this.#foldAll();
    const verifier = this.#verifier;
    verifier.finish(withoutBlobs !== true);
    onProgress?.(1);
    return {
      chain: verifier.chain.id,
      origin: verifier.chain.origin,
      blocks: verifier.height + 1,
      records: verifier.size,
      time: verifier.tipTime,
      tip: encodeHex(verifier.tipHash),
      work: String(verifier.work),
      blobs: verifier.blobs,
      checkpoint: verifier.checkpointSize,
      ...(this.#opened?.counts ?? NOTHING_OPENED),
    };
  }

  async #take(item: SourceItem): Promise<void> {
    switch (item.kind) {
      case "source-block":
        await this.#found(item);
        this.#takeBlock(item);
        break;
      case "source-blobs":
        if (!item.wereShown || !(await this.#acceptsBlobs())) this.#takeBlobs(item);
        break;
      default:
        this.#push(0, Promise.resolve(), () => this.#addLine(item));
    }
    const limit = ORDERS_AHEAD * Math.max(1, this.#options.workers);
    while (this.#ordersAhead > limit && this.#ahead.length > 1) await this.#foldNext();
  }

  /** Before the first order: opens the readers' store and tells them the keys of the founding members. */
  async #found(block: SourceBlock): Promise<void> {
    if (this.#isFounded) return;
    this.#isFounded = true;
    const store = this.#source.store();
    if (store !== undefined) await this.#pool.openStore(store);
    try {
      const [line1 = ""] = block.load();
      const { typ, payload } = parseRecord(nodeSuite, line1);
      if (typ !== "genesis") return;
      const keys = payload.members.map(({ key }) => ({
        kid: thumbprint(nodeSuite, key),
        key: nodeSuite.importVerifyKey(key),
      }));
      this.#pool.addKeys(this.#verifier.addKeys(keys));
    } catch (error) {
      // Applying the record in order finds the same fault and names it.
      if (!isCoded(error)) throw error;
    }
  }

  #takeBlock(block: SourceBlock): void {
    const answers = Promise.all(block.orders.map((order) => this.#pool.readRecords(order)));
    this.#push(block.orders.length, answers, (found) => {
      this.#requireNoneOpened();
      const facts = found.filter((batch) => batch !== undefined);
      const whole = facts.length === found.length ? facts : [unknownFacts(block.load())];
      const leafOf = this.#source.usesStore
        ? (i: number) => hashLeaf(nodeSuite, block.load()[i] ?? "")
        : (i: number) => findLeaf(whole, i);
      this.#addBlock(block.frame, whole, leafOf);
      this.#options.onProgress?.(this.#source.progress());
    });
  }

  #addBlock(frame: BlockFrame, facts: readonly RecordFacts[], leafOf: LeafFinder): void {
    const first = this.#verifier.size;
    if (!this.#source.usesStore) this.#seen.add(facts);
    const others = this.#verifier.addBlock(frame, facts, leafOf);
    const { height, chain } = this.#verifier;
    const wanted = this.#options.chain ?? chain.id;
    if (height === 0 && chain.id !== wanted) {
      fail("chain", `this is chain ${chain.id}, not ${wanted}`);
    }
    if (!this.#source.usesStore) this.#kept.push({ first, height, facts, others });
  }

  /** Whether each record's line 2 was found beside it, so that reading them again would find nothing else. */
  async #acceptsBlobs(): Promise<boolean> {
    if (this.#areBlobsAccepted === undefined) {
      await this.#foldAll();
      this.#areBlobsAccepted =
        this.#options.withoutBlobs !== true && this.#verifier.acceptShownBlobs();
    }
    return this.#areBlobsAccepted;
  }

  #takeBlobs(blobs: SourceBlobs): void {
    this.#push(1, this.#pool.readBlobs(blobs.order), (facts) => {
      if (facts !== undefined) this.#addBlobs(blobs, facts);
      else for (const { id, read } of blobs.load()) this.#addLine2(id, read());
    });
  }

  #addBlobs(blobs: SourceBlobs, { count, ids, hashes, holds }: BlobFacts): void {
    let loaded: ReturnType<SourceBlobs["load"]> | undefined;
    for (let i = 0; i < count; i++) {
      if (holds[i] === 1) {
        this.#addBlob(ids[i] as number, hashes, i * (HASH_BYTES / 4));
      } else {
        // Reading it the long way says what is wrong.
        loaded ??= blobs.load();
        this.#addLine2(ids[i] as number, loaded[i]?.read() ?? "");
      }
    }
  }

  #addLine2(id: number, line2: string): void {
    const ct = Uint8Array.from(hash("sha256", line2, "buffer"));
    this.#addBlob(id, new Uint32Array(ct.buffer), 0);
  }

  #addBlob(id: number, words: Uint32Array, at: number): void {
    if (this.#source.usesStore && !this.#isNewRow(id)) return;
    this.#requireNoneOpened();
    if (this.#options.withoutBlobs === true) fail("dump", "a line 2 in a dump said to have none");
    this.#verifier.addBlob(words, at);
  }

  #isNewRow(id: number): boolean {
    const before = this.#rows.size;
    return this.#rows.add(id).size > before;
  }

  async #addLine(line: DumpLine): Promise<void> {
    if (line.kind === "opened") {
      this.#opened ??= await this.#prepareOpened();
      this.#opened.addOpened(line.opened);
      return;
    }
    this.#requireNoneOpened();
    if (line.kind === "checkpoint") this.#verifier.addCheckpoint(line.note);
    else if (line.kind === "blob") this.#addLine2(0, line.line2);
    else {
      const facts = [unknownFacts(line.block.records)];
      this.#addBlock(line.block, facts, (i) => findLeaf(facts, i));
    }
  }

  /** Loaded and told of the log only where there are opened plaintexts. */
  async #prepareOpened(): Promise<OpenedVerifier> {
    const { OpenedVerifier } = await import("./opened-verifier.ts");
    const { listSealedTo } = await import("./sealed-to.ts");
    const sealedTo = listSealedTo(nodeSuite, this.#source.lines2?.() ?? []);
    const opened = new OpenedVerifier(nodeSuite, (ct) => sealedTo.get(ct));
    this.#seen.forget();
    for (const { first, height, facts, others } of this.#kept.splice(0)) {
      let position = first;
      let other = 0;
      for (const batch of facts) {
        for (let i = 0; i < batch.count; i++) {
          const no = batch.numbers[i * NUMBERS] as number;
          const isDay = batch.status[i] === DAY;
          const record = isDay ? toDayRecord(batch, i, this.#verifier.kidOf(no)) : others[other++];
          if (record !== undefined) opened.addRecord(record, position++, height);
        }
      }
    }
    return opened;
  }

  #requireNoneOpened(): void {
    if (this.#opened !== undefined) fail("dump", "another line after the opened plaintexts");
  }

  #push<T>(orders: number, answer: Promise<T>, fold: (found: T) => void | Promise<void>): void {
    // Folding awaits it later; until then a failing pool must not count as an unhandled rejection.
    answer.catch(() => undefined);
    this.#ordersAhead += orders;
    this.#ahead.push({ orders, fold: async () => fold(await answer) });
  }

  async #foldAll(): Promise<void> {
    while (this.#ahead.length > 0) await this.#foldNext();
  }

  async #foldNext(): Promise<void> {
    const step = this.#ahead.shift();
    if (step === undefined) return;
    this.#ordersAhead -= step.orders;
    try {
      await step.fold();
    } catch (error) {
      // Nothing that comes later can be judged.
      this.#ahead.length = 0;
      throw error;
    }
  }
}
