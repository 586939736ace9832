/**
 * The program in the guest that is the hardware: a CP2112 with an SHT31, a BME280 and an INA219 on its bus and
 * something on its pins.
 *
 * usage: node bridge.js PIN:PULSES:POLLS …
 * Each `PIN:PULSES:POLLS` puts so many pulses on a pin, once there is a file /tmp/pulse-PIN. A level stays until the kernel
 * has looked at it `POLLS` times, so that what is counted does not depend on how fast this machine is. Prints
 * `pulsed PIN` when they have all been there.
 */
import { existsSync, writeFileSync } from "node:fs";
import process from "node:process";

import { CP2112_IDENTITY, Cp2112 } from "./cp2112.ts";
import { createBme280, createIna219, createSht31 } from "./slaves.ts";
import { plugIn } from "./uhid.ts";

interface Train {
  readonly pin: number;
  readonly polls: number;
  begun: boolean;
  /** Changes of level that are still to come. */
  left: number;
  level: 0 | 1;
  seen: number;
}

function parseTrain(text: string): Train {
  const [pin = 0, pulses = 0, polls = 2] = text.split(":").map(Number);
  return { pin, polls, begun: false, left: 2 * pulses, level: 0, seen: 0 };
}

const trains = process.argv.slice(2).map(parseTrain);

/** The kernel looks every 10 ticks while an edge of any pin is wanted. */
function poll(): void {
  for (const train of trains) {
    if (train.left === 0) continue;
    train.begun ||= existsSync(`/tmp/pulse-${train.pin}`);
    if (!train.begun || ++train.seen < train.polls) continue;
    train.seen = 0;
    train.left -= 1;
    train.level = train.level === 0 ? 1 : 0;
    bridge.setInput(train.pin, train.level);
    if (train.left === 0) {
      process.stdout.write(`pulsed ${train.pin}\n`);
      writeFileSync("/tmp/pulsed", "");
    }
  }
}

const bridge = new Cp2112(
  new Map([
    [0x44, createSht31(0x6666, 0x8000, 0xbeef0000)],
    [0x76, createBme280()],
    [0x40, createIna219()],
  ]),
  poll,
);
plugIn(CP2112_IDENTITY, bridge);
