import assert from "node:assert/strict";
import { once } from "node:events";
import { mkdtempSync, rmSync, symlinkSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { describe, type TestContext, test } from "node:test";
import { setTimeout as sleep } from "node:timers/promises";
import { SerialPort } from "serialport";
import { ModbusMaster } from "../../../hardware/driver/modbus-rtu.ts";
import { openLinuxPorts } from "../../../hardware/linux/linux-ports.ts";
import { openSensors } from "../../../hardware/open-source.ts";
import type { SerialLine } from "../../../hardware/port/serial-line.ts";
import { realTiming } from "../../../hardware/port/timing.ts";
import { answerPzem } from "../../../hardware/simulated/pzem-slave.ts";
import { concatBytes, decodeHex, encodeHex, encodeUtf8 } from "../../../shared/base/bytes.ts";
import { rejectsWith } from "../../support/sensor-doubles.ts";
import { requireSystemPart } from "../../support/system-part.ts";
import { startTtyAdapter } from "../../support/tty-adapter.ts";
import { createTtyPair, startPymodbusSlave, type TtyPair } from "../../support/tty-pair.ts";

/** The line under test, and the other end as plain serialport. */
async function openBoth(
  t: TestContext,
): Promise<{ line: SerialLine; other: SerialPort; pair: TtyPair }> {
  const pair = await createTtyPair(t);
  const ports = openLinuxPorts();
  t.after(() => ports.close());
  const line = await ports.serialLine({ port: pair.near, baud: 9600, parity: "none" });
  const other = await openOther(t, pair.far);
  return { line, other, pair };
}

async function openOther(t: TestContext, path: string): Promise<SerialPort> {
  const other = new SerialPort({ path, baudRate: 9600 });
  other.on("error", () => {});
  await once(other, "open");
  t.after(() => {
    if (other.isOpen) other.close();
  });
  return other;
}

describe("a real serial line over a PTY", () => {
  test("the PZEM driver reads an independent slave (pymodbus), right and wrong addresses", async (t) => {
    if (!requireSystemPart(t, "socat", "pymodbus")) return;
    const pair = await createTtyPair(t);
    const registers = [2257, 108, 0, 244, 0, 38, 0, 500, 100, 0];
    await startPymodbusSlave(t, pair.far, 1, registers);
    const source = await openSensors(
      [{ kind: "pzem-004t", port: pair.near, address: 1 }],
      openLinuxPorts(),
    );
    t.after(() => source.close());
    const sample = await source.read(1_704_063_600_000);
    assert.equal(sample.register, 38);
    assert.deepEqual(sample.voltage, [225_700]);
    assert.equal(
      encodeHex(sample.evidence[0]?.raw ?? new Uint8Array(0)),
      "01041408d1006c000000f400000026000001f4006400005134",
    );
    const ports = openLinuxPorts();
    t.after(() => ports.close());
    const line = await ports.serialLine({ port: pair.near, baud: 9600, parity: "none" });
    await source.close();
    const master = new ModbusMaster(line, realTiming, { replyMs: 150, attempts: 1 });
    assert.equal(encodeHex((await master.readInput(1, 3, 2)).subarray(3, 7)), "00f40000");
    await rejectsWith(master.readInput(2, 0, 10), "sensor-timeout");
    // Beyond the slave's registers: exception 2.
    await rejectsWith(master.readInput(1, 200, 2), "sensor-nack");
    assert.equal((await master.readInput(1, 0, 10)).length, 25);
  });

  test("dribbled, glued and disturbed replies", async (t) => {
    if (!requireSystemPart(t, "socat")) return;
    const { line, other } = await openBoth(t);
    const values = {
      voltage: 2300,
      current: 1000,
      power: 2300,
      energy: 77,
      frequency: 500,
      powerFactor: 100,
    };
    const good = answerPzem(decodeHex("01040000000a700d"), 1, () => values) ?? assert.fail();
    const flipped = Uint8Array.from(good, (byte, i) => (i === 12 ? byte ^ 1 : byte));
    const scripts: Uint8Array[][] = [
      [...good].map((byte) => Uint8Array.of(byte)),
      [encodeUtf8("noise"), concatBytes(good, good)],
      [good.subarray(0, 10), good],
      [flipped],
      [good],
    ];
    other.on("data", async () => {
      for (const chunk of scripts.shift() ?? []) {
        other.write(Buffer.from(chunk));
        await sleep(2);
      }
    });
    const master = new ModbusMaster(line, realTiming, { replyMs: 250, attempts: 1 });
    for (let i = 0; i < 3; i++) assert.deepEqual(await master.readInput(1, 0, 10), good);
    await rejectsWith(master.readInput(1, 0, 10), "sensor-crc");
    assert.deepEqual(await master.readInput(1, 0, 10), good);
    await rejectsWith(master.readInput(1, 0, 10), "sensor-timeout");
  });

  test("bytes that nobody reads are kept up to 4,096, the newest; discard forgets them", async (t) => {
    if (!requireSystemPart(t, "socat")) return;
    const { line, other } = await openBoth(t);
    await rejectsWith(line.read(10), "sensor-timeout");
    other.write(Buffer.alloc(5000, "a"));
    other.write(Buffer.from("tail"));
    let kept = await line.read(1000);
    assert.ok(kept.length > 0);
    other.write(Buffer.concat([Buffer.alloc(9000, "b"), Buffer.from("end")]));
    await sleep(600);
    kept = await line.read(1000);
    assert.equal(kept.length, 4096);
    assert.equal(Buffer.from(kept.subarray(-3)).toString(), "end");
    other.write("stale");
    await sleep(50);
    line.discard();
    await rejectsWith(line.read(20), "sensor-timeout");
  });

  test("after an unplug calls fail with sensor-gone, and the line comes back by itself", async (t) => {
    if (!requireSystemPart(t, "socat")) return;
    const { line, other, pair } = await openBoth(t);
    await line.write(Uint8Array.of(1));
    other.write("hello");
    assert.equal(Buffer.from(await line.read(1000)).toString(), "hello");
    const waiting = rejectsWith(line.read(300), "sensor-gone");
    await pair.unplug();
    await waiting;
    await rejectsWith(line.write(Uint8Array.of(1)), "sensor-gone");
    await pair.plug();
    await sleep(1100);
    await line.write(Uint8Array.of(1));
    const again = await openOther(t, pair.far);
    again.write("back");
    assert.equal(Buffer.from(await line.read(1000)).toString(), "back");
  });

  test("a line that should speak and is silent is opened anew, one without that duty is not", async (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const adapter = await startTtyAdapter(t);
    const ports = openLinuxPorts();
    t.after(() => ports.close());
    const settings = { port: adapter.tty, baud: 9600, parity: "none" } as const;
    const line = await ports.serialLine({ ...settings, silenceMs: 1100 });
    const reading = line.read(2000);
    await adapter.say(encodeUtf8("one"));
    assert.equal(Buffer.from(await reading).toString(), "one");
    const reopened = adapter.stickUntilReopened();
    for (let i = 0; i < 4; i++) {
      await rejectsWith(line.read(400), "sensor-timeout");
      // The adapter program looks every few milliseconds whether its tty is open.
      await sleep(50);
    }
    await reopened;
    const again = line.read(2000);
    await adapter.say(encodeUtf8("two"));
    assert.equal(Buffer.from(await again).toString(), "two");
  });

  test("a silent line without a duty to speak stays open", async (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const adapter = await startTtyAdapter(t);
    const ports = openLinuxPorts();
    t.after(() => ports.close());
    const line = await ports.serialLine({ port: adapter.tty, baud: 9600, parity: "none" });
    for (let i = 0; i < 4; i++) await rejectsWith(line.read(60), "sensor-timeout");
    let reopened = false;
    const stuck = adapter.stickUntilReopened().then(() => {
      reopened = true;
    });
    for (let i = 0; i < 4; i++) await rejectsWith(line.read(60), "sensor-timeout");
    assert.equal(reopened, false);
    await ports.close();
    // The adapter program looks every few milliseconds whether its tty is open.
    await sleep(50);
    const other = openLinuxPorts();
    t.after(() => other.close());
    await rejectsWith(
      (await other.serialLine({ port: adapter.tty, baud: 9600, parity: "none" })).read(60),
      "sensor-timeout",
    );
    await stuck;
  });

  test("another speed in the middle of a session, and the first one after opening anew", async (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const adapter = await startTtyAdapter(t);
    const ports = openLinuxPorts();
    t.after(() => ports.close());
    const settings = { port: adapter.tty, baud: 300, parity: "even", dataBits: 7 } as const;
    const line = await ports.serialLine(settings);
    await line.write(encodeUtf8("?"));
    assert.equal(await adapter.speed(), 300);
    await adapter.say(encodeUtf8("stale"));
    await sleep(50);
    await line.setBaud(9600);
    assert.equal(await adapter.speed(), 9600);
    await rejectsWith(line.read(20), "sensor-timeout");
    await rejectsWith(ports.serialLine({ ...settings, dataBits: 8 }), "sensor-busy");
    assert.equal(await ports.serialLine(settings), line);
    await line.close();
    await rejectsWith(line.setBaud(300), "sensor-gone");
  });

  test("a device that was replaced under the same name is noticed in silence", async (t) => {
    if (!requireSystemPart(t, "python3")) return;
    const [first, second] = [await startTtyAdapter(t), await startTtyAdapter(t)];
    const folder = mkdtempSync(path.join(tmpdir(), "wattproof-by-id-"));
    t.after(() => rmSync(folder, { recursive: true }));
    const name = path.join(folder, "usb-adapter");
    symlinkSync(first.tty, name);
    const ports = openLinuxPorts();
    t.after(() => ports.close());
    const line = await ports.serialLine({ port: name, baud: 9600, parity: "none" });
    await rejectsWith(line.read(20), "sensor-timeout");
    rmSync(name);
    await rejectsWith(line.read(20), "sensor-gone");
    symlinkSync(second.tty, name);
    await sleep(1100);
    const reading = line.read(2000);
    await second.say(encodeUtf8("second"));
    assert.equal(Buffer.from(await reading).toString(), "second");
  });

  test("closing ends a waiting read; a closed line stays closed", async (t) => {
    if (!requireSystemPart(t, "socat")) return;
    const { line } = await openBoth(t);
    await line.write(Uint8Array.of(1));
    const waiting = rejectsWith(line.read(5000), "sensor-gone");
    await sleep(20);
    await line.close();
    await waiting;
    await rejectsWith(line.write(Uint8Array.of(1)), "sensor-gone");
    await line.close();
  });
});

describe("without a device", () => {
  test("a port that is not there is gone, at the first use and not before", async (t) => {
    const ports = openLinuxPorts();
    t.after(() => ports.close());
    const settings = { port: "/dev/wattproof-absent", baud: 9600, parity: "none" } as const;
    const line = await ports.serialLine(settings);
    await rejectsWith(line.write(Uint8Array.of(1)), "sensor-gone");
    await rejectsWith(line.read(10), "sensor-gone");
    // Drivers on one line share it; other settings for the same port are a mistake.
    assert.equal(await ports.serialLine(settings), line);
    await rejectsWith(ports.serialLine({ ...settings, baud: 2400 }), "sensor-busy");
  });
});
