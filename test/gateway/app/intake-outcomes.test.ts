// Every kind of wrong message ends in its code, is counted, answered, and changes nothing; through a real broker.
import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { connectAsync } from "mqtt";
import { type LiveGateway, startLiveGateway } from "../../support/live-gateway.ts";
import { startMosquitto } from "../../support/mosquitto.ts";
import { makeTestFolder } from "../../support/process.ts";
import { SealedMeter } from "../../support/sealed-meter.ts";
import { seededBytes } from "../../support/seeded-bytes.ts";
import { requireSystemPart } from "../../support/system-part.ts";
import { waitFor } from "../../support/wait.ts";

/** Runs a body against a gateway with its own aedes, and one with Mosquitto outside. */
function testGateway(name: string, body: (gateway: LiveGateway) => Promise<void>): void {
  test(`${name} (aedes)`, async (t) => body(await startLiveGateway(t)));
  test(`${name} (Mosquitto)`, async (t) => {
    if (!requireSystemPart(t, "mosquitto")) return;
    await body(await startLiveGateway(t, { broker_url: await mosquittoUrl(t) }));
  });
}

async function mosquittoUrl(t: TestContext): Promise<string> {
  const folder = makeTestFolder();
  return (await startMosquitto(t, folder)).url;
}

function flip(bytes: Uint8Array, at: number): Uint8Array {
  const changed = bytes.slice();
  // Another character of the base64url alphabet, so that the form stays.
  changed[at] = changed[at] === 0x41 ? 0x42 : 0x41;
  return changed;
}

testGateway("wrong messages get their codes and change nothing", async (gateway) => {
  const meter = await gateway.enrol("352522395");
  const other = await gateway.enrol("352522396");
  const first = meter.sealDay();
  await gateway.publish(gateway.topic(meter.id), first.envelope);
  await waitFor("the first day's receipt", () => gateway.receipts.get(meter.id)?.length === 1);
  await waitFor("an empty mempool", async () => (await gateway.ask("status"))["held"] === 0);
  const standing = await gateway.standing();
  const second = meter.sealDay({}, true);
  const { envelope, line1, line2 } = second;
  const forged = other.sealDay({}, true);
  const stranger = new SealedMeter(meter.id, seededBytes("stranger"));
  stranger.enrolled(meter.prev, meter.recipients);
  const firstLine2 = first.envelope.subarray(first.line1.length);
  const cases: readonly [code: string, payload: Uint8Array | string, topic?: string][] = [
    ["duplicate", first.envelope],
    ["refused-size", "x".repeat(30_000)],
    ["refused-form", "not a record"],
    ["refused-form", `${line1}\n${line2}\n`],
    ["refused-form", line1],
    ["refused-signature", flip(envelope, line1.length - 40)],
    ["refused-ct", flip(envelope, line1.length + 100)],
    ["refused-ct", Buffer.concat([Buffer.from(line1), firstLine2])],
    ["refused-topic", forged.envelope],
    ["refused-unknown-key", stranger.sealDay().envelope],
    ["refused-unknown-meter", envelope, gateway.topic("352999999")],
  ];
  for (const [code, payload, topic] of cases) {
    const before = await gateway.countOf(code);
    await gateway.publish(topic ?? gateway.topic(meter.id), payload);
    await waitFor(code, async () => (await gateway.countOf(code)) === before + 1).catch(
      async (error: Error) => {
        const { counts } = await gateway.ask("status");
        throw new Error(`${error.message}; counts ${JSON.stringify(counts)}`);
      },
    );
    if (topic === undefined) {
      await waitFor(`the reply ${code}`, () =>
        gateway.replies.some((reply) => reply.code === code),
      );
    }
  }
  const before = await gateway.countOf("refused-retained");
  await gateway.publish(gateway.topic(meter.id), envelope, true);
  await waitFor("the live copy to be held", async () => (await gateway.countOf("held")) === 2);
  assert.equal(await gateway.countOf("refused-retained"), before);
  assert.notEqual(await gateway.standing(), standing, "the last one was a good record");
});

test("messages at QoS 0 do not use up what may be taken in without a commit", async (t) => {
  const limit = 64;
  const gateway = await startLiveGateway(t, { unacknowledged_limit: limit });
  const meter = await gateway.enrol("352522395");
  const ready = gateway.events.find(({ event }) => event === "ready");
  const careless = await connectAsync(String(ready?.["mqtt"]), { reconnectPeriod: 0 });
  const topic = gateway.topic(meter.id);
  for (let i = 0; i < 2 * limit; i++) await careless.publishAsync(topic, "no record", { qos: 0 });
  await careless.endAsync();
  await waitFor("all to be refused", async () => {
    return (await gateway.countOf("refused-form")) === 2 * limit;
  });
  await gateway.publish(topic, meter.sealDay().envelope);
  await waitFor("the day's receipt", () => gateway.receipts.get(meter.id)?.length === 1);
  assert.equal((await gateway.ask("status"))["unacknowledged"], 0);
});

