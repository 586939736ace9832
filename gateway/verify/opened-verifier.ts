/**
 * Checks the opened plaintexts of a dump that was made with keys, and recomputes every bill and credit from them.
 *
 * A plaintext must be the one that its record names (`pt`), which needs no key. Local rules then say whether a day or a
 * correction counts (sealed-to.ts, reading-book.ts); a bill or a credit must follow, member by member, from the readings that count below it
 * and what else the log held (money-book.ts). An exchange that shows other registers than its devices' days is counted.
 */
import { encodeUtf8 } from "../../shared/base/bytes.ts";
import { canonicalize, type Json } from "../../shared/base/canonical-json.ts";
import { anyObject, hash, object } from "../../shared/base/decoder.ts";
import { fail, isCoded, WattproofError } from "../../shared/base/error.ts";
import { thumbprint } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { formatDayRow } from "../../shared/day/day-row.ts";
import { checkEvent } from "../../shared/event/event-plaintext.ts";
import { ExchangeBook } from "../../shared/money/exchange-book.ts";
import { type LoggedReading, ReadingBook } from "../../shared/money/reading-book.ts";
import { computePt } from "../../shared/record/envelope.ts";
import type {
  BillPayload,
  CreditPayload,
  EventPayload,
  ExchangePayload,
  PaymentPayload,
} from "../../shared/record/payload.ts";
import { parsePlaintext, type SealedTyp } from "../../shared/record/plaintext.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";
import { MoneyBook } from "./money-book.ts";
import { EnrolledRecipients, requireSealedTo } from "./sealed-to.ts";

const openedLine = object({ leaf: hash, plaintext: anyObject }, { row: anyObject });

interface Place {
  readonly position: number;
  readonly height: number;
  readonly leaf: string;
  /** H of line 2 and of the plaintext. */
  readonly ct: string;
  readonly pt: string;
  /** Kids to which line 2 should be sealed, of readings and events. */
  readonly recipients?: string | undefined;
}

interface SealedDay extends Place, LoggedReading {
  readonly typ: "day";
  /** Seq of this key's day before it. */
  readonly before: number | undefined;
}

type Sealed =
  | SealedDay
  | (Place & LoggedReading & { readonly typ: "correction" })
  | (Place & { readonly typ: "event"; readonly payload: EventPayload })
  | (Place & { readonly typ: "exchange"; readonly payload: ExchangePayload })
  | (Place & { readonly typ: "bill"; readonly payload: BillPayload })
  | (Place & { readonly typ: "credit"; readonly payload: CreditPayload })
  | (Place & { readonly typ: "payment"; readonly payload: PaymentPayload });

type SealedOf<T extends SealedTyp> = Sealed & { readonly typ: T };

export interface OpenedCounts {
  /** All. */
  readonly opened: number;
  /** Days, corrections, events and payments that do not count. */
  readonly unusable: number;
  /** Days, corrections and events that keep their local rules. */
  readonly days: number;
  readonly corrections: number;
  readonly events: number;
  readonly bills: number;
  readonly credits: number;
  readonly exchanges: number;
  /** Exchanges that show other registers than the days of their devices. */
  readonly mismatched: number;
}

export class OpenedVerifier {
  readonly #suite: CryptoSuite;
  readonly #sealedTo: (ct: string) => string | undefined;
  readonly #enrolled: EnrolledRecipients;
  readonly #pointByKid = new Map<string, string>();
  /** Records with a line 2, not by leaf yet: a dump without opened lines never asks for them. */
  #noted: Sealed[] = [];
  /** Seq of each key's newest day. */
  readonly #lastDay = new Map<string, number>();
  readonly #sealed = new Map<string, Sealed>();
  readonly #readings = new ReadingBook((leaf) => this.#findReading(leaf));
  readonly #money: MoneyBook;
  readonly #exchanges = new ExchangeBook(this.#readings);
  #last = -1;
  #opened = 0;
  #unusable = 0;
  #days = 0;
  #corrections = 0;
  #events = 0;
  #bills = 0;
  #credits = 0;

