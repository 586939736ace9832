import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { type D0Config, d0 } from "../../../hardware/driver/d0.ts";
import { D0Framer, parseD0Data, parseD0Readout } from "../../../hardware/driver/d0-telegram.ts";
import type { Driver } from "../../../hardware/driver/driver.ts";
import { openLinuxPorts } from "../../../hardware/linux/linux-ports.ts";
import { concatBytes, encodeUtf8 } from "../../../shared/base/bytes.ts";
import { type D0Meter, type D0Setup, startD0Meter } from "../../support/d0-meter.ts";
import { rejectsWith, scriptSerial, throwsWith } from "../../support/sensor-doubles.ts";
import { requireSystemPart } from "../../support/system-part.ts";
import { waitFor } from "../../support/wait.ts";

const LINES = ["C.1.0(12345678)", "1.8.0(001234.567*kWh)", "2.8.0(000000.000*kWh)"];

function block(lines: readonly string[]): Uint8Array {
  const data = encodeUtf8(`${lines.join("\r\n")}\r\n!\r\n\x03`);
  return concatBytes(
    Uint8Array.of(2),
    data,
    Uint8Array.of(data.reduce((all, byte) => all ^ byte, 0)),
  );
}
const read = (lines: readonly string[]) => {
  const { raw, ...reading } = parseD0Data(block(lines), block(lines));
  return reading;
};

describe("an IEC 62056-21 data block", () => {
  test("the check character of the worked example", () => {
    const data = encodeUtf8("\x021.8.0(001234.567*kWh)\r\n2.8.0(000000.000*kWh)\r\n!\r\n\x03\x26");
    assert.deepEqual(parseD0Data(data, data), {
      energy: "register",
      register: 1_234_567,
      registerSpan: 1_000_000_000,
      exported: 0,
      raw: data,
    });
  });

  test("spellings of the same register", () => {
    for (const line of [
      "1.8.0(001234.567*kWh)",
      "1.8.0*255(001234.567*kWh)",
      "1-0:1.8.0(001234.567*kWh)",
      "1-0:1.8.0*255(001234.567*kWh)",
      "1-1:1.8.0(001234567*Wh)",
      "01.08.00(1234.5670*KWH)",
      "1.8.0(1.234567*MWh)",
      "1.8.0(001234.567*kWh)(2401010000)",
      "F.F(00)\r\n0.0.0(99)1.8.0(001234.567*kWh)0.9.1(120000)",
      "1.8.0(001234.567*kWh)\r\n1.8.0*01(000999.000*kWh)\r\n1.8.0&02(000888.000*kWh)",
      "1.8.1(000234.567*kWh)\r\n1.8.2(001000.000*kWh)\r\n1.8.1*12(000001.000*kWh)",
    ]) {
      assert.equal(read([line]).register, 1_234_567, line);
    }
  });

  test("power, phases, identities", () => {
    assert.deepEqual(
      read([
        "0.0.0(property)",
        "C.1.0(7042 2414)",
        "1.8.0(12.5*kWh)",
        "16.7.0(-00.123*kW)",
        "32.7.0(230.1*V)",
        "31.7.0(1.25*A)",
        "14.7.0(50.0*Hz)",
        "13.7.0(0.95)",
      ]),
      {
        energy: "register",
        register: 12_500,
        registerSpan: 100_000,
        power: -123_000,
        voltage: [230_100],
        current: [1_250],
        frequency: 50_000,
        powerFactor: 950,
        identity: "7042 2414",
      },
    );
    assert.equal(read(["0.0.0(45464748)", "1.8.0(1*kWh)"]).identity, "45464748");
    assert.equal(read(["0-0:C.1.0*255(A1)", "1.8.0(1*kWh)"]).identity, "A1");
  });

  test("every one-bit error is refused", () => {
    const good = block(LINES);
    for (let at = 1; at < good.length; at++) {
      for (let bit = 0; bit < 7; bit++) {
        const flipped = Uint8Array.from(good);
        flipped[at] = (flipped[at] ?? 0) ^ (1 << bit);
        throwsWith(() => parseD0Data(flipped, flipped), "sensor-crc");
      }
    }
  });

  test("without a register, or with one that cannot be read", () => {
    throwsWith(() => read(["C.1.0(1)"]), "sensor-range");
    for (const value of ["", "12.5", "1,5*kWh", "1*kvarh", "x*kWh"]) {
      throwsWith(() => read([`1.8.0(${value})`]), "sensor-range");
    }
  });
});

