/**
 * The Modbus-RTU slave that a PZEM-004T is, as bytes: requests in, replies out.
 *
 * It keeps silent as the part does: on a wrong checksum, on another address, and without mains. Input
 * registers only; anything else is answered with the exception that the part gives.
 */
import { crc16Modbus } from "../driver/crc16.ts";
import { ANY_ADDRESS, sealFrame } from "../driver/modbus-rtu.ts";

/** What the part measures at one instant, in the units of its registers. */
export interface PzemValues {
  /** 0.1 V */
  readonly voltage: number;
  /** 1 mA */
  readonly current: number;
  /** 0.1 W */
  readonly power: number;
  /** 1 Wh */
  readonly energy: number;
  /** 0.1 Hz */
  readonly frequency: number;
  /** 0.01 */
  readonly powerFactor: number;
}

const READ_INPUT = 0x04;
const REGISTERS = 10;
const REQUEST_LENGTH = 8;

/** The reply to `request`, or undefined for silence. `measure` gives undefined where there is no mains. */
export function answerPzem(
  request: Uint8Array,
  address: number,
  measure: () => PzemValues | undefined,
): Uint8Array | undefined {
  if (request.length !== REQUEST_LENGTH) return undefined;
  const crc = crc16Modbus(request, 0, REQUEST_LENGTH - 2);
  if (request[6] !== (crc & 255) || request[7] !== crc >> 8) return undefined;
  if (request[0] !== address && request[0] !== ANY_ADDRESS) return undefined;
  const values = measure();
  if (values === undefined) return undefined;
  const first = ((request[2] ?? 0) << 8) | (request[3] ?? 0);
  const count = ((request[4] ?? 0) << 8) | (request[5] ?? 0);
  if (request[1] !== READ_INPUT) return exception(address, request[1] ?? 0, 1);
  if (count === 0 || first + count > REGISTERS) return exception(address, READ_INPUT, 2);
  const frame = new Uint8Array(5 + 2 * count);
  frame[0] = address;
  frame[1] = READ_INPUT;
  frame[2] = 2 * count;
  for (let i = 0; i < count; i++) {
    const word = registerOf(values, first + i);
    frame[3 + 2 * i] = word >> 8;
    frame[4 + 2 * i] = word & 255;
  }
  return sealFrame(frame);
}

function exception(address: number, fn: number, code: number): Uint8Array {
  return sealFrame(Uint8Array.of(address, fn | 0x80, code, 0, 0));
}

/** 32-bit values come low word first. */
function registerOf(values: PzemValues, register: number): number {
  switch (register) {
    case 0:
      return values.voltage;
    case 1:
      return values.current & 0xffff;
    case 2:
      return values.current >>> 16;
    case 3:
      return values.power & 0xffff;
    case 4:
      return values.power >>> 16;
    case 5:
      return values.energy & 0xffff;
    case 6:
      return values.energy >>> 16;
    case 7:
      return values.frequency;
    case 8:
      return values.powerFactor;
    default:
      return 0;
  }
}
