/** Test only: what every reading must be, whatever part it came from. */
import assert from "node:assert/strict";
import type { Reading } from "../../hardware/driver/driver.ts";

export function checkReading(reading: Reading): void {
  const { raw, energy, identity, epoch, troubles = [], voltage, current, ...numbers } = reading;
  assert.ok(raw instanceof Uint8Array);
  assert.ok(["register", "power", "estimate", "none"].includes(energy));
  assert.ok(identity === undefined || (typeof identity === "string" && identity !== ""));
  assert.ok(epoch === undefined || (typeof epoch === "string" && epoch !== ""));
  for (const code of troubles) assert.match(code, /^sensor-[a-z]+$/);
  for (const phases of [voltage, current]) {
    if (phases === undefined) continue;
    assert.ok(phases.length >= 1 && phases.length <= 3);
    for (const value of phases) assert.ok(Number.isSafeInteger(value), `${value} is no integer`);
  }
  for (const [name, value] of Object.entries(numbers)) {
    assert.ok(Number.isSafeInteger(value), `${name} ${value} is no integer`);
  }
  if (energy === "register") assert.ok(reading.register !== undefined);
  for (const value of [reading.register, reading.exported]) {
    if (value !== undefined) assert.ok(value >= 0, `${value} Wh`);
  }
}
