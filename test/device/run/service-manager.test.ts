/** What systemd hears: a real datagram socket, read by a program of its own, the real systemd-notify in between. */
import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { once } from "node:events";
import path from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";
import { createServiceManager } from "../../../device/run/service-manager.ts";
import { makeTestFolder } from "../../support/process.ts";
import { findProgram, requireSystemPart } from "../../support/system-part.ts";
import { waitFor } from "../../support/wait.ts";

/** Prints each datagram as one line of JSON. */
const RECEIVER = `
import array, json, os, socket, sys
receiver = socket.socket(socket.AF_UNIX, socket.SOCK_DGRAM)
receiver.bind(sys.argv[1])
print("ready", flush=True)
while True:
    data, ancillary, _, _ = receiver.recvmsg(4096, 1024)
    if data != b"BARRIER=1":
        print(json.dumps(data.decode()), flush=True)
    for level, kind, content in ancillary:
        fds = array.array("i")
        fds.frombytes(content[: len(content) - len(content) % fds.itemsize])
        for fd in fds:
            os.close(fd)
`;

async function receive(t: TestContext): Promise<{ socket: string; heard: string[] }> {
  const socket = path.join(makeTestFolder(), "notify");
  const child = spawn(findProgram("python3") ?? "python3", ["-c", RECEIVER, socket], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  t.after(async () => {
    child.kill("SIGKILL");
    if (child.exitCode === null && child.signalCode === null) await once(child, "exit");
  });
  const heard: string[] = [];
  const lines = createInterface({ input: child.stdout });
  await once(lines, "line");
  lines.on("line", (line) => heard.push(JSON.parse(line) as string));
  return { socket, heard };
}

test("ready, alive while there is progress, stopping", async (t) => {
  if (!requireSystemPart(t, "python3", "systemd-notify")) return;
  const { socket, heard } = await receive(t);
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
