/**
 * What a crypto worker sends to the writer for one batch.
 *
 * Cloning sixty-four candidates as objects costs more than all that the writer does with them in memory, so days
 * travel as one text, one array of numbers and one buffer of bytes, the last two transferred; what is no day
 * (refusals, mostly) travels as it is.
 */
import type { ErrorCode } from "../../shared/base/error-code.ts";
import type { ParsedRecord } from "../../shared/record/record.ts";
import type { Candidate } from "../ledger/candidate.ts";
import type { Admission } from "./admission.ts";

/** One judged envelope, as the writer sees it. */
export interface AdmittedItem extends Admission {
  readonly meter: string;
  readonly epoch: number;
  readonly packetId: number;
}

export interface AdmittedBatch {
  /** Per item: whether it is a packed day (1) or the next of `others` (0). */
  readonly kinds: Uint8Array<ArrayBuffer>;
  readonly others: readonly AdmittedItem[];
  /** Per day the lines of `TEXTS`, each ended by LF. */
  readonly text: string;
  /** Per day the numbers of `NUMBERS`. */
  readonly numbers: Float64Array<ArrayBuffer>;
  /** Per day packed line 1, packed line 2 and the opened day. */
  readonly bytes: ArrayBuffer;
}

/** meter, kid, leaf, prev, ct, pt, code that makes it unusable or nothing, line 1, line 2 unless it is packed. */
const TEXTS = 9;
/** epoch, packet id, seq, from, to, unopened, three lengths in `bytes`. */
const NUMBERS = 9;
const NOTHING = new Uint8Array(0);

type DayCandidate = Candidate & { readonly record: ParsedRecord<"day"> };

function isDay(candidate: Candidate | undefined): candidate is DayCandidate {
  return candidate?.record.typ === "day";
}

/** Moves all candidates of a batch into one message. */
export function packAdmitted(items: readonly AdmittedItem[]): AdmittedBatch {
  const kinds = new Uint8Array(items.length);
  const others: AdmittedItem[] = [];
  const numbers = new Float64Array(items.length * NUMBERS);
  const parts: Uint8Array[] = [];
  let text = "";
  let total = 0;
  let at = 0;
  items.forEach((item, i) => {
    const { candidate } = item;
    if (!isDay(candidate)) {
      others.push(item);
      return;
    }
    kinds[i] = 1;
    const { record, line2 = "", packedLine1 = NOTHING, packedLine2 = NOTHING, opened } = candidate;
    const { prev, ct, pt, seq, from, to } = record.payload;
    const day = opened !== undefined && "packed" in opened ? opened.packed : NOTHING;
    const code = opened !== undefined && "unusable" in opened ? opened.unusable : "";
    text += `${item.meter}\n${record.kid}\n${record.leaf}\n${prev}\n${ct}\n${pt}\n${code}\n${record.line1}\n${line2}\n`;
    parts.push(packedLine1, packedLine2, day);
    const lengths = [packedLine1.length, packedLine2.length, day.length];
    const unopened = item.unopened ? 1 : 0;
    numbers.set([item.epoch, item.packetId, seq, from, to, unopened, ...lengths], at);
    at += NUMBERS;
    total += packedLine1.length + packedLine2.length + day.length;
  });
  return { kinds, others, text, numbers, bytes: joinParts(parts, total) };
}

/**
 * What `packAdmitted` was given; bytes are views into the batch's buffer. Kids that `known` has are the very texts
 * that it has: look-ups by the same text are several times faster than by an equal one, and many follow.
 */
export function unpackAdmitted(
  batch: AdmittedBatch,
  known: { get(kid: string): { readonly kid: string } | undefined } = new Map(),
): AdmittedItem[] {
  const { kinds, others, numbers, bytes } = batch;
  const texts = batch.text.split("\n");
  const items: AdmittedItem[] = [];
  let other = 0;
  let day = 0;
  let offset = 0;
  const take = (length: number): Uint8Array => {
    offset += length;
    return new Uint8Array(bytes, offset - length, length);
  };
  for (const kind of kinds) {
    if (kind === 0) {
      items.push(others[other] as AdmittedItem);
      other += 1;
      continue;
    }
    const t = day * TEXTS;
    const n = day * NUMBERS;
    day += 1;
    const [meter, kidText, leaf, prev, ct, pt, code, line1, line2] = texts.slice(
      t,
      t + TEXTS,
    ) as unknown as Texts;
    const kid = known.get(kidText)?.kid ?? kidText;
    const seq = numbers[n + 2] as number;
    const payload = { v: 1, seq, prev, ct, pt, from: numbers[n + 3], to: numbers[n + 4] };
    const record = { typ: "day", kid, seq, prev, leaf, line1, payload } as ParsedRecord<"day">;
    const packedLine1 = take(numbers[n + 6] as number);
    const packedLine2 = take(numbers[n + 7] as number);
    const packed = take(numbers[n + 8] as number);
    const candidate: Candidate = {
      ...{ record, meter },
      ...(line2 === "" ? {} : { line2 }),
      ...(packedLine1.length === 0 ? {} : { packedLine1 }),
      ...(packedLine2.length === 0 ? {} : { packedLine2 }),
      ...(packed.length > 0 ? { opened: { packed } } : {}),
      ...(code === "" ? {} : { opened: { unusable: code as ErrorCode } }),
    };
    const epoch = numbers[n] as number;
    const packetId = numbers[n + 1] as number;
    const item = { meter, epoch, packetId, leaf, candidate };
    items.push(numbers[n + 5] === 1 ? { ...item, unopened: true } : item);
  }
  return items;
}

type Texts = readonly [string, string, string, string, string, string, string, string, string];

function joinParts(parts: readonly Uint8Array[], total: number): ArrayBuffer {
  const joined = new Uint8Array(total);
  let at = 0;
  for (const part of parts) {
    joined.set(part, at);
    at += part.length;
  }
  return joined.buffer;
}
