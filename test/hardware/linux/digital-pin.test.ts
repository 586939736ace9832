import assert from "node:assert/strict";
import { describe, type TestContext, test } from "node:test";
import { openLinuxPin, type PinModule } from "../../../hardware/linux/digital-pin.ts";
import { writeGpioChips } from "../../support/gpio-chips.ts";
import { rejectsWith, throwsWith } from "../../support/sensor-doubles.ts";

type Watcher = (error: Error | null, level: 0 | 1) => void;

/** onoff without a kernel: notes what it is asked, and gives edges on request. */
function fakeModule(refusal?: string) {
  const log: string[] = [];
  let watcher: Watcher | undefined;
  class Gpio {
    constructor(...args: unknown[]) {
      log.push(`export ${args.join(" ")}`);
      if (refusal !== undefined) throw Object.assign(new Error(refusal), { code: refusal });
    }
    async read(): Promise<0 | 1> {
      return 1;
    }
    async write(level: 0 | 1): Promise<void> {
      log.push(`write ${level}`);
    }
    watch(callback: Watcher): void {
      watcher = callback;
    }
    unexport(): void {
      log.push("unexport");
    }
  }
  const load = async (): Promise<PinModule> => ({ Gpio }) as unknown as PinModule;
  return { load, log, edge: (error: Error | null, level: 0 | 1) => watcher?.(error, level) };
}

const chips = (t: TestContext): string =>
  writeGpioChips(t, [["gpiochip512", "pinctrl-bcm2711", 512, 58]]);

describe("a digital pin over the onoff module", () => {
  test("an output is exported by the kernel's number, written, and given back once", async (t) => {
    const { load, log } = fakeModule();
    const pin = await openLinuxPin({ pin: 17, direction: "out" }, load, chips(t));
    await pin.write(1);
    assert.equal(await pin.read(), 1);
    throwsWith(() => pin.watch(() => {}), "sensor-busy");
    await pin.close();
    await pin.close();
    assert.deepEqual(log, ["export 529 out", "write 1", "unexport"]);
    await rejectsWith(pin.write(0), "sensor-gone");
    await rejectsWith(pin.read(), "sensor-gone");
  });

  test("an input tells its listeners each edge until they leave; an error is no edge, and the next read says it", async (t) => {
    const { load, log, edge } = fakeModule();
    const pin = await openLinuxPin({ pin: 4, direction: "in" }, load, chips(t));
    const seen: number[] = [];
    const leave = pin.watch((level) => seen.push(level));
    edge(null, 1);
    edge(null, 0);
    leave();
    edge(null, 1);
    assert.deepEqual(seen, [1, 0]);
    await rejectsWith(pin.write(1), "sensor-busy");
    edge(new Error("EIO"), 1);
    assert.deepEqual(seen, [1, 0]);
    await rejectsWith(pin.read(), "sensor-gone");
    assert.deepEqual(log, ["export 516 in both"]);
  });

  test("a pin that another program holds is busy", async (t) => {
    const { load } = fakeModule("EBUSY");
    const pin = openLinuxPin({ pin: 17, direction: "in" }, load, chips(t));
    await rejectsWith(pin, "sensor-busy");
  });
});