  /** @param sealedTo kids of the recipients of a line 2 by its `ct`, ascending, with commas; undefined where it is not known */
  constructor(suite: CryptoSuite, sealedTo: (ct: string) => string | undefined = () => undefined) {
    this.#suite = suite;
    this.#sealedTo = sealedTo;
    this.#enrolled = new EnrolledRecipients(suite);
    this.#money = new MoneyBook(suite);
  }

  get counts(): OpenedCounts {
    return {
      opened: this.#opened,
      unusable: this.#unusable,
      days: this.#days,
      corrections: this.#corrections,
      events: this.#events,
      bills: this.#bills,
      credits: this.#credits,
      exchanges: this.#exchanges.count,
      mismatched: this.#exchanges.countMismatched(),
    };
  }

  /** Takes note of a record that the rules accepted, in log order. */
  addRecord(record: ParsedRecord, position: number, height: number): void {
    const { kid, seq, leaf } = record;
    switch (record.typ) {
      case "enrol":
        this.#enrolled.enrol(record);
        this.#pointByKid.set(thumbprint(this.#suite, record.payload.key), record.payload.point);
        break;
      case "revoke":
        this.#readings.revoke(record.payload.kid, record.payload.last, position);
        break;
      case "day": {
        const { from, to, ct, pt } = record.payload;
        const point = this.#pointByKid.get(kid) ?? "";
        const before = this.#lastDay.get(kid);
        const recipients = this.#enrolled.ofKid(kid);
        const place = { position, height, leaf, ct, pt, recipients, kid, seq, point, from, to };
        this.#noted.push({ typ: "day", before, ...place });
        this.#lastDay.set(kid, seq);
        break;
      }
      case "correction": {
        const { point, from, to, of, ct, pt } = record.payload;
        const recipients = this.#enrolled.ofPoint(point);
        const place = { position, height, leaf, ct, pt, recipients, kid, seq, point, from, to };
        this.#noted.push({ typ: "correction", ...place, ...(of === undefined ? {} : { of }) });
        break;
      }
      case "exchange":
        this.#exchanges.note(record.payload);
        this.#note(record, position, height);
        break;
      case "event":
      case "bill":
      case "credit":
      case "payment":
        this.#note(record, position, height);
        break;
      case "tariff":
        this.#money.addTariff(record, position);
        break;
      case "price":
        this.#money.addPrice(record, position);
        break;
      case "assign":
        this.#money.addAssign(record, position);
        break;
      default:
        break;
    }
  }