test("what meters say that they saw is bounded, counted where it is refused, and costs no envelope", async (t) => {
  const gateway = await startLiveGateway(t, { meter_burst: 2, meter_per_minute: 1 });
  const meter = await gateway.enrol("352522395");
  const seenTopic = (id: string) => gateway.topic(id).replace(/envelope$/, "seen");
  for (let i = 0; i < 5; i++) await gateway.publish(seenTopic(meter.id), "a note");
  await gateway.publish(seenTopic("352999999"), "a note");
  await waitFor("three too many", async () => (await gateway.countOf("refused-rate")) === 3);
  await waitFor("the stranger", async () => {
    return (await gateway.countOf("refused-unknown-meter")) === 1;
  });
  assert.equal(gateway.replies.length, 1, "a flood is answered once");
  await gateway.publish(gateway.topic(meter.id), meter.sealDay().envelope);
  await waitFor("the day's receipt", () => gateway.receipts.get(meter.id)?.length === 1);
});

testGateway("a refused message leaves log, mempool and parking as they were", async (gateway) => {
  const meter = await gateway.enrol("352522395");
  await waitFor(
    "the enrolment in a block",
    async () => (await gateway.ask("status"))["held"] === 0,
  );
  const standing = await gateway.standing();
  const { envelope, line1 } = meter.sealDay({}, true);
  const bad = [
    envelope.subarray(0, 100),
    flip(envelope, line1.length - 40),
    flip(envelope, line1.length + 100),
  ];
  for (const payload of bad) await gateway.publish(gateway.topic(meter.id), payload);
  await waitFor("three refusals", () => gateway.replies.length === 3);
  assert.equal(await gateway.standing(), standing);
  assert.equal(gateway.receipts.size, 0);
});

testGateway("records out of order are parked, asked for, and enter in order", async (gateway) => {
  const meter = await gateway.enrol("352522395");
  const days = Array.from({ length: 5 }, () => meter.sealDay());
  for (const day of [days[2], days[4], days[1], days[3]]) {
    await gateway.publish(gateway.topic(meter.id), day?.envelope ?? "");
  }
  await waitFor("a request to resend", () => gateway.replies.some(({ code }) => code === "resend"));
  assert.equal(gateway.replies.find(({ code }) => code === "resend")?.want, 1);
  await waitFor("all four to be parked", async () => {
    return (await gateway.ask("status"))["parked"] === 4;
  });
  await gateway.publish(gateway.topic(meter.id), days[0]?.envelope ?? "");
  await waitFor("all five receipts", () => (gateway.receipts.get(meter.id)?.length ?? 0) >= 5);
  assert.equal((await gateway.ask("status"))["parked"], 0);
});

testGateway("two records with one seq: evidence, frozen, alarm", async (gateway) => {
  const meter = await gateway.enrol("352522395");
  const one = meter.sealDay({}, true);
  const two = meter.sealDay();
  await gateway.publish(gateway.topic(meter.id), one.envelope);
  await waitFor("the receipt of the first", () => gateway.receipts.get(meter.id)?.length === 1);
  await gateway.publish(gateway.topic(meter.id), two.envelope);
  await waitFor("the reply", () => gateway.replies.some(({ code }) => code === "frozen"));
  assert.ok(gateway.events.some(({ event, code }) => event === "alarm" && code === "evidence"));
  const next = meter.sealDay();
  await gateway.publish(gateway.topic(meter.id), next.envelope);
  await waitFor("the next to be refused too", () =>
    gateway.replies.some(({ code, leaf }) => code === "frozen" && leaf === next.leaf),
  );
  await waitFor("the evidence in a block", async () => (await gateway.ask("status"))["held"] === 0);
  await gateway.publish(gateway.topic(meter.id), one.envelope);
  await waitFor(
    "the old one to be known still",
    async () => (await gateway.countOf("duplicate")) === 1,
  );
  await waitFor("its receipt again", () => gateway.receipts.get(meter.id)?.length === 2);
});

test("a burst is mined as soon as it is over, however few records are left of it", async (t) => {
  const gateway = await startLiveGateway(t, { mine_after_ms: 600_000, mine_quiet_records: 20 });
  const meter = await gateway.enrol("352522395");
  const { envelope } = meter.sealDay();
  // Far fewer records than a burst has envelopes; a loaded machine may cut it in two.
  const copies = Array.from({ length: 60 }, () =>
    gateway.publish(gateway.topic(meter.id), envelope),
  );
  await Promise.all(copies);
  await waitFor("its receipt", () => (gateway.receipts.get(meter.id)?.length ?? 0) > 0);
});

testGateway(
  "a signed day that opens to nonsense enters as unusable, with an alarm",
  async (gateway) => {
    const meter = await gateway.enrol("352522395");
    const day = meter.sealDay({ meter: "352000000" });
    await gateway.publish(gateway.topic(meter.id), day.envelope);
    await waitFor("its receipt", () => gateway.receipts.get(meter.id)?.length === 1);
    assert.ok(gateway.events.some(({ event, code }) => event === "alarm" && code === "day-meter"));
  },
);
