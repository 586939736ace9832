/**
 * Verifies a bill bundle from nothing but its text: no key, no network, no trust in whoever made it.
 *
 * In:  the text; the chain id that the reader knows, if any. Out: a report of what was checked, for people.
 * Throws the code of the first thing that does not hold; `detail.record` is the record's position in the log.
 *
 * 1. Every record is canonical, signed by a key that genesis or an enrolment in the bundle admits in the role that its type
 *    needs, and included in the tree of the checkpoint, which the chain's gateways signed.
 * 2. The records of each meter key follow each other without a hole; each plaintext is the one that its record names, and each
 *    opened reading keeps its local rules.
 * 3. The bill follows, member by member, from the readings that count below it, the tariffs, prices and assignments
 *    (money/recompute-bill.ts); each credit from those that count below it (money/credit.ts).
 *
 * What no bundle can show is that nothing was left out of it that the log also holds: a registrar's correction, a revocation, a
 * later assignment, what a meter signed after its last record here. `gateway verify` on a dump shows that.
 */
import { decodeBase64url, decodeUtf8 } from "../base/bytes.ts";
import { fail, isCoded, WattproofError } from "../base/error.ts";
import { quorumOf } from "../chain/chain-state.ts";
import { type ParsedCheckpoint, verifyCheckpoint } from "../chain/checkpoint.ts";
import { verifyInclusion } from "../chain/tree.ts";
import type { CryptoSuite } from "../crypto/suite.ts";
import type { BillableDay } from "../money/bill.ts";
import type { BillPlaintext } from "../money/bill-plaintext.ts";
import { recomputeCredit } from "../money/credit.ts";
import { ExchangeBook } from "../money/exchange-book.ts";
import { recomputeBill } from "../money/recompute-bill.ts";
import { computeLeaf, type ParsedRecord, parseRecord } from "../record/record.ts";
import { type BundleRecord, parseBundle } from "./bill-bundle.ts";
import { type BilledRecord, BundleContents } from "./bundle-contents.ts";
import type {
  BundleReport,
  ReadingChange,
  VerifiedCredit,
  VerifiedExchange,
  VerifiedReading,
  VerifiedRecord,
} from "./bundle-report.ts";
import { KeyBook } from "./key-book.ts";

/** Throws `bundle`, `chain` for a bundle of another chain than `options.chain`, and the codes of what it checks. */
export function verifyBundle(
  suite: CryptoSuite,
  text: string,
  options: { readonly chain?: string } = {},
): BundleReport {
  const bundle = parseBundle(text);
  const [first] = bundle.records;
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
  const parsed = bundle.records.map(({ at, line1 }) =>
    atRecord(at, () => parseRecord(suite, line1)),
  );
  const billed = findBill(bundle.records, parsed);
  const contents = new BundleContents(suite, keys, billed);
  const records: VerifiedRecord[] = [];
  let before = -1;
  for (const [i, entry] of bundle.records.entries()) {
    const { at: position, plaintext } = entry;
    const record = parsed[i] as ParsedRecord;
    atRecord(position, () => {
      if (position <= before) fail("bundle", "records stand in log order, none twice");
      before = position;
      const signer = keys.verify(record);
      const proof = entry.proof.map(decodeBase64url);
      const leafHash = computeLeaf(suite, entry.line1);
      verifyInclusion(suite, leafHash, position, checkpoint.size, proof, checkpoint.root);
      contents.add({ record, position, signer, plaintext });
      const { typ, leaf } = record;
      records.push({ position, typ, leaf, signer, proofLength: proof.length });
    });
  }
  const bill = atRecord(billed.position, () => verifyBill(suite, billed, contents));
  const credits = verifyCredits(suite, billed, bill, contents);
  const shown = credits.at(-1)?.credit ?? bill;
  return {
    chain: genesis.leaf,
    origin: genesis.payload.origin,
    size: checkpoint.size,
    gateways: checkpoint.signatures.map(({ name }) => name),
    records,
    readings: contents.readings,
    days: readingsOf(shown, contents),
    unopened: contents.unopened,
    exchanges: listExchanges(contents),
    revocations: contents.revocations,
    bill,
    credits,
    leaf: parsed.at(-1)?.leaf ?? "",
  };
}

