/**
 * The reflected CRC-16s of meters, by table.
 *
 *   name      polynomial   start    final xor   of "123456789"   used by
 *   ARC       0xA001       0x0000   0x0000      0xBB3D           DSMR P1
 *   MODBUS    0xA001       0xFFFF   0x0000      0x4B37           Modbus-RTU, low byte first
 *   X-25      0x8408       0xFFFF   0xFFFF      0x906E           SML
 *   KERMIT    0x8408       0x0000   0x0000      0x2189           SML of Holley meters
 */
export type Crc16 = (bytes: Uint8Array, start?: number, end?: number) => number;

function createCrc16(polynomial: number, initial: number, finalXor: number): Crc16 {
  const table = Uint16Array.from({ length: 256 }, (_, index) => {
    let crc = index;
    for (let bit = 0; bit < 8; bit++) crc = crc & 1 ? (crc >>> 1) ^ polynomial : crc >>> 1;
    return crc;
  });
  return (bytes, start = 0, end = bytes.length) => {
    let crc = initial;
    for (let i = start; i < end; i++) {
      crc = (crc >>> 8) ^ (table[(crc ^ (bytes[i] ?? 0)) & 255] ?? 0);
    }
    return crc ^ finalXor;
  };
}

export const crc16Arc = createCrc16(0xa001, 0, 0);
export const crc16Modbus = createCrc16(0xa001, 0xffff, 0);
export const crc16X25 = createCrc16(0x8408, 0xffff, 0xffff);
export const crc16Kermit = createCrc16(0x8408, 0, 0);
