/**
 * The ledger: the one writer of a gateway's store. Records are held, blocks appended, receipts made.
 *
 * Synchronous and without threads of its own, so the writer's thread, the command line and tests use it alike. Every
 * method that writes is one durable transaction: when it returns, its effect survives a power cut; when it throws,
 * nothing has changed.
 */
import { unixNow } from "../../shared/base/clock.ts";
import {
  type BlockHeader,
  decodeHeader,
  hashBlock,
  hashHeader,
  type SealedBlock,
  signSeal,
} from "../../shared/chain/block.ts";
import type { ChainState } from "../../shared/chain/chain-state.ts";
import { packLine2 } from "../../shared/record/compact.ts";
import type { Typ } from "../../shared/record/payload.ts";
import { hashLeaf, type ParsedRecord } from "../../shared/record/record.ts";
import { AlarmVault } from "../vault/alarm-vault.ts";
import { CostVault } from "../vault/cost-vault.ts";
import { PointVault } from "../vault/point-vault.ts";
import { UserVault } from "../vault/user-vault.ts";
import { BlobStore } from "./blob-store.ts";
import { BlockStore, decodeWork } from "./block-store.ts";
import type { Candidate, Dropped, HoldOutcome } from "./candidate.ts";
import { BadBranch } from "./chain-change.ts";
import { ChainWriter } from "./chain-writer.ts";
import { CounterStore } from "./counter-store.ts";
import { createDatabase, type Db, openDatabase, type Statement } from "./database.ts";
import { Holding, type IssueOrder, type OwnPayload } from "./holding.ts";
import type { AppendResult, LedgerOptions, Tip } from "./ledger-types.ts";
import { Mempool } from "./mempool.ts";
import { ReceiptMaker, type ReceiptParts } from "./receipt-maker.ts";
import { RecordStore } from "./record-store.ts";
import { type BlockContent, type BlockTemplate, buildTemplate } from "./template.ts";

export type { Candidate, Dropped, HoldOutcome } from "./candidate.ts";
export type { AppendResult, GatewayKeys, LedgerOptions, Tip } from "./ledger-types.ts";
export type { BlockTemplate } from "./template.ts";

export class Ledger {
  readonly db: Db;
  /** Openings of points and enrolments under way. */
  readonly vault: PointVault;
  readonly users: UserVault;
  readonly counters: CounterStore;
  readonly alarms: AlarmVault;
  readonly costs: CostVault;
  readonly #options: LedgerOptions;
  readonly #blocks: BlockStore;
  readonly #records: RecordStore;
  readonly #blobs: BlobStore;
  readonly #mempool: Mempool;
  readonly #chain: ChainWriter;
  readonly #holding: Holding;
  readonly #checkpoint: Statement<[number], { note: string }>;
  #openingDropped: readonly Dropped[] = [];
  /** What the blocks that were made here hold, so that nothing is parsed or hashed again when they come back. */
  readonly #contents = new WeakMap<SealedBlock, BlockContent>();
  /** Made when first asked for after each change of the chain. */
  #receipts: ReceiptMaker | undefined;

