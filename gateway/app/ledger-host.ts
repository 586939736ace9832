/**
 * The ledger's desk work on the writer's thread: commits in, outcomes, replies, receipts and announcements out.
 *
 * It knows no threads and no sockets: candidates come in by `admit`, everything that leaves goes through `send`.
 */
import { encodeHex } from "../../shared/base/bytes.ts";
import { type Clock, unixNow } from "../../shared/base/clock.ts";
import { decodeHeader, type SealedBlock } from "../../shared/chain/block.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { signReply } from "../../shared/message/reply.ts";
import { formatMeterTopic, netOf } from "../../shared/message/topic.ts";
import { isMeterTyp } from "../../shared/record/payload.ts";
import { type ParsedRecord, parseRecord } from "../../shared/record/record.ts";
import { localDayOf } from "../../shared/time/civil-day.ts";
import type { GatewayConfig } from "../config.ts";
import type { AdmittedBatch } from "../intake/admitted-batch.ts";
import { unpackAdmitted } from "../intake/admitted-day.ts";
import { Counters } from "../intake/counters.ts";
import type { EarlyRefusal } from "../intake/intake.ts";
import { PacketBatchWriter } from "../intake/packet-batch.ts";
import type { RegistryEntry } from "../intake/registry.ts";
import type { AddedBlock } from "../ledger/chain-change.ts";
import type { CodeCount } from "../ledger/counter-store.ts";
import type { AppendResult, Dropped, GatewayKeys, Ledger } from "../ledger/ledger.ts";
import { openDay } from "../projection/open-day.ts";
import { isOwnCheckpoint, listAnnouncements } from "./announcement.ts";
import { type Commit, CommitQueue, type Outcome } from "./commit-queue.ts";
import { ConfigDesk } from "./config-desk.ts";
import type { GatewayEvent } from "./event-log.ts";
import type { FromLedger, Publication } from "./ledger-protocol.ts";
import { type Owed, ReceiptDesk } from "./receipt-desk.ts";
import { RegistryBook } from "./registry-book.ts";
import { ReplyDesk } from "./reply-desk.ts";

export interface LedgerHostOptions {
  readonly ledger: Ledger;
  readonly suite: CryptoSuite;
  readonly keys: GatewayKeys;
  readonly clock: Clock;
  readonly config: GatewayConfig;
  /** Real time, monotonic, milliseconds. */
  readonly realMs: () => number;
  readonly send: (message: FromLedger) => void;
}

/** `held` replies sent in one go. */
const HELD_SLICE = 256;

export class LedgerHost {
  readonly #options: LedgerHostOptions;
  readonly #queue: CommitQueue;
  readonly #replies: ReplyDesk;
  readonly #receipts: ReceiptDesk;
  readonly #configs: ConfigDesk;
  readonly #counters = new Counters();
  readonly #book: RegistryBook;
  readonly #seen = new Map<string, number>();
  readonly #net: string;
  /** What stands before the meter in a topic. */
  readonly #topicsOfMeters: string;
  /** Receipts on their way to the main thread. */
  readonly #packets = new PacketBatchWriter();
  /** Size of a checkpoint of ours that is beyond this log: the store is older than what it signed. */
  #beyond = 0;
  /** Size of a checkpoint of ours that is of another log; 0 for none. */
  #forked = 0;

