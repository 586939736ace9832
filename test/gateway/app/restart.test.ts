// What must outlive a stop, a kill and a broker that kept messages meanwhile.
import assert from "node:assert/strict";
import { mkdtempSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { connectAsync } from "mqtt";
import { isCoded } from "../../../shared/base/error.ts";
import { LiveGateway, startLiveGateway } from "../../support/live-gateway.ts";
import { startMosquitto } from "../../support/mosquitto.ts";
import { makeTestFolder } from "../../support/process.ts";
import { requireSystemPart } from "../../support/system-part.ts";
import { waitFor } from "../../support/wait.ts";

test("a restart goes on with the same chain; what came meanwhile is taken in; retained is ignored", async (t) => {
  if (!requireSystemPart(t, "mosquitto")) return;
  const folder = makeTestFolder();
  const { url } = await startMosquitto(t, folder);
  const gateway = await startLiveGateway(t, { broker_url: url });
  const meter = await gateway.enrol("352522395");
  const first = meter.sealDay();
  await gateway.publish(gateway.topic(meter.id), first.envelope);
  await waitFor("the first receipt", () => gateway.receipts.get(meter.id)?.length === 1);
  const topic = gateway.topic(meter.id);
  const chain = gateway.net;
  await gateway.stop();

  const away = await connectAsync(url, { reconnectPeriod: 0 });
  const second = meter.sealDay();
  await away.publishAsync(topic, Buffer.from(second.envelope), { qos: 1 });
  const third = meter.sealDay();
  await away.publishAsync(`${topic}`, Buffer.from(third.envelope), { qos: 1, retain: true });
  await away.endAsync();

  await gateway.start();
  assert.equal(gateway.net, chain);
  await waitFor("the receipt of what the broker kept", () =>
    (gateway.receipts.get(meter.id) ?? []).some((text) => text.includes("\nindex 6\n")),
  );
  await waitFor("the retained copy to be counted", async () => {
    return (await gateway.countOf("refused-retained")) === 1;
  });
  assert.equal(await gateway.countOf("duplicate"), 0);
});

test("two gateways never open one data folder; a changed origin does not matter to an old chain", async (t) => {
  const gateway = await startLiveGateway(t);
  const twin = new LiveGateway(gateway.folder.root, {});
  await assert.rejects(twin.start(), (error) => isCoded(error, "store-locked"));
  const net = gateway.net;
  await gateway.stop();
  const other = new LiveGateway(gateway.folder.root, {
    origin: "example.org/other",
    difficulty: 8,
  });
  await other.start();
  assert.equal(other.net, net);
  await other.stop();
});

test("keys that are missing beside a chain are not made anew", async (t) => {
  const gateway = await startLiveGateway(t);
  await gateway.stop();
  rmSync(gateway.folder.keys);
  await assert.rejects(gateway.start(), (error) => isCoded(error, "no-gateway"));
});

test("an address in use is named, and nothing is left running", async (t) => {
  const gateway = await startLiveGateway(t);
  const ready = gateway.events.find(({ event }) => event === "ready");
  const port = Number(new URL(String(ready?.["mqtt"])).port);
  const root = mkdtempSync(join(tmpdir(), "wattproof-gateway-"));
  t.after(() => rmSync(root, { recursive: true, force: true }));
  const second = new LiveGateway(root, { broker_port: port });
  await assert.rejects(second.start(), (error) => isCoded(error, "listen"));
  writeFileSync(join(root, "note"), "the folder can be used again");
  const third = new LiveGateway(root, {});
  await third.start();
  await third.stop();
});

test("a meter that sends too much is slowed down, others are not", async (t) => {
  const gateway = await startLiveGateway(t, { meter_burst: 3, meter_per_minute: 1 });
  const [loud, quiet] = [await gateway.enrol("352522395"), await gateway.enrol("352522396")];
  const day = loud.sealDay();
  for (let i = 0; i < 5; i++) await gateway.publish(gateway.topic(loud.id), day.envelope);
  await waitFor("two refusals", async () => (await gateway.countOf("refused-rate")) === 2);
  await gateway.publish(gateway.topic(quiet.id), quiet.sealDay().envelope);
  await waitFor("the other meter's receipt", () => gateway.receipts.get(quiet.id)?.length === 1);
  assert.equal(await gateway.countOf("duplicate"), 2);
});

test("a record that waits longer than its time is answered held", async (t) => {
  const gateway = await startLiveGateway(t, { mine_after_ms: 3_600_000, held_reply_after_ms: 50 });
  const meter = await gateway.enrol("352522395");
  const day = meter.sealDay();
  await gateway.publish(gateway.topic(meter.id), day.envelope);
  await waitFor("the reply", () => gateway.replies.length === 1);
  assert.deepEqual([gateway.replies[0]?.code, gateway.replies[0]?.leaf], ["held", day.leaf]);
});
