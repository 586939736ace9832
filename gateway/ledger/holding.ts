/**
 * Records that wait for a block: judged when they come, judged again when the chain moves (design.md section 4).
 *
 * An overlay over the chain's state holds the effect of all held records in their order, so a new one is judged by
 * the same chain rules as in a block. What no block could take any more leaves with a code for its sender, never
 * silently. All methods run inside the ledger's transaction; after one that was undone the ledger calls `load`.
 */
import { fail, isCoded } from "../../shared/base/error.ts";
import type { ErrorCode } from "../../shared/base/error-code.ts";
import { applyRecord } from "../../shared/chain/chain-rules.ts";
import {
  ChainState,
  type DeviceEntity,
  type MemberEntity,
} from "../../shared/chain/chain-state.ts";
import type { SigningKey } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { packLine2 } from "../../shared/record/compact.ts";
import { hasLine2, type PayloadByTyp, type Typ } from "../../shared/record/payload.ts";
import { type ParsedRecord, parseRecord, signRecord } from "../../shared/record/record.ts";
import type { BlobStore } from "./blob-store.ts";
import type { Candidate, Dropped, HoldOutcome } from "./candidate.ts";
import type { UndoneRecord } from "./chain-change.ts";
import type { ChainWriter } from "./chain-writer.ts";
import { KeyHistory } from "./key-history.ts";
import type { Held, Mempool } from "./mempool.ts";
import { Renaming } from "./re-signing.ts";
import type { RecordStore } from "./record-store.ts";
import { HeldLog } from "./stored-log.ts";

export interface HoldingOptions {
  readonly suite: CryptoSuite;
  readonly signing: SigningKey;
  readonly chain: ChainWriter;
  readonly mempool: Mempool;
  readonly records: RecordStore;
  readonly blobs: BlobStore;
}

/** Payload of an own record; `v`, `seq` and `prev` are added when it is signed. */
export type OwnPayload<T extends Typ> = Omit<PayloadByTyp[T], "v" | "seq" | "prev">;

/** An own record; `line2` where its type has one. */
export type IssueOrder = {
  [T in Typ]: { readonly typ: T; readonly payload: OwnPayload<T>; readonly line2?: string };
}[Typ];

export class Holding {
  /** The chain's state as it will be when all held records are in it. */
  readonly pending: ChainState;
  readonly #options: HoldingOptions;
  readonly #log: HeldLog;
  readonly #history: KeyHistory;

  constructor(options: HoldingOptions) {
    const { chain, mempool } = options;
    this.#options = options;
    this.pending = new ChainState(chain.state);
    this.#log = new HeldLog(chain.log, mempool, chain.state);
    this.#history = new KeyHistory(options);
  }

  /** Reads the held records again and judges them anew. Returns those that no block can take any more. */
  load(now: number): Dropped[] {
    this.#options.mempool.load();
    return this.rebase([], now);
  }