  constructor(options: LedgerHostOptions) {
    this.#options = options;
    const { ledger, suite, keys, config, realMs } = options;
    const { id: chain } = ledger.state.chain;
    this.#net = netOf(chain);
    this.#topicsOfMeters = `wattproof/${this.#net}/${ledger.state.chain.zone}/`;
    this.#book = new RegistryBook(ledger, suite);
    this.#queue = new CommitQueue({
      ledger,
      open: (record, line2, entry) => openDay(suite, keys.utility, record, line2, entry),
      recipientsOf: (kid) => this.#book.get(kid)?.recipients ?? [],
      newestOf: (kid) => ledger.pending.get("device", kid)?.seq ?? 0,
      commitRecords: config.commit_records,
      commitMs: config.commit_ms,
      maxParked: config.max_parked,
      onCommit: (commit) => this.#committed(commit),
    });
    this.#replies = new ReplyDesk({
      sign: (content) =>
        signReply(suite, keys.signing, { chain, at: unixNow(options.clock), ...content }),
      topicOf: (meter) => this.#topic(meter, "reply"),
      heldReplyAfterMs: config.held_reply_after_ms,
      monotonicMs: realMs,
    });
    this.#receipts = new ReceiptDesk({
      make: (owed, old) => this.#writeReceipt(owed, old),
      seenOf: (meter) => this.#seen.get(meter) ?? 0,
      setSeen: (meter, size) => this.#seen.set(meter, size),
      finalSize: () => ledger.tip().logSize,
      rootAt: (size) => ledger.rootAt(size),
    });
    this.#configs = new ConfigDesk(ledger, (meter) => this.#topic(meter, "config"));
  }

  /** Tells workers and main thread what they must know, and repeats what a killed process may have left unsaid. */
  start(): void {
    const { ledger } = this.#options;
    this.#options.send({ kind: "registry", entries: this.#book.load() });
    this.#answerDropped(ledger.openingDropped);
    this.reconnected();
    const { suite } = this.#options;
    const tip = ledger.block(ledger.tip().height);
    if (tip === undefined) return;
    const first = decodeHeader(tip.header).logSize - tip.records.length;
    this.#oweReceipts({ first, records: tip.records.map((line1) => parseRecord(suite, line1)) });
  }

  /** The broker may have forgotten what it kept for us: everything retained is published again. */
  reconnected(): void {
    this.#configs.repeat(this.#book.all());
    this.#announce();
  }

  /** `onDone` is called when its bytes are needed no more. Returns how many envelopes it was. */
  admit(batch: AdmittedBatch, onDone: () => void = () => {}): number {
    const items = unpackAdmitted(batch, this.#book);
    this.#queue.add(items, onDone);
    return items.length;
  }

  /** Commits what waits at once. */
  commit(): void {
    this.#queue.flush();
  }

  /** Before stopping. */
  flush(): void {
    this.commit();
    this.storeCounters();
  }

  /** Messages that never reached a worker. */
  refuse(refusals: readonly EarlyRefusal[]): void {
    const outcomes = refusals.map(
      ({ meter, leaf, code }): Outcome => ({ meter, leaf, code: `refused-${code}` }),
    );
    this.#count(outcomes);
    // Nobody is told of a retained or foreign message: its topic names no meter of ours.
    const answered = refusals.flatMap(({ meter, code }, i) =>
      code !== "retained" && this.#book.knowsMeter(meter) ? [outcomes[i] as Outcome] : [],
    );
    this.#publish(this.#replies.answer(answered));
  }

  seen(meter: string, note: string): void {
    const strange = this.#receipts.seen(meter, note);
    if (strange === undefined) return;
    const { kind, size } = strange;
    if (size <= (kind === "beyond" ? this.#beyond : this.#forked)) return;
    const { ledger, suite, keys } = this.#options;
    if (!isOwnCheckpoint(suite, keys.note, ledger.state.chain.origin, note)) return;
    if (kind === "beyond") this.#beyond = size;
    else this.#forked = size;
    const code = kind === "beyond" ? "store-old" : "log-forked";
    this.event({ event: "alarm", code, meter, detail: `a meter saw size ${size}` });
  }

  /**
   * Why this gateway must not mine: its store is older than a checkpoint that it signed, or went on to another log than the one that
   * it signed. What it would mine would contradict the receipts that people hold.
   */
  get refusal(): "store-old" | "log-forked" | undefined {
    if (this.#forked > 0) return "log-forked";
    return this.#beyond > this.#options.ledger.tip().logSize ? "store-old" : undefined;
  }

  published(count: number): void {
    this.#receipts.published(count);
  }

  /** The broker has all receipts that lie in these bytes. */
  giveBack(bytes: Uint8Array<ArrayBuffer>): void {
    this.#packets.giveBack(bytes);
  }

  /** Sends what may be sent now; returns whether more waits. Call often. */
  pump(): boolean {
    const receipts = this.#receipts.next();
    if (receipts > 0) this.#options.send({ kind: "receipts", batch: this.#packets.take() });
    this.#publish(this.#replies.due(HELD_SLICE));
    this.#publish(this.#configs.next());
    return receipts > 0;
  }

  /** A block of this gateway or of another was appended. `ms` is how long it took to make. */
  appended(block: SealedBlock, result: AppendResult, ms: number): void {
    const { ledger, config } = this.#options;
    this.#answerDropped(result.dropped);
    if (result.kind === "side" || result.kind === "duplicate") return;
    const tip = ledger.tip();
    let records = 0;
    for (const added of result.added) {
      this.#oweReceipts(added);
      this.#configs.repeat(this.#configuredBy(added.records));
      records = added.records.length;
    }
    this.#announce(block);
    this.event({
      event: "block",
      height: tip.height,
      records,
      hash: encodeHex(tip.hash),
      date: localDayOf(config.time_zone, tip.time),
      ms: Math.round(ms),
    });
  }

  /** A record of the office was held: workers must know a new key before its first day comes. */
  enrolled(kid: string): void {
    const entry = this.#book.renew(kid);
    if (entry !== undefined) this.#options.send({ kind: "registry", entries: [entry] });
  }

  /** All keys that are known here. */
  entries(): readonly RegistryEntry[] {
    return this.#book.all();
  }

  event(event: GatewayEvent): void {
    const { event: name, code, meter, detail } = event;
    // What a record is to blame for is an alarm when the record is in a block.
    const isOwn =
      name === "alarm" && (meter === undefined || code === "store-old" || code === "log-forked");
    if (isOwn && code !== undefined) {
      const at = unixNow(this.#options.clock);
      this.#options.ledger.alarms.raise({ code: `${code}`, at, detail: `${detail ?? ""}` });
    }
    this.#options.send({ kind: "events", events: [event] });
  }

  /** Outcomes of messages that no commit follows. */
  count(counts: readonly CodeCount[]): void {
    for (const { code, count } of counts) this.#counters.add(code, count);
  }

  storeCounters(): void {
    const changes = this.#counters.takeChanges();
    if (changes.length > 0) this.#options.ledger.counters.add(changes);
  }

  /** For `status`. */
  status(): Record<string, number | string> {
    const tip = this.#options.ledger.tip();
    return {
      height: tip.height,
      log_size: tip.logSize,
      held: this.#options.ledger.heldCount(),
      parked: this.#queue.parked,
      replies_deferred: this.#replies.deferred,
      receipts_pending: this.#receipts.pending,
      meters: this.#book.size,
    };
  }

  counts(): readonly { readonly code: string; readonly count: number }[] {
    return this.#counters.list();
  }

  #committed({ outcomes, acknowledge }: Commit): void {
    for (const [epoch, ids] of acknowledge) {
      // In the broker's order: it looks each one up from the beginning of what is in flight.
      const packetIds = Uint16Array.from(ids).sort();
      this.#options.send({ kind: "committed", epoch, packetIds });
    }
    this.#count(outcomes);
    this.#publish(this.#replies.answer(outcomes));
    for (const outcome of outcomes) {
      const { code, meter, leaf, position, unusable, kid } = outcome;
      if (code === "duplicate" && position !== undefined && meter !== "") {
        this.#receipts.repeat({ meter, position });
      }
      if (unusable !== undefined)
        this.event({ event: "alarm", code: unusable, meter, detail: leaf });
      if (code === "frozen" && kid !== undefined) this.#froze(kid, meter);
    }
  }

  #froze(kid: string, meter: string): void {
    if (this.#book.get(kid)?.state === "frozen") return;
    this.enrolled(kid);
    const detail = "two records with one seq: the key is frozen";
    this.event({ event: "alarm", code: "evidence", meter, detail });
  }

  #count(outcomes: readonly Outcome[]): void {
    const counts = new Map<string, number>();
    for (const { code, parked } of outcomes) {
      if (parked === undefined) counts.set(code, (counts.get(code) ?? 0) + 1);
    }
    for (const [code, count] of counts) this.#counters.add(code, count);
    const list = [...counts].map(([code, count]) => ({ code, count }));
    if (list.length > 0) this.#options.send({ kind: "counts", counts: list });
  }

  #answerDropped(dropped: readonly Dropped[]): void {
    const outcomes = dropped.map(({ leaf, code, meter = "" }): Outcome => ({ meter, leaf, code }));
    for (const { leaf, meter, code } of outcomes) {
      this.#replies.settled(leaf);
      // A record of our own has no sender who would repeat it: somebody has to look.
      if (meter === "") {
        const detail = `a record of this gateway's own fits the chain no more: ${leaf}`;
        this.event({ event: "alarm", code, detail });
      }
    }
    this.#count(outcomes);
    this.#publish(this.#replies.answer(outcomes));
  }

  /** Queues what the meters of a block are owed; a receipt on its way makes a `held` reply needless. */
  #oweReceipts({ first, records }: Pick<AddedBlock, "first" | "records">): void {
    const owed: Owed[] = [];
    records.forEach(({ typ, kid, leaf }, i) => {
      // A registrar's correction has no sender who waits for a receipt.
      const isMeters = isMeterTyp(typ) || typ === "correction";
      const entry = isMeters ? this.#book.get(kid) : undefined;
      if (entry === undefined) return;
      this.#replies.settled(leaf);
      owed.push({ meter: entry.meter, position: first + i });
    });
    this.#receipts.owe(owed);
  }

  /** The devices of which these records speak. */
  #configuredBy(records: readonly ParsedRecord[]): RegistryEntry[] {
    return records.flatMap((record) => {
      if (record.typ === "enrol") return this.#book.occupantOf(record.payload.point) ?? [];
      return record.typ === "revoke" ? (this.#book.get(record.payload.kid) ?? []) : [];
    });
  }

  #writeReceipt({ meter, position }: Owed, old: number): boolean {
    const parts = this.#options.ledger.receiptParts(position, old);
    if (parts === undefined) return false;
    this.#packets.add(`${this.#topicsOfMeters}${meter}/receipt`, parts.proof, parts.note);
    return true;
  }

  #announce(block?: SealedBlock): void {
    const { ledger, config } = this.#options;
    this.#publish(listAnnouncements(this.#net, config.name, ledger.checkpoint(), block));
  }

  #topic(meter: string, channel: "reply" | "receipt" | "config"): string {
    const { zone } = this.#options.ledger.state.chain;
    return formatMeterTopic({ net: this.#net, zone, meter, channel });
  }

  #publish(messages: readonly Publication[]): void {
    if (messages.length > 0) this.#options.send({ kind: "publish", messages });
  }
}
