/** Opened plaintexts: what counts, what does not, and bills that do or do not follow from the log. */
import assert from "node:assert/strict";
import { test } from "node:test";
import { OpenedVerifier } from "../../../gateway/verify/opened-verifier.ts";
import { encodeBase64url, encodeUtf8 } from "../../../shared/base/bytes.ts";
import type { JsonObject } from "../../../shared/base/canonical-json.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { type BillInput, computeBill } from "../../../shared/money/bill.ts";
import { createFlatTariff } from "../../../shared/money/tariff.ts";
import { computePt } from "../../../shared/record/envelope.ts";
import type { BillPayload } from "../../../shared/record/payload.ts";
import { padPlaintext } from "../../../shared/record/plaintext.ts";
import { parseRecord } from "../../../shared/record/record.ts";
import { listOffsets } from "../../../shared/time/civil-day.ts";
import { DAY_S, SampleChain, START } from "../../support/sample-chain.ts";

const suite = nodeSuite;
const ZONE = "Etc/UTC";
const H = encodeBase64url(new Uint8Array(32).fill(1));
const PERIOD = { from: START, to: START + 3 * DAY_S };
const chain = new SampleChain(suite, undefined, "opened-verifier");
const operator = chain.member(0).key;
const body = createFlatTariff({
  name: "Flat",
  currency: "EUR",
  minor: 2,
  energyNano: 300_000_000,
  standing: { per: "day", nano: 100_000_000 },
});

type Opened = { readonly leaf: string; readonly plaintext: JsonObject };

/** A log with one meter, three days and their bill; `change` alters what is sealed. */
class House {
  readonly verifier: OpenedVerifier;
  readonly meter = chain.createMeter("352522395");
  #position = 0;
  #register = 0;
  readonly #days: BillInput["days"][number][] = [];
  readonly #tariff: { leaf: string; position: number };

  constructor(sealedTo?: (ct: string) => string | undefined) {
    this.verifier = new OpenedVerifier(suite, sealedTo);
    this.#add(chain.enrol(this.meter));
    const leaf = this.#add(chain.sign(operator, "tariff", { id: "flat", ver: 1, body }));
    this.#tariff = { leaf, position: 1 };
    const assign = { point: this.meter.point, tariff: "flat", from: START };
    this.#add(chain.sign(operator, "assign", assign));
  }

  #add(line1: string): string {
    const record = parseRecord(suite, line1);
    this.verifier.addRecord(record, this.#position++, 1);
    return record.leaf;
  }

