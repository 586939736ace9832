/** The process that reads the sensors ends with its parent, also when a native call of it never returns. */
import assert from "node:assert/strict";
import { fork } from "node:child_process";
import { once } from "node:events";
import { test } from "node:test";
import { fileURLToPath } from "node:url";
import { startI2cAdapters } from "../../support/i2c-machine.ts";
import { requireSystemPart } from "../../support/system-part.ts";

const ENTRY = fileURLToPath(new URL("../../../hardware/host/host-process.js", import.meta.url));
/** It has a second for its ports. */
const LIMIT_MS = 20_000;

test("a call that hangs in the kernel does not keep it when its parent is gone", async (t) => {
  if (!requireSystemPart(t, "cc")) return;
  let end = async (): Promise<void> => {};
  const { adapters, env } = await startI2cAdapters(t, () => end());
  const child = fork(ENTRY, [], { env, stdio: ["ignore", "ignore", "inherit", "ipc"] });
  const ended = once(child, "exit", { signal: AbortSignal.timeout(LIMIT_MS) });
  end = async () => {
    child.kill("SIGKILL");
  };
  adapters[0].disturb = () => ({ hang: new Promise(() => {}) });
  const configs = [{ kind: "sht31", bus: 1, address: 0x45 }];
  child.send({ op: "open", id: 1, source: 0, configs });
  const [opened] = (await once(child, "message")) as [{ op: string }];
  assert.equal(opened.op, "opened");
  child.send({ op: "read", id: 2, source: 0, at: 0 });
  const [failed] = (await once(child, "message")) as [{ op: string; code: string }];
  assert.deepEqual([failed.op, failed.code], ["failed", "sensor-timeout"]);
  child.disconnect();
  assert.deepEqual(await ended, [null, "SIGKILL"]);
});
