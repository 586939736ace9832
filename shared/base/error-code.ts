/**
 * Every error code of Wattproof with its meaning, in one table.
 *
 * Codes are stable: scripts, other implementations and the refusal replies (`refused-<code>`) rely on
 * them. A code matches `[a-z0-9-]{1,24}`, so that a refusal stays within the 32 characters of a
 * reply code. Grouped by where the error arises.
 */
export const ERROR_CODES = {
  // form of bytes and JSON (records.md section 1)
  base64: "not canonical base64 or base64url",
  hex: "not lower-case hexadecimal of whole bytes",
  utf8: "not valid UTF-8",
  json: "not JSON",
  canonical: "JSON that is not in canonical form",
  schema: "a member is missing, unknown, of another type or out of range",
  length: "bytes of another length than the format has",

  // records: chain rules C1 to C5 (records.md section 3)
  size: "larger than the format allows",
  form: "not of the compact form header.payload.signature",
  typ: "a record type that is unknown or not expected here",
  newer: "a payload version that this software does not know",
  version: "a payload version that the chain does not allow",
  "unknown-key": "the signing key is not known on the chain",
  "inactive-key": "the signing key was rotated, revoked or removed",
  frozen: "the signing key is frozen by evidence",
  role: "the signing key does not hold the role that this record needs",
  seq: "not the next sequence number of this key",
  prev: "prev is not the leaf of this key's previous record",
  signature: "the signature does not verify",

  // records: chain rule C6, one code a broken rule
  genesis: "a genesis record that breaks its rules or is out of place",
  params: "chain parameters out of their bounds",
  point: "the metering point is unknown or already has an active key",
  recipients: "recipients not sorted, repeated or without a utility key",
  request: "the enrolment request does not prove possession of the key",
  token: "the one-time token was used before",
  "known-key": "this key was enrolled or is a member already",
  period: "the period does not follow the rules of its record type",
  overlap: "the period overlaps one that is already in the log",
  future: "ends, or happened, after the block's time by more than 600 s",
  evidence: "the two records do not prove equivocation",
  tariff: "the tariff is unknown or its version is not the next one",
  reference: "names a record that is not in the log or of another type",
  unsupported: "a record type whose rules this version does not implement",

  // keys and cryptography
  "key-form": "a key that is not of its JWK form",
  "key-off-curve": "a public key that is not a point of its curve",
  "zero-shared-secret": "X25519 gave the all-zero shared secret",
  "jwe-form": "line 2 is not of its canonical form",
  "open-failed": "line 2 does not open",
  ct: "line 2 does not match ct of line 1",
  pt: "the plaintext does not match pt of line 1",

  // blocks, proofs, checkpoints, receipts
  header: "a block header of another form",
  bits: "difficulty bits not canonical or not those of the chain",
  work: "the block hash does not meet its target",
  parent: "the parent block is not known or not the one expected",
  height: "the height is not the parent's plus one",
  time: "the block time is before its parent's or out of range",
  root: "a Merkle root does not match the records",
  seal: "the block seal does not verify or its signer may not seal",
  limit: "more records or bytes than the chain's parameters allow",
  proof: "a Merkle proof does not verify",
  checkpoint: "a checkpoint that does not parse or verify",
  receipt: "a receipt that does not parse or verify",
  "receipt-old": "a receipt for another old size than the verifier's",
  dump: "a dump line of another form or out of order",
  blob: "line 2 of a record is missing, comes twice or belongs to no record",
  opened: "an opened plaintext that is not the one its record names",
  "tail-missing": "the dump does not reach the last final block, or holds no checkpoint for it",

  // messages
  topic: "a topic of another form, or of another meter, net or zone",
  reply: "a reply that does not parse or verify",
  chain: "a message of another chain",

  // calendar, days and money: local rules (records.md sections 3 to 5)
  zone: "a time zone that is not an IANA name known here",
  calendar: "a date, month or instant that the calendar does not have",
  pad: "the plaintext is not padded to the one length that the format fixes",
  "day-meter": "the day is of another meter than its point's",
  "day-period": "from and to are not those of line 1",
  "day-calendar": "from and to are not bounds of the local day, or lie in another one",
  "day-step": "a step that the format does not have or that does not divide from and to",
  "day-slots": "the number of slots is not the length of the day over the step",
  "day-quality": "a quality letter that does not exist or does not belong in a day",
  "day-gap": "a gap that claims energy",
  "day-sum": "the register's difference is not the sum of the slots",
  "day-register": "the register does not go on where the previous day ended",
  "day-power": "more energy in a slot than the connection can carry",
  "day-range": "a mean outside of its least and greatest, or a value out of physical range",
  "day-event": "an event or clock entry outside of its day or out of order",
  "correction-register": "the registers are not those of what the correction corrects",
  "exchange-register": "an exchange shows other registers than the days of its devices",
  "event-meter": "the event is of another meter than its point's",
  "event-at": "the event's instant is not that of line 1",
  "tariff-body": "a tariff body that this software cannot compute with",
  "tariff-file": "a tariff file that cannot be read; the message names the place",
  "tariff-none": "no tariff is in force for a part of the period",
  "price-none": "no price is published for a slot of the period",
  "price-file": "a price file that cannot be read; the message names the line",
  "tariff-currency": "tariffs of one bill in different currencies or zones",
  "money-range": "an amount or a sum outside of 2^53-1",
  "bill-incomplete": "the period has missing slots, so its bill needs an explicit order",
  "bill-period": "the period of a bill holds nothing to bill or is not over",
  "bill-none": "no bill of this number",
  "bill-not-final": "the bill stands in no final block yet",
  "bill-differs": "the bill does not follow from the records that it names",
  "credit-differs": "the credit does not follow from its bill and the readings that count",
  "credit-nothing": "the readings are those that were billed, so there is nothing to credit",
  bundle: "a bill bundle of another form, or with records that do not belong to it",

  // hardware: ports, sensors, recordings
  "sensor-nack": "the sensor did not acknowledge or refused the request",
  "sensor-timeout": "the sensor did not answer in time",
  "sensor-crc": "the answer arrived with a wrong checksum",
  "sensor-range": "a value outside of what the sensor can measure",
  "sensor-busy": "the sensor, bus or pin is in use or not ready",
  "sensor-gone": "the device file is absent or the device was unplugged",
  "hardware-module": "an optional native module is not installed or does not load",
  "gpio-chip": "no GPIO chip with a known label, or no such pin on it",
  "replay-file": "the recording cannot be read",
  "replay-column": "the recording lacks a column that the configuration names",
  "replay-row": "a malformed row in the recording",
  "replay-time": "a row whose time does not exist or is not of the configured format",
  "replay-order": "a row that is not after the row before it",

  // gateway: intake and process
  retained: "a retained message, which the intake ignores",
  "unknown-meter": "the topic names a meter that is not enrolled here",
  rate: "more messages than this meter may send",
  usage: "a command line that cannot be understood",
  file: "a file cannot be read or written",
  config: "a configuration key is unknown or its value is not allowed",
  listen: "an address cannot be listened on",
  "store-locked": "another process has this data folder open",
  "no-gateway": "the data folder holds no gateway",
  enrolment: "an enrolment that was not begun here, or is already finished",
  "clock-behind": "the clock is behind the chain, so this gateway does not mine",
  control: "a control request that is not understood or cannot be answered",
  stopping: "the gateway is stopping",
  "store-old":
    "this store is older than a checkpoint that it signed, so this gateway does not mine",
  internal: "a fault of this software; its log says more",

  // gateway: chain store
  store: "not a readable store of this version, or there is one already",
  "unknown-point": "a point whose opening is not in this gateway's vault",
  "line2-missing": "line 2 has not arrived here",

  // portal and its JSON interface
  parameter: "a part of the address is not of its form",
  "not-found": "no such page, file, meter, day, bill, block or record",
  access: "this reader may not see this",
  "signed-out": "only for those who have signed in",
  credentials: "the name or the password is not right",
  throttled: "too many tries",
  password: "a password that is too short or too long",
  "cross-site": "a form that another site sent, or that is too old",
  host: "the request names another host than this portal's",

  // meter: journal, keys, uplink
  journal: "the meter's journal cannot be opened or was written by a newer version",
  "no-meter": "the data folder holds no key or no join file yet",
  "meter-key": "the key file of the meter cannot be read or is not of its form",
  join: "a join file of another form, or of another meter or chain than the journal",
  broker: "the broker cannot be reached, refuses, or does not acknowledge",
  "not-enrolled": "the meter's enrolment on the chain has not arrived yet",
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;