  /** Day number `day` of the meter, in one slot. */
  day(day: number, change: JsonObject = {}): Opened {
    const from = START + day * DAY_S;
    const register = [this.#register, this.#register + 100];
    this.#register += 100;
    const span = { from, to: from + DAY_S, step: 0 };
    const text = padPlaintext(
      {
        ...{ v: 1, meter: this.meter.id, salt: H, zone: ZONE, tz: "2024a", fw: H, ...span },
        ...{ day: `2024-01-0${day + 1}`, wh: [100], quality: "M", register, events: [], clock: [] },
        ...change,
      },
      1,
    );
    const leaf = this.#add(chain.day(this.meter, from, from + DAY_S, encodeUtf8(text)));
    this.#days.push({ leaf, ...span, wh: [100], quality: "M" });
    return { leaf, plaintext: JSON.parse(text) };
  }

  /** The bill of the first `days` days; `change` alters the plaintext, `payload` the payload. */
  bill(days: number, change: JsonObject = {}, payload: Partial<BillPayload> = {}): Opened {
    const offsets = listOffsets(ZONE, PERIOD.from, PERIOD.to);
    const { leaf, position } = this.#tariff;
    const computed = computeBill(suite, {
      ...{ ...PERIOD, point: this.meter.point, zone: ZONE, offsets },
      days: this.#days.slice(0, days),
      assignments: [{ position: 2, tariff: "flat", from: START }],
      tariffs: [{ leaf, position, id: "flat", ver: 1, body }],
    });
    const { payload: own, ...rest } = computed;
    const names = { v: 1, meter: this.meter.id, salt: H, no: "1", zone: ZONE };
    const opening = encodeBase64url(this.meter.salt);
    const text = padPlaintext(
      { ...names, opening, ...PERIOD, offsets, ...rest, ...change } as unknown as JsonObject,
      0,
    );
    const pt = computePt(suite, encodeUtf8(text));
    const line1 = chain.sign(operator, "bill", { ct: H, pt, ...own, ...payload });
    return { leaf: this.#add(line1), plaintext: JSON.parse(text) };
  }

  payment(meter: string): Opened {
    const plain = { v: 1, meter, salt: H, at: START, amount: 100, ref: "transfer" };
    const text = padPlaintext(plain, 0);
    const pt = computePt(suite, encodeUtf8(text));
    const line1 = chain.sign(operator, "payment", { ct: H, pt, point: this.meter.point });
    return { leaf: this.#add(line1), plaintext: JSON.parse(text) };
  }

  /** Three days as they are, all of them opened. */
  threeDays(): void {
    for (const day of [0, 1, 2]) this.verifier.addOpened(this.day(day) as never);
  }
}

const open = (house: House, opened: Opened) => house.verifier.addOpened(opened as never);

test("a bill that follows from the days below it", () => {
  const house = new House();
  house.threeDays();
  open(house, house.bill(3));
  const { opened, unusable, bills } = house.verifier.counts;
  assert.deepEqual({ opened, unusable, bills }, { opened: 4, unusable: 0, bills: 1 });
});

test("a day that is sealed to others than the recipients of its point does not count", () => {
  // Nothing is known of line 2 where it was erased; then nobody can say.
  for (const [sealedTo, unusable] of [
    [undefined, 0],
    ["A".repeat(43), 3],
  ] as const) {
    const house = new House(() => sealedTo);
    house.threeDays();
    assert.equal(house.verifier.counts.unusable, unusable);
    if (unusable === 0) open(house, house.bill(3));
    else assert.throws(() => open(house, house.bill(3)), { code: "bill-differs" });
  }
});

test("a payment under another meter than the bills of its point does not count", () => {
  const house = new House();
  house.threeDays();
  // Before the first bill nothing proves which meter the point is.
  open(house, house.payment("111111111"));
  open(house, house.bill(3));
  open(house, house.payment(house.meter.id));
  assert.equal(house.verifier.counts.unusable, 0);
  open(house, house.payment("111111111"));
  assert.equal(house.verifier.counts.unusable, 1);
});

test("a bill that does not is named by the members that differ", () => {
  const cases: readonly [JsonObject, Partial<BillPayload>, RegExp][] = [
    [{ total: 121 }, {}, /: total$/],
    [{ opening: H }, {}, /: opening$/],
    [{ currency: "USD" }, {}, /: currency$/],
    [{ meter: "111111111" }, {}, /: opening, /],
    [{}, { n: 2 }, /: n$/],
    [{}, { days: H }, /: days$/],
  ];
  for (const [change, payload, message] of cases) {
    const house = new House();
    house.threeDays();
    assert.throws(() => open(house, house.bill(3, change, payload)), {
      code: "bill-differs",
      message,
    });
  }
});

test("a bill of two days where the log has three, and of three where one does not count", () => {
  const house = new House();
  house.threeDays();
  assert.throws(() => open(house, house.bill(2)), { code: "bill-differs" });
  const other = new House();
  open(other, other.day(0));
  // the register does not go on
  open(other, other.day(1, { register: [101, 201] }));
  open(other, other.day(2, { meter: "111111111" }));
  assert.equal(other.verifier.counts.unusable, 1);
  assert.throws(() => open(other, other.bill(3)), { code: "bill-differs" });
  open(other, other.bill(1));
});

test("a first day under other digits neither counts nor names the point's meter", () => {
  const house = new House();
  open(house, house.day(0, { meter: "111111111" }));
  open(house, house.day(1));
  open(house, house.day(2));
  assert.throws(() => open(house, house.bill(3)), { code: "bill-differs" });
  assert.equal(house.verifier.counts.bills, 0);
});

test("days under another meter's digits cannot stand under a bill", () => {
  const house = new House();
  for (const day of [0, 1, 2]) open(house, house.day(day, { meter: "111111111" }));
  assert.throws(() => open(house, house.bill(3)), { code: "bill-differs" });
});

test("a plaintext of no record, of another record, twice, or with another row", () => {
  const house = new House();
  const [first, second, third] = [house.day(0), house.day(1), house.day(2)];
  const { leaf } = second;
  assert.throws(() => open(house, { ...second, leaf: H }), { code: "opened", detail: { leaf: H } });
  const place = { height: 1, record: 4, leaf };
  assert.throws(() => open(house, { ...first, leaf }), { code: "opened", detail: place });
  assert.throws(() => open(house, second), { code: "dump" });
  assert.throws(() => open(house, first), { code: "dump" });
  const row = { meter_id: "111111111" };
  assert.throws(() => house.verifier.addOpened({ ...third, row } as never), {
    code: "opened",
    detail: { ...place, record: 5, leaf: third.leaf },
  });
});

test("a row beside a day that does not count is the plaintext's too, and a bill has none", () => {
  const house = new House();
  const uncounted = house.day(0, { quality: "X" });
  const wrong = { ...uncounted, row: { meter_id: "111111111" } };
  assert.throws(() => house.verifier.addOpened(wrong as never), { code: "opened" });
  const other = new House();
  other.threeDays();
  const bill = { ...other.bill(3), row: { meter_id: other.meter.id } };
  assert.throws(() => other.verifier.addOpened(bill as never), { code: "opened" });
});
