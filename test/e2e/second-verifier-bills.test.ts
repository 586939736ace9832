// Bills of random tariffs on a real store: issued as billing does, dumped with keys, recomputed by `gateway verify` and by the
// second verifier. A changed bill under right signatures is refused by both with the same code.
import assert from "node:assert/strict";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { StoreBillingSource } from "../../gateway/app/store-billing-source.ts";
import type { BillingPoint } from "../../gateway/billing/billing-source.ts";
import {
  type BillingOptions,
  type BillOrder,
  issueBill,
} from "../../gateway/billing/issue-bill.ts";
import { dumpChain } from "../../gateway/dump/chain-dump.ts";
import { openReadOnly } from "../../gateway/ledger/database.ts";
import {
  decodeBase64url,
  decodeUtf8,
  encodeBase64url,
  encodeUtf8,
} from "../../shared/base/bytes.ts";
import type { JsonObject } from "../../shared/base/canonical-json.ts";
import { isCoded } from "../../shared/base/error.ts";
import { formatDumpLine } from "../../shared/chain/dump.ts";
import { nodeSuite } from "../../shared/crypto/node-suite.ts";
import { computeCt, computePt } from "../../shared/record/envelope.ts";
import type { BillPayload } from "../../shared/record/payload.ts";
import { padPlaintext } from "../../shared/record/plaintext.ts";
import { openLine2, parseLine2, sealLine2 } from "../../shared/record/sealed-box.ts";
import { CHANGES, changeBill } from "../support/changed-bill.ts";
import { makeTestFolder } from "../support/process.ts";
import { type BillPlan, makePlan } from "../support/random-bill.ts";
import { Dice } from "../support/random-tariff.ts";
import {
  askFirst,
  askSecond,
  assertBothRefuse,
  joinLines,
  refusal,
  writeTo,
} from "../support/second-verifier.ts";
import { seededBytes } from "../support/seeded-bytes.ts";
import { requireSystemPart } from "../support/system-part.ts";
import { foundHouse, TestLedger, type TestMeter } from "../support/test-ledger.ts";

const folder = makeTestFolder();
type Draft = Omit<BillPayload, "v" | "seq" | "prev">;

/** A meter with the days, tariffs, assignments and prices of a plan in blocks. */
function carryOut(house: TestLedger, plan: BillPlan, withPrices = true): TestMeter {
  const { zone, days } = plan;
  const meter = house.enrol(house.addMeter(undefined, zone));
  meter.from = plan.from;
  for (const { id, ver, body } of plan.tariffs) {
    house.ledger.issue("tariff", { id, ver, body } as never);
  }
  for (const one of plan.assignments) {
    house.ledger.issue("assign", { point: meter.point, ...one });
  }
  if (withPrices) issuePrices(house, plan);
  house.mine();
  for (const { from: _, to: __, lost, ...day } of days) {
    const [code] = house.hold(house.day(meter, { zone, ...day, ...(lost && { garbage: true }) }));
    assert.equal(code, "held");
  }
  house.mine();
  return meter;
}

function issuePrices(house: TestLedger, plan: BillPlan): void {
  for (const one of plan.prices) house.ledger.issue("price", { ...one, nano: [...one.nano] });
}

function orderOf(
  house: TestLedger,
  meter: TestMeter,
  plan: BillPlan,
  from: number,
  to: number,
): BillOrder {
  const source = new StoreBillingSource(house.ledger, nodeSuite);
  const point = [...source.points()].find((one) => one.point === meter.point) as BillingPoint;
  const period = { from, to };
  const days = source.days(point.point, period).map(({ leaf }) => source.openDay(leaf));
  return {
    point,
    ...period,
    zone: plan.zone,
    days: days.filter((day) => day !== undefined),
    assignments: source.assignments(point.point),
    tariffs: source.tariffs(),
    prices: source.prices(period),
    issued: source.issuedPeriods(point.point),
    allowIncomplete: true,
  };
}

/** A bill as billing makes it, handed to `issue`. */
function makeBill(house: TestLedger, order: BillOrder, issue: (d: Draft, line2: string) => string) {
  const randomBytes = seededBytes(`${order.point.meter} ${order.from}`);
  const ledger: BillingOptions["ledger"] = {
    issue: (_, draft, line2) => issue(draft as unknown as Draft, line2),
  };
  const signer = house.keys.signing.kid;
  return issueBill({ suite: nodeSuite, randomBytes, signer, ledger }, order);
}

/** A dump with all that opens, or with these opened lines only. */
function dumpOf(house: TestLedger, name: string, opened?: readonly string[]): string {
  const db = openReadOnly(path.join(house.folder, "gateway.db"));
  try {
    const keys = opened === undefined ? { utility: house.keys.utility } : {};
    const lines = dumpChain(db, { suite: nodeSuite, ...keys });
    return writeTo(folder, name, joinLines([...lines, ...(opened ?? [])]));
  } finally {
    db.close();
  }
}

