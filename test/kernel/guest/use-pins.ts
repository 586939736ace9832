/**
 * Uses pins by the project's own ports and by bare `onoff`: one JSON line of what was found.
 *
 * usage: node use-pins.js FOLDER MONITORED:PULSES WATCHED:PULSES OUTPUT
 * Counts pulses (high) on one pin by gpiomon, then on another by onoff, and drives a third. One after the other, because
 * onoff's own looks at its pin are looks at all pins for the bridge.
 */
import { execFileSync } from "node:child_process";
import { writeFileSync } from "node:fs";
import process from "node:process";
import { setTimeout as sleep } from "node:timers/promises";

import { Gpio } from "onoff";

import { resolveGpioNumber } from "../../../hardware/linux/gpio-base.ts";
import { openLinuxPorts } from "../../../hardware/linux/linux-ports.ts";
import type { PulseCounter, PulseSettings } from "../../../hardware/port/pulse-counter.ts";
import { isCoded } from "../../../shared/base/error.ts";

const GPIOINFO = "/usr/bin/gpioinfo";
/** Waiting ends when no pulse came for so long. */
const QUIET_MS = 3_000;
const FIRST_MS = 30_000;

const [folder = "", monitored = "", watched = "", output = ""] = process.argv.slice(2);
const [monitoredPin = 0] = monitored.split(":").map(Number);
const [watchedPin = 0] = watched.split(":").map(Number);
const monitoredLine = new RegExp(` ${monitoredPin}:.*gpiomon`);
const outputPin = Number(output);

/** What the module says to a number that is right on kernels before 6.6 only. */
function exportPlainNumber(): string {
  try {
    new Gpio(monitoredPin, "in").unexport();
    return "taken";
  } catch (error) {
    return (error as NodeJS.ErrnoException).code ?? String(error);
  }
}

async function codeOf(work: Promise<unknown>): Promise<string> {
  try {
    await work;
    return "none";
  } catch (error) {
    return isCoded(error) ? error.code : String(error);
  }
}

/** Lets the pulses come; what was counted when no more do. */
async function countAll(pin: number, counter: PulseCounter): Promise<number> {
  writeFileSync(`/tmp/pulse-${pin}`, "");
  let { pulses } = await counter.read();
  let changedAt = performance.now();
  while (performance.now() - changedAt < (pulses > 0 ? QUIET_MS : FIRST_MS)) {
    await sleep(200);
    const now = await counter.read();
    if (now.pulses !== pulses) changedAt = performance.now();
    pulses = now.pulses;
  }
  return pulses;
}

const ports = openLinuxPorts({ state: folder });
const settings = (pin: number, via: PulseSettings["via"]): PulseSettings => ({
  ...{ pin, via, active: "high", pull: "none", debounceMs: 30, saveMs: 1_000 },
});
const plainNumber = exportPlainNumber();
const number = await resolveGpioNumber(monitoredPin);
const beyond = await codeOf(resolveGpioNumber(40));
const monitor = await ports.pulseCounter(settings(monitoredPin, "gpiomon"));
const busy = await codeOf(ports.pulseCounter(settings(monitoredPin, "gpiomon")));
const pin = await ports.digitalPin({ pin: outputPin, direction: "out" });
const driven: number[] = [];
for (const level of [1, 0, 1] as const) {
  await pin.write(level);
  driven.push(await pin.read());
}

/** The monitor is a process of its own, which needs its time to take the pin. */
while (!monitoredLine.test(execFileSync(GPIOINFO, ["gpiochip0"], { encoding: "utf8" }))) {
  await sleep(200);
}
const byGpiomon = await countAll(monitoredPin, monitor);
const watcher = await ports.pulseCounter(settings(watchedPin, "onoff"));
const byOnoff = await countAll(watchedPin, watcher);
await ports.close();
process.stdout.write(
  `${JSON.stringify({ number, plainNumber, beyond, busy, driven, byGpiomon, byOnoff })}\n`,
);
