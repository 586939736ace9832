import assert from "node:assert/strict";
import { describe, test } from "node:test";
import { resolveGpioNumber } from "../../../hardware/linux/gpio-base.ts";
import { openLinuxPorts } from "../../../hardware/linux/linux-ports.ts";
import { loadOptional } from "../../../hardware/linux/optional-module.ts";
import { codeOfSystemError, errnoOf } from "../../../hardware/linux/system-error.ts";
import { withTimeLimit } from "../../../hardware/linux/time-limit.ts";
import { writeGpioChips } from "../../support/gpio-chips.ts";
import { rejectsWith } from "../../support/sensor-doubles.ts";

describe("the kernel's number of a BCM pin", () => {
  test("follows the chip's label through every known base", async (t) => {
    const cases: [readonly [string, string, number, number][], number][] = [
      [[["gpiochip0", "pinctrl-bcm2835", 0, 54]], 17],
      [
        [
          ["gpiochip512", "pinctrl-bcm2711", 512, 58],
          ["gpiochip570", "raspberrypi-exp-gpio", 570, 8],
        ],
        529,
      ],
      [
        [
          ["gpiochip512", "gpio-brcmstb@107d508500", 512, 32],
          ["gpiochip571", "pinctrl-rp1", 571, 54],
        ],
        588,
      ],
      [[["gpiochip399", "pinctrl-rp1", 399, 54]], 416],
    ];
    for (const [chips, expected] of cases) {
      assert.equal(await resolveGpioNumber(17, writeGpioChips(t, chips)), expected);
    }
  });

  test("no chip of a Pi, a pin that the chip lacks, no sysfs", async (t) => {
    const foreign = writeGpioChips(t, [["gpiochip0", "INT34C6:00", 0, 360]]);
    await rejectsWith(resolveGpioNumber(17, foreign), "gpio-chip");
    const pi = writeGpioChips(t, [["gpiochip512", "pinctrl-bcm2711", 512, 28]]);
    await rejectsWith(resolveGpioNumber(28, pi), "gpio-chip");
    await rejectsWith(resolveGpioNumber(17, "/nowhere"), "gpio-chip");
  });
});

describe("native modules", () => {
  test("one that is not installed says what to do", async () => {
    const missing = loadOptional("no-such-module", () => import(`no-such-module-${1 + 1}`));
    await rejectsWith(missing, "hardware-module");
    await assert.rejects(
      loadOptional("x", async () => {
        throw new Error("wrong ABI");
      }),
      /x is not installed or does not load \(wrong ABI\); try: npm install --include=optional/,
    );
  });

  test("a bus that is not there is gone, at its first use, for writes and reads", async (t) => {
    const ports = openLinuxPorts();
    t.after(() => ports.close());
    const bus = await ports.i2cBus(250);
    await rejectsWith(bus.write(0x44, Uint8Array.of(1)), "sensor-gone");
    await rejectsWith(bus.read(0x44, 6), "sensor-gone");
    assert.equal(await ports.i2cBus(250), bus);
    await bus.close();
    await rejectsWith(bus.read(0x44, 6), "sensor-gone");
  });

  test("a pin on a machine without a Pi's GPIO chip is refused before onoff is asked", async () => {
    await rejectsWith(openLinuxPorts().digitalPin({ pin: 53, direction: "in" }), "gpio-chip");
  });
});

describe("errors of the system", () => {
  test("error numbers become codes, from Node's errors and from native messages", () => {
    const named = (code: string): Error => Object.assign(new Error("x"), { code });
    assert.equal(codeOfSystemError(named("EREMOTEIO")), "sensor-nack");
    assert.equal(codeOfSystemError(named("ENXIO")), "sensor-nack");
    assert.equal(codeOfSystemError(named("ETIMEDOUT")), "sensor-timeout");
    assert.equal(codeOfSystemError(new Error("EBUSY, Device or resource busy")), "sensor-busy");
    assert.equal(codeOfSystemError(named("ENODEV")), "sensor-gone");
    assert.equal(codeOfSystemError("anything"), "sensor-gone");
    // What i2c-bus makes of a missing acknowledge on a Pi: no name, only the number.
    const nameless = Object.assign(new Error(", Remote I/O error"), { code: "", errno: 121 });
    assert.equal(codeOfSystemError(nameless), "sensor-nack");
    const unnamed = Object.assign(new Error("?"), { code: "Unknown system error -74", errno: -74 });
    assert.equal(codeOfSystemError(unnamed), "sensor-crc");
    assert.equal(errnoOf(new Error("nothing known")), "unknown");
  });

  test("work that hangs is given up after its time", async () => {
    await rejectsWith(withTimeLimit(new Promise(() => {}), 5, "a hung call"), "sensor-timeout");
    assert.equal(await withTimeLimit(Promise.resolve(7), 5, "a quick call"), 7);
    await assert.rejects(withTimeLimit(Promise.reject(new Error("own")), 5, "a bad call"), /own/);
  });
});