function openHouse(t: TestContext, seed: string): TestLedger {
  const house = new TestLedger(foundHouse(1, seed));
  t.after(() => house.close());
  return house;
}

/** A payment of the whole bill, its plaintext with `more`; its opened line for a dump. */
function pay(
  house: TestLedger,
  meter: TestMeter,
  { leaf: bill, total: amount }: { readonly leaf: string; readonly total: number },
  more: JsonObject = {},
): string {
  const { keys, ledger } = house;
  const salt = encodeBase64url(new Uint8Array(32));
  const body = { v: 1, meter: meter.id, salt, at: 1_720_000_000, amount, ref: "till 7", ...more };
  const text = padPlaintext(body, 0);
  const plaintext = encodeUtf8(text);
  const line2 = sealLine2(nodeSuite, {
    typ: "payment",
    plaintext,
    signer: keys.signing.kid,
    recipients: [{ kid: keys.utility.kid, key: decodeBase64url(keys.utility.jwk.x) }],
    randomBytes: seededBytes(`payment ${bill}`),
  });
  const sealed = { ct: computeCt(nodeSuite, line2), pt: computePt(nodeSuite, plaintext) };
  const leaf = ledger.issue("payment", { ...sealed, point: meter.point, bill }, line2);
  const opened = { leaf, plaintext: JSON.parse(text) as JsonObject };
  return formatDumpLine({ kind: "opened", opened });
}

const METERS = 40;

test(`${METERS} meters under random tariffs, up to three bills each: both recompute every one`, async (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const dice = new Dice(20_240_401);
  const house = openHouse(t, "bills");
  let bills = 0;
  let none = 0;
  for (let i = 0; i < METERS; i++) {
    const plan = makePlan(dice, `m${i}`);
    const meter = carryOut(house, plan);
    const cut = () => plan.from + dice.roll((plan.to - plan.from) / 900) * 900;
    const cuts = [plan.from, cut(), cut(), plan.to].sort((a, b) => a - b);
    for (const [j, from] of cuts.entries()) {
      const to = cuts[j + 1];
      if (to === undefined || from === to) continue;
      try {
        const bill = makeBill(house, orderOf(house, meter, plan, from, to), (draft, line2) =>
          house.ledger.issue("bill", draft, line2),
        );
        bills++;
        if (bills % 3 === 0) pay(house, meter, bill);
      } catch (error) {
        if (!isCoded(error, "price-none")) throw error;
        none++;
      }
    }
  }
  house.mine();
  const file = dumpOf(house, "bills.jsonl");
  const report = await askFirst(file);
  const [said] = askSecond([file]);
  t.diagnostic(`${bills} bills, ${none} without a price, ${report.opened} plaintexts`);
  const payments = Math.floor(bills / 3);
  assert.ok(bills > 2 * METERS);
  assert.deepEqual(
    [said?.["code"], said?.["tip"], said?.["bills"], said?.["usable"]],
    [undefined, report.tip, bills, report.opened - bills - payments],
  );
  assert.deepEqual([report.bills, report.unusable], [bills, 0]);
});

/** A bill of the plan's whole period under right signatures, its plaintext and payload changed. */
function issueChanged(
  house: TestLedger,
  order: BillOrder,
  change: (text: string, draft: Draft) => { text?: string; draft?: Partial<Draft> },
): void {
  makeBill(house, order, (right, line2) => {
    const { keys } = house;
    const { kid } = keys.signing;
    const bytes = openLine2(nodeSuite, parseLine2(line2), keys.utility, kid, "bill");
    const { text = decodeUtf8(bytes), draft = {} } = change(decodeUtf8(bytes), right);
    const plaintext = encodeUtf8(text);
    const sealed = sealLine2(nodeSuite, {
      typ: "bill",
      plaintext,
      signer: kid,
      recipients: order.point.recipients,
      randomBytes: seededBytes(text),
    });
    const ct = computeCt(nodeSuite, sealed);
    const pt = computePt(nodeSuite, plaintext);
    return house.ledger.issue("bill", { ...right, ...draft, ct, pt }, sealed);
  });
  house.mine();
}

/** A plan whose bill has more lines than a few and uses several price records. */
function makeRichPlan(dice: Dice, name: string): BillPlan {
  for (;;) {
    const plan = makePlan(dice, name);
    const bodies = plan.tariffs.map(({ body }) => JSON.stringify(body));
    const whole = plan.prices.every(({ from, step, nano }, i) => {
      return (plan.prices[i + 1]?.from ?? plan.to) <= from + step * nano.length;
    });
    if (whole && bodies.every((body) => body.includes('"series"'))) return plan;
  }
}

