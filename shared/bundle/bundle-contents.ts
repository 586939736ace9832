/**
 * The records of a bundle, taken in one after the other in log order: each belongs to the bill, and what it holds is sorted by what
 * the bill and its credits rest on. Signatures and inclusion are checked by verify-bundle.ts before a record comes here.
 */
import { encodeUtf8 } from "../base/bytes.ts";
import { canonicalize } from "../base/canonical-json.ts";
import { fail } from "../base/error.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import type { BillPlaintext } from "../money/bill-plaintext.ts";
import type { OpenedExchange } from "../money/exchange-book.ts";
import type { LoggedPrice } from "../money/price-series.ts";
import { type LoggedReading, ReadingBook } from "../money/reading-book.ts";
import type { LoggedAssignment, LoggedTariff } from "../money/tariff-timeline.ts";
import { computePt } from "../record/envelope.ts";
import { type PlaintextByTyp, parsePlaintext, type SealedTyp } from "../record/plaintext.ts";
import type { ParsedRecord } from "../record/record.ts";
import type { Span } from "../time/civil-day.ts";
import type { BundleRecord } from "./bill-bundle.ts";
import type { UnopenedReading, VerifiedReading, VerifiedRevocation } from "./bundle-report.ts";
import type { KeyBook } from "./key-book.ts";

type Plaintext = BundleRecord["plaintext"];

/** A record with where it stands and who signed it. */
export interface Entry<T extends ParsedRecord["typ"] = ParsedRecord["typ"]> {
  readonly record: ParsedRecord<T>;
  readonly position: number;
  readonly signer: string;
  readonly plaintext: Plaintext;
}

export interface OpenedCredit {
  readonly position: number;
  readonly record: ParsedRecord<"credit">;
  readonly plaintext: BillPlaintext;
}

/** The bill of a bundle, which all its other records are judged by. */
export interface BilledRecord {
  readonly record: ParsedRecord<"bill">;
  readonly position: number;
}

const OPENED = new Set<string>(["day", "correction", "exchange", "bill", "credit"]);

export class BundleContents {
  readonly assignments: LoggedAssignment[] = [];
  readonly tariffs: LoggedTariff[] = [];
  readonly prices: LoggedPrice[] = [];
  /** Opened, in log order. */
  readonly readings: VerifiedReading[] = [];
  /** Days and corrections of the point in the period, opened or not, by leaf. */
  readonly logged = new Map<string, LoggedReading>();
  readonly unopened: UnopenedReading[] = [];
  readonly exchanges: (OpenedExchange & Pick<Entry, "position" | "signer">)[] = [];
  readonly revocations: VerifiedRevocation[] = [];
  readonly credits: OpenedCredit[] = [];
  readonly book = new ReadingBook((leaf) => this.logged.get(leaf));
  bill: BillPlaintext | undefined;
  readonly #suite: CryptoSuite;
  readonly #keys: KeyBook;
  readonly #billed: BilledRecord;
  readonly #point: string;
  /** Seq of each meter key's newest day. */
  readonly #lastDay = new Map<string, number>();

  constructor(suite: CryptoSuite, keys: KeyBook, billed: BilledRecord) {
    this.#suite = suite;
    this.#keys = keys;
    this.#billed = billed;
    this.#point = billed.record.payload.point;
  }