/** The bill that the last record is, or credits. */
function findBill(entries: readonly BundleRecord[], parsed: readonly ParsedRecord[]): BilledRecord {
  const last = parsed.at(-1);
  if (last?.typ !== "bill" && last?.typ !== "credit") {
    fail("bundle", "the last record of a bundle is a bill or a credit");
  }
  const leaf = last.typ === "bill" ? last.leaf : last.payload.bill;
  const at = parsed.findIndex((record) => record.leaf === leaf);
  const record = parsed[at];
  if (record?.typ !== "bill") fail("bundle", "the bill that is credited is missing");
  return { record, position: entries[at]?.at ?? 0 };
}

function verifyBill(
  suite: CryptoSuite,
  billed: BilledRecord,
  contents: BundleContents,
): BillPlaintext {
  const { assignments, tariffs, prices, readings, bill } = contents;
  if (bill === undefined) fail("bundle", "the bill is not opened");
  const strange = readings.find(({ day }) => day.meter !== bill.meter);
  if (strange !== undefined) fail("day-meter", "a day names another meter than the bill");
  const { payload } = billed.record;
  const days = daysBelow(billed, bill, contents, billed.position);
  const evidence = { days, assignments, tariffs, prices };
  const differing = recomputeBill(suite, { payload, plaintext: bill }, evidence);
  if (differing.length > 0) {
    fail("bill-differs", `the bill does not follow from its records: ${differing.join(", ")}`);
  }
  const named = new Set(payload.tariffs);
  if (contents.credits.length === 0 && prices.some(({ leaf }) => !named.has(leaf))) {
    fail("bundle", "a price that the bill did not use");
  }
  return bill;
}

function verifyCredits(
  suite: CryptoSuite,
  billed: BilledRecord,
  bill: BillPlaintext,
  contents: BundleContents,
): readonly VerifiedCredit[] {
  const { assignments, tariffs, prices } = contents;
  const { leaf, payload } = billed.record;
  const verified: VerifiedCredit[] = [];
  for (const { position, record, plaintext } of contents.credits) {
    atRecord(position, () => {
      const earlier = verified.map(({ credit }) => credit);
      const days = daysBelow(billed, bill, contents, position);
      const differing = recomputeCredit(
        suite,
        { payload: record.payload, plaintext },
        { bill: { leaf, payload, plaintext: bill }, earlier, days, assignments, tariffs, prices },
      );
      if (differing.length > 0) {
        fail("credit-differs", `the credit does not follow: ${differing.join(", ")}`);
      }
      const changes = listChanges(
        readingsOf(earlier.at(-1) ?? bill, contents),
        readingsOf(plaintext, contents),
      );
      verified.push({ position, leaf: record.leaf, credit: plaintext, changes });
    });
  }
  return verified;
}

function daysBelow(
  { record }: BilledRecord,
  { meter }: BillPlaintext,
  { book }: BundleContents,
  position: number,
): readonly BillableDay[] {
  return book.effective(record.payload.point, meter, record.payload, position);
}

/** The readings that a bill or credit used. */
function readingsOf(
  { used }: BillPlaintext,
  { readings }: BundleContents,
): readonly VerifiedReading[] {
  const byLeaf = new Map(readings.map((reading) => [reading.leaf, reading]));
  return used.flatMap(([leaf]) => byLeaf.get(leaf) ?? []);
}

/** What counts otherwise, by from. */
function listChanges(
  before: readonly VerifiedReading[],
  after: readonly VerifiedReading[],
): readonly ReadingChange[] {
  const gone = before.filter(({ leaf }) => after.every((other) => other.leaf !== leaf));
  const come = new Set(after.filter(({ leaf }) => before.every((other) => other.leaf !== leaf)));
  const changes: ReadingChange[] = gone.map((old) => {
    const { from, to } = old.day;
    const next = [...come].find(({ day }) => day.from < to && from < day.to);
    if (next === undefined) return { from, to, before: old };
    come.delete(next);
    return { from: next.day.from, to: next.day.to, before: old, after: next };
  });
  for (const next of come) changes.push({ from: next.day.from, to: next.day.to, after: next });
  return changes.sort((a, b) => a.from - b.from);
}

function listExchanges({ exchanges, logged, book }: BundleContents): readonly VerifiedExchange[] {
  const known = new ExchangeBook(book);
  for (const { payload } of exchanges) known.note(payload);
  for (const reading of logged.values()) if (reading.typ === "day") known.addDay(reading);
  return exchanges.map(({ position, signer, payload, plaintext }) => {
    const { at, old, new: next } = payload;
    const isMatching = known.isMatching({ payload, plaintext });
    return { position, signer, at, old, new: next, exchange: plaintext, isMatching };
  });
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
