/**
 * Electricity meters with an optical head after IEC 62056-21 (D0, IEC 1107), 7E1.
 *
 * By request (modes A, B and C): at 300 Bd `/?!` asks for the identification, whose fifth character says what follows.
 *
 *   digit    mode C: ACK 0 digit 0 answers, then both go on at that speed
 *   letter   mode B: the meter goes on at that speed by itself
 *   other    mode A: it goes on at 300 Bd
 *
 * Optical heads hear what they send: the identification is searched behind the echo. Pushed (mode D and newer
 * meters): the meter speaks by itself; received as 8N1 with its parity checked here, as in dsmr-p1.ts. The
 * programming commands of the standard are never sent.
 */
import { concatBytes, encodeUtf8, equalBytes } from "../../shared/base/bytes.ts";
import { type Decoded, integer, literal, object, pattern } from "../../shared/base/decoder.ts";
import { fail, isCoded } from "../../shared/base/error.ts";
import type { Ports } from "../port/ports.ts";
import type { SerialLine } from "../port/serial-line.ts";
import type { Timing } from "../port/timing.ts";
import { D0Framer, ETX, MAX_READOUT, parseD0Data, parseD0Readout, STX } from "./d0-telegram.ts";
import type { Driver, Reading, Sensor } from "./driver.ts";
import { createPushDriver } from "./push-driver.ts";
import { decodeLatin1, stripParity } from "./text-telegram.ts";

const FIRST_BAUD = 300;
const BITS = 10;
const SPEEDS = [300, 600, 1200, 2400, 4800, 9600, 19200] as const;
/** From the end of a request to the first character of the answer, at most. */
const REACTION_MS = 1_500;
/** The meter may not be answered sooner. */
const TURN_MS = 200;
/** Between the last bit of the acknowledgement and the change of speed. */
const SETTLE_MS = 20;
/** Between two characters of the meter; adapters add some. */
const PAUSE_MS = 1_700;
const IDENTIFICATION_MS = 4_000;
/** A table of 2,000 characters at 300 Bd takes 67 s. */
const READOUT_MS = 90_000;
const MAX_ADDRESS = 32;
/** Pushing meters speak every second to every minute. */
const PUSH_AGE_MS = 65_000;
const PUSH_PROBE_MS = 5_500;
const PUSH_SILENCE_MS = 180_000;
const DEFAULT_INTERVAL_S = 60;
const NOTHING = new Uint8Array(0);
/** A readout counts until the third one after it is due. */
const READOUTS = 3;

const decode = object(
  { kind: literal("d0"), port: pattern(/^[^\0]{1,400}$/, "a device file") },
  {
    /** Default `request`; `push` for a meter that speaks by itself. */
    mode: literal("request", "push"),
    /** Speed of the request (default 300), or of a pushing meter (default 2400, newer ones 9600). */
    baud: literal(...SPEEDS),
    /** Only the meter with this device address answers. */
    address: pattern(new RegExp(`^[0-9A-Za-z ]{1,${MAX_ADDRESS}}$`), "a device address"),
    /** Zero bytes to wake a meter with a battery (default 0). */
    wake: integer(0, 200),
    /** Seconds between two requests (default 60): a readout takes some, and older meters wear out their head's LED. */
    interval_s: integer(5, 3_600),
  },
);

export type D0Config = Decoded<typeof decode>;

export const d0: Sensor<D0Config> = {
  kind: "d0",
  metersEnergy: true,
  decode,
  candidates: (place) =>
    place.kind === "serial"
      ? [
          { kind: "d0", port: place.port },
          { kind: "d0", port: place.port, mode: "push", baud: 9600 },
          { kind: "d0", port: place.port, mode: "push", baud: 2400 },
        ]
      : [],
  open: (config, ports) =>
    config.mode === "push" ? openPush(config, ports) : openRequest(config, ports),
};

const describe = ({ identity = "without number", register = 0 }: Reading): string =>
  `IEC 62056-21 meter ${identity}: register ${register} Wh`;

async function openPush({ port, baud = 2400 }: D0Config, ports: Ports): Promise<Driver> {
  const settings = { port, baud, parity: "none", silenceMs: PUSH_SILENCE_MS } as const;
  return createPushDriver({
    sensor: "d0",
    line: await ports.serialLine(settings),
    timing: ports.timing,
    maxAgeMs: PUSH_AGE_MS,
    probeMs: PUSH_PROBE_MS,
    framer: new D0Framer(),
    parse: parseD0Readout,
    describe,
  });
}

async function openRequest(config: D0Config, ports: Ports): Promise<Driver> {
  const { port, baud = FIRST_BAUD, interval_s: interval = DEFAULT_INTERVAL_S } = config;
  const { timing } = ports;
  const line = await ports.serialLine({ port, baud, parity: "even", dataBits: 7 });
  let newest: (Reading & { readonly takenMs: number }) | undefined;
  let asking: Promise<Reading> | undefined;
  const ask = async (): Promise<Reading> => {
    const block = await new D0Exchange(line, timing, config).readOut();
    const taken = Math.round(timing.monotonicMs());
    newest = { ...parseD0Data(stripParity(block), block), takenMs: taken };
    return newest;
  };
  // A readout may take longer than a sample waits: it goes on, and until it is there the one before serves.
  const read = async (): Promise<Reading> => {
    const age = timing.monotonicMs() - (newest?.takenMs ?? Number.NEGATIVE_INFINITY);
    if (newest !== undefined && age < interval * 1000) return newest;
    asking ??= line.exclusive(ask).finally(() => {
      asking = undefined;
    });
    if (newest === undefined || age >= READOUTS * interval * 1000) return asking;
    // Its error shows when the reading has become too old.
    asking.catch(() => undefined);
    return newest;
  };
  return { sensor: "d0", read, probe: async () => describe(await read()), async close() {} };
}

