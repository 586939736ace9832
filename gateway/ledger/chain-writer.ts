/**
 * The main chain and the branches beside it: blocks in, verdict out (design.md section 5).
 *
 * Own and foreign blocks go through the same rules. A block on the tip extends the chain; any other is kept beside
 * it, and when its branch has more work than the main chain above the fork, the blocks above the fork are taken
 * back and the branch is applied. First seen wins a tie. Every method that writes runs inside the caller's
 * transaction; when one throws, the caller undoes the transaction and calls `reload`.
 */
import { encodeBase64url, equalBytes } from "../../shared/base/bytes.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { SealedBlock } from "../../shared/chain/block.ts";
import {
  applyBlock,
  applyParsedBlock,
  type CheckedBlock,
  type ParentBlock,
} from "../../shared/chain/block-rules.ts";
import { ChainState } from "../../shared/chain/chain-state.ts";
import { signCheckpoint } from "../../shared/chain/checkpoint.ts";
import { VerifyKeyCache } from "../../shared/chain/rule-context.ts";
import { CompactRange } from "../../shared/chain/tree.ts";
import { packLine1, unpackLine1 } from "../../shared/record/compact.ts";
import { hasLine2 } from "../../shared/record/payload.ts";
import { hashLeaf, type ParsedRecord } from "../../shared/record/record.ts";
import {
  decodeWork,
  encodeWork,
  type MainRow,
  type SideRow,
  toSealedBlock,
} from "./block-store.ts";
import {
  type AddedBlock,
  BadBranch,
  type ChainChange,
  type ChainWriterOptions,
  type UndoneRecord,
} from "./chain-change.ts";
import type { Statement } from "./database.ts";
import type { ProjectedRecord } from "./projected-block.ts";
import { checkStandalone } from "./side-block-rules.ts";
import { StateStore } from "./state-store.ts";
import { StoredLog } from "./stored-log.ts";
import type { BlockContent } from "./template.ts";
import { TileTree } from "./tile-tree.ts";

export class ChainWriter {
  readonly state = new ChainState();
  readonly tree: TileTree;
  readonly keys: VerifyKeyCache;
  /** The records of the main chain, for chain rules. */
  readonly log: StoredLog;
  readonly #options: ChainWriterOptions;
  readonly #states: StateStore;
  readonly #putCheckpoint: Statement<[number, string]>;
  /** Whether memory and store may have changed since the last `reload` or `settle`. */
  #touched = false;
  /** The tip; undefined before block 0. */
  #tip: { readonly row: MainRow; readonly parent: ParentBlock } | undefined;

