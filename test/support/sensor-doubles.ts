/**
 * Test only: ports on which a script answers, and a coded-rejection assertion. The simulated line and bus are the
 * project's own; what comes back over them is the test's.
 */
import assert from "node:assert/strict";
import type { Ports } from "../../hardware/port/ports.ts";
import type { I2cDevice } from "../../hardware/simulated/simulated-i2c-bus.ts";
import { createSimulatedPorts } from "../../hardware/simulated/simulated-ports.ts";
import type { Answer } from "../../hardware/simulated/simulated-serial-line.ts";
import { SimulatedTiming } from "../../hardware/simulated/simulated-timing.ts";
import { isCoded } from "../../shared/base/error.ts";
import type { ErrorCode } from "../../shared/base/error-code.ts";

/** Ports whose serial line answers by a script. */
export function scriptSerial(answer: Answer): Ports {
  return createSimulatedPorts(new SimulatedTiming(), answer, new Map());
}

/** Ports with one I2C device at an address. */
export function scriptI2c(address: number, device: I2cDevice, timing: SimulatedTiming): Ports {
  return createSimulatedPorts(timing, () => [], new Map([[address, device]]));
}

/** The promise rejects with this code. */
export async function rejectsWith(promise: Promise<unknown>, code: ErrorCode): Promise<void> {
  await assert.rejects(promise, (error) => {
    assert.ok(isCoded(error), `not a coded error: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    return true;
  });
}

/** The call throws this code. */
export function throwsWith(work: () => unknown, code: ErrorCode): void {
  assert.throws(work, (error) => {
    assert.ok(isCoded(error), `not a coded error: ${String(error)}`);
    assert.equal(error.code, code, error.message);
    return true;
  });
}
