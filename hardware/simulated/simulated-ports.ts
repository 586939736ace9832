/** Ports on which one simulated serial device and one set of simulated I2C devices answer. */
import { fail } from "../../shared/base/error.ts";
import type { Ports } from "../port/ports.ts";
import { type I2cDevice, SimulatedI2cBus } from "./simulated-i2c-bus.ts";
import { type Answer, SimulatedSerialLine } from "./simulated-serial-line.ts";
import type { SimulatedTiming } from "./simulated-timing.ts";

export function createSimulatedPorts(
  timing: SimulatedTiming,
  answer: Answer,
  deviceByAddress: ReadonlyMap<number, I2cDevice>,
): Ports {
  const line = new SimulatedSerialLine(timing, answer);
  const bus = new SimulatedI2cBus(deviceByAddress);
  return {
    timing,
    serialLine: async () => line,
    i2cBus: async () => bus,
    async digitalPin({ pin }) {
      fail("gpio-chip", `no simulated pin ${pin}`, { pin });
    },
    async pulseCounter({ pin }) {
      fail("gpio-chip", `no simulated pulses on pin ${pin}`, { pin });
    },
    async close() {
      await line.close();
      await bus.close();
    },
  };
}