/** One readout by request. */
class D0Exchange {
  readonly #line: SerialLine;
  readonly #timing: Timing;
  readonly #config: D0Config;

  constructor(line: SerialLine, timing: Timing, config: D0Config) {
    this.#line = line;
    this.#timing = timing;
    this.#config = config;
  }

  /** The data block from STX to BCC, as received. Throws `sensor-timeout`, `sensor-crc`, `sensor-gone`. */
  async readOut(): Promise<Uint8Array> {
    const { baud = FIRST_BAUD, address = "", wake = 0 } = this.#config;
    const line = this.#line;
    await line.setBaud(baud);
    if (wake > 0) {
      await this.#send(new Uint8Array(wake), baud);
      await this.#timing.sleep(REACTION_MS);
      line.discard();
    }
    const request = encodeUtf8(`/?${address}!\r\n`);
    await this.#send(request, baud);
    const isWhole = (bytes: Uint8Array): boolean => findIdentification(bytes) !== undefined;
    const heard = await this.#receive(isWhole, IDENTIFICATION_MS, request);
    const { sign, end } = findIdentification(heard) ?? fail("sensor-crc", "no identification");
    // In modes A and B the data follow at once, maybe in the same chunk.
    const rest = heard.subarray(end);
    const hasBlock = (bytes: Uint8Array): boolean => findBlock(bytes) !== undefined;
    const begun = await this.#agree(sign, rest);
    const data = await this.#receive(hasBlock, READOUT_MS, NOTHING, begun);
    return findBlock(data) ?? fail("sensor-crc", "no readout");
  }

  /** Both sides at the speed that the identification offers; what has already arrived of the data. */
  async #agree(sign: string, rest: Uint8Array): Promise<Uint8Array> {
    const { baud = FIRST_BAUD } = this.#config;
    const offered = /\d/.test(sign) ? SPEEDS[Number(sign)] : undefined;
    if (offered !== undefined) {
      await this.#timing.sleep(TURN_MS);
      await this.#send(Uint8Array.of(0x06, 0x30, sign.charCodeAt(0), 0x30, 0x0d, 0x0a), baud);
      if (offered !== baud) await this.#line.setBaud(offered);
      return NOTHING;
    }
    const own = /[A-F]/.test(sign) ? SPEEDS[sign.charCodeAt(0) - 64] : undefined;
    if (own === undefined || own === baud) return rest;
    await this.#line.setBaud(own);
    return NOTHING;
  }

  /** Until the last bit has left: adapters take bytes faster than they send them. */
  async #send(bytes: Uint8Array, baud: number): Promise<void> {
    const end = this.#timing.monotonicMs() + (bytes.length * BITS * 1000) / baud + SETTLE_MS;
    await this.#line.write(bytes);
    const left = end - this.#timing.monotonicMs();
    if (left > 0) await this.#timing.sleep(left);
  }

  /** `echo`: what says nothing if nothing else comes. */
  async #receive(
    isWhole: (bytes: Uint8Array) => boolean,
    limitMs: number,
    echo: Uint8Array,
    first: Uint8Array = NOTHING,
  ): Promise<Uint8Array> {
    const deadline = this.#timing.monotonicMs() + limitMs;
    let bytes = first;
    while (!isWhole(bytes)) {
      const left = Math.min(deadline - this.#timing.monotonicMs(), PAUSE_MS);
      if (left <= 0 || bytes.length > MAX_READOUT) fail("sensor-crc", "the meter does not end");
      try {
        bytes = concatBytes(bytes, await this.#line.read(left));
      } catch (error) {
        const silent = bytes.length === 0 || equalBytes(bytes, echo);
        if (!isCoded(error, "sensor-timeout") || silent) throw error;
        fail("sensor-crc", "the answer is cut", { bytes: bytes.length });
      }
    }
    return bytes;
  }
}

/** The identification, behind echo and noise: its fifth character, and where the data begin. */
function findIdentification(
  bytes: Uint8Array,
): { readonly sign: string; readonly end: number } | undefined {
  const text = decodeLatin1(bytes.map((byte) => byte & 0x7f));
  const match = /\/[A-Za-z]{3}([ -~])[^\r\n]*\r\n/.exec(text);
  if (match === null) return undefined;
  return { sign: match[1] ?? "", end: match.index + match[0].length };
}

/** From STX to the character behind ETX. */
function findBlock(bytes: Uint8Array): Uint8Array | undefined {
  const plain = bytes.map((byte) => byte & 0x7f);
  const start = plain.indexOf(STX);
  const end = start < 0 ? -1 : plain.indexOf(ETX, start);
  return end < 0 || end + 2 > bytes.length ? undefined : bytes.slice(start, end + 2);
}
