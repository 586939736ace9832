// Corrections that a meter signs, on its envelope topic: judged in the same order as days, through a real broker.
import assert from "node:assert/strict";
import { test } from "node:test";
import type { LiveGateway } from "../../support/live-gateway.ts";
import { startLiveGateway } from "../../support/live-gateway.ts";
import type { SealedDay } from "../../support/sealed-meter.ts";
import { waitFor } from "../../support/wait.ts";

async function send(gateway: LiveGateway, meter: string, code: string, payload: Uint8Array) {
  const before = await gateway.countOf(code);
  await gateway.publish(gateway.topic(meter), payload);
  await waitFor(code, async () => (await gateway.countOf(code)) > before);
}

function flip({ envelope }: SealedDay, at: number): Uint8Array {
  const changed = envelope.slice();
  changed[at] = changed[at] === 0x41 ? 0x42 : 0x41;
  return changed;
}

test("a meter's correction is refused by the first rule it breaks, else held and given its receipt", async (t) => {
  const gateway = await startLiveGateway(t);
  const meter = await gateway.enrol("352522395");
  const other = await gateway.enrol("352522396");
  const day = meter.sealDay();
  const foreign = other.sealDay();
  await gateway.publish(gateway.topic(meter.id), day.envelope);
  await gateway.publish(gateway.topic(other.id), foreign.envelope);
  await waitFor("both receipts", () => gateway.receipts.size === 2);
  const next = meter.sealCorrection(day, {}, {}, true);
  const cases: readonly [code: string, payload: Uint8Array][] = [
    ["refused-form", next.envelope.subarray(0, next.line1.length)],
    ["refused-topic", other.sealCorrection(foreign, {}, {}, true).envelope],
    ["refused-signature", flip(next, next.line1.length - 40)],
    ["refused-ct", flip(next, next.line1.length + 100)],
    ["refused-schema", meter.sealCorrection(day, {}, { reason: "x" }, true).envelope],
    ["refused-point", meter.sealCorrection(day, {}, { point: day.leaf }, true).envelope],
    ["refused-reference", meter.sealCorrection(day, {}, { of: foreign.leaf }, true).envelope],
    ["refused-reference", meter.sealCorrection(day, {}, { of: next.leaf }, true).envelope],
  ];
  for (const [code, payload] of cases) await send(gateway, meter.id, code, payload);
  assert.equal((await gateway.ask("status"))["held"], 0);

  const correction = meter.sealCorrection(day);
  await send(gateway, meter.id, "held", correction.envelope);
  await waitFor("its receipt", () => (gateway.receipts.get(meter.id)?.length ?? 0) >= 2);
  await send(gateway, meter.id, "duplicate", correction.envelope);
  const later = meter.sealCorrection(day, { reason: "again" });
  const latest = meter.sealCorrection(day, { reason: "once-more" });
  await gateway.publish(gateway.topic(meter.id), latest.envelope);
  await waitFor("it to be parked", async () => (await gateway.ask("status"))["parked"] === 1);
  await send(gateway, meter.id, "held", later.envelope);
  await waitFor("the parked one", () => (gateway.receipts.get(meter.id)?.length ?? 0) >= 4);
});

test("another record in the place of a correction is equivocation", async (t) => {
  const gateway = await startLiveGateway(t);
  const meter = await gateway.enrol("352522395");
  const day = meter.sealDay();
  await send(gateway, meter.id, "held", day.envelope);
  const twin = meter.sealCorrection(day, { reason: "other" }, {}, true);
  await send(gateway, meter.id, "held", meter.sealCorrection(day).envelope);
  await send(gateway, meter.id, "frozen", twin.envelope);
  await waitFor("the alarm", () => gateway.events.some((event) => event["code"] === "evidence"));
});