describe("a pushed readout", () => {
  const PUSHED = [
    "1-0:0.0.0*255(0273011003684)",
    "1-0:1.8.0*255(00026107.7034231*kWh)",
    "1-0:2.8.0*255(00000000.0000000*kWh)",
    "1-0:1.7.0*255(000350.37*W)",
    "0-0:96.1.255*255(1ESY1011003684)",
  ];
  const unchecked = (lines: readonly string[]): Uint8Array =>
    encodeUtf8(`/ESY5Q3DA1004 V3.02\r\n\r\n${lines.join("\r\n")}\r\n!\r\n`);
  const checked = concatBytes(encodeUtf8("/ABC4METER\r\n"), block(LINES));
  const withParity = (bytes: Uint8Array): Uint8Array =>
    bytes.map((byte) =>
      [...byte.toString(2)].filter((bit) => bit === "1").length % 2 ? byte | 0x80 : byte,
    );

  test("with and without check character, with and without parity bits", () => {
    const plain = unchecked(PUSHED);
    for (const readout of [plain, withParity(plain)]) {
      assert.deepEqual(parseD0Readout(readout), {
        energy: "register",
        register: 26_107_703,
        registerSpan: 100_000_000_000,
        exported: 0,
        power: 350_370,
        identity: "1ESY1011003684",
        raw: readout,
      });
    }
    assert.equal(parseD0Readout(checked).register, 1_234_567);
    assert.equal(parseD0Readout(withParity(checked)).register, 1_234_567);
  });

  test("with parity every one-bit error is refused, with a check character too", () => {
    for (const good of [withParity(unchecked(PUSHED)), withParity(checked), checked]) {
      for (let bit = 0; bit < good.length * 8; bit++) {
        // The identification has no check character.
        if (good === checked && bit >> 3 < checked.indexOf(2)) continue;
        const flipped = Uint8Array.from(good);
        flipped[bit >> 3] = (flipped[bit >> 3] ?? 0) ^ (1 << (bit & 7));
        throwsWith(() => parseD0Readout(flipped), "sensor-crc");
      }
    }
  });

  test("cut, doubled, foreign or unequal lines are refused where nothing else protects them", () => {
    const good = unchecked(PUSHED);
    for (let length = 0; length < good.length; length++) {
      throwsWith(() => parseD0Readout(good.subarray(0, length)), "sensor-crc");
    }
    for (const lines of [
      [...PUSHED, PUSHED[1] ?? ""],
      [...PUSHED, "noise"],
      PUSHED.map((line) => line.replace("00026107.7", "0026107.7")),
      PUSHED.map((line) => line.replace("26107.7034231", "26107,7034231")),
    ]) {
      throwsWith(() => parseD0Readout(unchecked(lines)), "sensor-crc");
    }
  });

  test("cut out of a stream: glued, byte by byte, behind garbage", () => {
    const stream = concatBytes(
      encodeUtf8("9*kWh)\r\n!\r\n"),
      unchecked(PUSHED),
      checked,
      checked,
      encodeUtf8("/ABC"),
      new Uint8Array(20_000).fill(0x41),
      withParity(unchecked(PUSHED)),
    );
    for (const size of [1, 11, stream.length]) {
      const framer = new D0Framer();
      const readouts: Uint8Array[] = [];
      for (let at = 0; at < stream.length; at += size) {
        readouts.push(...framer.push(stream.subarray(at, at + size)));
      }
      assert.deepEqual(readouts, [
        unchecked(PUSHED),
        checked,
        checked,
        withParity(unchecked(PUSHED)),
      ]);
    }
  });
});

describe("a meter that is asked", () => {
  test("a readout that fails lets the one before serve, until the third one is due", async () => {
    let answers = true;
    const ports = scriptSerial((request) => {
      if (!answers) return [];
      if (request[0] === 0x06) return [block(LINES).subarray(0, 9), block(LINES).subarray(9)];
      return [encodeUtf8("/ISK0MT174-0001\r\n")];
    });
    const driver = await d0.open({ kind: "d0", port: "/dev/tty", interval_s: 10 }, ports);
    const first = await driver.read();
    assert.equal(first.register, 1_234_567);
    answers = false;
    for (const seconds of [9, 2, 5, 5]) {
      await ports.timing.sleep(seconds * 1000);
      assert.deepEqual(await driver.read(), first);
    }
    await ports.timing.sleep(15_000);
    await rejectsWith(driver.read(), "sensor-timeout");
    answers = true;
    assert.ok(((await driver.read()).takenMs ?? 0) > (first.takenMs ?? 0));
    await driver.close();
  });

  test("a head that echoes, with nobody behind it", async () => {
    const ports = scriptSerial((request) => [request]);
    const driver = await d0.open({ kind: "d0", port: "/dev/tty" }, ports);
    await rejectsWith(driver.read(), "sensor-timeout");
  });
});

