/**
 * The customer port P1 of Dutch, Belgian, Luxembourgian, Swedish, Hungarian and other smart meters: DSMR and ESMR 2.2
 * to 5, eMUCS. The meter speaks by itself, every second (version 5) or every ten.
 *
 *   versions 4 and 5   115200 8N1, with checksum        versions 2.2 and 3   9600 7E1, without
 *
 * Both are received as 8N1, which is the same on the wire; the parity of 7E1 is checked here. The driver never
 * writes. The telegram itself is in dsmr-telegram.ts, its encryption in dsmr-cipher.ts.
 */
import { decodeHex } from "../../shared/base/bytes.ts";
import { type Decoded, literal, object, pattern } from "../../shared/base/decoder.ts";
import type { Reading, Sensor } from "./driver.ts";
import { completeData, DsmrCipherFramer, decryptTelegram } from "./dsmr-cipher.ts";
import { DsmrFramer, parseDsmrTelegram } from "./dsmr-telegram.ts";
import { createPushDriver } from "./push-driver.ts";

/** The slowest meters speak every ten seconds, and take one for it. */
const MAX_AGE_MS = 15_000;
const PROBE_MS = 11_500;
const SILENCE_MS = 60_000;

const decode = object(
  { kind: literal("dsmr-p1"), port: pattern(/^[^\0]{1,400}$/, "a device file") },
  {
    /** Default 115200; 9600 for versions 2.2 and 3. */
    baud: literal(9600, 115200),
    /** Of an encrypted port: the key that the grid operator gives out, 32 hexadecimal digits. */
    key: pattern(/^[0-9A-Fa-f]{32}$/, "32 hexadecimal digits"),
    /**
     * Additional authenticated data, 34 hexadecimal digits, or the 32 of the authentication key in them; default
     * Luxembourg's or none, whichever fits.
     */
    aad: pattern(/^(?:[0-9A-Fa-f]{2})?[0-9A-Fa-f]{32}$/, "32 or 34 hexadecimal digits"),
  },
);

export type DsmrConfig = Decoded<typeof decode>;

export const dsmrP1: Sensor<DsmrConfig> = {
  kind: "dsmr-p1",
  metersEnergy: true,
  decode,
  candidates: (place) =>
    place.kind === "serial"
      ? ([115200, 9600] as const).map((baud) => ({ kind: "dsmr-p1", port: place.port, baud }))
      : [],
  async open(config, ports) {
    const { port, baud = 115200 } = config;
    const line = await ports.serialLine({ port, baud, parity: "none", silenceMs: SILENCE_MS });
    return createPushDriver({
      sensor: "dsmr-p1",
      line,
      timing: ports.timing,
      maxAgeMs: MAX_AGE_MS,
      probeMs: PROBE_MS,
      framer: config.key === undefined ? new DsmrFramer() : new DsmrCipherFramer(),
      parse: createParser(config),
      describe: ({ identity = "without number", register = 0 }) =>
        `P1 meter ${identity}: register ${register} Wh`,
    });
  },
};

function createParser({ key, aad }: DsmrConfig): (frame: Uint8Array) => Reading {
  if (key === undefined) return parseDsmrTelegram;
  const secret = decodeHex(key.toLowerCase());
  const additional = aad === undefined ? undefined : completeData(decodeHex(aad.toLowerCase()));
  return (frame) => parseDsmrTelegram(decryptTelegram(frame, secret, additional), frame);
}
