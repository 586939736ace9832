/**
 * One point whose meters are swapped and whose readings are corrected, on a chain in memory: real records under the chain rules,
 * with bills and credits over what counts. in: what happens, in order → out: the chain, and its dump with opened lines.
 *
 * What is usable is said by whoever asks for it, not found out: a day "lost" has a line 2 that does not open, one "wrong" breaks a
 * rule of its own, one that "jumps" has a register that does not go on.
 */
import { encodeBase64url, encodeUtf8 } from "../../shared/base/bytes.ts";
import type { JsonObject } from "../../shared/base/canonical-json.ts";
import { formatDumpLine } from "../../shared/chain/dump.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import type { ReadingRegisters } from "../../shared/day/check-correction.ts";
import { listEffective } from "../../shared/day/effective-readings.ts";
import { computeBill } from "../../shared/money/bill.ts";
import type { BillPlaintext } from "../../shared/money/bill-plaintext.ts";
import { computeCredit } from "../../shared/money/credit.ts";
import type { LoggedPrice } from "../../shared/money/price-series.ts";
import type { TariffBody } from "../../shared/money/tariff.ts";
import { padPlaintext } from "../../shared/record/plaintext.ts";
import { type ParsedRecord, parseRecord } from "../../shared/record/record.ts";
import { dayBounds, listOffsets, localDayOf } from "../../shared/time/civil-day.ts";
import {
  type Ends,
  endOf,
  type Fault,
  type HouseReading,
  measure,
  moveRegister,
  type ReadingValues,
  STEP,
  substitute,
  toDay,
  toMembers,
  ZONE,
} from "./house-reading.ts";
import { SampleChain, type SampleMeter } from "./sample-chain.ts";

/** 2024-12-31, after everything. */
const LATER = 1_735_603_200;

interface Device {
  readonly meter: SampleMeter;
  /** Where its next day begins. */
  next: number;
  registers: Ends;
  /** Whether its last day was read, so that the next one's register can be held to it. */
  isKnown: boolean;
  seq: number;
}

export interface HouseBill {
  readonly leaf: string;
  readonly position: number;
  readonly payload: {
    point: string;
    from: number;
    to: number;
    tariffs: string[];
    days: string;
    n: number;
  };
  readonly plaintext: BillPlaintext;
  readonly credits: BillPlaintext[];
  readonly creditLeaves: string[];
}

export interface Opened {
  readonly leaf: string;
  readonly plaintext: JsonObject;
}

export class SwappedHouse {
  readonly chain: SampleChain;
  readonly readings: HouseReading[] = [];
  readonly bills: HouseBill[] = [];
  /** In log order. */
  readonly opened: Opened[] = [];
  /** Of series "spot"; none where the tariff has none. */
  readonly prices: LoggedPrice[] = [];
  readonly #first: SampleMeter;
  readonly #tariff: { readonly leaf: string; readonly position: number; readonly body: TariffBody };
  readonly #hasExport: boolean;
  #pending: string[] = [];
  #device: Device | undefined;
  #removed: Device | undefined;
  #time = LATER;

  /** The point's first device measures from `from` on, an hour of the clock. */
  constructor(seed: string, from: number, body: TariffBody, hasExport = false) {
    this.chain = new SampleChain(nodeSuite, undefined, seed);
    this.#first = this.chain.createMeter("352522395");
    const registers = [1_000, 0] as const;
    this.#device = { meter: this.#first, next: from, registers, isKnown: false, seq: 0 };
    this.#hasExport = hasExport;
    this.#log(this.chain.enrol(this.#first));
    const position = this.position;
    const record = this.#log(this.sign("tariff", { id: "home", ver: 1, body: body as never }));
    this.#tariff = { leaf: record.leaf, position, body };
    this.#log(this.sign("assign", { point: this.point, tariff: "home", from: 0 }));
    if (JSON.stringify(body).includes('"series"')) this.#logPrices(from);
  }

