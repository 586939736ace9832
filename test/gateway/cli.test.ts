import assert from "node:assert/strict";
import { spawn } from "node:child_process";
import { existsSync, readFileSync, rmSync, statSync, writeFileSync } from "node:fs";
import { join } from "node:path";
import { test } from "node:test";
import { cliScript } from "../../deploy/project-root.ts";
import { makeTestFolder, runCli, startCli, waitFor } from "../support/process.ts";
import { SealedMeter } from "../support/sealed-meter.ts";
import { seededBytes } from "../support/seeded-bytes.ts";

const COMMANDS = [
  "run",
  "enrol",
  "tariff",
  "assign",
  "bill",
  "status",
  "rebuild",
  "dump",
  "verify",
];

test("the help lists the commands, and each has its own", async () => {
  const whole = await runCli("gateway", ["--help"]);
  assert.equal(whole.code, 0);
  for (const name of COMMANDS) {
    assert.match(whole.stdout, new RegExp(`^  ${name} `, "m"));
    const { code, stdout } = await runCli("gateway", [name, "--help"]);
    assert.equal(code, 0, name);
    assert.match(stdout, new RegExp(`^(usage: )?gateway ${name}`, "m"));
  }
});

test("what cannot be understood is one line with a code and exit 2; what fails is exit 1", async () => {
  const missing = join(makeTestFolder(), "nothing");
  const cases: readonly [args: string[], code: number, line: RegExp][] = [
    [[], 2, /^gateway: usage: /],
    [["fly"], 2, /^gateway: usage: unknown command fly/],
    [["run"], 2, /^gateway: usage: --data is missing/],
    [["run", "--data", missing, "--log", "xml"], 2, /^gateway: usage: /],
    [["run", "--data", missing, "--dta", "x"], 2, /^gateway: usage: Unknown option '--dta'/],
    [["enrol", "--data", missing], 2, /^gateway: usage: either --meter or --request/],
    [["enrol", "--data", missing, "--meter", "352522395"], 1, /^gateway: no-gateway: /],
    [["status", "--data", missing], 1, /^gateway: no-gateway: /],
    [["rebuild", "--data", missing], 1, /^gateway: no-gateway: /],
    [["bill", "--data", missing, "--month", "2024-01"], 1, /^gateway: no-gateway: /],
    [["run", "--data", missing, "--config", "/nowhere.json"], 1, /^gateway: config: /],
  ];
  for (const [args, code, line] of cases) {
    const ended = await runCli("gateway", args);
    assert.equal(ended.code, code, `${args.join(" ")}: ${ended.stderr}`);
    assert.match(ended.stderr, line);
    assert.equal(ended.stderr.trim().split("\n").length, 1, ended.stderr);
  }
  assert.equal(existsSync(missing), false, "nothing was made");
});

test("enrolment, tariff, assignment and rebuild while no gateway runs; a running one takes the same orders", async (t) => {
  const folder = makeTestFolder();
  t.after(() => rmSync(folder, { recursive: true, force: true }));
  const data = join(folder, "gateway");
  const settings = join(folder, "settings.json");
  writeFileSync(settings, '{"broker_port":0,"portal_port":0,"difficulty":4,"mine_after_ms":100}');
  const run = () =>
    startCli(t, "gateway", ["run", "--data", data, "--config", settings, "--log", "json"]);
  const first = run();
  await waitFor("ready", 20_000, () => first.events.find(({ event }) => event === "ready"));
  assert.ok(first.events.some(({ event }) => event === "keys-made"));
  assert.ok(first.events.some(({ event }) => event === "chain-begun"));
  assert.equal(statSync(join(data, "keys.json")).mode & 0o777, 0o600);
  const lock = await runCli("gateway", ["rebuild", "--data", data]);
  assert.match(lock.stderr, /^gateway: store-locked: /);
  await first.stop();

  const enrol = async (id: string): Promise<void> => {
    const file = join(folder, `join-${id}.json`);
    const begun = await runCli("gateway", [
      "enrol",
      "--data",
      data,
      "--meter",
      id,
      "--location",
      "52.5,13.4",
      "--out",
      file,
    ]);
    assert.equal(begun.code, 0, begun.stderr);
    const request = join(folder, `request-${id}.jws`);
    const meter = new SealedMeter(id, seededBytes(id));
    writeFileSync(request, meter.request(readFileSync(file, "utf8")));
    const done = await runCli("gateway", ["enrol", "--data", data, "--request", request]);
    assert.match(done.stdout, /^[A-Za-z0-9_-]{43}\n$/, done.stderr);
    const again = await runCli("gateway", ["enrol", "--data", data, "--request", request]);
    assert.match(again.stderr, /^gateway: enrolment: /);
    // A second file is for the device that will take this one's place: the point stays the same.
    const twice = await runCli("gateway", ["enrol", "--data", data, "--meter", id]);
    const saltOf = (text: string) => (JSON.parse(text) as { salt: string }).salt;
    assert.equal(saltOf(twice.stdout), saltOf(readFileSync(file, "utf8")));
    writeFileSync(request, new SealedMeter(id, seededBytes(`${id} new`)).request(twice.stdout));
    const early = await runCli("gateway", ["enrol", "--data", data, "--request", request]);
    assert.match(early.stderr, /^gateway: enrolment: .*gateway exchange/);
  };
  const order = async (): Promise<void> => {
    const body = join(folder, "tariff.json");
    writeFileSync(
      body,
      '{"v":1,"name":"night","currency":"EUR","minor":2,"charges":[{"kind":"energy","code":"energy","label":"Energy","nano":200000000}]}',
    );
    const issued = await runCli("gateway", [
      "tariff",
      "--data",
      data,
      "--id",
      "night",
      "--file",
      body,
    ]);
    assert.match(issued.stdout, /^[A-Za-z0-9_-]{43}\n$/, issued.stderr);
    const assigned = await runCli("gateway", [
      ...[
        "assign",
        "--data",
        data,
        "--meter",
        "352522395",
        "--tariff",
        "night",
        "--from",
        "2024-02-01",
      ],
    ]);
    assert.match(assigned.stdout, /^[A-Za-z0-9_-]{43}\n$/, assigned.stderr);
  };
  await enrol("352522395");
  await order();
  const foreign = await runCli("gateway", ["enrol", "--data", data, "--meter", "100000000"]);
  assert.match(foreign.stderr, /^gateway: enrolment: /);

  const second = run();
  await waitFor("ready", 20_000, () => second.events.find(({ event }) => event === "ready"));
  await enrol("352522396");
  await order();
  const status = await runCli("gateway", ["status", "--data", data]);
  assert.equal((JSON.parse(status.stdout) as { meters: number }).meters, 2);
  await second.stop();
  const rebuilt = await runCli("gateway", ["rebuild", "--data", data]);
  assert.match(rebuilt.stdout, /^\d+ records\n$/, rebuilt.stderr);
  assert.deepEqual(await dumpToNobody(data), { code: 0, stderr: "" });
});

/** What `gateway dump … | head` comes to: the reader is gone before the dump is. */
function dumpToNobody(data: string): Promise<{ code: number | null; stderr: string }> {
  const args = [cliScript("gateway"), "dump", "--data", data];
  const child = spawn(process.execPath, args, { stdio: ["ignore", "pipe", "pipe"] });
  child.stdout.destroy();
  let stderr = "";
  child.stderr.setEncoding("utf8").on("data", (chunk: string) => {
    stderr += chunk;
  });
  return new Promise((resolve) => child.once("close", (code) => resolve({ code, stderr })));
}
