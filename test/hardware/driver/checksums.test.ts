import assert from "node:assert/strict";
import { test } from "node:test";
import { crc8Sensirion } from "../../../hardware/driver/crc8-sensirion.ts";
import { crc16Modbus } from "../../../hardware/driver/crc16.ts";
import { decodeHex, encodeUtf8 } from "../../../shared/base/bytes.ts";

test("CRC-16/MODBUS of the catalogue's check text and of real requests", () => {
  assert.equal(crc16Modbus(encodeUtf8("123456789")), 0x4b37);
  // The last two bytes of a frame are the checksum, low byte first.
  for (const frame of ["f8040000000a6464", "01040000000a700d", "01040000000271cb", "018402c2c1"]) {
    const bytes = decodeHex(frame);
    const low = bytes[bytes.length - 2] ?? 0;
    const high = bytes[bytes.length - 1] ?? 0;
    assert.equal(crc16Modbus(bytes, 0, bytes.length - 2), (high << 8) | low, frame);
  }
});

test("CRC-8 of Sensirion words from the data sheets", () => {
  const expected: [number, number, number][] = [
    [0xbe, 0xef, 0x92],
    [0x00, 0x00, 0x81],
    [0xff, 0xff, 0xac],
    [0x66, 0x66, 0x93],
    [0x80, 0x00, 0xa2],
  ];
  for (const [high, low, crc] of expected) assert.equal(crc8Sensirion(high, low), crc);
});
