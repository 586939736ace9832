/**
 * The process that reads the sensors, as it runs on a Pi: a real child over a PTY to an independent Modbus slave, made
 * to hang and killed.
 */
import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { type HostRestart, SensorHost } from "../../../hardware/host/sensor-host.ts";
import type { Source } from "../../../hardware/source.ts";
import { isCoded } from "../../../shared/base/error.ts";
import { rejectsWith } from "../../support/sensor-doubles.ts";
import { requireSystemPart } from "../../support/system-part.ts";
import { createTtyPair, startPymodbusSlave } from "../../support/tty-pair.ts";

const REGISTERS = [2257, 108, 0, 244, 0, 38, 0, 500, 100, 0];

interface Bench {
  readonly host: SensorHost;
  readonly source: Source;
  readonly restarts: HostRestart[];
}

async function openBench(t: TestContext, port: string): Promise<Bench> {
  const host = new SensorHost({
    deadlineMs: 2_000,
    restart: { firstMs: 200, mostMs: 400 },
    monotonicMs: () => performance.now(),
  });
  t.after(() => host.close());
  const restarts: HostRestart[] = [];
  const configs = [{ kind: "pzem-004t", port, address: 1 }] as const;
  const source = await host.open(configs, (restart) => restarts.push(restart));
  return { host, source, restarts };
}

/** Reads until it works again; what fails meanwhile must be a sensor's error. */
async function readAgain(source: Source): Promise<number | undefined> {
  for (let i = 0; i < 50; i++) {
    try {
      return (await source.read(1_704_063_600_000)).register;
    } catch (error) {
      assert.ok(isCoded(error) && error.code.startsWith("sensor-"), String(error));
      await sleep(100);
    }
  }
  return undefined;
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

describe("sensors in a process of their own", () => {
  test("a sample comes over whole; a process that hangs, and one that is killed, is replaced", async (t) => {
    if (!requireSystemPart(t, "socat", "pymodbus")) return;
    const pair = await createTtyPair(t);
    await startPymodbusSlave(t, pair.far, 1, REGISTERS);
    const { host, source, restarts } = await openBench(t, pair.near);
    const sample = await source.read(1_704_063_600_000);
    assert.equal(sample.at, 1_704_063_600_000);
    assert.equal(sample.register, 38);
    assert.deepEqual(sample.voltage, [225_700]);
    assert.deepEqual(sample.faults, []);
    const [part] = sample.parts;
    assert.equal(part?.part, "pzem-004t");
    assert.equal(part.counts, true);
    assert.equal(part.counter, "pzem-004t 1");
    assert.equal(
      Buffer.from(sample.evidence[0]?.raw ?? []).toString("hex"),
      "01041408d1006c000000f400000026000001f4006400005134",
    );

    const first = host.pid ?? assert.fail();
    process.kill(first, "SIGSTOP");
    await rejectsWith(source.read(1_704_063_601_000), "sensor-timeout");
    assert.equal(await readAgain(source), 38);
    const second = host.pid ?? assert.fail();
    assert.notEqual(second, first);
    assert.equal(restarts.length, 1);
    assert.match(restarts[0]?.cause ?? "", /no answer for 2000 ms/);
    assert.equal(restarts[0]?.pid, second);
    assert.equal(isAlive(first), false, "the process that hung still lives");

    process.kill(second, "SIGKILL");
    await sleep(100);
    assert.equal(await readAgain(source), 38);
    assert.equal(restarts.length, 2);
    assert.match(restarts[1]?.cause ?? "", /SIGKILL/);
    const third = host.pid ?? assert.fail();
    await host.close();
    assert.equal(isAlive(third), false);
    await rejectsWith(source.read(1_704_063_602_000), "sensor-gone");
  });

  test("a part that is not there fails its reads and not the process; the parts are told apart", async (t) => {
    const { host, source } = await openBench(t, "/dev/wattproof-absent");
    await rejectsWith(source.read(0), "sensor-gone");
    const pid = host.pid;
    await rejectsWith(source.read(1), "sensor-gone");
    assert.equal(host.pid, pid);
  });
});
