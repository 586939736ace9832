/** What somebody on a ladder does: `meter status`, `meter selftest` and `meter probe` as processes, beside a real meter. */
import assert from "node:assert/strict";
import { writeFileSync } from "node:fs";
import { createServer } from "node:net";
import { type TestContext, test } from "node:test";
import { askStatus } from "../../device/run/status-server.ts";
import { prepareMeterFolder } from "../support/meter-folder.ts";
import { runCli, startCli } from "../support/process.ts";
import { requireSystemPart } from "../support/system-part.ts";
import { createTtyPair, startPymodbusSlave } from "../support/tty-pair.ts";
import { waitFor } from "../support/wait.ts";

const PZEM = [2257, 108, 0, 244, 0, 38, 0, 500, 100, 0];
const CONNACK = Buffer.from([0x20, 2, 0, 0]);
const NOT_ALLOWED = Buffer.from([0x20, 2, 0, 5]);

interface StatusJson {
  readonly register: number;
  readonly troubles: readonly { readonly code: string; readonly advice?: string }[];
  readonly live?: { readonly parts: readonly { readonly part: string; readonly code?: string }[] };
}

interface SelftestJson {
  readonly checks: readonly {
    readonly name: string;
    readonly ok: boolean;
    readonly code?: string;
  }[];
}

/** A broker that answers every connection with these bytes. */
async function startBroker(t: TestContext, connack: Buffer): Promise<string> {
  const server = createServer((socket) => {
    socket.on("error", () => {});
    socket.once("data", () => socket.write(connack));
  });
  await new Promise<void>((resolve) => server.listen(0, "127.0.0.1", resolve));
  t.after(() => server.close());
  const address = server.address();
  assert.ok(typeof address === "object" && address !== null);
  return `mqtt://127.0.0.1:${address.port}`;
}

test("status and selftest of a meter whose climate sensor is not there", async (t) => {
  if (!requireSystemPart(t, "socat", "pymodbus")) return;
  const pair = await createTtyPair(t);
  const end = await startPymodbusSlave(t, pair.far, 1, PZEM);
  const sources = [
    { kind: "pzem-004t", port: pair.near, address: 1, name: "main" },
    { kind: "rpict", port: "/dev/wattproof-absent", model: "RPICT3T1", use: "watch" },
  ];
  const { folder, socket } = prepareMeterFolder("352522395", { interval_s: 1, sources });
  const child = startCli(t, "device", ["run", "--data", folder, "--log", "json"]);
  await waitFor("both parts", async () => ((await askStatus(socket))?.parts.length ?? 0) === 2);
  const json = await runCli("device", ["status", "--data", folder, "--json"]);
  const status = JSON.parse(json.stdout) as StatusJson;
  assert.deepEqual(status.live?.parts.map(({ part, code }) => [part, code]).sort(), [
    ["main", undefined],
    ["rpict", "sensor-gone"],
  ]);
  assert.deepEqual(
    status.troubles.map(({ code }) => code),
    ["sensor-gone", "not-enrolled"],
  );
  assert.match(status.troubles[0]?.advice ?? "", /plugged in/);
  assert.equal(json.code, 1);

  const { stdout } = await runCli("device", ["status", "--data", folder]);
  assert.match(stdout, /^main +\d s ago: 225\.7 V, 0\.108 A, 24\.4 W, 50\.00 Hz, 0\.038 kWh$/m);
  assert.match(stdout, /^rpict +FAILS sensor-gone; never read$/m);
  assert.match(stdout, /^running +for \d+ s, process \d+$/m);
  assert.match(stdout, /^TROUBLE +sensor-gone: rpict has failed for/m);
  assert.match(stdout, /^storage +\d+ MB left$/m);

  const beside = await runCli("device", ["selftest", "--data", folder, "--json"]);
  const checks = (JSON.parse(beside.stdout) as SelftestJson).checks;
  assert.deepEqual(
    checks.filter(({ ok }) => !ok).map(({ name, code }) => [name, code]),
    [
      ["rpict", "sensor-gone"],
      ["broker", "broker"],
    ],
  );
  // The part dies: the status says so, with the age of what was read last.
  await end();
  await waitFor("the failure", async () => {
    const live = await askStatus(socket);
    return live?.parts.find(({ part }) => part === "main")?.code === "sensor-timeout";
  });
  const dead = await runCli("device", ["status", "--data", folder]);
  assert.match(dead.stdout, /^main +FAILS sensor-timeout; \d+ s ago: 225\.7 V/m);
  await child.stop();
  const stopped = await runCli("device", ["status", "--data", folder]);
  assert.match(stopped.stdout, /^TROUBLE +stopped: /m);
});

