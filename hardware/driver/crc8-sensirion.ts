/**
 * CRC-8 of Sensirion and Aosong parts: polynomial 0x31, initial value 0xFF, most significant bit first. Sensirion
 * puts one behind each 16-bit word, Aosong one behind a whole reply.
 */
export function crc8Sensirion(...bytes: readonly number[]): number {
  let crc = 0xff;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 0x80) !== 0 ? ((crc << 1) ^ 0x31) & 0xff : (crc << 1) & 0xff;
    }
  }
  return crc;
}
