/**
 * Checks the opened plaintexts of a dump that was made with keys, and recomputes every bill from them.
 *
 * A plaintext must be the one that its record names (`pt`), which needs no key. Local rules then say whether a day
 * counts; a bill must follow from the days, assignments and tariffs that the log held below it, member by member.
 */
import { encodeUtf8 } from "../../shared/base/bytes.ts";
import { canonicalize, type Json } from "../../shared/base/canonical-json.ts";
import { anyObject, hash, object } from "../../shared/base/decoder.ts";
import { fail, isCoded, WattproofError } from "../../shared/base/error.ts";
import { thumbprint } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { checkDay } from "../../shared/day/check-day.ts";
import { formatDayRow } from "../../shared/day/day-row.ts";
import {
  checkRegisters,
  type DayRegisters,
  registersAfter,
} from "../../shared/day/register-rule.ts";
import { checkEvent } from "../../shared/event/event-plaintext.ts";
import { type BillableDay, toBillableDay } from "../../shared/money/bill.ts";
import type { LoggedPrice } from "../../shared/money/price-series.ts";
import { recomputeBill } from "../../shared/money/recompute-bill.ts";
import type { LoggedAssignment, LoggedTariff } from "../../shared/money/tariff-timeline.ts";
import { computePt } from "../../shared/record/envelope.ts";
import type {
  BillPayload,
  DayPayload,
  EventPayload,
  PaymentPayload,
} from "../../shared/record/payload.ts";
import { parsePlaintext } from "../../shared/record/plaintext.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";

const openedLine = object({ leaf: hash, plaintext: anyObject }, { row: anyObject });

interface Place {
  readonly position: number;
  readonly height: number;
  readonly leaf: string;
}

type Sealed =
  | (Place & {
      readonly typ: "day";
      readonly kid: string;
      readonly point: string;
      readonly payload: DayPayload;
      /** Seq of this key's day before it. */
      readonly before: number | undefined;
    })
  | (Place & { readonly typ: "event"; readonly payload: EventPayload })
  | (Place & { readonly typ: "bill"; readonly payload: BillPayload })
  | (Place & { readonly typ: "payment"; readonly payload: PaymentPayload });

/** What the log and the opened days say of one point. */
interface PointLog {
  /** `meter`: the nine digits that the day names. */
  readonly days: (BillableDay & { readonly position: number; readonly meter: string })[];
  readonly assignments: LoggedAssignment[];
}

export class OpenedVerifier {
  readonly #suite: CryptoSuite;
  readonly #pointByKid = new Map<string, string>();
  /** Records with a line 2, not by leaf yet: a dump without opened lines never asks for them. */
  #noted: Sealed[] = [];
  /** Seq of each key's newest day. */
  readonly #lastDay = new Map<string, number>();
  readonly #sealed = new Map<string, Sealed>();
  readonly #tariffs: LoggedTariff[] = [];
  readonly #prices: LoggedPrice[] = [];
  readonly #points = new Map<string, PointLog>();
  /** Registers after each key's last day that passed the rules of one day, and its seq. */
  readonly #registers = new Map<string, DayRegisters & { readonly seq: number }>();
  #last = -1;
  #opened = 0;
  #unusable = 0;
  #events = 0;
  #bills = 0;

  constructor(suite: CryptoSuite) {
    this.#suite = suite;
  }

  /** `opened`: all; `unusable`: days and events that do not count; `events`: those that do. */
  get counts(): {
    readonly opened: number;
    readonly unusable: number;
    readonly events: number;
    readonly bills: number;
  } {
    return {
      opened: this.#opened,
      unusable: this.#unusable,
      events: this.#events,
      bills: this.#bills,
    };
  }

  /** Takes note of a record that the rules accepted, in log order. */
  addRecord(record: ParsedRecord, position: number, height: number): void {
    const place = { position, height, leaf: record.leaf };
    switch (record.typ) {
      case "enrol":
        this.#pointByKid.set(thumbprint(this.#suite, record.payload.key), record.payload.point);
        break;
      case "day": {
        const { kid, payload } = record;
        const point = this.#pointByKid.get(kid) ?? "";
        const before = this.#lastDay.get(kid);
        this.#noted.push({ ...place, typ: "day", kid, point, payload, before });
        this.#lastDay.set(kid, payload.seq);
        break;
      }
      case "event":
        this.#noted.push({ ...place, typ: "event", payload: record.payload });
        break;
      case "bill":
        this.#noted.push({ ...place, typ: "bill", payload: record.payload });
        break;
      case "payment":
        this.#noted.push({ ...place, typ: "payment", payload: record.payload });
        break;
      case "tariff": {
        const { id, ver, body } = record.payload;
        this.#tariffs.push({ leaf: record.leaf, position, id, ver, body });
        break;
      }
      case "price": {
        const { id, from, step, nano } = record.payload;
        this.#prices.push({ leaf: record.leaf, position, id, from, step, nano });
        break;
      }
      case "assign": {
        const { point, tariff, from, to } = record.payload;
        const assignment = { position, tariff, from, ...(to === undefined ? {} : { to }) };
        this.#pointLog(point).assignments.push(assignment);
        break;
      }
      default:
        break;
    }
  }

