/**
 * Electricity meters that push SML through an optical head: German, Austrian and Swiss basic meters, 9600 8N1, every
 * one to four seconds. The driver never writes. Frames are in sml-transport.ts, values in sml-telegram.ts.
 */
import { type Decoded, literal, object, pattern } from "../../shared/base/decoder.ts";
import type { Sensor } from "./driver.ts";
import { createPushDriver } from "./push-driver.ts";
import { parseSmlFrame } from "./sml-telegram.ts";
import { SmlFramer } from "./sml-transport.ts";

const MAX_AGE_MS = 10_000;
const PROBE_MS = 5_500;
const SILENCE_MS = 60_000;

const decode = object(
  { kind: literal("sml"), port: pattern(/^[^\0]{1,400}$/, "a device file") },
  {
    /** Default 9600; 921600 at the wired port of some meters. */
    baud: literal(9600, 19200, 38400, 57600, 115200, 921600),
  },
);

export type SmlConfig = Decoded<typeof decode>;

export const sml: Sensor<SmlConfig> = {
  kind: "sml",
  metersEnergy: true,
  decode,
  candidates: (place) => (place.kind === "serial" ? [{ kind: "sml", port: place.port }] : []),
  async open({ port, baud = 9600 }, ports) {
    const line = await ports.serialLine({ port, baud, parity: "none", silenceMs: SILENCE_MS });
    return createPushDriver({
      sensor: "sml",
      line,
      timing: ports.timing,
      maxAgeMs: MAX_AGE_MS,
      probeMs: PROBE_MS,
      framer: new SmlFramer(),
      parse: parseSmlFrame,
      describe: ({ identity = "without number", register = 0 }) =>
        `SML meter ${identity}: register ${register} Wh`,
    });
  },
};
