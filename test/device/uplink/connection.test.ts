/** One connection: addresses, TLS with a verified certificate, and an end that is always noticed. */
import assert from "node:assert/strict";
import { type AddressInfo, createServer, type Server } from "node:net";
import { type TestContext, test } from "node:test";
import { createServer as createTlsServer } from "node:tls";
import { Aedes } from "aedes";
import { parseBroker } from "../../../device/uplink/broker-stream.ts";
import { type ConnectionOptions, connect } from "../../../device/uplink/connection.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { codeOf } from "../../support/code-of.ts";
import { LOCALHOST_CERT, LOCALHOST_KEY } from "../../support/tls-localhost.ts";

const options = (broker: string): ConnectionOptions => ({
  broker,
  clientId: "test",
  connectTimeoutMs: 2000,
  publishTimeoutMs: 500,
  will: { topic: "will", payload: "gone" },
  subscriptions: ["in"],
  onMessage: () => undefined,
});

async function listen(t: TestContext, server: Server): Promise<number> {
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  return (server.address() as AddressInfo).port;
}

test("addresses are mqtt:// or mqtts:// with a port of their own, and nothing else", () => {
  assert.deepEqual(parseBroker("mqtt://broker"), { secure: false, host: "broker", port: 1883 });
  assert.deepEqual(parseBroker("mqtts://[::1]"), { secure: true, host: "::1", port: 8883 });
  assert.deepEqual(parseBroker("mqtt://me:p%40ss@10.0.0.1:99"), {
    secure: false,
    host: "10.0.0.1",
    port: 99,
    username: "me",
    password: "p@ss",
  });
  for (const text of ["", "broker", "ws://broker", "http://broker", "mqtt:"]) {
    assert.equal(
      codeOf(() => parseBroker(text)),
      "config",
    );
  }
});

test("TLS: a certificate of a known authority is taken, any other is not", async (t) => {
  const aedes = await Aedes.createBroker();
  const server = createTlsServer({ cert: LOCALHOST_CERT, key: LOCALHOST_KEY }, aedes.handle);
  const port = await listen(t, server);
  t.after(() => new Promise<void>((resolve) => aedes.close(() => resolve())));
  const broker = `mqtts://127.0.0.1:${port}`;
  await assert.rejects(connect(options(broker)), (error) => isCoded(error, "broker"));
  const connection = await connect({ ...options(broker), ca: LOCALHOST_CERT });
  await connection.publish("out", "hello");
  await connection.end();
});

test("a broker that refuses, is silent or is not there is an error with a code", async (t) => {
  const aedes = await Aedes.createBroker({ authenticate: (_c, _u, _p, done) => done(null, false) });
  const refusing = await listen(t, createServer(aedes.handle));
  t.after(() => new Promise<void>((resolve) => aedes.close(() => resolve())));
  const silent = await listen(
    t,
    createServer((socket) => {
      t.after(() => socket.destroy());
    }),
  );
  const closed = createServer();
  await new Promise<void>((resolve) => closed.listen(0, "127.0.0.1", resolve));
  const absent = (closed.address() as AddressInfo).port;
  await new Promise((resolve) => closed.close(resolve));
  for (const port of [refusing, silent, absent]) {
    const attempt = connect({ ...options(`mqtt://127.0.0.1:${port}`), connectTimeoutMs: 300 });
    await assert.rejects(attempt, (error) => isCoded(error, "broker"));
  }
});

test("a broker that stops acknowledging ends the connection; publishing after it fails at once", async (t) => {
  let mute = false;
  const aedes = await Aedes.createBroker({
    authorizePublish: (_client, _packet, done) => {
      if (!mute) done(null);
    },
  });
  const port = await listen(t, createServer(aedes.handle));
  t.after(() => new Promise<void>((resolve) => aedes.close(() => resolve())));
  const connection = await connect(options(`mqtt://127.0.0.1:${port}`));
  await connection.publish("out", "1");
  mute = true;
  await assert.rejects(connection.publish("out", "2"), (error) => isCoded(error, "broker"));
  await connection.closed;
  await assert.rejects(connection.publish("out", "3"), (error) => isCoded(error, "broker"));
  await connection.end();
});

test("a connection that is being made is given up when the meter stops", async (t) => {
  const silent = createServer(() => undefined);
  const port = await listen(t, silent);
  const stop = new AbortController();
  const broker = `mqtt://127.0.0.1:${port}`;
  const connecting = connect({
    ...options(broker),
    connectTimeoutMs: 120_000,
    signal: stop.signal,
  });
  setTimeout(() => stop.abort(), 50);
  await assert.rejects(
    connecting,
    (error) => isCoded(error, "broker") && /stops/.test(error.message),
  );
  const late = connect({ ...options(broker), connectTimeoutMs: 120_000, signal: stop.signal });
  await assert.rejects(late, (error) => isCoded(error, "broker"));
});
