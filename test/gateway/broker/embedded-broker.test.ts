import assert from "node:assert/strict";
import { type TestContext, test } from "node:test";
import { connectAsync, type MqttClient } from "mqtt";
import {
  GATEWAY_CLIENT,
  GATEWAY_USER,
  startEmbeddedBroker,
} from "../../../gateway/broker/embedded-broker.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { waitFor } from "../../support/wait.ts";

async function start(t: TestContext) {
  const options = { host: "127.0.0.1", port: 0, gatewayPassword: "right" };
  const broker = await startEmbeddedBroker(options);
  const clients: MqttClient[] = [];
  t.after(async () => {
    for (const client of clients) client.end(true);
    await broker.close();
  });
  const connect = async (more: object = {}): Promise<MqttClient> => {
    const client = await connectAsync(`mqtt://127.0.0.1:${broker.port}`, {
      reconnectPeriod: 0,
      ...more,
    });
    client.on("error", () => {});
    clients.push(client);
    return client;
  };
  return { broker, connect };
}

const REPLY = "wattproof/0a1b2c3d/352/352522395/reply";

test("a client publishes as a meter may; what a gateway publishes needs its password", async (t) => {
  const { connect } = await start(t);
  const listener = await connect();
  const topics: string[] = [];
  listener.on("message", (topic) => topics.push(topic));
  await listener.subscribeAsync("wattproof/#", { qos: 1 });
  const meter = await connect();
  await meter.publishAsync("wattproof/0a1b2c3d/352/352522395/envelope", "x", { qos: 1 });
  const gateway = await connect({ username: GATEWAY_USER, password: "right" });
  await gateway.publishAsync(REPLY, "x", { qos: 1 });
  await waitFor("both", () => topics.length === 2);
  await assert.rejects(connect({ username: GATEWAY_USER, password: "wrong" }));
});

test("a foreign topic, a gateway's topic and an oversized message end the connection", async (t) => {
  const { connect } = await start(t);
  const listener = await connect();
  listener.on("message", () => assert.fail("it was delivered"));
  await listener.subscribeAsync("#", { qos: 1 });
  const cases: readonly [topic: string, payload: string][] = [
    [REPLY, "x"],
    ["elsewhere", "x"],
    ["wattproof/0a1b2c3d/352/352522395/envelope", "x".repeat(262_145)],
    ["wattproof/1/2/3/4/5/6/7/8/9", "x"],
  ];
  for (const [topic, payload] of cases) {
    const client = await connect();
    const closed = new Promise<void>((resolve) => client.once("close", () => resolve()));
    client.publish(topic, payload, { qos: 1 }, () => {});
    await closed;
  }
});

test("of what meters publish only seen and status are kept, and no large ones", async (t) => {
  const { connect } = await start(t);
  const meter = await connect();
  const topic = "wattproof/0a1b2c3d/352/352522395";
  for (const kind of ["envelope", "live", "seen", "status"]) {
    await meter.publishAsync(`${topic}/${kind}`, kind, { qos: 1, retain: true });
  }
  const kept: string[] = [];
  const late = await connect();
  late.on("message", (_, payload) => kept.push(payload.toString()));
  await late.subscribeAsync(`${topic}/+`, { qos: 1 });
  await meter.publishAsync(`${topic}/live`, "last", { qos: 1 });
  await waitFor("the newest", () => kept.includes("last"));
  assert.deepEqual(kept.sort(), ["last", "seen", "status"]);
  const closed = new Promise<void>((resolve) => meter.once("close", () => resolve()));
  meter.publish(`${topic}/seen`, "x".repeat(8193), { qos: 1 }, () => {});
  await closed;
});

test("nobody ends the gateway's connection by taking its client id", async (t) => {
  const { connect } = await start(t);
  const clientId = `${GATEWAY_CLIENT}0a1b2c3d`;
  const gateway = await connect({ clientId, username: GATEWAY_USER, password: "right" });
  gateway.once("close", () => assert.fail("it was ended"));
  await assert.rejects(connect({ clientId }));
  await gateway.publishAsync(REPLY, "x", { qos: 1 });
  gateway.removeAllListeners("close");
});

test("an address in use has its code", async (t) => {
  const { broker } = await start(t);
  await assert.rejects(
    startEmbeddedBroker({ host: "127.0.0.1", port: broker.port, gatewayPassword: "" }),
    (error) => isCoded(error, "listen"),
  );
});
