/** CRC-8 of Sensirion parts over one 16-bit word: polynomial 0x31, initial value 0xFF, most significant bit first. */
export function crc8Sensirion(high: number, low: number): number {
  let crc = 0xff;
  for (const byte of [high, low]) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) {
      crc = (crc & 0x80) !== 0 ? ((crc << 1) ^ 0x31) & 0xff : (crc << 1) & 0xff;
    }
  }
  return crc;
}
