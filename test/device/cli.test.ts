/** The command line as a process: keygen, run on a simulated clock against a scripted gateway, status, stopping. */
import assert from "node:assert/strict";
import { mkdirSync, readFileSync, statSync, writeFileSync } from "node:fs";
import path from "node:path";
import { test } from "node:test";
import { Journal } from "../../device/journal/journal.ts";
import { formatJoin } from "../../shared/message/join.ts";
import { testWithBrokers } from "../support/brokers.ts";
import { FakeGateway } from "../support/fake-gateway.ts";
import { makeTestFolder, runCli, startCli } from "../support/process.ts";
import { START } from "../support/sample-chain.ts";
import { waitFor } from "../support/wait.ts";

const METER = "352522395";

for (const command of ["run", "keygen", "status", "probe", "selftest"]) {
  test(`meter ${command} --help explains itself`, async () => {
    const { code, stdout } = await runCli("device", [command, "--help"]);
    assert.equal(code, 0);
    assert.match(stdout, new RegExp(`usage: meter ${command}`));
  });
}

test("a wrong command line is one line with a code, and exit code 2", async () => {
  for (const args of [
    [],
    ["fly"],
    ["run"],
    ["run", "--dat", "x"],
    ["run", "--data", "x", "--data", "./x"],
    ["status", "--data"],
  ]) {
    const { code, stderr, stdout } = await runCli("device", args);
    assert.equal(code, 2);
    assert.match(stderr, /^meter: usage: [^\n]+\n$/);
    assert.equal(stdout, "");
  }
});

test("a folder without join file, key or configuration is named, exit code 1", async () => {
  const folder = makeTestFolder();
  const first = await runCli("device", ["run", "--data", folder]);
  assert.match(first.stderr, /^meter: config: /);
  writeFileSync(path.join(folder, "meter.json"), '{"sources":[{"kind":"mock","seed":1}]}');
  const second = await runCli("device", ["run", "--data", folder]);
  assert.match(second.stderr, /^meter: no-meter: /);
  const third = await runCli("device", ["status", "--data", folder]);
  assert.match(third.stderr, /^meter: no-meter: /);
  assert.deepEqual([first.code, second.code, third.code], [1, 1, 1]);
});

testWithBrokers("from keygen to receipts, through a kill and a restart", async (t, broker) => {
  const data = path.join(makeTestFolder(), "meter");
  mkdirSync(data);
  const gateway = await FakeGateway.start(broker.url, METER, broker.gateway);
  const join = `${data}.join.json`;
  const request = `${data}.request`;
  try {
    writeFileSync(join, formatJoin(gateway.join));
    const keygen = ["keygen", "--join", join, "--data", data, "--out", request];
    const { code, stdout } = await runCli("device", keygen);
    assert.equal(code, 0);
    assert.equal(statSync(path.join(data, "meter-key.json")).mode & 0o777, 0o600);
    assert.equal((await runCli("device", keygen)).stdout, stdout, "a key is made once");
    const secret = /"secret":"([^"]+)"/.exec(readFileSync(`${data}/meter-key.json`, "utf8"));
    await gateway.admit(readFileSync(request, "utf8"));
    const config = { sources: [{ kind: "mock", seed: 7 }], retry_ms: 500, reconnect_first_ms: 100 };
    writeFileSync(path.join(data, "meter.json"), JSON.stringify(config));

    // A day a second.
    const clock = `simulated:${Date.now()}:${START}:86400`;
    const args = ["run", "--data", data, "--log", "json", "--clock", clock];
    const first = startCli(t, "device", args);
    await waitFor("a sealed day", () => first.events.some((e) => e["event"] === "day-sealed"));
    const status = await runCli("device", ["status", "--data", data, "--json"]);
    assert.equal(status.code, 0, "it can be read while the meter runs");
    assert.equal((JSON.parse(status.stdout) as { meter: string }).meter, METER);
    const rival = await runCli("device", args);
    assert.match(rival.stderr, /^meter: store-locked: /);
    await first.kill();

    const second = startCli(t, "device", args);
    await waitFor("receipts", async () => {
      await gateway.mine();
      return second.events.filter((e) => e["event"] === "receipt").length >= 3;
    });
    const exit = await second.stop();
    assert.equal(exit.code, 0);
    assert.equal(second.events.at(-1)?.["event"], "stopped");
    assert.deepEqual(second.text, []);

    assert.deepEqual(
      gateway.logged,
      gateway.logged.map((_, i) => i + 1),
    );
    const texts = new Set(gateway.received.map(({ seq, text }) => `${seq} ${text}`));
    assert.equal(texts.size, new Set(gateway.received.map(({ seq }) => seq)).size);
    const journal = new Journal(path.join(data, "meter.db"), { readOnly: true });
    assert.ok((journal.get<{ n: number }>("SELECT count(*) AS n FROM receipt")?.n ?? 0) >= 3);
    journal.close();
    const text = await runCli("device", ["status", "--data", data]);
    assert.match(text.stdout, /^last receipt +record \d+/m);
    const said = [...first.events, ...second.events].map((e) => JSON.stringify(e)).join();
    assert.ok(secret?.[1] !== undefined && !said.includes(secret[1]), "the key is never logged");
  } finally {
    await gateway.close();
  }
});
