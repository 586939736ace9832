// deploy/demo/child.ts and port.ts: events and text are told apart, nothing is left running, ports are free.
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import path from "node:path";
import { type TestContext, test } from "node:test";

import { type ChildEvent, runToEnd, startChild } from "../../../deploy/demo/child.ts";
import { findFreePort } from "../../../deploy/demo/port.ts";
import { makeTestFolder, waitFor } from "../../support/process.ts";

function writeScript(body: string): string {
  const script = path.join(makeTestFolder(), "child.mjs");
  writeFileSync(script, `${body}\n`);
  return script;
}

/** A child with this body, and what it has said. */
function start(t: TestContext, body: string) {
  const events: ChildEvent[] = [];
  const lines: string[] = [];
  const child = startChild({
    name: "child",
    script: writeScript(body),
    args: ["a", "b"],
    onEvent: (event) => events.push(event),
    onText: (line) => lines.push(line),
  });
  t.after(async () => {
    await child.kill();
  });
  return { child, events, lines };
}

const isAlive = (pid: number): boolean => {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
};

test("JSON lines are events, the rest of both streams is text", async (t) => {
  const body = `console.log(JSON.stringify({ event: "ready", args: process.argv.slice(2) }));
    console.log("hello"); console.log("{not json"); console.error("oh");`;
  const { child, events, lines } = start(t, body);
  assert.deepEqual(await child.exited, { code: 0, signal: null });
  assert.deepEqual(events, [{ event: "ready", args: ["a", "b"] }]);
  assert.deepEqual([...lines].sort(), ["hello", "oh", "{not json"]);
});

test("a child that listens is asked to stop, and its exit is its own", async (t) => {
  const body = `process.on("SIGTERM", () => process.exit(7)); console.log("up"); setInterval(() => {}, 9999);`;
  const { child, lines } = start(t, body);
  await waitFor("the child", 10_000, () => lines.includes("up"));
  assert.deepEqual(await child.stop(), { code: 7, signal: null });
  assert.equal(isAlive(child.pid), false);
});

test("a child that does not listen is killed after its grace", async (t) => {
  const body = `process.on("SIGTERM", () => {}); console.log("up"); setInterval(() => {}, 9999);`;
  const { child, lines } = start(t, body);
  await waitFor("the child", 10_000, () => lines.includes("up"));
  assert.deepEqual(await child.stop(50), { code: null, signal: "SIGKILL" });
  assert.equal(isAlive(child.pid), false);
  assert.deepEqual(await child.stop(), { code: null, signal: "SIGKILL" }, "stopping twice");
});

test("a command that fails is told with its own words", async () => {
  const script = writeScript(`console.error("no such meter"); process.exit(3);`);
  await assert.rejects(
    runToEnd({ name: "gateway enrol", script, args: [] }),
    /gateway enrol failed \(exit 3\): no such meter/,
  );
});

test("a taken port is left alone", async (t) => {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  const other = await findFreePort(address.port);
  assert.notEqual(other, address.port);
  assert.ok(other > 0);
  assert.equal(await findFreePort(other), other);
});
