/**
 * Verifies a bill bundle from nothing but its text: no key, no network, no trust in whoever made it.
 *
 * In:  the text; the chain id that the reader knows, if any. Out: a report of what was checked, for people.
 * Throws the code of the first thing that does not hold; `detail.record` is the record's position in the log.
 *
 * 1. Every record is canonical, signed by a key that genesis or an enrolment in the bundle admits in the role that its type
 *    needs, and included in the tree of the checkpoint, which the chain's gateways signed.
 * 2. The records of each meter key follow each other without a hole; each plaintext is the one that its record names.
 * 3. The bill follows, member by member, from the days, tariffs, prices and assignments (money/recompute-bill.ts).
 *
 * What no bundle can show is that nothing was left out of it that the log also holds: a later assignment, a day of an
 * earlier device. `gateway verify` on a dump shows that.
 */
import { decodeBase64url, decodeUtf8, encodeUtf8 } from "../base/bytes.ts";
import { canonicalize } from "../base/canonical-json.ts";
import { fail, isCoded, WattproofError } from "../base/error.ts";
import { quorumOf } from "../chain/chain-state.ts";
import { type ParsedCheckpoint, verifyCheckpoint } from "../chain/checkpoint.ts";
import { verifyInclusion } from "../chain/tree.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import { checkDay } from "../day/check-day.ts";
import type { DayPlaintext } from "../day/day-plaintext.ts";
import { type BillableDay, toBillableDay } from "../money/bill.ts";
import type { BillPlaintext } from "../money/bill-plaintext.ts";
import type { LoggedPrice } from "../money/price-series.ts";
import { recomputeBill } from "../money/recompute-bill.ts";
import type { LoggedAssignment, LoggedTariff } from "../money/tariff-timeline.ts";
import { computePt } from "../record/envelope.ts";
import { parsePlaintext } from "../record/plaintext.ts";
import { computeLeaf, type ParsedRecord, parseRecord } from "../record/record.ts";
import { type BundleRecord, parseBundle } from "./bill-bundle.ts";
import { KeyBook } from "./key-book.ts";

/** One day of the period, as the bill used it. */
export interface VerifiedDay {
  readonly position: number;
  readonly leaf: string;
  readonly kid: string;
  readonly day: DayPlaintext;
}

/** One record of the bundle, its signature and inclusion verified. */
export interface VerifiedRecord {
  readonly position: number;
  readonly typ: string;
  readonly leaf: string;
  /** Name of the member, or the kid of the meter key, that signed it. */
  readonly signer: string;
  readonly proofLength: number;
}

export interface BundleReport {
  /** H: compare it with the chain id that you know. */
  readonly chain: string;
  readonly origin: string;
  /** Records of the log that the checkpoint covers. */
  readonly size: number;
  readonly gateways: readonly string[];
  readonly records: readonly VerifiedRecord[];
  readonly days: readonly VerifiedDay[];
  readonly bill: BillPlaintext;
  /** H of the bill record. */
  readonly leaf: string;
}

interface Gathered {
  readonly assignments: LoggedAssignment[];
  readonly tariffs: LoggedTariff[];
  readonly prices: LoggedPrice[];
  readonly days: VerifiedDay[];
}

/** Throws `bundle`, `chain` for a bundle of another chain than `options.chain`, and the codes of what it checks. */
export function verifyBundle(
  suite: CryptoSuite,
  text: string,
  options: { readonly chain?: string } = {},
): BundleReport {
  const bundle = parseBundle(text);
  const [first, last] = [bundle.records[0], bundle.records.at(-1)];
  const genesis = parseRecord(suite, first?.line1 ?? "");
  if (genesis.typ !== "genesis" || first?.at !== 0) {
    fail("bundle", "the first record of a bundle is the chain's genesis");
  }
  if (options.chain !== undefined && options.chain !== genesis.leaf) {
    fail("chain", "the bundle is of another chain", { chain: genesis.leaf });
  }
  const keys = new KeyBook(suite, genesis);
  const gateways = keys.gateways();
  const checkpoint = verifyCheckpoint(suite, readNote(bundle.checkpoint), {
    origin: genesis.payload.origin,
    verifiers: gateways,
    threshold: quorumOf(gateways.length),
  });
  requireAllSigned(checkpoint, gateways.length);
  const billRecord = parseRecord(suite, last?.line1 ?? "");
  if (billRecord.typ !== "bill") fail("bundle", "the last record of a bundle is the bill");
  const gathered: Gathered = { assignments: [], tariffs: [], prices: [], days: [] };
  const records: VerifiedRecord[] = [];
  let before = -1;
  for (const entry of bundle.records) {
    records.push(
      atRecord(entry.at, () => {
        if (entry.at <= before) fail("bundle", "records stand in log order, none twice");
        before = entry.at;
        return verifyEntry(suite, entry, keys, checkpoint, billRecord, gathered);
      }),
    );
  }
  const bill = atRecord(last?.at ?? 0, () => verifyBill(suite, billRecord, last, gathered));
  return {
    chain: genesis.leaf,
    origin: genesis.payload.origin,
    size: checkpoint.size,
    gateways: checkpoint.signatures.map(({ name }) => name),
    records,
    days: gathered.days,
    bill,
    leaf: billRecord.leaf,
  };
}

