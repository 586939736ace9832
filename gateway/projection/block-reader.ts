/** Blocks and records for readers, with the proofs that let a page check them again. */
import { decodeBase64url, encodeBase64url } from "../../shared/base/bytes.ts";
import { hashHeader } from "../../shared/chain/block.ts";
import { quorumOf } from "../../shared/chain/chain-state.ts";
import { formatReceipt } from "../../shared/chain/receipt.ts";
import { type NodeReader, proveConsistency, proveInclusion } from "../../shared/chain/tree.ts";
import { unpackLine1 } from "../../shared/record/compact.ts";
import { hasLine2 } from "../../shared/record/payload.ts";
import { decodeWork } from "../ledger/block-store.ts";
import type { Db, Statement } from "../ledger/database.ts";
import type { BlockFacts, ChainReader, RecordFacts } from "./chain-reader.ts";
import type {
  BlockDetail,
  BlockSummary,
  ChainTip,
  HeaderRow,
  LineRow,
  RecordDetail,
  RecordSummary,
  SignerKey,
} from "./chain-view-types.ts";
import type { DayReader } from "./day-reader.ts";
import { meterText } from "./meter-text.ts";

export class BlockReader {
  readonly #chain: ChainReader;
  readonly #days: DayReader;
  readonly #checkpoint: Statement<[number], { size: number; note: string }>;
  readonly #enrolment: Statement<[string], { pos: number; meter: number | null }>;
  readonly #enrolled: Statement<[number], { meter: number | null }>;
  readonly #bill: Statement<[number], { no: string; meter: number }>;
  readonly #credit: Statement<[number], { no: string; meter: number }>;
  readonly #event: Statement<[number], { code: string }>;
  readonly #alarm: Statement<[number], { code: string }>;
  readonly #pointMeter: Statement<[string], { meter: string }>;