  #note(
    record: ParsedRecord<"event" | "exchange" | "bill" | "credit" | "payment">,
    position: number,
    height: number,
  ): void {
    const { typ, kid, leaf, payload } = record;
    const { ct, pt } = payload;
    const recipients = typ === "event" ? this.#enrolled.ofKid(kid) : undefined;
    this.#noted.push({ typ, position, height, leaf, ct, pt, recipients, payload } as Sealed);
  }

  /** The next opened plaintext, in log order. Throws `opened`, `dump`, `bill-differs`, `credit-differs`. */
  addOpened(value: { readonly [name: string]: Json }): void {
    const { leaf, plaintext, row } = openedLine(value, "opened");
    this.#sortNoted();
    const sealed = this.#sealed.get(leaf);
    if (sealed === undefined) fail("opened", "an opened plaintext of no record", { leaf });
    const place = { height: sealed.height, record: sealed.position, leaf };
    if (sealed.position <= this.#last) fail("dump", "opened plaintexts are in log order", place);
    this.#last = sealed.position;
    const text = canonicalize(plaintext);
    if (computePt(this.#suite, encodeUtf8(text)) !== sealed.pt) {
      fail("opened", "the plaintext is not the one that its record names", place);
    }
    this.#opened += 1;
    if (sealed.typ === "day") {
      if (!this.#addDay(sealed, text, row)) {
        fail("opened", "the row is not that of the plaintext", place);
      }
      return;
    }
    if (row !== undefined) fail("opened", "a row beside what is no day", place);
    if (sealed.typ === "bill" || sealed.typ === "credit") this.#checkMoney(sealed, text);
    else this.#addOther(sealed, text);
  }

  /** By leaf, now that there is something to open; and the days of exchanged devices, now that they are known. */
  #sortNoted(): void {
    for (const noted of this.#noted) {
      this.#sealed.set(noted.leaf, noted);
      if (noted.typ === "day") this.#exchanges.addDay(noted);
    }
    this.#noted = [];
  }

  /** Whether `row` is the plaintext's. A day that does not count is no fault of the dump; a wrong row beside it is. */
  #addDay(sealed: SealedDay, text: string, row: Json | undefined): boolean {
    let expected: string | undefined;
    this.#days += this.#judge(() => {
      const day = parsePlaintext("day", text);
      if (row !== undefined) expected = canonicalize(formatDayRow(day) as Json);
      this.#requireRecipients(sealed);
      this.#readings.addDay(sealed, day, sealed.before);
    });
    return row === undefined || canonicalize(row) === expected;
  }

  #addOther(sealed: SealedOf<"event" | "correction" | "exchange" | "payment">, text: string): void {
    switch (sealed.typ) {
      case "event": {
        const { payload } = sealed;
        this.#events += this.#judge(() => {
          const event = parsePlaintext("event", text);
          this.#requireRecipients(sealed);
          checkEvent(payload, event, event);
        });
        break;
      }
      case "correction":
        this.#corrections += this.#judge(() => {
          this.#requireRecipients(sealed);
          this.#readings.addCorrection(sealed, parsePlaintext("correction", text));
        });
        break;
      case "exchange": {
        const { payload } = sealed;
        this.#exchanges.addOpened({ payload, plaintext: parsePlaintext("exchange", text) });
        break;
      }
      case "payment": {
        const { payload } = sealed;
        const payment = parsePlaintext("payment", text);
        this.#judge(() => this.#money.checkPayment(payload, payment));
        break;
      }
    }
  }

  /** Local rules: what breaks one stands in the chain and does not count. Returns 1 for what does, else 0. */
  #judge(check: () => void): 0 | 1 {
    try {
      check();
      return 1;
    } catch (error) {
      if (!isCoded(error)) throw error;
      this.#unusable += 1;
      return 0;
    }
  }

  #requireRecipients({ recipients, ct }: Place): void {
    requireSealedTo(recipients, this.#sealedTo(ct));
  }

  #checkMoney(sealed: SealedOf<"bill" | "credit">, text: string): void {
    try {
      if (sealed.typ === "bill") this.#checkBill(sealed, text);
      else this.#checkCredit(sealed, text);
    } catch (error) {
      if (!isCoded(error)) throw error;
      const { height, position: record, leaf } = sealed;
      const detail = { ...error.detail, height, record, leaf };
      throw new WattproofError(error.code, `${sealed.typ}: ${error.message}`, detail);
    }
  }

  #checkBill({ payload, position, leaf }: SealedOf<"bill">, text: string): void {
    const plaintext = parsePlaintext("bill", text);
    // The bill's opening proves which meter the point is; a reading under other digits does not count.
    const days = this.#readings.effective(payload.point, plaintext.meter, payload, position);
    this.#money.checkBill({ leaf, position, payload, plaintext }, days);
    this.#bills += 1;
  }

  #checkCredit({ payload, position }: SealedOf<"credit">, text: string): void {
    const plaintext = parsePlaintext("credit", text);
    const bill = this.#money.bill(payload.bill);
    if (bill === undefined) fail("credit-differs", "the bill that it credits is not opened");
    const { meter } = bill.plaintext;
    const days = this.#readings.effective(bill.payload.point, meter, bill.payload, position);
    this.#money.checkCredit(bill, payload, plaintext, days);
    this.#credits += 1;
  }

  #findReading(leaf: string): LoggedReading | undefined {
    const sealed = this.#sealed.get(leaf);
    return sealed?.typ === "day" || sealed?.typ === "correction" ? sealed : undefined;
  }
}
