import assert from "node:assert/strict";
import { test } from "node:test";
import type { DayStatement } from "../../../gateway/projection/read-model-types.ts";
import { verifyBundle } from "../../../shared/bundle/verify-bundle.ts";
import { nodeSuite } from "../../../shared/crypto/node-suite.ts";
import { createFlatTariff } from "../../../shared/money/tariff.ts";
import { type LiveGateway, startLiveGateway } from "../../support/live-gateway.ts";
import { waitFor } from "../../support/wait.ts";

/** 2024-01-15T00:00:00+01:00 */
const MID_JANUARY = 1_705_273_200;

test("a complete month is billed by itself, once; an incomplete one only by order", async (t) => {
  const gateway = await startLiveGateway(t, {
    tariff_energy_nano: 300_000_000,
    tariff_month_nano: 0,
  });
  const meter = await gateway.enrol("352522395");
  for (let day = 1; day <= 31; day++) {
    await gateway.publish(gateway.topic(meter.id), meter.sealDay().envelope);
  }
  await waitFor("the bill", () => gateway.events.some(({ event }) => event === "bill"));
  const bill = gateway.events.find(({ event }) => event === "bill");
  assert.equal(bill?.["no"], "352522395-2024-01");
  assert.match(String(bill?.["amount"]), /^\d+\.\d\d EUR$/);
  await waitFor("the bill in a block", async () => (await gateway.ask("status"))["held"] === 0);

  const january = await readStatements(gateway, "2024-01");
  assert.equal(january.length, 31);
  assert.ok(january.every(({ billNo }) => billNo === "352522395-2024-01"));
  const bundle = await fetch(urlOf(gateway, "/bills/352522395-2024-01.bundle.json"));
  const report = verifyBundle(nodeSuite, await bundle.text());
  assert.deepEqual([report.bill.no, report.days.length], ["352522395-2024-01", 31]);

  for (let day = 1; day <= 3; day++) {
    await gateway.publish(gateway.topic(meter.id), meter.sealDay().envelope);
  }
  await waitFor("the receipts", () => (gateway.receipts.get(meter.id)?.length ?? 0) >= 34);
  const running = await readStatements(gateway, "2024-02");
  assert.deepEqual(
    running.map(({ date, provisional }) => [date, provisional]),
    ["01", "02", "03"].map((day) => [`2024-02-${day}`, true]),
  );
  const order = (await gateway.ask("bill", { month: "2024-02" })) as {
    issued: unknown[];
    held_back: { code: string }[];
  };
  assert.deepEqual(order.issued, []);
  assert.equal(order.held_back[0]?.code, "bill-incomplete");
  const forced = (await gateway.ask("bill", { month: "2024-02", incomplete: true })) as {
    issued: { no: string; missing: number }[];
  };
  assert.equal(forced.issued[0]?.no, "352522395-2024-02");
  assert.equal(forced.issued[0]?.missing, 26 * 96);
  assert.deepEqual(((await gateway.ask("bill", {})) as { issued: unknown[] }).issued, []);
  assert.equal(gateway.events.filter(({ event }) => event === "bill").length, 2);
});

test("a bill that no further day can mend raises an alarm, once", async (t) => {
  const gateway = await startLiveGateway(t);
  const meter = await gateway.enrol("352522395");
  const dollars = createFlatTariff({ name: "d", currency: "USD", minor: 2, energyNano: 1 });
  await gateway.ask("tariff", { id: "dollars", body: dollars });
  await gateway.ask("assign", { meter: meter.id, tariff: "dollars", from: MID_JANUARY });
  for (let day = 1; day <= 31; day++) {
    await gateway.publish(gateway.topic(meter.id), meter.sealDay().envelope);
  }
  const alarms = () => gateway.events.filter(({ code }) => code === "tariff-currency");
  await waitFor("the alarm", () => alarms().length > 0);
  assert.deepEqual([alarms()[0]?.["meter"], alarms()[0]?.["month"]], [meter.id, "2024-01"]);
  for (let day = 1; day <= 2; day++) {
    await gateway.publish(gateway.topic(meter.id), meter.sealDay().envelope);
  }
  await waitFor("the receipts", () => (gateway.receipts.get(meter.id)?.length ?? 0) >= 33);
  assert.equal(alarms().length, 1);
  assert.ok(!gateway.events.some(({ code }) => code === "bill-incomplete"));
});

async function readStatements(gateway: LiveGateway, month: string): Promise<DayStatement[]> {
  const url = urlOf(gateway, `/api/v1/meters/352522395/statements?month=${month}`);
  const answer = (await (await fetch(url)).json()) as { rows: DayStatement[] };
  return answer.rows;
}

function urlOf(gateway: LiveGateway, path: string): URL {
  const ready = gateway.events.findLast(({ event }) => event === "ready");
  return new URL(path, String(ready?.["portal"]));
}