  constructor(db: Db, chain: ChainReader, days: DayReader) {
    this.#chain = chain;
    this.#days = days;
    this.#checkpoint = db.prepare(
      "SELECT size, note FROM checkpoint WHERE size >= ? ORDER BY size LIMIT 1",
    );
    this.#enrolment = db.prepare(
      "SELECT pos, meter FROM enrolment WHERE kid = ? ORDER BY pos DESC LIMIT 1",
    );
    this.#enrolled = db.prepare("SELECT meter FROM enrolment WHERE pos = ?");
    this.#bill = db.prepare("SELECT no, meter FROM bill WHERE pos = ?");
    this.#credit = db.prepare("SELECT no, meter FROM credit WHERE pos = ?");
    this.#event = db.prepare("SELECT code FROM event WHERE pos = ?");
    this.#alarm = db.prepare("SELECT code FROM alarm WHERE pos = ?");
    this.#pointMeter = db.prepare("SELECT meter FROM vault_point WHERE point = ?");
  }

  tip(): ChainTip {
    const tip = this.#chain.tip();
    const { id, origin, zone } = this.#chain.chain;
    const { height, time, logSize, logRoot, bits } = tip.header;
    return {
      chainId: id,
      origin,
      zone,
      height,
      hash: encodeBase64url(tip.row.hash),
      timeSeconds: time,
      finalHeight: this.#chain.finalHeight(tip),
      logSize,
      logRoot: encodeBase64url(logRoot),
      bits,
      work: String(decodeWork(tip.row.work)),
    };
  }

  blocks(beforeHeight: number | undefined, limit: number): BlockSummary[] {
    const tip = this.#chain.tip();
    const final = this.#chain.finalHeight(tip);
    const summaries: BlockSummary[] = [];
    let height = Math.min(tip.header.height, (beforeHeight ?? tip.header.height + 1) - 1);
    for (; height >= 0 && summaries.length < limit; height--) {
      const facts = this.#chain.block(height);
      if (facts !== undefined) summaries.push(this.#summarise(facts, final));
    }
    return summaries;
  }

  block(height: number): BlockDetail | undefined {
    const tip = this.#chain.tip();
    const facts = this.#chain.block(height);
    return facts === undefined ? undefined : this.#detail(facts, this.#chain.finalHeight(tip));
  }

  headers(fromHeight: number, limit: number): HeaderRow[] {
    const rows: HeaderRow[] = [];
    for (let height = fromHeight; rows.length < limit; height++) {
      const row = this.#chain.blocks.main(height);
      if (row === undefined) break;
      rows.push({ height, header: row.header, nonce: row.nonce });
    }
    return rows;
  }

  lines(fromPosition: number, limit: number): LineRow[] {
    const rows = [...this.#chain.records.range(fromPosition, fromPosition + limit)];
    return rows.map(({ pos, line1 }) => ({ position: pos, line1: unpackLine1(line1) }));
  }

  records(fromPosition: number, limit: number): RecordSummary[] {
    const tip = this.#chain.tip();
    const final = this.#chain.finalHeight(tip);
    const summaries: RecordSummary[] = [];
    const end = Math.min(tip.header.logSize, fromPosition + limit);
    for (let position = Math.max(0, fromPosition); position < end; position++) {
      const facts = this.#chain.record(position);
      if (facts !== undefined) summaries.push(this.#summariseRecord(facts, final));
    }
    return summaries;
  }

  record(position: number): RecordDetail | undefined {
    const tip = this.#chain.tip();
    const facts = this.#chain.record(position);
    if (facts === undefined) return undefined;
    const final = this.#chain.finalHeight(tip);
    const { record, previous } = facts;
    const summary = this.#summariseRecord(facts, final);
    const block = this.#detail(this.#chain.block(summary.height) as BlockFacts, final);
    const node: NodeReader = (level, index) => this.#chain.tree.node(level, index);
    const path = proveInclusion(this.#chain.suite, position, block.logSize, node);
    const line2 = this.#chain.line2(facts.blob);
    const unusable = this.#unusable(facts);
    const next = this.#chain.nextPosition(record.kid, position);
    return {
      ...summary,
      line1: record.line1,
      ...(line2 === undefined ? {} : { line2 }),
      signerKey: this.#signerKey(record.kid),
      keyPosition: this.#enrolment.get(record.kid)?.pos ?? 0,
      ...(unusable === undefined ? {} : { unusable }),
      inclusion: path.map(encodeBase64url),
      block,
      ...this.#proofOf(position, block.logSize, node),
      ...(previous === null ? {} : { previousPosition: previous }),
      ...(next === undefined ? {} : { nextPosition: next }),
    };
  }

  positionOf(leaf: string): number | undefined {
    this.#chain.tip();
    return this.#chain.positionOf(leaf);
  }

  /** The earliest checkpoint that covers the record's block, and the receipt under it. */
  #proofOf(
    position: number,
    logSize: number,
    node: NodeReader,
  ): Pick<RecordDetail, "checkpoint" | "receipt"> {
    const row = this.#checkpoint.get(logSize);
    if (row === undefined) return {};
    const { suite } = this.#chain;
    const { size, note } = row;
    const gateways = this.#chain.gateways();
    const consistency = proveConsistency(suite, logSize, size, node);
    return {
      checkpoint: {
        size,
        note,
        threshold: quorumOf(gateways.length),
        consistency: consistency.map(encodeBase64url),
        keys: gateways.map(({ name, note: key }) => ({
          name,
          publicKey: decodeBase64url(key ?? ""),
        })),
      },
      receipt: formatReceipt({
        old: 0,
        consistency: [],
        index: position,
        inclusion: proveInclusion(suite, position, size, node),
        checkpoint: note,
      }),
    };
  }

  #summarise({ row, header }: BlockFacts, final: number): BlockSummary {
    const kid = encodeBase64url(header.gateway);
    return {
      height: row.height,
      hash: encodeBase64url(row.hash),
      prevHash: encodeBase64url(header.prev),
      timeSeconds: header.time,
      final: row.height <= final,
      records: row.records,
      firstPosition: row.first,
      logSize: header.logSize,
      bits: header.bits,
      work: String(this.#chain.workOf(row)),
      gatewayKid: kid,
      gatewayName: this.#chain.member(kid)?.name ?? "",
    };
  }

  #detail(facts: BlockFacts, final: number): BlockDetail {
    const { row, header } = facts;
    const next = this.#chain.block(row.height + 1);
    return {
      ...this.#summarise(facts, final),
      header: row.header,
      nonce: row.nonce,
      seal: row.seal,
      headerHash: encodeBase64url(hashHeader(this.#chain.suite, row.header)),
      recordsRoot: encodeBase64url(header.recordsRoot),
      logRoot: encodeBase64url(header.logRoot),
      gatewayKey: this.#signerKey(encodeBase64url(header.gateway)),
      ...(next === undefined ? {} : { nextHash: encodeBase64url(next.row.hash) }),
    };
  }

  #summariseRecord(facts: RecordFacts, final: number): RecordSummary {
    const { record, position } = facts;
    const { leaf, typ, kid, seq } = record;
    const height = this.#chain.heightOf(position);
    const member = this.#chain.member(kid);
    const meter = this.#meterOf(facts);
    const subject = this.#subjectOf(facts, meter);
    return {
      position,
      height,
      leaf,
      typ,
      kid,
      seq,
      state: height <= final ? "final" : "block",
      signer: member?.name ?? meter ?? kid,
      ...(meter === undefined ? {} : { meter }),
      ...(subject === undefined ? {} : { subject }),
    };
  }

  /** The meter that a record is about. */
  #meterOf({ record, position }: RecordFacts): string | undefined {
    switch (record.typ) {
      case "day":
      case "event":
        return numberText(this.#enrolment.get(record.kid)?.meter);
      case "revoke":
        return numberText(this.#enrolment.get(record.payload.kid)?.meter);
      case "credit":
        return numberText(this.#credit.get(position)?.meter);
      case "enrol":
        return numberText(this.#enrolled.get(position)?.meter);
      case "assign":
      case "bill":
      case "correction":
      case "exchange":
      case "payment":
        return this.#pointMeter.get(record.payload.point)?.meter;
      default:
        return undefined;
    }
  }

  #subjectOf({ record, position }: RecordFacts, meter: string | undefined): string | undefined {
    switch (record.typ) {
      case "day":
      case "correction":
        if (meter === undefined) return undefined;
        return this.#days.find(Number(meter), record.payload.from, position)?.date;
      case "event":
        return this.#event.get(position)?.code;
      case "bill":
        return this.#bill.get(position)?.no;
      case "credit":
        return this.#credit.get(position)?.no;
      case "revoke":
        return record.payload.reason;
      case "tariff":
        return `${record.payload.id} v${record.payload.ver}`;
      default:
        return undefined;
    }
  }

  #unusable({ record, position }: RecordFacts): string | undefined {
    if (!hasLine2(record.typ)) return undefined;
    // An event that opened may have raised an alarm by what it says.
    if (record.typ === "event" && this.#event.get(position) !== undefined) return undefined;
    const code = this.#alarm.get(position)?.code;
    // Registers that do not fit an exchange are told, and change nothing.
    return code === "exchange-register" ? undefined : code;
  }

  #signerKey(kid: string): SignerKey {
    const { crv, kty, x, y } = (this.#chain.member(kid) ?? this.#chain.device(kid))?.key ?? NO_KEY;
    return { crv, kty, x, y };
  }
}

/** Never met: every signer of the chain is in its state. */
const NO_KEY: SignerKey = { crv: "P-256", kty: "EC", x: "", y: "" };

function numberText(meter: number | null | undefined): string | undefined {
  return meter === null || meter === undefined ? undefined : meterText(meter);
}