  /** The next record. Throws `bundle` for one that does not belong here, and the code of the rule that it breaks. */
  add(entry: Entry): void {
    const { record, position, signer } = entry;
    if (entry.plaintext !== undefined && !OPENED.has(record.typ)) {
      fail("bundle", `a ${record.typ} record with a plaintext`);
    }
    switch (record.typ) {
      case "genesis":
        if (position !== 0) fail("bundle", "a second genesis");
        return;
      case "enrol":
        if (record.payload.point !== this.#point) fail("bundle", "an enrolment elsewhere");
        this.#keys.admit(record);
        return;
      case "revoke": {
        const { kid, last, reason } = record.payload;
        if (!this.#keys.isMeter(kid)) fail("bundle", "a revocation of a key of another point");
        this.revocations.push({ position, signer, kid, last, reason });
        this.book.revoke(kid, last, position);
        return;
      }
      case "exchange":
        this.#addExchange(entry as Entry<"exchange">);
        return;
      case "tariff":
      case "price":
      case "assign":
        this.#addGround(record, position);
        return;
      case "day":
        this.#addDay(entry as Entry<"day">);
        return;
      case "correction":
        this.#addCorrection(entry as Entry<"correction">);
        return;
      case "event":
        this.#keys.follow(record);
        return;
      case "bill":
        if (record.leaf !== this.#billed.record.leaf) fail("bundle", "a second bill");
        this.bill = this.#open("bill", record, entry.plaintext);
        return;
      case "credit": {
        if (record.payload.bill !== this.#billed.record.leaf) {
          fail("bundle", "a credit of another bill");
        }
        const plaintext = this.#open("credit", record, entry.plaintext);
        this.credits.push({ position, record, plaintext });
        return;
      }
      default:
        fail("bundle", `a ${record.typ} record does not belong to a bill`);
    }
  }

  /** What the bill was computed with, and its credits too. */
  #addGround(record: ParsedRecord<"tariff" | "price" | "assign">, position: number): void {
    if (position > this.#billed.position) fail("bundle", `a ${record.typ} record after its bill`);
    switch (record.typ) {
      case "tariff": {
        const { id, ver, body } = record.payload;
        if (ver !== 1 + this.tariffs.filter((tariff) => tariff.id === id).length) {
          fail("bundle", `a version of tariff ${id} is missing`);
        }
        this.tariffs.push({ leaf: record.leaf, position, id, ver, body });
        return;
      }
      case "price": {
        const { id, from, step, nano } = record.payload;
        this.#requireNear({ from, to: from + step * nano.length }, "a price");
        this.prices.push({ leaf: record.leaf, position, id, from, step, nano });
        return;
      }
      case "assign": {
        const { point, tariff, from, to } = record.payload;
        if (point !== this.#point) fail("bundle", "an assignment of another point");
        this.assignments.push({ position, tariff, from, ...(to === undefined ? {} : { to }) });
      }
    }
  }

  #addDay({ record, position, signer, plaintext }: Entry<"day">): void {
    const { kid, seq, leaf, payload } = record;
    this.#keys.follow(record);
    const before = this.#lastDay.get(kid);
    this.#lastDay.set(kid, seq);
    const { from, to } = payload;
    const logged = { typ: "day" as const, leaf, position, kid, seq, point: this.#point, from, to };
    if (this.#isNear(logged)) this.logged.set(leaf, logged);
    if (plaintext === undefined) {
      if (this.#isNear(logged)) this.unopened.push({ position, typ: "day", kid, signer, from, to });
      return;
    }
    this.#requireNear(logged, "a day");
    const day = this.#open("day", record, plaintext);
    this.book.addDay(logged, day, before);
    this.readings.push({ position, leaf, typ: "day", kid, signer, day });
  }

  #addCorrection({ record, position, signer, plaintext }: Entry<"correction">): void {
    const { kid, seq, leaf, payload } = record;
    const { point, from, to, of } = payload;
    const isMeter = this.#keys.isMeter(kid);
    if (isMeter) this.#keys.follow(record);
    const place = { leaf, position, kid, seq, point, from, to };
    const logged = { typ: "correction" as const, ...place, ...(of === undefined ? {} : { of }) };
    const isOwn = point === this.#point && this.#isNear(logged);
    // A meter's correction of other days stands among its records; a registrar's has no place here.
    if (!isOwn && isMeter && plaintext === undefined) return;
    if (!isOwn) fail("bundle", "a correction of another time or point");
    if (of !== undefined) this.#requireCorrected(logged, of, isMeter);
    else if (isMeter) fail("role", "only a registrar reads in the place of no day");
    this.logged.set(leaf, logged);
    if (plaintext === undefined) {
      this.unopened.push({ position, typ: "correction", kid, signer, from, to });
      return;
    }
    const correction = this.#open("correction", record, plaintext);
    this.book.addCorrection(logged, correction);
    const { reason } = correction;
    const reading = { position, leaf, typ: "correction" as const, kid, signer, day: correction };
    this.readings.push({ ...reading, reason, ...(of === undefined ? {} : { of }) });
  }

  #requireCorrected({ from, to, kid }: LoggedReading, of: string, isMeter: boolean): void {
    const corrected = this.logged.get(of);
    if (corrected === undefined) fail("bundle", "what a correction corrects is missing");
    if (corrected.from !== from || corrected.to !== to) {
      fail("reference", "a correction of another time than what it corrects");
    }
    if (isMeter && corrected.kid !== kid) fail("reference", "a meter corrects its own days only");
  }

  #addExchange({ record, position, signer, plaintext }: Entry<"exchange">): void {
    const { payload } = record;
    const { from, to } = this.#billed.record.payload;
    if (payload.point !== this.#point || payload.at < from || payload.at > to) {
      fail("bundle", "an exchange of another time or point");
    }
    const exchange = this.#open("exchange", record, plaintext);
    this.exchanges.push({ position, signer, payload, plaintext: exchange });
  }

  #isNear({ from, to }: Span): boolean {
    const period = this.#billed.record.payload;
    return from < period.to && period.from < to;
  }

  #requireNear(span: Span, what: string): void {
    if (!this.#isNear(span)) fail("bundle", `${what} outside of the bill's period`);
  }

  #open<T extends SealedTyp>(
    typ: T,
    { payload }: { readonly payload: { readonly pt: string } },
    plaintext: Plaintext,
  ): PlaintextByTyp[T] {
    if (plaintext === undefined) fail("bundle", `the ${typ} is not opened`);
    const text = canonicalize(plaintext);
    if (computePt(this.#suite, encodeUtf8(text)) !== payload.pt) {
      fail("opened", "the plaintext is not the one that its record names");
    }
    return parsePlaintext(typ, text);
  }
}