describe("a meter that is asked, over a PTY", { concurrency: 3 }, () => {
  async function open(
    t: TestContext,
    setup: Partial<D0Setup> = {},
    config: Partial<D0Config> = {},
  ): Promise<{ driver: Driver; meter: D0Meter } | undefined> {
    if (!requireSystemPart(t, "python3")) return undefined;
    const meter = await startD0Meter(t, {
      mode: "C",
      ident: "ISK5MT174-0001",
      lines: LINES,
      ...setup,
    });
    const ports = openLinuxPorts();
    const driver = await d0.open({ kind: "d0", port: meter.tty, ...config } as D0Config, ports);
    t.after(async () => {
      await driver.close();
      await ports.close();
    });
    return { driver, meter };
  }

  const logged = async (meter: D0Meter, readout: object): Promise<void> => {
    await waitFor("the meter's log", () => meter.log.length > 0);
    assert.deepEqual(meter.log, [readout]);
  };

  test("mode C: asked at 300 Bd, answered at 9600", async (t) => {
    const both = await open(t);
    if (both === undefined) return;
    const { driver, meter } = both;
    const reading = await driver.read();
    assert.equal(reading.register, 1_234_567);
    assert.equal(reading.identity, "12345678");
    assert.equal(reading.energy, "register");
    await logged(meter, { asked: 300, answered: 9600 });
    // Within the interval the same readout serves.
    assert.equal((await driver.read()).takenMs, reading.takenMs);
    assert.match(await driver.probe(), /meter 12345678: register 1234567 Wh/);
    assert.equal(meter.log.length, 1);
  });

  test("heads that echo, meters with address, parity bits and a sleep to be woken from", async (t) => {
    const setup = { echo: true, parity: true, address: "4711", wake: 20, ident: "LGZ4\\2ZMD3104" };
    const both = await open(t, setup, { address: "4711", wake: 40 });
    if (both === undefined) return;
    assert.equal((await both.driver.read()).register, 1_234_567);
    await logged(both.meter, { asked: 300, answered: 4800 });
  });

  test("mode A stays at its speed, mode B changes by itself", async (t) => {
    const a = await open(t, { mode: "A", ident: "ABB\\OLD" });
    if (a === undefined) return;
    assert.equal((await a.driver.read()).register, 1_234_567);
    await logged(a.meter, { asked: 300, answered: 300 });
    const b = await open(t, { mode: "B", ident: "ABBCOLD" });
    assert.equal((await b?.driver.read())?.register, 1_234_567);
    if (b !== undefined) await logged(b.meter, { asked: 300, answered: 2400 });
  });

  test("a wrong check character and a cut answer are sensor-crc, and the next readout is good", async (t) => {
    for (const fault of ["bcc", "cut"] as const) {
      const both = await open(t, { fault });
      if (both === undefined) return;
      await rejectsWith(both.driver.read(), "sensor-crc");
      assert.equal((await both.driver.read()).register, 1_234_567, fault);
    }
  });

  test("silence is sensor-timeout, garbage sensor-crc, and the next readout is good", async (t) => {
    for (const [fault, code] of [
      ["silent", "sensor-timeout"],
      ["garbage", "sensor-crc"],
    ] as const) {
      const both = await open(t, { fault });
      if (both === undefined) return;
      await rejectsWith(both.driver.read(), code);
      assert.equal((await both.driver.read()).register, 1_234_567, fault);
    }
  });

  test("a meter at another address does not answer; no port is sensor-gone", async (t) => {
    const both = await open(t, { address: "1" }, { address: "2" });
    if (both === undefined) return;
    await rejectsWith(both.driver.read(), "sensor-timeout");
    const ports = openLinuxPorts();
    t.after(() => ports.close());
    const driver = await d0.open({ kind: "d0", port: "/dev/wattproof-absent" }, ports);
    await rejectsWith(driver.read(), "sensor-gone");
  });
});