  /** The next opened plaintext, in log order. Throws `opened`, `dump`, `bill-differs`. */
  addOpened(value: { readonly [name: string]: Json }): void {
    const { leaf, plaintext, row } = openedLine(value, "opened");
    for (const noted of this.#noted) this.#sealed.set(noted.leaf, noted);
    this.#noted = [];
    const sealed = this.#sealed.get(leaf);
    if (sealed === undefined) fail("opened", "an opened plaintext of no record", { leaf });
    const place = { height: sealed.height, record: sealed.position, leaf };
    if (sealed.position <= this.#last) fail("dump", "opened plaintexts are in log order", place);
    this.#last = sealed.position;
    const text = canonicalize(plaintext);
    if (computePt(this.#suite, encodeUtf8(text)) !== sealed.payload.pt) {
      fail("opened", "the plaintext is not the one that its record names", place);
    }
    this.#opened += 1;
    if (sealed.typ !== "day") {
      if (row !== undefined) fail("opened", "a row beside what is no day", place);
      if (sealed.typ === "bill") this.#checkBill(sealed, text);
      else if (sealed.typ === "event") this.#checkEvent(sealed, text);
      else parsePlaintext("payment", text);
    } else if (!this.#addDay(sealed, text, row)) {
      fail("opened", "the row is not that of the plaintext", place);
    }
  }

  /** Whether `row` is the plaintext's. A day that does not count is no fault of the dump; a wrong row beside it is. */
  #addDay(sealed: Sealed & { readonly typ: "day" }, text: string, row: Json | undefined): boolean {
    const { kid, point, leaf, position, payload, before: previous } = sealed;
    let expected: string | undefined;
    try {
      const day = parsePlaintext("day", text);
      if (row !== undefined) expected = canonicalize(formatDayRow(day) as Json);
      const log = this.#pointLog(point);
      checkDay(payload, day, { meter: day.meter });
      const before = this.#registers.get(kid);
      this.#registers.set(kid, { seq: payload.seq, ...registersAfter(day) });
      checkRegisters(before?.seq === previous ? before : undefined, day);
      log.days.push({ ...toBillableDay(leaf, day), position, meter: day.meter });
    } catch (error) {
      // A local rule: such a day stands in the chain and does not count.
      if (!isCoded(error)) throw error;
      this.#unusable += 1;
    }
    return row === undefined || canonicalize(row) === expected;
  }

  /** Local rules, as for a day: an event that breaks them stands in the chain and says nothing. */
  #checkEvent(sealed: Sealed & { readonly typ: "event" }, text: string): void {
    try {
      const event = parsePlaintext("event", text);
      checkEvent(sealed.payload, event, event);
      this.#events += 1;
    } catch (error) {
      if (!isCoded(error)) throw error;
      this.#unusable += 1;
    }
  }

  #checkBill(sealed: Sealed & { readonly typ: "bill" }, text: string): void {
    const { payload, position, height, leaf } = sealed;
    const place = { height, record: position, leaf };
    let differing: readonly string[];
    try {
      const plaintext = parsePlaintext("bill", text);
      const log = this.#pointLog(payload.point);
      const isBefore = (record: { readonly position: number }) => record.position < position;
      // The bill's opening proves which meter the point is; a day under other digits does not count.
      differing = recomputeBill(
        this.#suite,
        { payload, plaintext },
        {
          days: log.days.filter((day) => isBefore(day) && day.meter === plaintext.meter),
          assignments: log.assignments.filter(isBefore),
          tariffs: this.#tariffs.filter(isBefore),
          prices: this.#prices.filter(isBefore),
        },
      );
    } catch (error) {
      if (!isCoded(error)) throw error;
      throw new WattproofError(error.code, `bill: ${error.message}`, { ...error.detail, ...place });
    }
    if (differing.length > 0) {
      fail("bill-differs", `the bill does not follow from the log: ${differing.join(", ")}`, place);
    }
    this.#bills += 1;
  }

  #pointLog(point: string): PointLog {
    let log = this.#points.get(point);
    if (log === undefined) {
      log = { days: [], assignments: [] };
      this.#points.set(point, log);
    }
    return log;
  }
}
