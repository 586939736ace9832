/**
 * Blocks → rows of the projection, forward and back (design.md section 5). A function of truth and vault only: what
 * intake has opened already saves the work, but gives the same rows as opening here.
 */
import type { ErrorCode } from "../../shared/base/error-code.ts";
import type { RecipientKey } from "../../shared/crypto/key.ts";
import { thumbprint } from "../../shared/crypto/key.ts";
import type { CryptoSuite } from "../../shared/crypto/suite.ts";
import { unpackLine1 } from "../../shared/record/compact.ts";
import { type ParsedRecord, parseRecord } from "../../shared/record/record.ts";
import { localDayOf, localMonthOf } from "../../shared/time/civil-day.ts";
import type { Opened } from "../ledger/candidate.ts";
import type { Db } from "../ledger/database.ts";
import type { ProjectedBlock, ProjectedRecord, Projector } from "../ledger/projected-block.ts";
import { RecordStore } from "../ledger/record-store.ts";
import { DayTable, dateNumber } from "./day-table.ts";
import { DeviceDirectory, type DeviceFacts } from "./device-directory.ts";
import { meterText } from "./meter-text.ts";
import { openBill } from "./open-bill.ts";
import { openDay } from "./open-day.ts";
import { type DayHead, readDayHead } from "./packed-day.ts";
import { projectEvent } from "./project-event.ts";
import { projectPayment } from "./project-payment.ts";
import { RowTables } from "./row-tables.ts";
import { StatementTable } from "./statement-table.ts";

export interface ProjectorOptions {
  readonly suite: CryptoSuite;
  /** Opens line 2. */
  readonly utility: Pick<RecipientKey, "kid" | "secret">;
}

/** Where a key's registers stand after its newest record; undefined members are not known. */
interface Registers {
  readonly taken?: number;
  readonly given?: number;
}

interface Tables {
  readonly db: Db;
  readonly days: DayTable;
  readonly devices: DeviceDirectory;
  readonly rows: RowTables;
  readonly statements: StatementTable;
  readonly records: RecordStore;
}

class StoreProjector implements Projector {
  readonly #options: ProjectorOptions;
  readonly #registers = new Map<string, Registers>();
  #tables: Tables | undefined;

  constructor(options: ProjectorOptions) {
    this.#options = options;
  }

  apply(db: Db, block: ProjectedBlock): void {
    const tables = this.#open(db);
    for (const projected of block.records) this.#applyRecord(tables, projected, block.time);
    tables.days.flush();
  }

