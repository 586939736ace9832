/** What to do about what is wrong: one sentence a code, for somebody who stands in front of the meter. */
import type { AlarmCode } from "../journal/alarm-store.ts";

/** Every alarm has one. */
const ADVICE: Readonly<Record<AlarmCode, string>> & { readonly [code: string]: string } = {
  "sensor-timeout":
    "no answer: is the part powered (a PZEM needs mains), are A and B or RX and TX swapped, are address and baud right?",
  "sensor-nack":
    "nobody at that address: check the wires and the address; `meter probe` looks for parts",
  "sensor-crc":
    "answers arrive damaged: check baud and parity, cable length, two parts with one address",
  "sensor-range": "values that the part cannot measure: is it the configured part?",
  "sensor-busy":
    "the port or pin is used by something else: a console on the UART, a kernel driver, another program",
  "sensor-gone":
    "the device file is not there: is the adapter plugged in, is I2C or serial enabled, may this user use it?",
  "hardware-module": "a native module is missing: npm install --include=optional",
  storage: "free space on the card; readings stay in memory meanwhile",
  refused: "the gateway refuses a record: ask its operator",
  frozen: "the gateway has stopped this key: ask its operator; a new key is needed",
  revoked:
    "this key is done with: what is here is kept, nothing more is sealed or sent; a device that is to go on needs a new key",
  restored:
    "this journal is older than what the gateway has: never copy a journal back; ask for a new key",
  older:
    "the broker knows of newer records than this journal: never copy a journal back; ask for a new key",
  fork: "two different logs were shown: keep this meter as it is and ask the operator",
  gap: "the gateway misses a record that is gone from here: ask its operator",
  tamper: "the case was opened",
  "not-enrolled":
    "hand the request of `meter keygen` to `gateway enrol --request`, and connect the meter to the broker",
  broker: "check network, address, name and password of the broker, and its certificate",
  config: "see `meter run --help` for what meter.json may say; `meter probe` prints the sources",
  "no-meter": "ask the operator for a join file, then run `meter keygen`",
  offline: "check network, address and password of the broker; days wait here meanwhile",
  clock:
    "the clock is not set: connect the network once, or set it; readings wait and get their time later",
  stopped: "start it: systemctl start wattproof-meter; `meter selftest` says what is missing",
};

/** Undefined for a code about which there is nothing to say. */
export function adviceFor(code: string): string | undefined {
  return Object.hasOwn(ADVICE, code) ? ADVICE[code] : undefined;
}
