// deploy/mosquitto: the example configuration with its access list, run by Mosquitto itself with certificates made as its
// page says: who has none is kept out, and a meter writes and reads its own topics only.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { mkdirSync, readFileSync, writeFileSync } from "node:fs";
import path from "node:path";
import { type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";

import mqtt, { type MqttClient } from "mqtt";

import { findFreePort } from "../../deploy/demo/port.ts";
import { makeTestFolder, waitFor, waitForPort } from "../support/process.ts";
import { projectRoot } from "../support/project-root.ts";
import { findProgram, requireSystemPart } from "../support/system-part.ts";

const EXAMPLE = path.join(projectRoot(), "deploy", "mosquitto");
const METER = "352522395";
const OTHER = "352522396";
const topic = (meter: string, channel: string): string =>
  `wattproof/0a1b2c3d/352/${meter}/${channel}`;

/** The commands of the page, for these names. */
function makeCertificates(folder: string): void {
  const page = readFileSync(path.join(EXAMPLE, "README.md"), "utf8");
  const [, commands = ""] = /```\n(openssl req -x509[\s\S]*?\n}\n)/.exec(page) ?? [];
  const calls = [
    'make_certificate broker "subjectAltName=IP:127.0.0.1"',
    ...["gateway", METER].map((name) => `make_certificate ${name} "extendedKeyUsage=clientAuth"`),
  ];
  const script = ["set -e", commands, ...calls].join("\n");
  execFileSync("sh", ["-c", script], { cwd: folder, stdio: ["ignore", "pipe", "pipe"] });
}

async function startBroker(t: TestContext, folder: string): Promise<number> {
  const port = await findFreePort(0);
  const example = readFileSync(path.join(EXAMPLE, "wattproof.conf"), "utf8");
  const here = example
    .replace("listener 8883", `listener ${port} 127.0.0.1`)
    .replaceAll("/etc/mosquitto/certs", folder)
    .replaceAll("/etc/mosquitto", EXAMPLE)
    .replaceAll("/var/lib/mosquitto", folder);
  const file = path.join(folder, "mosquitto.conf");
  writeFileSync(file, `${here}\nuser root\nlog_type none\n`);
  const program = findProgram("mosquitto") ?? "mosquitto";
  const child = spawn(program, ["-c", file], { stdio: "ignore" });
  t.after(async () => {
    if (child.exitCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  await waitForPort(port);
  return port;
}

interface Received {
  readonly topic: string;
  readonly text: string;
}

async function connectAs(
  t: TestContext,
  port: number,
  folder: string,
  name: string | undefined,
): Promise<{ client: MqttClient; received: Received[] }> {
  const read = (file: string): Buffer => readFileSync(path.join(folder, file));
  const own = name === undefined ? {} : { cert: read(`${name}.crt`), key: read(`${name}.key`) };
  const options = { ca: read("ca.crt"), ...own, reconnectPeriod: 0, connectTimeout: 5_000 };
  const client = mqtt.connect(`mqtts://127.0.0.1:${port}`, options);
  t.after(() => client.endAsync(true));
  const received: Received[] = [];
  client.on("message", (to, payload) => received.push({ topic: to, text: payload.toString() }));
  await new Promise<void>((resolve, reject) => {
    client.once("connect", () => resolve());
    client.once("error", reject);
    client.once("close", () => reject(new Error("closed")));
  });
  return { client, received };
}

test("each client has its certificate, each meter its topics", async (t) => {
  if (!requireSystemPart(t, "mosquitto", "openssl")) return;
  const folder = path.join(makeTestFolder(), "broker");
  mkdirSync(folder, { recursive: true });
  makeCertificates(folder);
  const port = await startBroker(t, folder);
  const gateway = await connectAs(t, port, folder, "gateway");
  const meter = await connectAs(t, port, folder, METER);
  await gateway.client.subscribeAsync("wattproof/#", { qos: 1 });
  await meter.client.subscribeAsync("#", { qos: 1 }).catch(() => undefined);
  const channels = ["reply", "receipt", "config"];
  for (const channel of channels) {
    await meter.client.subscribeAsync([topic(METER, channel)], { qos: 1 });
    await meter.client.subscribeAsync([topic(OTHER, channel)], { qos: 1 }).catch(() => undefined);
  }

  await t.test("a meter publishes under its own id only, and no receipts", async () => {
    for (const to of [
      topic(OTHER, "envelope"),
      topic(METER, "receipt"),
      topic(METER, "envelope"),
    ]) {
      await meter.client.publishAsync(to, `from ${METER}`, { qos: 1 }).catch(() => undefined);
    }
    await waitFor("the envelope", 5_000, () => gateway.received.length > 0);
    assert.deepEqual(gateway.received, [
      { topic: topic(METER, "envelope"), text: `from ${METER}` },
    ]);
  });

  await t.test("a meter reads what is meant for it, and nothing of others", async () => {
    for (const who of [OTHER, METER]) {
      for (const channel of [...channels, "envelope"]) {
        await gateway.client.publishAsync(topic(who, channel), channel, { qos: 1 });
      }
    }
    await waitFor("three messages", 5_000, () => meter.received.length >= channels.length);
    await sleep(200);
    const heard = new Set(meter.received.map(({ topic: of }) => of));
    assert.deepEqual([...heard].sort(), channels.map((channel) => topic(METER, channel)).sort());
  });

  await t.test("nobody gets in without a certificate", async () => {
    await assert.rejects(connectAs(t, port, folder, undefined));
  });
});
