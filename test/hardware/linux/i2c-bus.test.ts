import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { type I2cModule, openLinuxI2cBus } from "../../../hardware/linux/i2c-bus.ts";
import { SimulatedTiming } from "../../../hardware/simulated/simulated-timing.ts";
import { rejectsWith } from "../../support/sensor-doubles.ts";

type Outcome = number | string | Promise<number>;

/**
 * The module with a script: each transaction takes the next outcome, a count of bytes or an error number. It fails the
 * test when two transactions overlap.
 */
function fakeModule(outcomes: Outcome[]): { module: I2cModule; log: string[] } {
  const log: string[] = [];
  let running = 0;
  const transact = async (what: string): Promise<number> => {
    assert.equal(running, 0, "transactions overlap");
    running++;
    log.push(what);
    const outcome = outcomes.shift() ?? 0;
    try {
      await new Promise((resolve) => setImmediate(resolve));
      if (typeof outcome !== "string") return await outcome;
      throw Object.assign(new Error(`${outcome}, from the kernel`), { code: outcome });
    } finally {
      running--;
    }
  };
  const handle = {
    async i2cWrite(address: number, length: number, buffer: Buffer) {
      return { bytesWritten: await transact(`write ${address} ${length}`), buffer };
    },
    async i2cRead(address: number, length: number, buffer: Buffer) {
      buffer.fill(address);
      return { bytesRead: await transact(`read ${address} ${length}`), buffer };
    },
    async readI2cBlock(address: number, command: number, length: number, buffer: Buffer) {
      buffer.fill(command);
      return { bytesRead: await transact(`register ${address} ${command} ${length}`), buffer };
    },
    async close() {
      log.push("close");
    },
  };
  const module = {
    async openPromisified(bus: number) {
      log.push(`open ${bus}`);
      return handle;
    },
  };
  return { module: module as unknown as I2cModule, log };
}

const COMMAND = Uint8Array.of(0x24, 0);

