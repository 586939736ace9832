// Settings of this sensor head. Change them here, or let `node deploy/build-head.mjs --settings FILE` write them.
// Port and bus are the board's own names without quotes; pins are names in quotes.
const HEAD = {
  head: "head-1", // tells heads apart: letters, digits, - and _
  port: USB, // or Serial1, with tx and rx; the ESP32's USB socket is Serial1
  // baud: 115200, tx: "B6", rx: "B7",
  interval_s: 10,
  // key: "...", // 64 digits of hex: openssl rand -hex 32
  i2c: I2C1,
  sda: "B9",
  scl: "B8",
  sensors: [{ part: "sht4x" }],
  // sensors: [{ part: "bme280", address: 0x77 }, { part: "ina226", shunt_uohm: 100000 }],
  pulses: [{ pin: "A5" }],
  // pulses: [{ pin: "A5", active: "low", mode: "input_pullup", debounce_ms: 30 }],
};