  /** Three weeks of prices, a record each; some of them are the same. */
  #logPrices(from: number): void {
    for (let week = 0; week < 3; week++) {
      const nano = [...this.chain.randomBytes(7 * 24)].map((value) => (value % 40) * 1_234_567);
      const draft = { id: "spot", from: from + week * 7 * 24 * STEP, step: STEP, nano };
      const { position } = this;
      const { leaf } = this.#log(this.sign("price", draft));
      this.prices.push({ leaf, position, ...draft });
    }
  }

  get point(): string {
    return this.#first.point;
  }

  /** Of the tariff. */
  get body(): TariffBody {
    return this.#tariff.body;
  }

  get meter(): string {
    return this.#first.id;
  }

  /** Of the next record. */
  get position(): number {
    return this.chain.leaves.length + this.#pending.length;
  }

  get device(): Readonly<Device> | undefined {
    return this.#device;
  }

  /** The next day of the device, until midnight or until `to`. Hours by `wh`. */
  day(wh: (hour: number) => number, fault: Fault = "none", to?: number): HouseReading {
    const device = this.#device as Device;
    const from = device.next;
    const end = to ?? dayBounds(ZONE, localDayOf(ZONE, from))?.to ?? from;
    const values = measure({ from, to: end }, wh, device.registers, this.#hasExport);
    device.next = end;
    device.registers = endOf(values);
    const isJump = fault === "jump" && device.isKnown;
    device.isKnown = fault === "none" || fault === "jump";
    if (fault !== "jump") return this.#read("day", values, fault, undefined, device);
    const jumped = moveRegister(values, 5);
    device.registers = endOf(jumped);
    return this.#read("day", jumped, isJump ? "jump" : "none", undefined, device);
  }

  /** A correction of `of`, by the device that is there or by the registrar; `known` is what it repeats, if that is known. */
  correct(
    of: HouseReading,
    wh: (hour: number, before: number) => number,
    known: ReadingRegisters | "fill" | undefined,
    { fault = "none", byMeter = false }: { fault?: Fault; byMeter?: boolean } = {},
  ): HouseReading {
    const { from, to, day } = of;
    const hours = (hour: number): number => wh(hour, day.wh[hour] ?? 0);
    const values = substitute({ from, to }, hours, known, this.#hasExport);
    const signer = byMeter ? this.#device : undefined;
    if (fault !== "jump") return this.#read("correction", values, fault, of.leaf, signer);
    const isSeen = known === undefined ? "none" : "jump";
    return this.#read("correction", moveRegister(values, 1), isSeen, of.leaf, signer);
  }

  /** A registrar's reading for a span without any. */
  fill(
    from: number,
    to: number,
    wh: (hour: number) => number,
    fault: Fault = "none",
  ): HouseReading {
    const values = substitute({ from, to }, wh, "fill", this.#hasExport);
    const own = fault === "jump" ? moveRegister(values, 1) : values;
    return this.#read("correction", own, fault, undefined, undefined);
  }

  /** Revokes the device; its records after seq `last` are void. */
  revoke(last: number = this.#device?.seq ?? 0): void {
    const device = this.#device as Device;
    const { kid } = device.meter.key;
    const position = this.position;
    this.#log(this.sign("revoke", { kid, last, reason: "swap" }));
    for (const reading of this.readings) {
      if (reading.kid === kid && reading.seq > last) reading.voidBy = position;
    }
    this.#removed = device;
    this.#device = undefined;
  }

  /** Another device at the point, from `from` on; the exchange record shows other registers if `differing`. */
  swap(from: number, register: number, differing = false): void {
    const old = this.#removed as Device;
    const made = this.chain.createMeter(this.meter);
    const meter = { ...made, salt: this.#first.salt, point: this.point };
    this.#log(this.chain.enrol(meter));
    this.#device = { meter, next: from, registers: [register, 0], isKnown: false, seq: 0 };
    const shown = { final: old.registers[0], first: register + (differing ? 1 : 0) };
    const plaintext = this.#seal({ ...shown, unmetered: 0, reason: "calibration" });
    const keys = { old: old.meter.key.kid, new: meter.key.kid };
    const own = { point: this.point, ...keys, at: from };
    const line1 = this.chain.sealed(this.#operator, "exchange", own, encodeUtf8(plaintext));
    this.#open(this.#log(line1), plaintext);
  }

  /** A bill of what counts now, sealed with `change`. Throws what computeBill throws. */
  bill(from: number, to: number, change: (text: string) => string = (text) => text): HouseBill {
    const offsets = listOffsets(ZONE, from, to);
    const { position } = this;
    const evidence = this.#evidence(from, to);
    const computed = computeBill(nodeSuite, {
      ...evidence,
      point: this.point,
      from,
      to,
      zone: ZONE,
      offsets,
    });
    const { payload, ...members } = computed;
    const no = `${this.meter}-${this.bills.length + 1}`;
    const opening = encodeBase64url(this.#first.salt);
    const right = this.#seal({ no, opening, zone: ZONE, from, to, offsets, ...members } as never);
    const text = change(right);
    const own = { ...payload, tariffs: [...payload.tariffs] };
    const line1 = this.chain.sealed(this.#operator, "bill", own, encodeUtf8(text));
    const { leaf } = this.#open(this.#log(line1), text);
    const plaintext = JSON.parse(text) as BillPlaintext;
    const bill = { leaf, position, payload: own, plaintext, credits: [], creditLeaves: [] };
    this.bills.push(bill);
    return bill;
  }

  /** The next credit of a bill, whether or not it changes anything. `change` alters what is sealed. */
  credit(bill: HouseBill, change: (text: string) => string = (text) => text): boolean {
    const { from, to } = bill.payload;
    const { payload, isChange, ...members } = computeCredit(nodeSuite, {
      ...this.#evidence(from, to),
      bill,
      earlier: bill.credits,
    });
    const text = change(this.#seal(members as never));
    const line1 = this.chain.sealed(this.#operator, "credit", payload, encodeUtf8(text));
    bill.creditLeaves.push(this.#open(this.#log(line1), text).leaf);
    bill.credits.push(JSON.parse(text) as BillPlaintext);
    return isChange;
  }

  /** Whether a credit would say anything now. */
  isOvertaken(bill: HouseBill): boolean {
    const { from, to } = bill.payload;
    const evidence = this.#evidence(from, to);
    return computeCredit(nodeSuite, { ...evidence, bill, earlier: bill.credits }).isChange;
  }

  /** What counts now in or reaching into a span. */
  effective(from: number, to: number): readonly HouseReading[] {
    const readings = this.readings
      .filter((one) => one.from < to && from < one.to)
      .map((one) => ({ ...one, isVoid: one.voidBy !== undefined }));
    return listEffective(readings);
  }

  mine(): void {
    if (this.#pending.length === 0) return;
    this.chain.append(this.#pending, this.#time);
    this.#pending = [];
    this.#time += 60;
  }

  /** The dump of all that is in blocks, with these opened lines. */
  dump(opened: readonly Opened[] = this.opened): string {
    const lines = opened.map((one) => formatDumpLine({ kind: "opened", opened: { ...one } }));
    return `${this.chain.dump()}${lines.map((line) => `${line}\n`).join("")}`;
  }

  get #operator() {
    return this.chain.member(0).key;
  }

  readonly sign = ((typ: never, draft: never) => this.chain.sign(this.#operator, typ, draft)) as (
    typ: "tariff" | "price" | "assign" | "revoke",
    draft: object,
  ) => string;

  #evidence(from: number, to: number) {
    const { leaf, position, body } = this.#tariff;
    return {
      days: this.effective(from, to).map(({ day }) => day),
      assignments: [{ position: position + 1, tariff: "home", from: 0 }],
      tariffs: [{ leaf, position, id: "home", ver: 1, body: body as never }],
      prices: this.prices,
    };
  }

  #read(
    typ: "day" | "correction",
    values: ReadingValues,
    fault: Fault,
    of: string | undefined,
    signer: Device | undefined,
  ): HouseReading {
    const { from, to, wh } = values;
    const text = this.#seal(toMembers(typ, values, fault), wh.length);
    const plaintext = fault === "lost" ? this.chain.randomBytes(1_024) : encodeUtf8(text);
    const place = { ...(typ === "day" ? {} : { point: this.point }), from, to };
    const own = of === undefined ? place : { ...place, of };
    const key = signer?.meter.key ?? this.#operator;
    const { position } = this;
    const record = this.#log(this.chain.sealed(key, typ, own as never, plaintext));
    const { leaf, seq, kid } = record;
    if (signer !== undefined) signer.seq = seq;
    if (fault !== "lost") this.#open(record, text);
    const reading: HouseReading = {
      ...{ typ, leaf, position, from, to, kid, seq, fault },
      isUsable: fault === "none",
      registers: values,
      day: toDay(leaf, values),
      ...(of === undefined ? {} : { of }),
    };
    this.readings.push(reading);
    return reading;
  }

  #seal(members: JsonObject, slots = 0): string {
    const salt = encodeBase64url(this.chain.randomBytes(32));
    return padPlaintext({ v: 1, meter: this.meter, salt, ...members }, slots);
  }

  #log(line1: string): ParsedRecord {
    this.#pending.push(line1);
    return parseRecord(nodeSuite, line1);
  }

  #open(record: ParsedRecord, text: string): ParsedRecord {
    this.opened.push({ leaf: record.leaf, plaintext: JSON.parse(text) as JsonObject });
    return record;
  }
}
