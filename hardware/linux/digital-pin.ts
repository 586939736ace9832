/**
 * `DigitalPin` over sysfs GPIO by the `onoff` module.
 *
 * onoff wants the kernel's global number: gpio-base.ts finds it. It cannot set pull-ups: those are
 * `gpio=17=ip,pu` in the Pi's config.txt.
 */
import type { Gpio } from "onoff";
import { fail } from "../../shared/base/error.ts";
import type { DigitalPin, PinLevel, PinSettings } from "../port/digital-pin.ts";
import { resolveGpioNumber } from "./gpio-base.ts";
import { loadOptional } from "./optional-module.ts";
import { failFromSystem } from "./system-error.ts";

/** The part of the module that is used. */
export type PinModule = Pick<typeof import("onoff"), "Gpio">;

/**
 * `sysfs`: the kernel's GPIO class. Throws `hardware-module`, `gpio-chip`, `sensor-busy` (another program holds
 * the pin), `sensor-gone`.
 */
export async function openLinuxPin(
  { pin, direction }: PinSettings,
  load: () => Promise<PinModule> = () => import("onoff"),
  sysfs?: string,
): Promise<DigitalPin> {
  const module = await loadOptional("onoff", load);
  const number = await resolveGpioNumber(pin, sysfs);
  const what = `GPIO${pin}`;
  let gpio: Gpio;
  try {
    gpio =
      direction === "out" ? new module.Gpio(number, "out") : new module.Gpio(number, "in", "both");
  } catch (error) {
    failFromSystem(error, what);
  }
  return wrapGpio(gpio, what, direction);
}

function wrapGpio(gpio: Gpio, what: string, direction: "in" | "out"): DigitalPin {
  const listeners = new Set<(level: PinLevel) => void>();
  let closed = false;
  let broken: Error | undefined;
  const guard = async <T>(work: () => Promise<T>): Promise<T> => {
    if (closed) fail("sensor-gone", `${what} is closed`);
    try {
      if (broken !== undefined) throw broken;
      return await work();
    } catch (error) {
      failFromSystem(error, what);
    }
  };
  if (direction === "in") {
    gpio.watch((error, level) => {
      // A pin that cannot be watched any more would be deaf without a sign: the next read says so.
      if (error) broken = error;
      else for (const listener of listeners) listener(level);
    });
  }
  return {
    read: () => guard(() => gpio.read()),
    async write(level) {
      if (direction === "in") fail("sensor-busy", `${what} is an input`);
      await guard(() => gpio.write(level));
    },
    watch(listener) {
      if (direction === "out") fail("sensor-busy", `${what} is an output`);
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    async close() {
      if (closed) return;
      closed = true;
      listeners.clear();
      gpio.unexport();
    },
  };
}
