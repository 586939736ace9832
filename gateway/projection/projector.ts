/**
 * Blocks → rows of the projection, forward and back (design.md section 5). A function of truth and vault only: what
 * intake has opened already saves the work, but gives the same rows as opening here.
 */
import type { ErrorCode } from "../../shared/base/error-code.ts";
import { MIN_DAY_S } from "../../shared/chain/rule/day.ts";
import { thumbprint } from "../../shared/crypto/key.ts";
import { type ParsedRecord, parseRecord } from "../../shared/record/record.ts";
import type { Opened } from "../ledger/candidate.ts";
import type { Db } from "../ledger/database.ts";
import type { ProjectedBlock, ProjectedRecord, Projector } from "../ledger/projected-block.ts";
import type { RecordStore } from "../ledger/record-store.ts";
import type { DeviceFacts } from "./device-directory.ts";
import { firstDate } from "./first-date.ts";
import { meterText } from "./meter-text.ts";
import { openDay } from "./open-day.ts";
import { type DayHead, readDayHead } from "./packed-day.ts";
import { projectBill, projectCredit } from "./project-bill.ts";
import { projectCorrection } from "./project-correction.ts";
import { projectEvent } from "./project-event.ts";
import { projectExchange, projectRevoke } from "./project-exchange.ts";
import { projectPayment } from "./project-payment.ts";
import { openTables, type ProjectorOptions, type Tables } from "./projector-tables.ts";
import { takeBack } from "./take-back.ts";

/** Where a key's registers stand after its newest record; undefined members are not known. */
interface Registers {
  readonly taken?: number;
  readonly given?: number;
}

/** A record of one type as it is projected. */
type ProjectedOf<T extends ParsedRecord["typ"]> = ProjectedRecord & {
  readonly record: ParsedRecord<T>;
};

class StoreProjector implements Projector {
  readonly #options: ProjectorOptions;
  readonly #registers = new Map<string, Registers>();
  #tables: Tables | undefined;
  /** Latest end of any bill: a day before it may change what was billed. Read when first needed. */
  #billedTo: number | undefined;

  constructor(options: ProjectorOptions) {
    this.#options = options;
  }

  apply(db: Db, block: ProjectedBlock): void {
    const tables = this.#open(db);
    tables.overtaken.catchUp();
    for (const projected of block.records) this.#applyRecord(tables, projected, block.time);
    tables.days.flush();
    tables.overtaken.flush();
  }