test("selftest asks the sensors and the broker itself while no meter runs", async (t) => {
  if (!requireSystemPart(t, "socat", "pymodbus")) return;
  const pair = await createTtyPair(t);
  await startPymodbusSlave(t, pair.far, 1, PZEM);
  const sources = [{ kind: "pzem-004t", port: pair.near, address: 1 }];
  const good = prepareMeterFolder("352522395", { sources }, await startBroker(t, CONNACK));
  const { code, stdout } = await runCli("device", ["selftest", "--data", good.folder]);
  assert.doesNotMatch(stdout, /^FAIL (?!clock)/m);
  assert.match(stdout, /^ok +pzem-004t +pzem-004t answers$/m);
  assert.match(stdout, /^ok +broker +mqtt:\/\/127\.0\.0\.1:\d+ takes this meter$/m);
  assert.equal(code, /^FAIL/m.test(stdout) ? 1 : 0);

  const refused = await startBroker(t, NOT_ALLOWED);
  const other = { sources: [{ kind: "pzem-004t", port: pair.near, address: 2 }], broker: refused };
  writeFileSync(good.config, JSON.stringify(other));
  const bad = await runCli("device", ["selftest", "--data", good.folder]);
  assert.equal(bad.code, 1);
  assert.match(bad.stdout, /^FAIL pzem-004t +sensor-timeout: /m);
  assert.match(bad.stdout, /^FAIL broker +broker: .*does not let this meter in$/m);
  assert.match(bad.stdout, /^ +no answer: is the part powered/m);

  writeFileSync(good.config, '{"sources": [{"kind": "pzem"}]}');
  const wrong = await runCli("device", ["selftest", "--data", good.folder, "--json"]);
  const { checks } = JSON.parse(wrong.stdout) as SelftestJson;
  assert.equal(checks.find(({ name }) => name === "config")?.code, "config");
  assert.equal(wrong.code, 1);
});

test("probe prints what may be pasted, and says when nothing is there", async (t) => {
  if (!requireSystemPart(t, "socat", "pymodbus")) return;
  const pair = await createTtyPair(t);
  const registers = [...PZEM];
  // The general address of a part that is alone on its line.
  await startPymodbusSlave(t, pair.far, 248, registers);
  const args = ["probe", "--port", pair.near, "--addresses", "1-2"];
  const { code, stdout } = await runCli("device", args);
  assert.equal(code, 0);
  assert.match(stdout, /PZEM-004T at address 248: 225\.7 V, 50\.0 Hz, register 38 Wh/);
  assert.match(stdout, /now: 225\.7 V, 0\.108 A, 24\.4 W/);
  assert.ok(stdout.includes(`{"kind":"pzem-004t","port":"${pair.near}"}`));
  const wrong = await runCli("device", ["probe", "--bus", "x"]);
  assert.match(wrong.stderr, /^meter: usage: --bus is a number/);
  // No machine has this bus. What is said depends only on whether the native module could be installed.
  const nothing = await runCli("device", ["probe", "--bus", "999"]);
  assert.equal(nothing.code, 1);
  const hasModule = await import("i2c-bus").then(
    () => true,
    () => false,
  );
  const expected = hasModule
    ? /^I2C bus 999: nothing known answers \([1-9]\d* tries\)\nnothing was found\n$/
    : /^I2C bus 999: hardware-module: a native module is missing: [^\n]+\nnothing was found\n$/;
  assert.match(nothing.stdout, expected);
});
