import assert from "node:assert/strict";
import { type AddressInfo, connect, createServer } from "node:net";
import { test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { connectAsync } from "mqtt";
import { startEmbeddedBroker } from "../../../gateway/broker/embedded-broker.ts";
import { type IncomingMessage, MqttClient } from "../../../gateway/intake/mqtt-client.ts";
import { type TestBroker, testWithBrokers } from "../../support/brokers.ts";
import { startMosquitto } from "../../support/mosquitto.ts";
import { makeTestFolder } from "../../support/process.ts";
import { requireSystemPart } from "../../support/system-part.ts";
import { LOCALHOST_CERT, LOCALHOST_KEY } from "../../support/tls-localhost.ts";
import { waitFor } from "../../support/wait.ts";

const NET = "wattproof/0a1b2c3d/352";

function createClient(broker: TestBroker, received: IncomingMessage[]): MqttClient {
  return new MqttClient({
    url: broker.url,
    ...broker.gateway,
    clientId: "wattproof-intake-test",
    keepaliveS: 30,
    subscriptions: [`${NET}/+/envelope`],
    random: () => 0,
    onMessage: (message) => received.push({ ...message, payload: Buffer.from(message.payload) }),
  });
}

async function publish(url: string, topic: string, payloads: readonly string[]) {
  const client = await connectAsync(url, { reconnectPeriod: 0 });
  for (const payload of payloads) await client.publishAsync(topic, payload, { qos: 1 });
  await client.endAsync();
}

testWithBrokers(
  "messages come unacknowledged, again after a reconnect, and never once acknowledged",
  async (_t, broker) => {
    const first: IncomingMessage[] = [];
    const client = createClient(broker, first);
    client.start();
    await waitFor("the subscription", () => client.connected);
    await publish(broker.url, `${NET}/352522395/envelope`, ["one", "two", "three"]);
    await waitFor("three messages", () => first.length === 3);
    assert.deepEqual(
      first.map((m) => Buffer.from(m.payload).toString()),
      ["one", "two", "three"],
    );
    assert.ok(first.every((m) => !m.retain && m.packetId > 0));
    client.acknowledge((first[0] as IncomingMessage).epoch, [
      (first[0] as IncomingMessage).packetId,
    ]);
    await client.stop();

    const second: IncomingMessage[] = [];
    const again = createClient(broker, second);
    again.start();
    await waitFor("the two that were not acknowledged", () => second.length === 2);
    assert.deepEqual(
      second.map((m) => Buffer.from(m.payload).toString()),
      ["two", "three"],
    );
    again.acknowledge(
      (second[0] as IncomingMessage).epoch,
      second.map((m) => m.packetId),
    );
    await again.stop();
  },
);

testWithBrokers("what the broker had stored is marked retained", async (_t, broker) => {
  const received: IncomingMessage[] = [];
  // The embedded broker keeps an envelope for nobody but the gateway's own clients.
  const sender = await connectAsync(broker.url, { reconnectPeriod: 0, ...broker.gateway });
  await sender.publishAsync(`${NET}/352522395/envelope`, "stored", { qos: 1, retain: true });
  await sender.endAsync();
  const client = createClient(broker, received);
  client.start();
  await waitFor("the stored message", () => received.length === 1);
  assert.equal(received[0]?.retain, true);
  await client.stop();
});

for (const subscriptions of [[`${NET}/+/envelope`], []]) {
  const kind = subscriptions.length === 0 ? "a client without subscriptions" : "a client";
  testWithBrokers(
    `${kind} publishes everything through a window smaller than the load`,
    async (_t, broker) => {
      const listener = await connectAsync(broker.url, { reconnectPeriod: 0 });
      const got: string[] = [];
      listener.on("message", (_topic, payload) => got.push(payload.toString()));
      await listener.subscribeAsync(`${NET}/+/reply`, { qos: 1 });
      const client = new MqttClient({
        url: broker.url,
        ...broker.gateway,
        clientId: "wattproof-intake-test",
        keepaliveS: 30,
        subscriptions,
        random: () => 0,
        onMessage: () => assert.fail("nothing was sent to it"),
        publishWindow: 7,
      });
      client.start();
      // Queued before the connection stands: nothing is lost.
      const sent = Array.from({ length: 500 }, (_, i) => `${i} ${"x".repeat(i * 3)}`);
      for (const payload of sent) client.publish({ topic: `${NET}/352522395/reply`, payload });
      await waitFor("all messages", () => got.length >= 500 && client.pendingPublishes === 0);
      assert.deepEqual(got, sent);
      await client.stop();
      await listener.endAsync();
    },
  );
}

testWithBrokers("a paused client takes nothing in until it resumes", async (_t, broker) => {
  const received: IncomingMessage[] = [];
  const client = createClient(broker, received);
  client.start();
  await waitFor("the subscription", () => client.connected);
  client.pause();
  await publish(broker.url, `${NET}/352522395/envelope`, ["while paused"]);
  assert.equal(received.length, 0);
  client.resume();
  await waitFor("the message", () => received.length === 1);
  client.acknowledge((received[0] as IncomingMessage).epoch, [
    (received[0] as IncomingMessage).packetId,
  ]);
  await client.stop();
});

test("reconnects when the broker was killed, and sends again what was in flight", async (t) => {
  if (!requireSystemPart(t, "mosquitto")) return;
  const folder = makeTestFolder();
  const broker = await startMosquitto(t, folder);
  const states: boolean[] = [];
  const client = new MqttClient({
    url: broker.url,
    clientId: "wattproof-intake-test",
    keepaliveS: 30,
    // As the gateway's publisher: no session at the broker, only what is in flight here.
    subscriptions: [],
    random: () => 0.5,
    backoffMs: 20,
    onMessage: () => {},
    onState: ({ connected }) => states.push(connected),
  });
  client.start();
  await waitFor("the first connection", () => client.connected);
  await broker.kill();
  await waitFor("the loss to be noticed", () => !client.connected);
  client.publish({ topic: `${NET}/352522395/reply`, payload: "kept", retain: true });
  await broker.start();
  await waitFor("the second connection", () => client.connected && client.pendingPublishes === 0);
  const reader = await connectAsync(broker.url, { reconnectPeriod: 0 });
  const got = new Promise<string>((resolve) =>
    reader.once("message", (_topic, payload) => resolve(payload.toString())),
  );
  await reader.subscribeAsync(`${NET}/352522395/reply`, { qos: 1 });
  assert.equal(await got, "kept");
  assert.equal(states[0], true);
  assert.equal(states.at(-1), true);
  await reader.endAsync();
  await client.stop();
  await broker.kill();
});

test("TLS: connects under the right authority, and never under another", async (t) => {
  const broker = await startEmbeddedBroker({ host: "127.0.0.1", port: 0, gatewayPassword: "test" });
  const server = createTlsServer({ cert: LOCALHOST_CERT, key: LOCALHOST_KEY }, (socket) => {
    const inner = connect(broker.port, "127.0.0.1");
    socket.on("error", () => inner.destroy());
    inner.on("error", () => socket.destroy());
    socket.pipe(inner).pipe(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(async () => {
    server.close();
    await broker.close();
  });
  const { port } = server.address() as AddressInfo;
  const states: string[] = [];
  const start = (tls: object): MqttClient => {
    const client = new MqttClient({
      url: `mqtts://127.0.0.1:${port}`,
      clientId: "wattproof-intake-test",
      tls,
      keepaliveS: 30,
      subscriptions: [`${NET}/+/envelope`],
      random: () => 1,
      backoffMs: 10_000,
      onMessage: () => {},
      onState: ({ connected, reason }) => states.push(`${connected} ${reason}`),
    });
    client.start();
    return client;
  };
  const trusting = start({ ca: LOCALHOST_CERT });
  await waitFor("the connection", () => trusting.connected);
  await trusting.stop();
  states.length = 0;
  const wary = start({});
  await waitFor("the refusal", () => states.length === 1);
  assert.match(states[0] ?? "", /^false .*self.signed/);
  await wary.stop();
});

test("a refusal is the reason that is told, whatever else comes in the same bytes", async (t) => {
  const server = createServer((socket) => {
    socket.on("error", () => socket.destroy());
    // A refusing CONNACK (return code 5), and what is no MQTT.
    socket.once("data", () => socket.write(Buffer.from("20020005ffffffffffff", "hex")));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const states: string[] = [];
  const client = new MqttClient({
    url: `mqtt://127.0.0.1:${(server.address() as AddressInfo).port}`,
    clientId: "wattproof-intake-test",
    keepaliveS: 30,
    subscriptions: [`${NET}/+/envelope`],
    random: () => 1,
    backoffMs: 10_000,
    onMessage: () => {},
    onState: ({ connected, reason }) => states.push(`${connected} ${reason}`),
  });
  client.start();
  await waitFor("the refusal", () => states.length === 1);
  assert.equal(states[0], "false the broker refused the connection with return code 5");
  await client.stop();
});
