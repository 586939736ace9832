// The tree for a 64-bit Pi (deploy/bundle.mjs): the native modules compile for arm64 and load, with Node for arm64, under
// emulation, and the meter of that tree seals days that a gateway takes.
import assert from "node:assert/strict";
import { execFileSync, spawn } from "node:child_process";
import { once } from "node:events";
import { existsSync, statSync } from "node:fs";
import path from "node:path";
import { createInterface } from "node:readline";
import { type TestContext, test } from "node:test";

import { addMeter, configureGateway, simulatedClock, startGateway } from "../support/e2e-house.ts";
import { makeTestFolder, waitFor } from "../support/process.ts";
import { projectRoot } from "../support/project-root.ts";
import { findProgram, requireSystemPart } from "../support/system-part.ts";

const MIDNIGHT_S = 1_704_063_600;
/** A simulated day in 4 s. */
const RATE = 21_600;
const MODULES = ["i2c-bus", "onoff", "serialport", "better-sqlite3"];
const LOAD = `
  for (const name of ${JSON.stringify(MODULES)}) console.log(name, typeof require(name));
  const { autoDetect } = require("@serialport/bindings-cpp");
  console.log("ports", Array.isArray(autoDetect().list ? [] : undefined));
  const Database = require("better-sqlite3");
  console.log("sum", new Database(":memory:").prepare("SELECT 40 + 2 AS n").get().n);
  console.log(process.arch);`;

/** Command and arguments that run the tree's Node. */
function emulated(tree: string, args: readonly string[]): [string, string[]] {
  const emulator = findProgram("qemu-aarch64-static") ?? "qemu-aarch64-static";
  const libraries = ["-L", "/usr/aarch64-linux-gnu"];
  return [emulator, [...libraries, path.join(tree, "bin", "node"), ...args]];
}

interface MeterEvent {
  readonly event?: string;
  readonly date?: string;
  readonly seq?: number;
}

/** `meter run` of the tree; it is killed after the test. */
function runMeter(t: TestContext, tree: string, data: string, clock: string) {
  const cli = path.join(tree, "dist", "device", "cli.js");
  const args = [cli, "run", "--data", data, "--log", "json", "--clock", clock];
  const child = spawn(...emulated(tree, args), { stdio: ["ignore", "pipe", "pipe"] });
  const events: MeterEvent[] = [];
  const words: string[] = [];
  createInterface({ input: child.stdout }).on("line", (line) => events.push(JSON.parse(line)));
  createInterface({ input: child.stderr }).on("line", (line) => words.push(line));
  t.after(async () => {
    if (child.exitCode !== null || child.signalCode !== null) return;
    child.kill("SIGKILL");
    await once(child, "exit");
  });
  return { events, words };
}

test("the tree for a Pi", { timeout: 900_000 }, async (t) => {
  if (!requireSystemPart(t, "arm64-tools")) return;
  const folder = makeTestFolder();
  const tree = path.join(folder, "wattproof");
  const archive = path.join(folder, "wattproof-arm64.tar.gz");
  const started = performance.now();
  const bundle = path.join(projectRoot(), "deploy", "bundle.mjs");
  execFileSync(process.execPath, [bundle, "--out", archive, "--tree", tree], { stdio: "pipe" });
  t.diagnostic(
    `${Math.round((performance.now() - started) / 1000)} s, ${Math.round(statSync(archive).size / 1e6)} MB`,
  );

  await t.test("native modules are compiled for arm64 and load", () => {
    const [program, args] = emulated(tree, ["-e", LOAD]);
    const said = execFileSync(program, args, { cwd: tree, encoding: "utf8" });
    const loaded = MODULES.map(
      (name) => `${name} ${name === "better-sqlite3" ? "function" : "object"}`,
    );
    assert.deepEqual(said.trim().split("\n"), [...loaded, "ports true", "sum 42", "arm64"]);
  });

  await t.test("everything that the first boot needs is in the archive, under its folder", () => {
    const names = execFileSync("tar", ["-tzf", archive], { encoding: "utf8" }).split("\n");
    for (const name of [
      "bin/node",
      "deploy/install.sh",
      "deploy/bin/meter",
      "deploy/systemd/wattproof-meter.service",
      "deploy/examples/usb-pzem.json",
      "deploy/pi.md",
    ]) {
      assert.ok(names.includes(`wattproof/${name}`), name);
    }
    assert.ok(existsSync(path.join(tree, "dist", "gateway", "cli.js")));
  });

  await t.test("its meter seals days, and gets receipts for them", async (t) => {
    const clock = simulatedClock(MIDNIGHT_S, RATE);
    const gatewayData = path.join(folder, "gateway");
    configureGateway(gatewayData);
    const gateway = await startGateway(t, gatewayData, clock);
    const data = path.join(folder, "meter");
    const config = { sources: [{ kind: "mock", seed: 5 }] };
    const plan = { meter: "352300031", zone: "Europe/Berlin", label: "emulated", config };
    await addMeter(gateway, data, plan);
    const { events, words } = runMeter(t, tree, data, clock);
    const receipt = await waitFor(
      "a receipt",
      120_000,
      () => events.find(({ event }) => event === "receipt"),
      () => [...words, ...events.map((event) => JSON.stringify(event))].slice(-20).join("\n"),
    );
    assert.equal(receipt.seq, 1);
    const sealed = events.find(({ event }) => event === "day-sealed");
    assert.equal(sealed?.date, receipt.date);
  });
});
