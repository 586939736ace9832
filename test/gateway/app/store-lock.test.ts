import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { mkdtempSync, rmSync } from "node:fs";
import { tmpdir } from "node:os";
import { join } from "node:path";
import { test } from "node:test";
import { lockStore } from "../../../gateway/app/store-lock.ts";
import { isCoded } from "../../../shared/base/error.ts";

test("a data folder has one holder at a time, and a killed holder leaves it free", async (t) => {
  const folder = mkdtempSync(join(tmpdir(), "wattproof-lock-"));
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const lock = lockStore(folder);
  assert.throws(
    () => lockStore(folder),
    (error) => isCoded(error, "store-locked"),
  );
  lock.release();

  const module = new URL("../../../gateway/app/store-lock.js", import.meta.url).href;
  const script = `const { lockStore } = await import(${JSON.stringify(module)});
    globalThis.lock = lockStore(${JSON.stringify(folder)}); console.log("locked"); setInterval(() => {}, 1000);`;
  const child = spawn(process.execPath, ["--input-type=module", "-e", script], {
    stdio: ["ignore", "pipe", "inherit"],
  });
  await new Promise<void>((resolve) => child.stdout.once("data", () => resolve()));
  assert.throws(
    () => lockStore(folder),
    (error) => isCoded(error, "store-locked"),
  );
  child.kill("SIGKILL");
  await new Promise<void>((resolve) => child.once("exit", () => resolve()));
  lockStore(folder).release();
});