  rollback(db: Db, fromPosition: number): void {
    takeBack(this.#open(db), this.#options.suite, fromPosition);
    this.reset();
  }

  reset(): void {
    this.#registers.clear();
    this.#billedTo = undefined;
    this.#tables?.devices.reset();
    this.#tables?.days.reset();
    this.#tables?.overtaken.reset();
  }

  #open(db: Db): Tables {
    if (this.#tables?.db === db) return this.#tables;
    this.#registers.clear();
    this.#billedTo = undefined;
    this.#tables = openTables(db, this.#options.suite);
    return this.#tables;
  }

  #applyRecord(tables: Tables, projected: ProjectedRecord, time: number): void {
    const { record, position } = projected;
    const { rows, devices } = tables;
    const { suite } = this.#options;
    switch (record.typ) {
      case "day":
        this.#applyDay(tables, projected as ProjectedOf<"day">, time);
        break;
      case "event":
        projectEvent(this.#options, tables, projected as ProjectedOf<"event">, time);
        break;
      case "correction":
        projectCorrection(this.#options, tables, projected as ProjectedOf<"correction">, time);
        break;
      case "enrol": {
        const { key, to, point } = record.payload;
        const kid = thumbprint(suite, key);
        const recipients = to.map((recipient) => thumbprint(suite, recipient.key)).join();
        const meter = rows.addEnrolment(position, { point, kid, recipients, at: time });
        devices.forget(kid);
        if (meter !== undefined) devices.forgetMeter(meter);
        break;
      }
      case "revoke":
        projectRevoke(this.#options, tables, projected as ProjectedOf<"revoke">, time);
        break;
      case "exchange":
        projectExchange(this.#options, tables, projected as ProjectedOf<"exchange">, time);
        break;
      case "evidence": {
        const { kid } = parseRecord(suite, record.payload.a);
        rows.freeze(position, kid);
        rows.addAlarm(position, time, "evidence", devices.get(kid)?.meter);
        break;
      }
      case "tariff":
        rows.addTariff(position, record.leaf, record.payload.id, record.payload.ver);
        break;
      case "price":
        rows.addPrice(position, record.leaf, record.payload);
        break;
      case "assign":
        rows.addAssignment(position, record.payload);
        break;
      case "bill":
        projectBill(this.#options, tables, projected as ProjectedOf<"bill">, time);
        this.#billedTo = undefined;
        break;
      case "credit":
        projectCredit(this.#options, tables, projected as ProjectedOf<"credit">, time);
        break;
      case "payment":
        projectPayment(this.#options, rows, projected as ProjectedOf<"payment">, time);
        break;
      case "genesis":
        break;
    }
  }

  #applyDay(tables: Tables, projected: ProjectedOf<"day">, time: number): void {
    const { position, record } = projected;
    const facts = tables.devices.get(record.kid);
    if (facts?.meter === undefined) {
      tables.rows.addAlarm(position, time, "unknown-point", undefined);
      return;
    }
    const { meter } = facts;
    const opened = this.#openedOf(projected, facts, meter);
    const body = "packed" in opened ? opened.packed : null;
    const head = body === null ? undefined : readDayHead(body);
    const code =
      head === undefined ? codeOf(opened) : this.#judgeRegisters(tables, projected, head);
    const { from, to } = record.payload;
    const date = head === undefined ? firstDate(facts.zone, from) : head.date;
    const row = { date, meter, pos: position, code, body };
    if (facts.isBeside || to - from < MIN_DAY_S) {
      tables.days.addBeside({ ...row, reason: null });
      tables.marks.settle(meter, record.payload);
    } else tables.days.add(row, head);
    this.#billedTo ??= tables.rows.billedTo();
    if (from < this.#billedTo) tables.overtaken.touch(meter, record.payload);
    const isFollowing = this.#registers.has(record.kid);
    this.#registers.set(record.kid, registersOf(head));
    if (code !== null) tables.rows.addAlarm(position, time, code, meter);
    else if (!isFollowing) this.#checkFirst(tables, projected, head, time);
  }

  /** An exchange has said what register its new device begins with. */
  #checkFirst(
    { rows, devices, records }: Tables,
    { position, record, previous }: ProjectedOf<"day">,
    head: DayHead | undefined,
    time: number,
  ): void {
    const first = rows.firstRegisterOf(record.kid);
    if (first === undefined || head === undefined || first === head.register[0]) return;
    if (this.#lastDay(records, previous) !== undefined) return;
    const detail = `the exchange says ${first} Wh, the device began with ${head.register[0]} Wh`;
    rows.addAlarm(position, time, "exchange-register", devices.get(record.kid)?.meter, detail);
  }

  #openedOf(projected: ProjectedOf<"day">, facts: DeviceFacts, meter: number): Opened {
    if (projected.opened !== undefined && !facts.moved) return projected.opened;
    const line2 = projected.line2();
    if (line2 === undefined) return { unusable: "line2-missing" };
    const { suite, utility } = this.#options;
    const { recipients } = facts;
    return openDay(suite, utility, projected.record, line2, {
      meter: meterText(meter),
      recipients,
    });
  }

  /** Local rule: the registers go on where the key's previous day ended, if that day is known. */
  #judgeRegisters(
    tables: Tables,
    { record, previous }: ProjectedRecord,
    head: DayHead,
  ): ErrorCode | null {
    const before = this.#registers.get(record.kid) ?? this.#readRegisters(tables, previous);
    if (before.taken !== undefined && before.taken !== head.register[0]) return "day-register";
    const given = head.out?.register[0];
    if (before.given !== undefined && given !== undefined && before.given !== given) {
      return "day-register";
    }
    return null;
  }

  /** Registers after the key's newest day at or before `last`, which nothing but days moves, from its row. */
  #readRegisters({ days, devices, records }: Tables, last: number | null): Registers {
    const newest = this.#lastDay(records, last);
    if (newest === undefined) return {};
    const { position, record } = newest;
    const facts = devices.get(record.kid);
    if (facts?.meter === undefined) return {};
    const body = days.find(firstDate(facts.zone, record.payload.from), facts.meter, position)?.body;
    return registersOf(body === null || body === undefined ? undefined : readDayHead(body));
  }

  /** The newest day of the key whose record at `last` is, at or before it. */
  #lastDay(
    records: RecordStore,
    last: number | null,
  ): { readonly position: number; readonly record: ParsedRecord<"day"> } | undefined {
    let position = last;
    while (position !== null) {
      const record = this.#readRecord(records, position);
      if (record === undefined) return undefined;
      if (record.typ === "day") return { position, record };
      position = records.row(position)?.prev ?? null;
    }
    return undefined;
  }

  #readRecord(records: RecordStore, position: number | null): ParsedRecord | undefined {
    const line1 = position === null ? undefined : records.line1(position);
    return line1 === undefined ? undefined : parseRecord(this.#options.suite, line1);
  }
}

/** A projector over any store; it prepares its statements when it first sees one. */
export function createProjector(options: ProjectorOptions): Projector {
  return new StoreProjector(options);
}

function codeOf(opened: Opened): ErrorCode | null {
  return "unusable" in opened ? opened.unusable : null;
}

function registersOf(head: DayHead | undefined): Registers {
  if (head === undefined) return {};
  const taken = head.register[1];
  return head.out === undefined ? { taken } : { taken, given: head.out.register[1] };
}