  /** Reads the held records again after a transaction that was undone; writes nothing. */
  reload(now: number): void {
    const { mempool } = this.#options;
    mempool.load();
    this.pending.clear();
    let place = 0;
    for (const held of mempool.values()) {
      if (this.#fits(held, now, place) === undefined) place += 1;
    }
  }

  /** Judges one candidate and holds it if it may enter the chain next. */
  hold(candidate: Candidate, now: number): HoldOutcome {
    const { record } = candidate;
    const { kid, leaf, seq } = record;
    const signer = this.#signer(kid);
    if (signer !== undefined) {
      if (seq <= signer.seq) return this.#judgeOld(candidate, signer, now);
      if (isFrozen(signer)) return { code: "frozen", leaf, ...this.#history.last(kid) };
      if ("revoked" in signer)
        return { code: "refused-inactive-key", leaf, ...this.#history.last(kid) };
      if (seq > signer.seq + 1) {
        return { code: "resend", leaf, want: signer.seq + 1, ...this.#history.last(kid) };
      }
    }
    try {
      this.#apply(record, now);
    } catch (error) {
      if (!isCoded(error)) throw error;
      return { code: `refused-${error.code}`, leaf, ...this.#history.last(kid) };
    }
    this.#keep(candidate, false, now);
    return { code: "held", leaf };
  }

  /** Signs and holds a record of this gateway's own. Throws the code of the chain rule that it would break. */
  issue<T extends Typ>(
    typ: T,
    payload: OwnPayload<T>,
    line2: string | undefined,
    now: number,
  ): string {
    const record = this.#sign(typ, payload);
    this.#apply(record, now);
    this.#keep(line2 === undefined ? { record } : { record, line2 }, true, now);
    return record.leaf;
  }

  /**
   * After the chain moved: records that came back from blocks go in front, mined ones leave, all others are judged
   * anew. Own records that lost their place are signed again; the rest that no longer fits is returned.
   */
  rebase(undone: readonly UndoneRecord[], now: number): Dropped[] {
    const { mempool } = this.#options;
    if (undone.length > 0) this.#restore(undone, now);
    this.pending.clear();
    const dropped: Dropped[] = [];
    const renaming = new Renaming();
    let signedAgain = 0;
    let place = 0;
    for (const held of [...mempool.values()]) {
      const isStale = held.own && renaming.isStale(held.record, this.pending);
      const code = isStale ? "bill-differs" : this.#fits(held, now, place);
      const lostPlace = held.own && (code === "seq" || code === "prev");
      const broken = lostPlace ? this.#signAgain(held, now, place, renaming) : code;
      if (broken === undefined) {
        place += 1;
        if (lostPlace) signedAgain += 1;
      } else {
        renaming.drop(held.record, this.pending);
        dropped.push(this.#drop(held, broken));
      }
    }
    if (signedAgain > 0) mempool.sort();
    return dropped;
  }

  /** Takes mined records out. */
  settle(records: Iterable<ParsedRecord>): void {
    const { mempool } = this.#options;
    for (const { leaf } of records) {
      const held = mempool.get(leaf);
      if (held !== undefined) mempool.remove(held);
    }
  }

  #signer(kid: string): DeviceEntity | MemberEntity | undefined {
    return this.pending.get("device", kid) ?? this.pending.get("member", kid);
  }

  /** `place`: how many held records come before it. */
  #apply(record: ParsedRecord, now: number, place = this.#options.mempool.size): void {
    const { suite, chain } = this.#options;
    const { parent, keys } = chain;
    applyRecord(
      this.pending,
      record,
      {
        suite,
        keys,
        position: parent.range.size + place,
        height: parent.height + 1,
        blockTime: Math.max(now, parent.time),
        log: this.#log,
      },
      true,
    );
  }

  #keep(candidate: Candidate, own: boolean, now: number): void {
    const { mempool, blobs } = this.#options;
    const { record, meter, parts } = candidate;
    let blob: number | null = null;
    if (hasLine2(record.typ)) {
      const packed = candidate.packedLine2 ?? packText(candidate.line2);
      const { ct } = record.payload as { ct: string };
      if (packed !== undefined) blob = blobs.put(ct, packed);
    }
    mempool.add({ record, blob, meter, own, at: now, parts, verdict: candidate });
  }

  /** A seq that this key has used: the same record again, another one for the same place, or a stray. */
  #judgeOld(candidate: Candidate, signer: DeviceEntity | MemberEntity, now: number): HoldOutcome {
    const { mempool, records } = this.#options;
    const { record } = candidate;
    const { kid, leaf, seq } = record;
    const last = this.#history.last(kid);
    const waiting = mempool.find(kid, seq);
    const position = waiting === undefined ? this.#history.find(kid, seq) : undefined;
    const line1 =
      waiting?.record.line1 ?? (position === undefined ? undefined : records.line1(position));
    if (line1 === record.line1) {
      return { code: "duplicate", leaf, ...last, ...(position === undefined ? {} : { position }) };
    }
    if (isFrozen(signer)) return { code: "frozen", leaf, ...last };
    if (line1 === undefined) return { code: "refused-seq", leaf, ...last };
    const isMeter = this.pending.get("device", kid) !== undefined;
    const conflicts = parseRecord(this.#options.suite, line1).prev === record.prev;
    if (!isMeter || !conflicts) {
      return { code: `refused-${isMeter ? "prev" : "seq"}`, leaf, ...last };
    }
    try {
      this.issue("evidence", { a: line1, b: record.line1 }, undefined, now);
      return { code: "frozen", leaf, ...last };
    } catch (error) {
      // A gateway whose key is no member's cannot say so on the chain; the message still has its one answer.
      if (!isCoded(error)) throw error;
      return { code: `refused-${error.code}`, leaf, ...last };
    }
  }

  #sign<T extends Typ>(typ: T, payload: OwnPayload<T>): ParsedRecord {
    const { suite, signing } = this.#options;
    const member = this.pending.get("member", signing.kid);
    if (member === undefined)
      fail("unknown-key", "this gateway's key is not a member of the chain");
    const { seq, leaf: prev } = member;
    const full = { ...payload, v: 1, seq: seq + 1, prev } as unknown as PayloadByTyp[T];
    return parseRecord(suite, signRecord(suite, signing, typ, full));
  }

  /** The code of the rule by which a held record no longer fits, or undefined when it does. */
  #fits(held: Held, now: number, place: number): ErrorCode | undefined {
    try {
      this.#apply(held.record, now, place);
      return undefined;
    } catch (error) {
      if (!isCoded(error)) throw error;
      // The clock went back: the day is not over by it, but it was when the record was held.
      if (error.code === "future" && held.at > now) return this.#fits(held, held.at, place);
      return error.code;
    }
  }

  /** The code of the rule that the record breaks also in its new place, where it then is not. */
  #signAgain(held: Held, now: number, place: number, renaming: Renaming): ErrorCode | undefined {
    const { mempool } = this.#options;
    const { v: _, seq: __, prev: ___, ...payload } = held.record.payload;
    const record = this.#sign(held.record.typ, renaming.apply(payload) as OwnPayload<Typ>);
    try {
      this.#apply(record, now, place);
    } catch (error) {
      if (!isCoded(error)) throw error;
      return error.code;
    }
    const { blob, meter, own, at, opened } = held;
    mempool.replace(held, { record, blob, meter, own, at, verdict: { opened } });
    renaming.rename(held.record, record);
    return undefined;
  }