describe("an I2C bus over the i2c-bus module", () => {
  test("opens once, at the first use, and runs one transaction after the other", async () => {
    const { module, log } = fakeModule([2, 3, 2]);
    const bus = await openLinuxI2cBus(1, { load: async () => module });
    assert.deepEqual(log, []);
    const [, bytes] = await Promise.all([
      bus.write(0x44, COMMAND),
      bus.read(0x45, 3),
      bus.write(0x44, COMMAND),
    ]);
    assert.deepEqual(bytes, Uint8Array.of(0x45, 0x45, 0x45));
    await bus.close();
    assert.deepEqual(log, ["open 1", "write 68 2", "read 69 3", "write 68 2", "close"]);
  });

  test("error numbers of the kernel become codes; a missing acknowledge leaves the device file open", async () => {
    const { module, log } = fakeModule(["EREMOTEIO", "ENXIO", "EIO", 6]);
    const bus = await openLinuxI2cBus(1, { load: async () => module });
    await rejectsWith(bus.write(0x44, COMMAND), "sensor-nack");
    await rejectsWith(bus.read(0x44, 6), "sensor-nack");
    await rejectsWith(bus.read(0x44, 6), "sensor-nack");
    assert.equal((await bus.read(0x44, 6)).length, 6);
    assert.deepEqual(
      log.filter((entry) => entry === "open 1" || entry === "close"),
      ["open 1"],
    );
  });

  test("after any other failure the device file is opened anew", async () => {
    const cases = [
      ["ETIMEDOUT", "sensor-timeout"],
      ["EBUSY", "sensor-busy"],
      ["EPROTO", "sensor-crc"],
      ["ESHUTDOWN", "sensor-gone"],
    ] as const;
    for (const [errno, code] of cases) {
      const { module, log } = fakeModule([errno, 2]);
      const bus = await openLinuxI2cBus(1, { load: async () => module });
      await rejectsWith(bus.write(0x44, COMMAND), code);
      await bus.write(0x44, COMMAND);
      assert.deepEqual(log, ["open 1", "write 68 2", "close", "open 1", "write 68 2"]);
    }
  });

  test("a register is read in one transaction; a longer request is written, then read, with nothing between", async () => {
    const { module, log } = fakeModule([2, 2, 4, 2]);
    const bus = await openLinuxI2cBus(1, { load: async () => module });
    const [register, long] = await Promise.all([
      bus.transfer(0x40, Uint8Array.of(5), 2),
      bus.transfer(0x38, Uint8Array.of(0xe4, 0), 4),
      bus.write(0x44, COMMAND),
    ]);
    assert.deepEqual(register, Uint8Array.of(5, 5));
    assert.deepEqual(long, Uint8Array.of(0x38, 0x38, 0x38, 0x38));
    assert.deepEqual(log, ["open 1", "register 64 5 2", "write 56 2", "read 56 4", "write 68 2"]);
    await rejectsWith(bus.transfer(0x40, Uint8Array.of(5), 2), "sensor-nack");
  });

  test("time-outs in a row let an address rest, not the others; then it is tried again", async () => {
    const timing = new SimulatedTiming();
    const timeouts = ["ETIMEDOUT", "ETIMEDOUT", "ETIMEDOUT"];
    const { module, log } = fakeModule([...timeouts, 2, "ETIMEDOUT", 2, "ETIMEDOUT", 2]);
    const bus = await openLinuxI2cBus(1, { load: async () => module, timing });
    const transactions = () => log.filter((entry) => entry === "write 68 2").length;
    for (let i = 0; i < 6; i++) await rejectsWith(bus.write(0x44, COMMAND), "sensor-timeout");
    assert.equal(transactions(), 3);
    await bus.write(0x45, COMMAND);
    await timing.sleep(5_000);
    await rejectsWith(bus.write(0x44, COMMAND), "sensor-timeout");
    await rejectsWith(bus.write(0x44, COMMAND), "sensor-timeout");
    assert.equal(transactions(), 4);
    await timing.sleep(5_000);
    await bus.write(0x44, COMMAND);
    await rejectsWith(bus.write(0x44, COMMAND), "sensor-timeout");
    await bus.write(0x44, COMMAND);
    assert.equal(transactions(), 7);
  });

  test("a short transfer is a missing acknowledge", async () => {
    const { module } = fakeModule([1, 3]);
    const bus = await openLinuxI2cBus(1, { load: async () => module });
    await rejectsWith(bus.write(0x44, COMMAND), "sensor-nack");
    await rejectsWith(bus.read(0x44, 6), "sensor-nack");
  });

  test("a lost arbitration is repeated twice", async () => {
    const { module, log } = fakeModule(["EAGAIN", "EAGAIN", 2, "EAGAIN", "EAGAIN", "EAGAIN"]);
    const bus = await openLinuxI2cBus(1, { load: async () => module });
    await bus.write(0x44, COMMAND);
    assert.equal(log.length, 4);
    await rejectsWith(bus.write(0x44, COMMAND), "sensor-busy");
    assert.equal(log.length, 7);
  });

  test("a bus that went away is opened again", async () => {
    const { module, log } = fakeModule(["ENODEV", 2]);
    const bus = await openLinuxI2cBus(1, { load: async () => module });
    await rejectsWith(bus.write(0x44, COMMAND), "sensor-gone");
    await bus.write(0x44, COMMAND);
    assert.deepEqual(log, ["open 1", "write 68 2", "close", "open 1", "write 68 2"]);
  });

  test("while a call hangs in the kernel no other is started; when it returns, the bus works again", async () => {
    let release: (count: number) => void = () => {};
    const hanging = new Promise<number>((resolve) => {
      release = resolve;
    });
    const { module, log } = fakeModule([hanging, 2]);
    const bus = await openLinuxI2cBus(1, { load: async () => module, limitMs: 20 });
    await rejectsWith(bus.write(0x44, COMMAND), "sensor-timeout");
    await rejectsWith(bus.write(0x44, COMMAND), "sensor-timeout");
    assert.equal(log.length, 2);
    release(2);
    await hanging;
    await new Promise((resolve) => setImmediate(resolve));
    await bus.write(0x44, COMMAND);
    assert.deepEqual(log, ["open 1", "write 68 2", "close", "open 1", "write 68 2"]);
  });

  test("a call that has hung for two minutes is told to whoever can end the process", async () => {
    const timing = new SimulatedTiming();
    const { module } = fakeModule([new Promise(() => {})]);
    const told: string[] = [];
    const options = { load: async () => module, limitMs: 20, timing };
    const bus = await openLinuxI2cBus(1, { ...options, onStuck: (what) => told.push(what) });
    await rejectsWith(bus.write(0x44, COMMAND), "sensor-timeout");
    await timing.sleep(119_999);
    await rejectsWith(bus.write(0x44, COMMAND), "sensor-timeout");
    assert.deepEqual(told, []);
    await timing.sleep(1);
    await rejectsWith(bus.write(0x45, COMMAND), "sensor-timeout");
    assert.deepEqual(told, ["I2C bus 1, address 0x45"]);
  });
});
