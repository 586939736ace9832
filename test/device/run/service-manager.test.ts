/** What systemd hears: a real datagram socket, read by a program of its own, the real systemd-notify in between. */
import assert from "node:assert/strict";
import path from "node:path";
import { test } from "node:test";
import { createServiceManager } from "../../../device/run/service-manager.ts";
import { prepareMeterFolder } from "../../support/meter-folder.ts";
import { listenForNotices } from "../../support/notify-socket.ts";
import { makeTestFolder, startCli } from "../../support/process.ts";
import { requireSystemPart } from "../../support/system-part.ts";
import { waitFor } from "../../support/wait.ts";

test("ready, alive while there is progress, stopping", async (t) => {
  if (!requireSystemPart(t, "python3", "systemd-notify")) return;
  const { socket, heard } = await listenForNotices(t);
  let alive = true;
  const failures: string[] = [];
  const manager = createServiceManager({
    env: {
      PATH: process.env["PATH"],
      NOTIFY_SOCKET: socket,
      WATCHDOG_USEC: "300000",
      WATCHDOG_PID: String(process.pid),
    },
    pid: process.pid,
    isAlive: () => alive,
    describe: () => (alive ? "connected" : "stuck"),
    onFailure: (reason) => failures.push(reason),
  });
  manager.ready();
  const said = (text: string) => heard.filter((message) => message.split("\n").includes(text));
  await waitFor("READY=1", () => said("READY=1").length === 1);
  assert.match(heard[0] ?? "", /STATUS=connected/);
  assert.match(heard[0] ?? "", new RegExp(`MAINPID=${process.pid}`));
  await waitFor("two signs of life", () => said("WATCHDOG=1").length >= 2);
  alive = false;
  await waitFor("another line of status", () => said("STATUS=stuck").length >= 1);
  const before = said("WATCHDOG=1").length;
  const later = said("STATUS=stuck").length + 2;
  await waitFor("more lines of status", () => said("STATUS=stuck").length >= later);
  assert.equal(
    said("WATCHDOG=1").length,
    before,
    "a meter that is stuck must not say that it is alive",
  );
  await manager.stopping();
  await waitFor("STOPPING=1", () => said("STOPPING=1").length === 1);
  assert.deepEqual(failures, []);
});

test("without systemd nothing is done; where it cannot be told, that is said once", async () => {
  const failures: string[] = [];
  const base = {
    pid: process.pid,
    isAlive: () => true,
    describe: () => "",
    onFailure: (reason: string) => failures.push(reason),
  };
  const quiet = createServiceManager({ ...base, env: {} });
  quiet.ready();
  await quiet.stopping();
  assert.deepEqual(failures, []);
  const nowhere = createServiceManager({
    ...base,
    env: { PATH: process.env["PATH"], NOTIFY_SOCKET: path.join(makeTestFolder(), "nobody") },
  });
  nowhere.ready();
  await nowhere.stopping();
  await nowhere.stopping();
  assert.equal(failures.length, 1);
});

test("a meter as a service: ready when it measures, alive, stopping when it is told to", async (t) => {
  if (!requireSystemPart(t, "python3", "systemd-notify")) return;
  const { socket, heard } = await listenForNotices(t);
  const { folder } = prepareMeterFolder("352522395", { sources: [{ kind: "mock", seed: 1 }] });
  const environment = { NOTIFY_SOCKET: socket, WATCHDOG_USEC: "1000000" };
  Object.assign(process.env, environment);
  const meter = startCli(t, "device", ["run", "--data", folder, "--log", "json"]);
  for (const name of Object.keys(environment)) delete process.env[name];
  const said = (text: string) => heard.filter((message) => message.split("\n").includes(text));
  await waitFor("READY=1", () => said("READY=1").length === 1);
  assert.match(heard[0] ?? "", new RegExp(`MAINPID=${meter.pid}`));
  await waitFor("two signs of life", () => said("WATCHDOG=1").length >= 2);
  assert.ok(heard.some((message) => message.includes("STATUS=not connected")));
  const { code } = await meter.stop();
  assert.equal(code, 0);
  await waitFor("STOPPING=1", () => said("STOPPING=1").length === 1);
  assert.ok(!meter.events.some(({ event }) => event === "not-notified"));
});