  #drop(held: Held, code: ErrorCode): Dropped {
    const { mempool, blobs } = this.#options;
    mempool.remove(held);
    if (held.blob !== null) blobs.release(held.blob);
    const { leaf, kid } = held.record;
    const reply = code === "frozen" ? code : (`refused-${code}` as const);
    return { leaf, code: reply, kid, ...(held.meter === undefined ? {} : { meter: held.meter }) };
  }

  #restore(undone: readonly UndoneRecord[], now: number): void {
    const { suite, signing, mempool, chain } = this.#options;
    const back = undone
      .map(({ line1, blob }) => {
        const record = parseRecord(suite, line1);
        return { record, blob, meter: undefined, own: record.kid === signing.kid, at: now };
      })
      .filter(({ record }) => {
        const signer =
          chain.state.get("device", record.kid) ?? chain.state.get("member", record.kid);
        const mined =
          signer !== undefined && record.seq <= signer.seq && this.#history.holds(record);
        // Other members' records are theirs to bring back.
        const foreign = signer !== undefined && "roles" in signer && record.kid !== signing.kid;
        return !mined && !foreign && mempool.get(record.leaf) === undefined;
      });
    mempool.restore(back);
  }
}

function packText(line2: string | undefined): Uint8Array | undefined {
  return line2 === undefined ? undefined : packLine2(line2);
}

function isFrozen(signer: DeviceEntity | MemberEntity): boolean {
  return "status" in signer && signer.status === "frozen";
}
