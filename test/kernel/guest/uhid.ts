/**
 * A USB HID device made of a process: /dev/uhid, by the structures of linux/uhid.h.
 *
 * in: what the kernel asks the device → out: what the device answers. One thread of libuv's waits in the kernel for
 * the next event; everything else is synchronous, so answers come within the driver's 50 ms.
 */
import { openSync, read, writeSync } from "node:fs";

const OUTPUT = 6;
const GET_REPORT = 9;
const GET_REPORT_REPLY = 10;
const CREATE2 = 11;
const INPUT2 = 12;
const SET_REPORT = 13;
const SET_REPORT_REPLY = 14;
/** sizeof(struct uhid_event). */
const EVENT_SIZE = 4_380;
const DATA_SIZE = 4_096;
const BUS_USB = 3;
const EIO = 5;

export interface HidIdentity {
  readonly name: string;
  readonly vendor: number;
  readonly product: number;
  readonly descriptor: Uint8Array;
}

/** What the device does; report numbers are the first byte of a report. */
export interface HidDevice {
  /** A whole report, its number first; undefined for one that it has not. */
  getReport(number: number): Uint8Array | undefined;
  /** False for a report that it does not take. */
  setReport(report: Uint8Array): boolean;
  /** Takes an output report; returns the input reports that follow from it. */
  output(report: Uint8Array): readonly Uint8Array[];
}

function createRequest({ name, vendor, product, descriptor }: HidIdentity): Buffer {
  const event = Buffer.alloc(280 + descriptor.length);
  event.writeUInt32LE(CREATE2, 0);
  event.write(name, 4, 127, "latin1");
  event.writeUInt16LE(descriptor.length, 260);
  event.writeUInt16LE(BUS_USB, 262);
  event.writeUInt32LE(vendor, 264);
  event.writeUInt32LE(product, 268);
  event.set(descriptor, 280);
  return event;
}

function getReply(id: number, report: Uint8Array | undefined): Buffer {
  const event = Buffer.alloc(12 + (report?.length ?? 0));
  event.writeUInt32LE(GET_REPORT_REPLY, 0);
  event.writeUInt32LE(id, 4);
  event.writeUInt16LE(report === undefined ? EIO : 0, 8);
  event.writeUInt16LE(report?.length ?? 0, 10);
  if (report) event.set(report, 12);
  return event;
}

function setReply(id: number, taken: boolean): Buffer {
  const event = Buffer.alloc(10);
  event.writeUInt32LE(SET_REPORT_REPLY, 0);
  event.writeUInt32LE(id, 4);
  event.writeUInt16LE(taken ? 0 : EIO, 8);
  return event;
}

function inputReport(report: Uint8Array): Buffer {
  const event = Buffer.alloc(6 + report.length);
  event.writeUInt32LE(INPUT2, 0);
  event.writeUInt16LE(report.length, 4);
  event.set(report, 6);
  return event;
}

/** Plugs the device in; it stays until the process ends. */
export function plugIn(identity: HidIdentity, device: HidDevice): void {
  const file = openSync("/dev/uhid", "r+");
  const event = Buffer.alloc(EVENT_SIZE);
  const send = (answer: Buffer): void => {
    writeSync(file, answer);
  };
  const next = (): void => {
    read(file, event, 0, EVENT_SIZE, null, (error) => {
      if (error) throw error;
      handle(event, device, send);
      next();
    });
  };
  send(createRequest(identity));
  next();
}

function handle(event: Buffer, device: HidDevice, send: (answer: Buffer) => void): void {
  const type = event.readUInt32LE(0);
  if (type === GET_REPORT) {
    send(getReply(event.readUInt32LE(4), device.getReport(event.readUInt8(8))));
  } else if (type === SET_REPORT) {
    const length = event.readUInt16LE(10);
    const report = Uint8Array.from(event.subarray(12, 12 + length));
    send(setReply(event.readUInt32LE(4), device.setReport(report)));
  } else if (type === OUTPUT) {
    const length = event.readUInt16LE(4 + DATA_SIZE);
    const report = Uint8Array.from(event.subarray(4, 4 + length));
    for (const input of device.output(report)) send(inputReport(input));
  }
}
