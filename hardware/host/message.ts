/**
 * What the meter and the process that reads its sensors say to each other: one JSON message each way.
 *
 *   meter → host   open (a source with its sensors) · read (a source, now)      each with an id
 *   host → meter   opened · sample · failed (a code, and the faults of all sensors)   with the same id
 *
 * Both sides decode what arrives; a message that does not decode is `schema`.
 */
import { decodeHex, encodeHex } from "../../shared/base/bytes.ts";
import type { Json } from "../../shared/base/canonical-json.ts";
import {
  arrayOf,
  code,
  type Decoded,
  type Decoder,
  integer,
  literal,
  natural,
  object,
  pattern,
  signedInteger,
} from "../../shared/base/decoder.ts";
import { fail } from "../../shared/base/error.ts";
import { ERROR_CODES, type ErrorCode } from "../../shared/base/error-code.ts";
import type { PartFault, PartReading, Sample } from "../source.ts";

export type Request =
  | { readonly op: "open"; readonly id: number; readonly source: number; readonly configs: Json }
  | { readonly op: "read"; readonly id: number; readonly source: number; readonly at: number };

export type Reply =
  | { readonly op: "opened"; readonly id: number }
  | { readonly op: "sample"; readonly id: number; readonly sample: Sample }
  | {
      readonly op: "failed";
      readonly id: number;
      readonly code: ErrorCode;
      readonly message: string;
      readonly faults: readonly PartFault[];
    };

const anything: Decoder<Json> = (value) => value;
const words = pattern(/^[^\0]{0,1000}$/s, "a text");
const bytes = pattern(/^(?:[0-9a-f]{2})*$/, "bytes in hex");
const decodeOp = object({ op: literal("open", "read", "opened", "sample", "failed") });

const decodeOpen = object({ op: literal("open"), id: natural, source: natural, configs: anything });
const decodeRead = object({ op: literal("read"), id: natural, source: natural, at: signedInteger });

/** Throws `schema`. */
export function decodeRequest(value: Json): Request {
  return opOf(value) === "open" ? decodeOpen(value, "request") : decodeRead(value, "request");
}

const errorCode: Decoder<ErrorCode> = (value, path) => {
  const found = code(value, path);
  if (!Object.hasOwn(ERROR_CODES, found)) fail("schema", `${path}: no such code`, { path });
  return found as ErrorCode;
};
const decodeFault = object({ part: words, sensor: words, code: errorCode });
const phases = arrayOf(signedInteger, 1, 3);

const energy = literal("register", "power", "estimate", "none");
const quantities = {
  register: natural,
  registerSpan: natural,
  registerStep: natural,
  exported: natural,
  identity: words,
  epoch: words,
  lost: natural,
  takenMs: signedInteger,
  power: signedInteger,
  voltage: phases,
  current: phases,
  frequency: signedInteger,
  powerFactor: signedInteger,
  temperature: signedInteger,
  humidity: signedInteger,
};
const decodePart = object(
  { part: words, sensor: words, counts: integer(0, 1), counter: words, energy },
  quantities,
);
const decodeSample = object(
  {
    at: signedInteger,
    energy,
    parts: arrayOf(decodePart),
    evidence: arrayOf(object({ sensor: words, raw: bytes })),
    faults: arrayOf(decodeFault),
  },
  quantities,
);

const decodeOpened = object({ op: literal("opened"), id: natural });
const decodeTaken = object({ op: literal("sample"), id: natural, sample: decodeSample });
const decodeFailed = object({
  op: literal("failed"),
  id: natural,
  code: errorCode,
  message: words,
  faults: arrayOf(decodeFault),
});

/** Throws `schema`. */
export function decodeReply(value: Json): Reply {
  const op = opOf(value);
  if (op === "opened") return decodeOpened(value, "reply");
  if (op === "failed") return decodeFailed(value, "reply");
  const taken = decodeTaken(value, "reply");
  return { ...taken, sample: toSample(taken.sample) };
}

function opOf(value: Json): Decoded<typeof decodeOp>["op"] {
  const op = typeof value === "object" && "op" in value ? value["op"] : "";
  return decodeOp({ op }, "message").op;
}

function toSample({ parts, evidence, ...rest }: Decoded<typeof decodeSample>): Sample {
  return {
    ...rest,
    parts: parts.map(({ counts, ...part }): PartReading => ({ ...part, counts: counts === 1 })),
    evidence: evidence.map(({ sensor, raw }) => ({ sensor, raw: decodeHex(raw) })),
  };
}

/** The message of a sample. Times are whole milliseconds. */
export function encodeSample(id: number, sample: Sample): Json {
  const { parts, evidence, faults } = sample;
  return {
    op: "sample",
    id,
    sample: {
      ...encodeReading(sample),
      parts: parts.map((part) => ({ ...encodeReading(part), counts: part.counts ? 1 : 0 })),
      evidence: evidence.map(({ sensor, raw }) => ({ sensor, raw: encodeHex(raw) })),
      faults: faults.map((fault) => ({ ...fault })),
    },
  };
}

/** Members that are absent stay absent; nested ones are the caller's. */
function encodeReading(said: Partial<Sample & PartReading>): { [name: string]: Json } {
  const plain: { [name: string]: Json } = {};
  for (const [name, value] of Object.entries(said)) {
    if (typeof value === "string") plain[name] = value;
    else if (typeof value === "number") plain[name] = Math.round(value);
    else if (name === "voltage" || name === "current") plain[name] = [...(value as number[])];
  }
  return plain;
}