  constructor(options: ChainWriterOptions) {
    this.#options = options;
    this.#states = new StateStore(options.db);
    this.keys = new VerifyKeyCache(options.suite);
    this.log = new StoredLog({
      suite: options.suite,
      records: options.records,
      lastPosition: (kid) => this.#states.lastPosition(kid),
    });
    this.tree = new TileTree(options.db, options.suite, 0);
    this.#putCheckpoint = options.db.prepare(
      "INSERT OR REPLACE INTO checkpoint (size, note) VALUES (?, ?)",
    );
    this.reload();
  }

  /** The tip's row; throws before block 0. */
  get tip(): MainRow {
    return this.#requireTip().row;
  }

  /** The tip as the next block's parent. */
  get parent(): ParentBlock {
    return this.#requireTip().parent;
  }

  /** Height of the last final block. With one gateway every block is final when appended. */
  get finalHeight(): number {
    return this.#isSole ? this.tip.height : 0;
  }

  /** Whether this chain has one gateway, which makes every block final. */
  get #isSole(): boolean {
    return this.state.gateways().length === 1;
  }

  lastPosition(kid: string): number | undefined {
    return this.#states.lastPosition(kid);
  }

  /** Reads everything again from the store. */
  reload(): void {
    const row = this.#options.blocks.tip();
    this.#touched = false;
    this.#options.projector.reset();
    this.state.clear();
    this.#tip = row === undefined ? undefined : { row, parent: this.#parentOf(row) };
    this.tree.reload(row === undefined ? 0 : row.first + row.records);
    this.state.load(this.#states.load((position) => encodeBase64url(this.tree.node(0, position))));
  }

  /** Whether something has changed; if the caller's transaction is undone now, `reload` is needed. */
  get touched(): boolean {
    return this.#touched;
  }

  /** The caller's transaction is committed. */
  settle(): void {
    this.#touched = false;
  }

  /** Whether a block with this hash is stored, on the main chain or beside it. */
  has(hash: Uint8Array): boolean {
    const { blocks } = this.#options;
    return blocks.mainByHash(hash) !== undefined || blocks.side(hash) !== undefined;
  }

  /**
   * Takes a block in. Throws the code of the first rule that it breaks, or {@link BadBranch} when the branch that
   * it completes has a bad block; the caller then undoes the transaction.
   */
  append(
    block: SealedBlock,
    hash: Uint8Array,
    prev: Uint8Array,
    content?: BlockContent,
  ): ChainChange {
    if (this.#tip === undefined || equalBytes(prev, this.#tip.row.hash)) {
      const added = [this.#extend(block, content)];
      return { kind: "extended", undone: [], added, fromHeight: this.tip.height };
    }
    const side = this.#keepBeside(block, hash, prev);
    if (decodeWork(side.work) <= decodeWork(this.tip.work)) {
      return { kind: "side", undone: [], added: [], fromHeight: this.tip.height + 1 };
    }
    return this.#reorganise(side);
  }

  /** After {@link BadBranch}: keeps the block that completed the branch, and marks the bad one in it. */
  keepBad(block: SealedBlock, hash: Uint8Array, prev: Uint8Array, error: BadBranch): void {
    this.#keepBeside(block, hash, prev);
    this.#options.blocks.markSide(error.hash, error.reason.code);
  }

  #requireTip(): { readonly row: MainRow; readonly parent: ParentBlock } {
    if (this.#tip === undefined) throw new Error("the chain has no block yet");
    return this.#tip;
  }

  #parentOf(row: MainRow): ParentBlock {
    const view = new DataView(row.header.buffer, row.header.byteOffset);
    const range = CompactRange.fromBytes(this.#options.suite, row.first + row.records, row.range);
    return { height: row.height, hash: row.hash, time: Number(view.getBigUint64(112)), range };
  }

  /** Applies and stores a block on the tip; `content` where it was made here. */
  #extend(block: SealedBlock, content?: BlockContent): AddedBlock {
    const { suite, source, realMs } = this.#options;
    const started = realMs();
    const known = (line1: string): ParsedRecord | undefined =>
      source(hashLeaf(suite, line1))?.record;
    const parent = this.#tip?.parent;
    const context = { suite, keys: this.keys, log: this.log, known };
    const { header, nonce, seal } = block;
    const checked =
      content === undefined || parent === undefined
        ? applyBlock(this.state, parent, block, context)
        : applyParsedBlock(this.state, parent, { header, nonce, seal, ...content }, context);
    const checkMs = realMs() - started;
    this.#store(block, checked);
    return { first: this.tip.first, records: checked.records, checkMs };
  }

  #store(block: Omit<SealedBlock, "records">, checked: CheckedBlock): void {
    const { db, blobs, blocks, records, projector, source } = this.#options;
    this.#touched = true;
    const changes = this.state.takeChanges();
    const first = checked.header.logSize - checked.records.length;
    const tips = new Map<string, number | null>();
    const projected = checked.records.map((record, i): ProjectedRecord => {
      const pos = first + i;
      const held = source(record.leaf);
      const blob = held === undefined ? this.#findBlob(record) : held.blob;
      const prev = this.#states.advance(record.kid, pos);
      if (!tips.has(record.kid)) tips.set(record.kid, prev);
      records.insert(pos, held?.packed ?? packLine1(record.line1), blob, prev);
      const line2 = (): string | undefined => (blob === null ? undefined : blobs.read(blob));
      return { position: pos, record, previous: prev, opened: held?.opened, line2 };
    });
    this.tree.append(checked.leaves);
    this.#states.write(this.state, changes);
    const work = checked.work + (this.#tip === undefined ? 0n : decodeWork(this.#tip.row.work));
    const row: MainRow = {
      height: checked.header.height,
      hash: checked.hash,
      header: block.header,
      nonce: block.nonce,
      seal: block.seal,
      first,
      records: checked.records.length,
      range: checked.range.toBytes(),
      work: encodeWork(work),
    };
    blocks.insertMain(row);
    const { height, time } = checked.header;
    this.#tip = { row, parent: { height, hash: checked.hash, time, range: checked.range } };
    projector.apply(db, { height, time, records: projected });
    if (this.#isSole) this.#signCheckpoint(checked);
    else if (height > 0) this.#states.putUndo(height, changes, tips);
  }

  #signCheckpoint(checked: CheckedBlock): void {
    const { suite, note } = this.#options;
    const { logSize: size, logRoot: root } = checked.header;
    const { origin } = this.state.chain;
    this.#putCheckpoint.run(size, signCheckpoint(suite, note, { origin, size, root }));
  }

  #findBlob(record: ParsedRecord): number | null {
    if (!hasLine2(record.typ)) return null;
    return this.#options.blobs.find((record.payload as { ct: string }).ct) ?? null;
  }

  /** Stores a block whose parent is not the tip. Throws `parent` or the code of a rule that it breaks. */
  #keepBeside(block: SealedBlock, hash: Uint8Array, prev: Uint8Array): SideRow {
    const { blocks, suite } = this.#options;
    const mainParent = blocks.mainByHash(prev);
    const parent = mainParent ?? blocks.side(prev);
    if (parent === undefined) fail("parent", "the block's parent is not known here");
    if ("code" in parent && parent.code !== null) {
      fail("parent", `the block stands on one that breaks rule ${parent.code}`);
    }
    if (mainParent !== undefined && mainParent.height < this.finalHeight) {
      fail("parent", "the block's parent lies below the last final block");
    }
    const checked = checkStandalone(this.state, this.keys, suite, block, hash, parent);
    const row: SideRow = {
      hash,
      height: parent.height + 1,
      prev,
      header: block.header,
      nonce: block.nonce,
      seal: block.seal,
      work: encodeWork(decodeWork(parent.work) + checked.work),
      code: null,
    };
    const sideRecords = checked.records.map((record) => ({
      line1: packLine1(record.line1),
      blob: this.#findBlob(record),
    }));
    blocks.insertSide(row, sideRecords);
    return row;
  }

  /** Makes the branch that ends in `top` the main chain. Throws {@link BadBranch}. */
  #reorganise(top: SideRow): ChainChange {
    const { blocks } = this.#options;
    const branch: SideRow[] = [];
    let hash = top.hash;
    for (let row: SideRow | undefined = top; row !== undefined; row = blocks.side(hash)) {
      branch.unshift(row);
      hash = row.prev;
    }
    const fork = blocks.mainByHash(hash);
    if (fork === undefined || fork.height < this.finalHeight) {
      fail("parent", "the branch leaves the main chain below the last final block");
    }
    const undone = this.#takeBack(fork);
    const added: AddedBlock[] = [];
    for (const row of branch) {
      const records = blocks.sideRecords(row.hash).map(({ line1 }) => unpackLine1(line1));
      blocks.removeSide(row.hash);
      try {
        added.push(this.#extend(toSealedBlock(row, records)));
      } catch (error) {
        if (isCoded(error)) throw new BadBranch(row.hash, error);
        throw error;
      }
    }
    return { kind: "reorganised", undone, added, fromHeight: fork.height + 1 };
  }

  /** Takes back every main block above `fork` and keeps it beside the chain. */
  #takeBack(fork: MainRow): UndoneRecord[] {
    const { db, blocks, records, projector } = this.#options;
    const size = fork.first + fork.records;
    this.#touched = true;
    projector.rollback(db, size, fork.height + 1);
    const undone: UndoneRecord[] = [];
    for (let height = this.tip.height; height > fork.height; height--) {
      const row = blocks.main(height) as MainRow;
      const rows = [...records.range(row.first, row.first + row.records)];
      const { hash, header, nonce, seal, work } = row;
      const prev = header.slice(8, 40);
      blocks.insertSide({ hash, height, prev, header, nonce, seal, work, code: null }, rows);
      undone.unshift(
        ...rows.map(({ line1, blob }) => ({ line1: unpackLine1(line1), packed: line1, blob })),
      );
      records.removeFrom(row.first);
      this.#states.undo(this.state, height);
    }
    blocks.removeMainFrom(fork.height + 1);
    this.tree.truncate(size);
    this.#tip = { row: fork, parent: this.#parentOf(fork) };
    return undone;
  }
}