  private constructor(db: Db, options: LedgerOptions) {
    const { suite, keys, projector } = options;
    this.db = db;
    this.#options = options;
    this.vault = new PointVault(db);
    this.users = new UserVault(db);
    this.counters = new CounterStore(db);
    this.costs = new CostVault(db);
    this.alarms = new AlarmVault(db, (position) => this.#leafAt(position));
    this.#blocks = new BlockStore(db);
    this.#records = new RecordStore(db);
    this.#blobs = new BlobStore(db, suite);
    this.#mempool = new Mempool(db, suite);
    this.#chain = new ChainWriter({
      db,
      suite,
      note: keys.note,
      blocks: this.#blocks,
      records: this.#records,
      blobs: this.#blobs,
      projector,
      realMs: options.realMs ?? (() => options.clock.monotonicMs()),
      source: (leaf) => this.#mempool.get(leaf),
    });
    this.#holding = new Holding({
      suite,
      signing: keys.signing,
      chain: this.#chain,
      mempool: this.#mempool,
      records: this.#records,
      blobs: this.#blobs,
    });
    this.#checkpoint = db.prepare("SELECT note FROM checkpoint WHERE size = ?");
  }

  /** A new store with block 0 (see genesis.ts). Throws `store`, or the code of the rule that block 0 breaks. */
  static create(options: LedgerOptions & { readonly genesis: SealedBlock }): Ledger {
    const db = createDatabase(options.path);
    try {
      const ledger = new Ledger(db, options);
      ledger.append(options.genesis);
      return ledger;
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** The existing store. Throws `store`. Held records that fit no more are in `openingDropped`. */
  static open(options: LedgerOptions): Ledger {
    const db = openDatabase(options.path);
    try {
      const ledger = new Ledger(db, options);
      ledger.#openingDropped = ledger.#write(() => ledger.#holding.load(ledger.now()));
      ledger.#write(() => ledger.alarms.catchUp(ledger.now()));
      return ledger;
    } catch (error) {
      db.close();
      throw error;
    }
  }

  /** Held records that fitted no more when the store was opened; their senders are owed refusals. */
  get openingDropped(): readonly Dropped[] {
    return this.#openingDropped;
  }

  /** The state after the tip; read only for others. */
  get state(): ChainState {
    return this.#chain.state;
  }

  /** The state as it will be when all held records are in blocks; read only for others. */
  get pending(): ChainState {
    return this.#holding.pending;
  }

  tip(): Tip {
    const { tip, finalHeight } = this.#chain;
    const { height, time, logSize, logRoot } = decodeHeader(new Uint8Array(tip.header));
    const work = decodeWork(tip.work);
    return {
      height,
      hash: new Uint8Array(tip.hash),
      time,
      logSize,
      logRoot,
      final: finalHeight,
      work,
    };
  }

  tipHeader(): BlockHeader {
    return decodeHeader(new Uint8Array(this.#chain.tip.header));
  }

  /** Records that wait for a block. */
  heldCount(): number {
    return this.#mempool.size;
  }

  /** Held records that are no days, in no particular order. */
  *heldOthers(): Generator<ParsedRecord> {
    for (const { record } of this.#mempool.others()) yield record;
  }

  /** Unix seconds of the ledger's clock, but never before its tip's. */
  now(): number {
    return Math.max(unixNow(this.#options.clock), this.#chain.parent.time);
  }

  /** Judges candidates in their order and makes those that may enter the chain durable, all in one transaction. */
  hold(candidates: readonly Candidate[]): HoldOutcome[] {
    const now = unixNow(this.#options.clock);
    return this.#write(() => candidates.map((candidate) => this.#holding.hold(candidate, now)));
  }

  /**
   * Signs a record with this gateway's key at its next seq and holds it. Returns its leaf.
   * Throws the code of the chain rule that it would break.
   */
  issue<T extends Typ>(typ: T, payload: OwnPayload<T>, line2?: string): string {
    return this.#write(() => this.#holding.issue(typ, payload, line2, this.now()));
  }

  /** What `issue` does, for several records at once: all are held, or none. Returns their leaves. */
  issueAll(orders: readonly IssueOrder[]): string[] {
    const now = this.now();
    return this.#write(() =>
      orders.map(({ typ, payload, line2 }) => this.#holding.issue(typ, payload, line2, now)),
    );
  }

  /** The next block before its nonce, also when nothing is held; undefined if this key may not seal. */
  template(now: number): BlockTemplate | undefined {
    const { suite, keys } = this.#options;
    const { state, parent, keys: verifyKeys, log } = this.#chain;
    const { kid } = keys.signing;
    if (!state.get("member", kid)?.roles.includes("gateway")) return undefined;
    const time = Math.max(now, parent.time);
    const chain = { suite, state, parent, keys: verifyKeys, log };
    return buildTemplate(chain, this.#mempool.values(), kid, time);
  }

  seal(template: BlockTemplate, nonce: Uint8Array): SealedBlock {
    const { suite, keys } = this.#options;
    const { header, headerHash, content } = template;
    const hash = hashBlock(suite, headerHash, nonce);
    let lines: readonly string[] | undefined;
    const block: SealedBlock = {
      header,
      nonce,
      // Texts are made when somebody asks for them; appending the block here needs none.
      get records() {
        lines ??= content.records.map(({ line1 }) => line1);
        return lines;
      },
      seal: signSeal(suite, keys.signing, hash),
    };
    this.#contents.set(block, content);
    return block;
  }

  /**
   * Takes a block in, own or foreign. `lines2` are the second lines that came with a foreign block.
   * Throws the code of the first rule that it breaks, after which the main chain is as before.
   */
  append(block: SealedBlock, lines2: ReadonlyMap<string, string> = new Map()): AppendResult {
    const { suite } = this.#options;
    const hash = hashBlock(suite, hashHeader(suite, block.header), block.nonce);
    if (this.#chain.has(hash)) {
      const fromHeight = this.#chain.tip.height + 1;
      return { kind: "duplicate", fromHeight, added: [], dropped: [] };
    }
    const { prev } = decodeHeader(block.header);
    this.#receipts = undefined;
    try {
      return this.#write(() => {
        for (const [ct, line2] of lines2) this.#blobs.put(ct, packLine2(line2));
        const content = this.#contents.get(block);
        const change = this.#chain.append(block, hash, prev, content);
        const { kind, undone, added, fromHeight } = change;
        for (const { records } of added) this.#holding.settle(records);
        const dropped = kind === "side" ? [] : this.#holding.rebase(undone, this.now());
        const [lowest] = added;
        if (lowest !== undefined) this.alarms.follow(lowest.first, this.now());
        return { kind, fromHeight, added, dropped };
      });
    } catch (error) {
      if (!(error instanceof BadBranch)) throw error;
      return this.#keepBadBranch(block, hash, prev, error);
    }
  }

  /** Receipt text of the record at `position` for a reader who verified the log of `old` records; only if final. */
  receipt(position: number, old: number): string | undefined {
    return this.#receiptMaker(position, old)?.make(position, old);
  }

  /** {@link receipt} in parts, for a writer of bytes. */
  receiptParts(position: number, old: number): ReceiptParts | undefined {
    return this.#receiptMaker(position, old)?.parts(position, old);
  }

  /** Root of the first `size` records, of which there must be at least one and no more than the log holds. */
  rootAt(size: number): Uint8Array {
    return this.#chain.tree.edgeRoot(0, size);
  }

  /** The signed note of the last final size; undefined while this gateway alone cannot make one. */
  checkpoint(): string | undefined {
    const row = this.#blocks.main(this.#chain.finalHeight);
    return row === undefined ? undefined : this.#checkpoint.get(row.first + row.records)?.note;
  }

  /** A main block as it travels. */
  block(height: number): SealedBlock | undefined {
    const row = this.#blocks.main(height);
    if (row === undefined) return undefined;
    const records: string[] = [];
    for (let position = row.first; position < row.first + row.records; position++) {
      records.push(this.#records.line1(position) ?? "");
    }
    // Copies: what SQLite gives are Buffers, whose `slice` shares memory.
    return {
      header: new Uint8Array(row.header),
      nonce: new Uint8Array(row.nonce),
      records,
      seal: new Uint8Array(row.seal),
    };
  }

  /** Line 1 of the record at a position of the main chain. */
  line1(position: number): string | undefined {
    return this.#records.line1(position);
  }

  /** Line 2 of the record at a position of the main chain, where it has one and it was not erased. */
  line2(position: number): string | undefined {
    const blob = this.#records.row(position)?.blob;
    return blob === null || blob === undefined ? undefined : this.#blobs.read(blob);
  }

  close(): void {
    this.db.close();
  }

  /** Takes the alarms of all records in, after the projection was made again. */
  followAlarms(): void {
    this.#write(() => this.alarms.follow(0, this.now()));
  }

  #leafAt(position: number): string | undefined {
    const line1 = this.#records.line1(position);
    return line1 === undefined ? undefined : hashLeaf(this.#options.suite, line1);
  }

  /** Keeps the old tip, and the branch with its bad block marked, so that it is not tried again. */
  #keepBadBranch(block: SealedBlock, hash: Uint8Array, prev: Uint8Array, error: BadBranch): never {
    this.#write(() => this.#chain.keepBad(block, hash, prev, error));
    throw error.reason;
  }

  #receiptMaker(position: number, old: number): ReceiptMaker | undefined {
    this.#receipts ??= this.#createReceiptMaker();
    const size = this.#receipts?.size ?? 0;
    return position >= 0 && position < size && old >= 0 && old <= size ? this.#receipts : undefined;
  }

  #createReceiptMaker(): ReceiptMaker | undefined {
    const row = this.#blocks.main(this.#chain.finalHeight);
    const note = this.checkpoint();
    if (row === undefined || note === undefined) return undefined;
    const size = row.first + row.records;
    return new ReceiptMaker(this.#options.suite, this.#chain.tree, size, note);
  }

  /** One durable transaction; if it is undone, so is what memory holds. */
  #write<T>(work: () => T): T {
    const mark = this.pending.mark();
    const changes = this.#mempool.changes;
    try {
      const result = this.db
        .transaction(() => {
          const done = work();
          this.#mempool.write();
          return done;
        })
        .immediate();
      this.#chain.settle();
      return result;
    } catch (error) {
      const moved = this.#chain.touched;
      if (moved) this.#chain.reload();
      if (moved || this.#mempool.changes !== changes) this.#holding.reload(this.now());
      else this.pending.rollbackTo(mark);
      throw error;
    }
  }
}
