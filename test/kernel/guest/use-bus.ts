/**
 * Uses the I2C bus by the bare `i2c-bus` module, as drivers of others would: one JSON line of what was found.
 *
 * usage: node use-bus.js NUMBER
 */
import process from "node:process";

import i2c from "i2c-bus";

const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString("hex");

const bus = i2c.openSync(Number(process.argv[2]));
const { i2c: plain } = bus.i2cFuncsSync();
// The command for the serial number of an SHT31, then its answer: two transactions.
bus.i2cWriteSync(0x44, 2, Buffer.from([0x37, 0x80]));
const serial = Buffer.alloc(6);
bus.i2cReadSync(0x44, 6, serial);
// The identity of a BME280 and its calibration: register address and repeated start.
const identity = bus.readByteSync(0x76, 0xd0);
const calibration = Buffer.alloc(24);
bus.readI2cBlockSync(0x76, 0x88, 24, calibration);
// Its words come low byte first, an INA219 sends the high one first.
const swapped = bus.readWordSync(0x40, 0x00);
let absent = "answered";
try {
  bus.receiveByteSync(0x50);
} catch (error) {
  absent = (error as NodeJS.ErrnoException).code ?? String(error);
}
bus.closeSync();
process.stdout.write(
  `${JSON.stringify({
    ...{ plain, serial: hex(serial), identity, calibration: hex(calibration), swapped, absent },
  })}\n`,
);