  rollback(db: Db, fromPosition: number): void {
    const { days, rows, statements, records, devices } = this.#open(db);
    const months = new Map<string, readonly [month: number, meter: number]>();
    for (const { pos, line1 } of [...records.range(fromPosition, Number.MAX_SAFE_INTEGER)]) {
      const record = parseRecord(this.#options.suite, unpackLine1(line1));
      if (record.typ !== "day") continue;
      const facts = devices.get(record.kid);
      if (facts?.meter === undefined) continue;
      const row = days.find(firstDate(facts, record), facts.meter, pos);
      if (row === undefined) continue;
      days.remove(row);
      const month = Math.floor(row.date / 100);
      months.set(`${month}/${row.meter}`, [month, row.meter]);
    }
    for (const [month, meter] of months.values()) days.resum(month, meter);
    statements.removeBillsFrom(fromPosition);
    rows.removeFrom(fromPosition);
    this.reset();
  }

  reset(): void {
    this.#registers.clear();
    this.#tables?.devices.reset();
    this.#tables?.days.reset();
  }

  #open(db: Db): Tables {
    if (this.#tables?.db === db) return this.#tables;
    this.#registers.clear();
    this.#tables = {
      db,
      days: new DayTable(db),
      devices: new DeviceDirectory(db),
      rows: new RowTables(db),
      statements: new StatementTable(db, this.#options.suite),
      records: new RecordStore(db),
    };
    return this.#tables;
  }

  #applyRecord(tables: Tables, projected: ProjectedRecord, time: number): void {
    const { record, position } = projected;
    const { rows, devices } = tables;
    const { suite } = this.#options;
    switch (record.typ) {
      case "day":
        this.#applyDay(
          tables,
          projected as ProjectedRecord & { record: ParsedRecord<"day"> },
          time,
        );
        break;
      case "event":
        projectEvent(
          this.#options,
          tables,
          projected as ProjectedRecord & { record: ParsedRecord<"event"> },
          time,
        );
        break;
      case "enrol": {
        const { key, to, point } = record.payload;
        const kid = thumbprint(suite, key);
        const recipients = to.map((recipient) => thumbprint(suite, recipient.key)).join();
        rows.addEnrolment(position, { point, kid, recipients, at: time });
        devices.forget(kid);
        break;
      }
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
        this.#applyBill(
          tables,
          projected as ProjectedRecord & { record: ParsedRecord<"bill"> },
          time,
        );
        break;
      case "payment":
        projectPayment(
          this.#options,
          rows,
          projected as ProjectedRecord & { record: ParsedRecord<"payment"> },
          time,
        );
        break;
      case "genesis":
        break;
    }
  }

  #applyDay(
    tables: Tables,
    projected: ProjectedRecord & { readonly record: ParsedRecord<"day"> },
    time: number,
  ): void {
    const { position, record } = projected;
    const facts = tables.devices.get(record.kid);
    if (facts?.meter === undefined) {
      tables.rows.addAlarm(position, time, "unknown-point", undefined);
      return;
    }
    const opened = this.#openedOf(projected, facts, facts.meter);
    const body = "packed" in opened ? opened.packed : null;
    const head = body === null ? undefined : readDayHead(body);
    const code =
      head === undefined ? codeOf(opened) : this.#judgeRegisters(tables, projected, head);
    const date = head === undefined ? firstDate(facts, record) : head.date;
    tables.days.add({ date, meter: facts.meter, pos: position, code, body }, head);
    this.#registers.set(record.kid, registersOf(head));
    if (code !== null) tables.rows.addAlarm(position, time, code, facts.meter);
  }

  #openedOf(
    projected: ProjectedRecord & { readonly record: ParsedRecord<"day"> },
    facts: DeviceFacts,
    meter: number,
  ): Opened {
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

  /** Registers after the key's newest day at or before `last`, which events do not move, from its row. */
  #readRegisters({ days, devices, records }: Tables, last: number | null): Registers {
    let position = last;
    let record = this.#readRecord(records, position);
    while (record?.typ === "event" && position !== null) {
      position = records.row(position)?.prev ?? null;
      record = this.#readRecord(records, position);
    }
    if (position === null || record?.typ !== "day") return {};
    const facts = devices.get(record.kid);
    if (facts?.meter === undefined) return {};
    const body = days.find(firstDate(facts, record), facts.meter, position)?.body;
    return registersOf(body === null || body === undefined ? undefined : readDayHead(body));
  }

  #readRecord(records: RecordStore, position: number | null): ParsedRecord | undefined {
    const line1 = position === null ? undefined : records.line1(position);
    return line1 === undefined ? undefined : parseRecord(this.#options.suite, line1);
  }

  #applyBill(
    { rows, statements }: Tables,
    projected: ProjectedRecord & { readonly record: ParsedRecord<"bill"> },
    time: number,
  ): void {
    const { position, record } = projected;
    const line2 = projected.line2();
    const { suite, utility } = this.#options;
    const opened =
      line2 === undefined
        ? { unusable: "line2-missing" as const }
        : openBill(suite, utility, record, line2);
    if ("unusable" in opened) {
      rows.addAlarm(position, time, opened.unusable, rows.meterOf(record.payload.point));
      return;
    }
    const { pad: _, salt: __, ...bill } = opened.bill;
    const month = Number(localMonthOf(bill.zone, bill.from).replace("-", ""));
    rows.addBill(position, time, month, bill);
    statements.addBill(position, record.payload.point, bill);
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

/** yyyymmdd on which the record begins in its meter's zone. */
function firstDate(facts: DeviceFacts, record: ParsedRecord<"day">): number {
  try {
    return dateNumber(localDayOf(facts.zone, record.payload.from));
  } catch {
    // A time that no calendar of ours reaches; any fixed date serves to find the row again.
    return 0;
  }
}