function verifyEntry(
  suite: CryptoSuite,
  entry: BundleRecord,
  keys: KeyBook,
  checkpoint: ParsedCheckpoint,
  bill: ParsedRecord<"bill">,
  gathered: Gathered,
): VerifiedRecord {
  const record = parseRecord(suite, entry.line1);
  const signer = keys.verify(record);
  const proof = entry.proof.map(decodeBase64url);
  const leafHash = computeLeaf(suite, entry.line1);
  verifyInclusion(suite, leafHash, entry.at, checkpoint.size, proof, checkpoint.root);
  gather(suite, record, entry, keys, bill, gathered);
  const { typ, leaf } = record;
  return { position: entry.at, typ, leaf, signer, proofLength: proof.length };
}

/** Only what the bill can rest on may be in its bundle. */
function gather(
  suite: CryptoSuite,
  record: ParsedRecord,
  entry: BundleRecord,
  keys: KeyBook,
  bill: ParsedRecord<"bill">,
  { assignments, tariffs, prices, days }: Gathered,
): void {
  const { at: position, plaintext } = entry;
  if (plaintext !== undefined && record.typ !== "day" && record.typ !== "bill") {
    fail("bundle", `a ${record.typ} record with a plaintext`);
  }
  switch (record.typ) {
    case "genesis":
      if (position !== 0) fail("bundle", "a second genesis");
      return;
    case "enrol":
      if (record.payload.point !== bill.payload.point) fail("bundle", "an enrolment elsewhere");
      keys.admit(record);
      return;
    case "tariff": {
      const { id, ver, body } = record.payload;
      if (ver !== 1 + tariffs.filter((tariff) => tariff.id === id).length) {
        fail("bundle", `a version of tariff ${id} is missing`);
      }
      tariffs.push({ leaf: record.leaf, position, id, ver, body });
      return;
    }
    case "price": {
      const { id, from, step, nano } = record.payload;
      prices.push({ leaf: record.leaf, position, id, from, step, nano });
      return;
    }
    case "assign": {
      const { point, tariff, from, to } = record.payload;
      if (point !== bill.payload.point) fail("bundle", "an assignment of another point");
      assignments.push({ position, tariff, from, ...(to === undefined ? {} : { to }) });
      return;
    }
    case "day": {
      keys.follow(record);
      if (plaintext === undefined) return;
      const day = parsePlaintext("day", readPlaintext(suite, record, plaintext));
      checkDay(record.payload, day, { meter: day.meter });
      days.push({ position, leaf: record.leaf, kid: record.kid, day });
      return;
    }
    case "event":
      keys.follow(record);
      return;
    case "bill":
      if (record.leaf !== bill.leaf) fail("bundle", "a second bill");
      return;
    default:
      fail("bundle", `a ${record.typ} record does not belong to a bill`);
  }
}

function verifyBill(
  suite: CryptoSuite,
  record: ParsedRecord<"bill">,
  entry: BundleRecord | undefined,
  gathered: Gathered,
): BillPlaintext {
  if (entry?.plaintext === undefined) fail("bundle", "the bill is not opened");
  const plaintext = parsePlaintext("bill", readPlaintext(suite, record, entry.plaintext));
  const strange = gathered.days.find(({ day }) => day.meter !== plaintext.meter);
  if (strange !== undefined) fail("day-meter", "a day names another meter than the bill");
  const used = new Set(plaintext.used.map(([leaf]) => leaf));
  if (gathered.days.some(({ leaf }) => !used.has(leaf))) {
    fail("bundle", "a day is opened that the bill did not use");
  }
  const days = gathered.days.map(({ leaf, day }): BillableDay => toBillableDay(leaf, day));
  const { assignments, tariffs, prices } = gathered;
  const differing = recomputeBill(
    suite,
    { payload: record.payload, plaintext },
    { days, assignments, tariffs, prices },
  );
  if (differing.length > 0) {
    fail("bill-differs", `the bill does not follow from its records: ${differing.join(", ")}`);
  }
  const named = new Set(record.payload.tariffs);
  if (prices.some(({ leaf }) => !named.has(leaf)))
    fail("bundle", "a price that the bill did not use");
  return plaintext;
}

function readPlaintext(
  suite: CryptoSuite,
  record: ParsedRecord<"day" | "bill">,
  plaintext: NonNullable<BundleRecord["plaintext"]>,
): string {
  const text = canonicalize(plaintext);
  if (computePt(suite, encodeUtf8(text)) !== record.payload.pt) {
    fail("opened", "the plaintext is not the one that its record names");
  }
  return text;
}

function readNote(text: string): string {
  try {
    return decodeUtf8(decodeBase64url(text));
  } catch (error) {
    if (!isCoded(error)) throw error;
    fail("checkpoint", "the checkpoint is not text");
  }
}

/** A signature that nobody can verify may be in a note, but not in a bundle: no byte of it is there unchecked. */
function requireAllSigned({ signatures }: ParsedCheckpoint, gateways: number): void {
  const names = new Set(signatures.map(({ name }) => name));
  if (names.size !== signatures.length || names.size > gateways) {
    fail("checkpoint", "a signature on the checkpoint is not a gateway's");
  }
}

/** Names the record in what a check throws. */
function atRecord<T>(position: number, check: () => T): T {
  try {
    return check();
  } catch (error) {
    if (!isCoded(error)) throw error;
    throw new WattproofError(error.code, `record ${position}: ${error.message}`, {
      ...error.detail,
      record: position,
    });
  }
}
