/**
 * The sensor head: reads its sensors at each interval and sends what they say as one frame.
 *
 * In: settings, a board. Out: frames on the port, with a sequence number from 1 on, the head's own time and a boot nonce of
 * this start. Pulses are counted in between. The console is taken off the port, so that nothing else is written there; the
 * line `$WP-console` gives it back, unless frames are keyed, until the board starts anew.
 */
import type { Board } from "./board.ts";
import { createBme280, createSht } from "./climate-sensors.ts";
import { bytesOfHex, crc32, type Field, type FrameMaker, hexWord, makeFrame } from "./frame.ts";
import { findFault, type HeadConfig, type SensorSettings } from "./head-config.ts";
import { createIna } from "./power-sensors.ts";
import { openPulseInput, type PulseInput } from "./pulse-input.ts";
import { codeOf, FAULT, type HeadSensor } from "./sensor.ts";
import { sha256 } from "./sha256.ts";

const BAUD = 115200;
const INTERVAL_S = 10;
const I2C_BITRATE = 100000;
/** The first frame: sensors have power by then. */
const FIRST_MS = 1000;
/** Some boards' watchdogs wait no longer. */
const WATCHDOG_S = 8;
const FEED_MS = 2000;
/** The watchdog is fed as long as frames are sent: so many intervals and seconds late at most. */
const LATE_INTERVALS = 3;
const LATE_S = 5;
const LINE_END = "\r\n";
const CONSOLE_COMMAND = "$WP-console";

/** What is wrong with the settings, and then nothing is sent; an empty text if the head runs. */
export function startHead(config: HeadConfig, board: Board): string {
  const fault = findFault(config);
  if (fault !== "") return fault;
  const sensorSettings = config.sensors === undefined ? [] : config.sensors;
  const sensors: HeadSensor[] = [];
  for (const settings of sensorSettings) {
    if (config.i2c === undefined) return "i2c: sensors need a bus";
    sensors.push(createSensor(config, settings, sensors.length + 1));
  }
  const interval = config.interval_s === undefined ? INTERVAL_S : config.interval_s;
  setUpPorts(config);
  const inputs: PulseInput[] = [];
  if (config.pulses !== undefined) {
    for (const settings of config.pulses) {
      inputs.push(openPulseInput(board, settings, inputs.length + 1));
    }
  }
  const started = board.now();
  const maker = createMaker(config, board);
  let seq = 0;
  let sentAt = started;
  let streaming = true;
  let measuring = false;

  const send = (fields: Field[]): void => {
    for (const input of inputs) {
      for (const field of input.fields()) fields.push(field);
    }
    if (board.hasLostEdges()) fields.push({ name: "x0", value: FAULT.lostEdges });
    seq++;
    const now = board.now();
    const frame = makeFrame(maker, seq, Math.round((now - started) * 1000), fields);
    // A line end before it too: who begins to listen now needs not wait for the next frame.
    config.port.write(LINE_END + frame + LINE_END);
    sentAt = now;
  };
  const measure = (): void => {
    if (!streaming || measuring) return;
    measuring = true;
    readSensors(board, sensors, (fields) => {
      measuring = false;
      send(fields);
    });
  };
  board.setConsole(undefined);
  listen(config, () => {
    streaming = false;
    board.setConsole(config.port);
    // Who writes another program to the board ends this one, and with it the feeding.
    board.enableWatchdog(WATCHDOG_S, true);
  });
  board.after(measure, FIRST_MS);
  board.repeat(measure, interval * 1000);
  board.repeat(() => {
    const lateS = board.now() - sentAt;
    if (lateS < LATE_INTERVALS * interval + LATE_S) board.feedWatchdog();
  }, FEED_MS);
  board.enableWatchdog(WATCHDOG_S, false);
  return "";
}

function setUpPorts(config: HeadConfig): void {
  if (config.port.setup !== undefined) {
    const baud = config.baud === undefined ? BAUD : config.baud;
    const pins: { tx?: string; rx?: string } = {};
    if (config.tx !== undefined) pins.tx = config.tx;
    if (config.rx !== undefined) pins.rx = config.rx;
    config.port.setup(baud, pins);
  }
  if (config.i2c !== undefined && config.sda !== undefined && config.scl !== undefined) {
    config.i2c.setup({ sda: config.sda, scl: config.scl, bitrate: I2C_BITRATE });
  }
}

function createSensor(config: HeadConfig, settings: SensorSettings, number: number): HeadSensor {
  const i2c = config.i2c as NonNullable<HeadConfig["i2c"]>;
  const part = settings.part;
  const isSht = part === "sht3x" || part === "sht4x";
  const usual = isSht ? 0x44 : part === "bme280" ? 0x76 : 0x40;
  const address = settings.address === undefined ? usual : settings.address;
  const wiring = { i2c: i2c, address: address, number: number };
  if (part === "sht3x" || part === "sht4x") return createSht(wiring, part);
  if (part === "bme280") return createBme280(wiring);
  return createIna(wiring, part, settings.shunt_uohm as number);
}

function createMaker(config: HeadConfig, board: Board): FrameMaker {
  return {
    head: config.head,
    boot: hexWord(board.startNumber()) + hexWord(board.random()),
    key: config.key === undefined ? undefined : bytesOfHex(config.key),
    sha256: board.sha256 === undefined ? sha256 : board.sha256,
    crc32: board.crc32 === undefined ? crc32 : board.crc32,
  };
}

/** All sensors measure at the same time; each has its fields or its error among what is handed over. */
function readSensors(
  board: Board,
  sensors: readonly HeadSensor[],
  done: (fields: Field[]) => void,
): void {
  const codes: number[] = [];
  let waitMs = 0;
  for (const sensor of sensors) {
    codes.push(attempt(() => sensor.begin()));
    waitMs = Math.max(waitMs, sensor.waitMs);
  }
  const collect = (): void => {
    const fields: Field[] = [];
    for (let i = 0; i < sensors.length; i++) {
      let code = codes[i] as number;
      const sensor = sensors[i] as HeadSensor;
      if (code === 0) {
        code = attempt(() => {
          for (const field of sensor.fetch()) fields.push(field);
        });
      }
      if (code !== 0) fields.push({ name: `x${i + 1}`, value: code });
    }
    done(fields);
  };
  if (waitMs === 0) collect();
  else board.after(collect, waitMs);
}

/** 0, or the code of what it threw. */
function attempt(work: () => void): number {
  try {
    work();
    return 0;
  } catch (thrown) {
    return codeOf(thrown);
  }
}

/** Calls `release` when the line that asks for the console has come; never if frames are keyed, for the key is in reach there. */
function listen(config: HeadConfig, release: () => void): void {
  if (config.key !== undefined) return;
  let heard = "";
  config.port.on("data", (text) => {
    heard = (heard + text).slice(-2 * CONSOLE_COMMAND.length);
    if (heard.indexOf(CONSOLE_COMMAND) < 0) return;
    heard = "";
    release();
  });
}