test("a right bill but for one thing: refused by both with the same code", async (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const dice = new Dice(20_240_402);
  type Change = Parameters<typeof issueChanged>[2];
  const cases: [string, Change][] = Object.entries(CHANGES).map(([name, change]) => {
    return [name, (text) => ({ text: changeBill(text, change, dice) })];
  });
  cases.push(
    ["a record less in tariffs", (_, { tariffs }) => ({ draft: { tariffs: tariffs.slice(1) } })],
    ["no price record", (_, { tariffs }) => ({ draft: { tariffs: tariffs.slice(0, 1) } })],
    ["n", (_, { n }) => ({ draft: { n: n + 1 } })],
  );
  const files: [string, string][] = [];
  for (const [i, [name, change]] of cases.entries()) {
    const house = openHouse(t, `changed ${i}`);
    const plan = makeRichPlan(dice, "c");
    const meter = carryOut(house, plan);
    issueChanged(house, orderOf(house, meter, plan, plan.from, plan.to), change);
    files.push([name, dumpOf(house, `changed-${i}.jsonl`)]);
  }
  await assertBothRefuse(files);
  const codes = new Set<string | undefined>();
  for (const [, file] of files) codes.add((await refusal(file)).code);
  assert.deepEqual([...codes], ["bill-differs"]);
});

test("a bill computed in a zone of the biller's choice: refused by both with the same code", async (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const dice = new Dice(20_240_404);
  let plan = makePlan(dice, "z");
  while (JSON.stringify(plan.tariffs).includes('"zone"')) plan = makePlan(dice, "z");
  const house = openHouse(t, "zone");
  const meter = carryOut(house, plan);
  const { days, ...order } = orderOf(house, meter, plan, plan.from, plan.to);
  const moved = days.map(({ zone: _, ...day }) => day);
  issueChanged(house, { ...order, zone: "Asia/Tokyo", days: moved }, () => ({}));
  const file = dumpOf(house, "zone.jsonl");
  await assertBothRefuse([["zone", file]]);
  assert.equal((await refusal(file)).code, "bill-zone");
});

test("a bill for which the log has no price, no tariff or another currency: the same code", async (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const dice = new Dice(20_240_403);
  const files: [string, string][] = [];
  const codes = ["price-none", "tariff-none", "tariff-body", "tariff-currency"];
  for (const [i, code] of codes.entries()) {
    const house = openHouse(t, code);
    const plan = makeRichPlan(dice, "n");
    const [first] = plan.tariffs;
    assert.ok(first);
    const late: { readonly [code: string]: object } = {
      "tariff-none": { ...first.body, to: plan.from + 1 },
      "tariff-body": { v: 2 },
      "tariff-currency": { ...first.body, currency: "USD", from: plan.from + 1 },
    };
    const meter = carryOut(house, plan, code !== "price-none");
    const right = orderOf(house, meter, plan, plan.from, plan.to);
    // the bill is computed from what the log does not say before it
    const { prices, ...rest } = right;
    assert.ok(prices);
    const leaves = plan.prices.map((price, j) => ({ ...price, leaf: `p${j}`, position: 1e6 + j }));
    const order = code === "price-none" ? { ...rest, prices: leaves } : right;
    issueChanged(house, order, (_, { tariffs }) => {
      if (code === "tariff-none") {
        const { point } = meter;
        const id = "never";
        house.ledger.issue("tariff", { id, ver: 1, body: late[code] } as never);
        house.ledger.issue("assign", { point, tariff: id, from: plan.from });
      } else if (late[code]) {
        const ver = plan.tariffs.filter(({ id }) => id === first.id).length + 1;
        house.ledger.issue("tariff", { id: first.id, ver, body: late[code] } as never);
      }
      return { draft: { tariffs: tariffs.filter((leaf) => leaf.length === 43) } };
    });
    // prices that come after the bill are none for it
    if (code === "price-none") {
      issuePrices(house, plan);
      house.mine();
    }
    files.push([code, dumpOf(house, `none-${i}.jsonl`)]);
  }
  await assertBothRefuse(files);
  for (const [code, file] of files) assert.equal((await refusal(file)).code, code);
});

test("a payment that is not of its form: refused by both with the same code", async (t) => {
  if (!requireSystemPart(t, "python-cryptography")) return;
  const faults: readonly JsonObject[] = [{}, { more: 1 }, { amount: "1" }, { ref: "" }, { at: -1 }];
  const files: [string, string][] = [];
  for (const [i, more] of faults.entries()) {
    const house = openHouse(t, `payment ${i}`);
    const plan = makeRichPlan(new Dice(20_240_404), "p");
    const meter = carryOut(house, plan);
    const order = orderOf(house, meter, plan, plan.from, plan.to);
    const bill = makeBill(house, order, (draft, line2) => house.ledger.issue("bill", draft, line2));
    const line = pay(house, meter, bill, more);
    house.mine();
    // the payment's plaintext alone: a store does not dump one that is not of its form
    files.push([JSON.stringify(more), dumpOf(house, `payment-${i}.jsonl`, [line])]);
  }
  const [right, ...wrong] = files;
  assert.ok(right);
  assert.deepEqual([await refusal(right[1]), askSecond([right[1]])[0]?.["opened"]], [{}, 1]);
  await assertBothRefuse(wrong);
  for (const [, file] of wrong) assert.equal((await refusal(file)).code, "schema");
});
